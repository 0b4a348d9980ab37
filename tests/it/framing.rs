//! R11: requests that two readers could understand differently, byte for byte.

mod cases;

use crate::harness::{Plan, World};
use crate::raw::Raw;
use cases::{After, CASES, Case};

/// A world in which everything is passed on.
async fn open_world() -> World {
    World::build(Plan { config: "forward = \"all\"", ..Plan::default() }).await
}

/// `$QUERY`: a query that is answered from memory. `$KEY`: the tenant's key. `$SELF`: this listener.
fn bytes(world: &World, case: &Case) -> Vec<u8> {
    let home = world.sellable_box();
    let query = format!("/api/v2/ftth-viability/radius?lat={}&lng={}&radius=100", home.lat, home.lng);
    let mut request = case.request.to_vec();
    for (name, value) in [
        ("$QUERY", query),
        ("$KEY", world.simulator.full_key()),
        ("$SELF", world.app.public_address().to_string()),
        ("$1K", "a".repeat(1 << 10)),
        ("$8K", "a".repeat(8 << 10)),
        ("$64K", "a".repeat(64 << 10)),
        ("$10HEADERS", (0..10).fold(String::new(), |all, number| format!("{all}X-{number}: 1\r\n"))),
    ] {
        while let Some(at) = request.windows(name.len()).position(|part| part == name.as_bytes()) {
            request.splice(at..at + name.len(), value.bytes());
        }
    }
    request
}

/// What is sent after each case: whether it is answered tells whether the connection goes on, and where.
const PROBE: &str = "GET /probe HTTP/1.1\r\nHost: a\r\nX-Request-Id: the-probe\r\n\r\n";

#[tokio::test]
async fn r11_every_way_to_frame_a_request_has_one_answer_and_one_end() {
    let world = open_world().await;
    assert!(CASES.len() >= 60, "{}", CASES.len());
    let mut deviations = Vec::new();
    for case in CASES {
        let mut connection = Raw::connect(world.app.public_address()).await;
        connection.send(bytes(&world, case)).await;
        let answer = connection.answer().await;
        connection.send(PROBE).await;
        let probed = connection.answer().await;
        let after = match &probed {
            None => After::Closed,
            Some(probe) if (probe.status, probe.header("x-request-id")) == (404, Some("the-probe")) => {
                After::Kept
            }
            Some(second) => panic!("{}: a second answer: {second:?}", case.name),
        };
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        if (status, after) != (case.status, case.after) {
            deviations
                .push(format!("{}: {status} {after:?}, not {} {:?}", case.name, case.status, case.after));
        }
        if let (400..500, After::Closed, Some(answer)) = (status, after, &answer) {
            let told = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            assert!(told, "{}: the end isn't told: {answer:?}", case.name);
        }
    }
    assert!(deviations.is_empty(), "\n{}", deviations.join("\n"));
}
