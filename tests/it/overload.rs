//! R8, R9, R10, R32: too many requests, too many connections, clients that send or take too slowly, no descriptors left.

use crate::harness::{PATIENCE, Plan, World, http_client};
use crate::process::Process;
use crate::raw::Raw;
use ozmap_simulator::{Fault, Settings, Simulator};
use reqwest::{RequestBuilder, StatusCode};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One request as bytes, answered from memory, with this in its head.
pub(crate) fn query_bytes(world: &World, more: &str) -> String {
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let (lat, lng) = (home.lat, home.lng);
    format!(
        "GET /api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius=100 HTTP/1.1\r\n\
        Host: a\r\nAuthorization: {key}\r\n{more}\r\n"
    )
}

async fn rejected(world: &World, reason: &str) -> u64 {
    world.metric(&format!("viability_http_rejected_total{{reason=\"{reason}\"}}")).await
}

async fn until_rejected(world: &World, reason: &str, count: u64) {
    world.until(reason, || async { rejected(world, reason).await >= count }).await;
    assert_eq!(rejected(world, reason).await, count);
}

#[tokio::test]
async fn r08_one_query_too_many_for_ozmap_is_a_503_at_once_and_operators_see_it() {
    let world = World::build(Plan { server: "max_in_flight = 1", ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    world.simulator.faults().set("/ftth-viability", Fault::Hang);
    let beyond_the_index = format!("lat={}&lng={}&radius=3000", home.lat, home.lng);
    let before = world.simulator.requests("viability");
    let first = tokio::spawn(world.query(&key, &beyond_the_index).send());
    world.until("the first query hangs", || async { world.simulator.requests("viability") > before }).await;
    let shed = world.ask(home.lat, home.lng, 3_001.0).await;
    assert_eq!((shed.status, &shed.body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"overloaded".into()));
    assert!(shed.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(world.admin("/healthz").await.0, StatusCode::OK);
    assert_eq!(rejected(&world, "max_in_flight").await, 1);
    assert_eq!(world.ask(home.lat, home.lng, 100.0).await.detail(), "index", "memory waits for nobody");
    world.simulator.faults().clear();
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(world.ask(home.lat, home.lng, 100.0).await.status, StatusCode::OK);
}

/// GET over a socket that blocks this thread.
fn get_blocking(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn r08_operators_are_answered_while_the_runtime_of_clients_does_nothing() {
    let world = World::start().await;
    // This test is the only thread of that runtime, and waits here: nothing of it moves.
    for path in ["/healthz", "/readyz", "/metrics", "/admin/status"] {
        let answer = get_blocking(world.app.admin_address(), path);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn r08_a_request_that_waited_too_long_to_be_read_is_a_503_and_the_next_is_answered() {
    let world = World::build(Plan { server: "queue_timeout = \"50ms\"", ..Plan::default() }).await;
    // This test is the only thread that serves clients: until it waits for something, they do.
    let mut client = TcpStream::connect(world.app.public_address()).unwrap();
    client.write_all(query_bytes(&world, "").repeat(2).as_bytes()).unwrap();
    let accepted = "viability_http_connections{listener=\"public\"} 1\n";
    while !get_blocking(world.app.admin_address(), "/metrics").contains(accepted) {}
    // The fault itself, not a wait.
    std::thread::sleep(Duration::from_millis(60));
    let mut client = Raw::of(client);
    let late = client.answer().await.unwrap();
    assert_eq!((late.status, late.header("retry-after")), (503, Some("2")));
    let body = String::from_utf8(late.body).unwrap();
    assert!(body.contains("\"overloaded\"") && body.contains("server.queue_timeout"), "{body}");
    // The second waited for the first, not for a thread.
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(rejected(&world, "queue_timeout").await, 1);
}

#[tokio::test]
async fn a_key_that_asks_too_often_waits_and_others_do_not() {
    let plan = Plan { server: "requests_per_second_per_key = 0.01", ..Plan::default() };
    let world = World::build(plan).await;
    let home = world.sellable_box();
    assert_eq!(world.ask(home.lat, home.lng, 100.0).await.status, StatusCode::OK);
    let key = world.simulator.full_key();
    for spelling in [key.clone(), format!("Bearer {key}")] {
        let refused = world.ask_as(&spelling, home.lat, home.lng, 100.0).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((&refused.body["code"], refused.header("retry-after")), (&"rate_limit".into(), "100"));
        assert!(refused.body["message"].as_str().unwrap().ends_with("; try again in 100 s"), "{refused:?}");
    }
    let projects = world.http.get(world.public("/api/v2/projects")).header("authorization", &key);
    assert_eq!(projects.send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    let project = world.simulator.projects()[0].id.clone();
    let other = world.simulator.key_for(&[project]);
    assert_eq!(world.ask_as(&other, home.lat, home.lng, 100.0).await.status, StatusCode::OK);
    assert_eq!(rejected(&world, "rate_limit").await, 3);
}

#[tokio::test]
async fn r09_a_head_that_comes_too_slowly_is_cut_off() {
    let world = World::build(Plan { server: "header_timeout = \"200ms\"", ..Plan::default() }).await;
    let silent = Raw::connect(world.app.public_address()).await;
    let mut half = Raw::connect(world.app.public_address()).await;
    half.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    for mut connection in [silent, half] {
        assert!(connection.rest().await.is_empty());
    }
    // Byte by byte, never idle: what counts is the whole head.
    let mut drip = Raw::connect(world.app.public_address()).await;
    let dripping = async {
        drip.send("GET / HTTP/1.1\r\nX: ").await;
        loop {
            drip.send("a").await;
            if let Ok(end) = tokio::time::timeout(Duration::from_millis(20), drip.skip(1)).await {
                break end;
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, dripping).await.expect("it is cut off"), 0);
    until_rejected(&world, "header_timeout", 3).await;
}

#[tokio::test]
async fn r09_a_connection_at_rest_ends_and_is_no_rejection() {
    let world = World::build(Plan { server: "header_timeout = \"200ms\"", ..Plan::default() }).await;
    let mut connection = Raw::connect(world.app.public_address()).await;
    connection.send(query_bytes(&world, "")).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    assert!(connection.rest().await.is_empty());
    assert_eq!(rejected(&world, "header_timeout").await, 0);
}

#[tokio::test]
async fn r09_a_body_that_never_comes_takes_nobodys_place() {
    let world = World::build(Plan { server: "max_in_flight = 1", ..Plan::default() }).await;
    let mut waiting = Raw::connect(world.app.public_address()).await;
    waiting.send(query_bytes(&world, "Content-Length: 2\r\n")).await;
    world.until("it is waited for", || async { world.metric("viability_http_in_flight").await >= 2 }).await;
    let home = world.sellable_box();
    assert_eq!(world.ask(home.lat, home.lng, 100.0).await.status, StatusCode::OK);
    waiting.send("{}").await;
    assert_eq!(waiting.answer().await.unwrap().status, 200);
}

/// Whether a connection is let in: it is answered, and stays open.
async fn is_let_in(world: &World, connection: &mut Raw) -> bool {
    connection.send(query_bytes(world, "")).await;
    connection.answer().await.is_some_and(|answer| answer.status == 200)
}

#[tokio::test]
async fn r09_connections_are_limited_by_address_and_in_all() {
    let plan = Plan { server: "max_connections = 4\nmax_connections_per_address = 3", ..Plan::default() };
    let world = World::build(plan).await;
    let to = world.app.public_address();
    let mut inside = Vec::new();
    for _ in 0..3 {
        inside.push(Raw::connect(to).await);
        assert!(is_let_in(&world, inside.last_mut().unwrap()).await);
    }
    assert!(!is_let_in(&world, &mut Raw::connect(to).await).await);
    let mut elsewhere = Raw::connect_from([127, 0, 0, 2], to).await;
    assert!(is_let_in(&world, &mut elsewhere).await);
    assert!(!is_let_in(&world, &mut Raw::connect_from([127, 0, 0, 3], to).await).await);
    assert_eq!(rejected(&world, "max_connections_per_address").await, 1);
    assert_eq!(rejected(&world, "max_connections").await, 1);
    assert_eq!(world.metric(r#"viability_http_connections{listener="public"}"#).await, 4);
    // Those inside are still served, and one that leaves makes room.
    assert!(is_let_in(&world, &mut inside[0]).await);
    inside.pop();
    world.until("there is room", || async { is_let_in(&world, &mut Raw::connect(to).await).await }).await;
}

#[tokio::test]
async fn r09_a_connection_ends_after_a_thousand_requests() {
    let world = World::start().await;
    let mut connection = Raw::connect(world.app.public_address()).await;
    let request = query_bytes(&world, "");
    for number in 1..=1_000 {
        connection.send(&request).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("connection"), (number == 1_000).then_some("close"), "{number}");
    }
    assert!(connection.rest().await.is_empty());
}

/// A world whose OZmap has a list of so many bytes.
async fn world_with_a_list(bytes: usize, server: &'static str) -> World {
    let world = World::build(Plan { server, ..Plan::default() }).await;
    world.simulator.faults().answer("/properties", 200, "application/json", &"x".repeat(bytes));
    world
}

const ASK_FOR_THE_LIST: &str = "GET /api/v2/properties HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn r10_a_client_that_takes_nothing_is_cut_off() {
    // More than any socket's buffers hold.
    let bytes = 48 << 20;
    let world = world_with_a_list(bytes, "write_timeout = \"200ms\"").await;
    let mut reader = Raw::connect_narrow(world.app.public_address()).await;
    reader.send(ASK_FOR_THE_LIST).await;
    until_rejected(&world, "write_timeout", 1).await;
    // Reset: else the system would go on to hold what lies in its buffers for a client that never takes it.
    let rest = reader.rest().await.len();
    assert!(rest < 64 << 10, "{rest} bytes were kept for it");
    assert_eq!(world.metric(r#"viability_http_connections{listener="public"}"#).await, 0);
}

#[tokio::test]
async fn r10_a_client_that_takes_its_time_gets_all_of_it() {
    let bytes = 3 << 20;
    let world = world_with_a_list(bytes, "write_timeout = \"500ms\"").await;
    let mut reader = Raw::connect_narrow(world.app.public_address()).await;
    reader.send(ASK_FOR_THE_LIST).await;
    let (mut taken, mut pause_at) = (0, 0);
    while taken < bytes {
        let now = reader.skip(1 << 16).await;
        assert!(now > 0, "{taken} of {bytes} bytes");
        taken += now;
        if taken >= pause_at {
            // The pace of this client: the whole takes several times as long as nothing may be taken.
            tokio::time::sleep(Duration::from_millis(50)).await;
            pause_at += 1 << 16;
        }
    }
    assert_eq!(rejected(&world, "write_timeout").await, 0);
}

#[tokio::test]
async fn r10_no_answer_is_begun_before_most_of_those_before_it_is_taken() {
    // It finds room in the system, as a whole, and leaves little.
    let world = world_with_a_list(44 << 10, "write_timeout = \"500ms\"").await;
    let asked = || world.simulator.requests("properties");
    let before = asked();
    let mut reader = Raw::connect_narrow(world.app.public_address()).await;
    reader.send(ASK_FOR_THE_LIST.repeat(20)).await;
    until_rejected(&world, "write_timeout", 1).await;
    assert_eq!(asked() - before, 1);
    let mut patient = Raw::connect_narrow(world.app.public_address()).await;
    patient.send(ASK_FOR_THE_LIST.repeat(20)).await;
    for number in 1..=20 {
        assert_eq!(patient.answer().await.unwrap().body.len(), 44 << 10, "{number}");
    }
}

/// A query over a connection of its own.
fn query(process: &Process, simulator: &Simulator) -> RequestBuilder {
    let home = simulator.boxes().into_iter().find(|one| one.free_ports > 1).unwrap();
    let (public, lat, lng) = (process.public, home.lat, home.lng);
    let url = format!("http://{public}/api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius=100");
    http_client().get(url).header("authorization", simulator.full_key())
}

#[tokio::test]
async fn r32_a_thousand_connections_leave_descriptors_for_everything_else() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let more = [("VIABILITY__SERVER__MAX_CONNECTIONS_PER_ADDRESS", "5000")];
    let process = Process::start(&simulator, 256, &more).await;
    let mut flood = Vec::new();
    for _ in 0..1_000 {
        flood.push(tokio::net::TcpStream::connect(process.public).await.unwrap());
    }
    let answer = http_client().get(format!("http://{}/metrics", process.admin)).send().await.unwrap();
    let page = answer.text().await.unwrap();
    let value = |name: &str| -> u64 {
        let line = page.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim().parse().unwrap()
    };
    assert!(value("viability_http_connections{listener=\"public\"}") <= 64);
    assert!(value("viability_http_rejected_total{reason=\"max_connections\"}") > 0);
    // What is left is for OZmap, operators and files.
    assert!(value("process_open_fds") < 256 - 128, "{}", value("process_open_fds"));
    drop(flood);
    let asking = async {
        // Closed at once as long as the others have not gone.
        while query(&process, &simulator).send().await.is_err() {}
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it recovers");
}

#[tokio::test]
async fn r32_without_descriptors_it_waits_and_recovers() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let mut process = Process::start(&simulator, 256, &[]).await;
    // Fewer than it has already: no accept can succeed any more.
    process.limit_descriptors(8);
    let waiting = tokio::spawn(query(&process, &simulator).send());
    assert_eq!(process.next_message().await, "connections can't be accepted; trying on");
    process.limit_descriptors(256);
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(process.log_so_far().is_empty(), "told once, not every time");
}
