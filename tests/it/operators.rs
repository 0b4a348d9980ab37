//! R23, R24: what operators may order, and who is no operator.

use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, Plan, World};
use crate::process::Process;
use crate::raw::{Raw, RawAnswer};
use ozmap_simulator::{Settings, Simulator};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::StatusCode;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// A refresh as somebody with these headers orders it; `Host` among them.
async fn order(to: SocketAddr, from: [u8; 4], headers: &str) -> RawAnswer {
    let mut connection = Raw::connect_from(from, to).await;
    connection.send(format!("POST /admin/refresh HTTP/1.1\r\n{headers}\r\n")).await;
    connection.answer().await.unwrap()
}

fn code(answer: &RawAnswer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["code"].as_str().unwrap_or("none").to_owned()
}

async fn runs(world: &World) -> usize {
    let (_, runs) = world.admin("/admin/runs").await;
    let tenant = &runs["tenants"][0];
    tenant["runs"].as_array().unwrap().len() + usize::from(!tenant["running"].is_null())
}

/// A hundred orders at once; the numbers of the runs that they were given.
async fn a_hundred_orders(world: &World) -> BTreeSet<u64> {
    let url = format!("http://{}/admin/refresh", world.app.admin_address());
    let orders: Vec<_> =
        (0..100).map(|_| tokio::spawn(world.http.post(&url).bearer_auth(ADMIN_TOKEN).send())).collect();
    let mut ids = BTreeSet::new();
    for order in orders {
        let answer = order.await.unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        ids.insert(answer.json_body().await["runs"][0]["run"].as_u64().unwrap());
    }
    ids
}

#[tokio::test]
async fn r23_a_hundred_orders_are_one_reading_and_one_that_waits() {
    let world = World::build(Plan { admin: "refresh_gap = \"1h\"", ..Plan::default() }).await;
    let before = world.simulator.requests("projects");
    let ids = a_hundred_orders(&world).await;
    assert!(ids.contains(&2) && ids.is_subset(&BTreeSet::from([2, 3])), "{ids:?}");
    world.app.refreshers()[0].report_of(2, PATIENCE).await.expect("the first ends");
    let one_reading = world.simulator.requests("projects") - before;
    // More within the gap: all of them get the one run that waits, none is refused, OZmap notices nothing.
    assert_eq!(a_hundred_orders(&world).await, BTreeSet::from([3]));
    assert_eq!(world.simulator.requests("projects") - before, one_reading);
    assert_eq!(runs(&world).await, 2);
}

#[tokio::test]
async fn r23_an_order_within_the_gap_runs_after_it() {
    let world = World::build(Plan { admin: "refresh_gap = \"300ms\"", ..Plan::default() }).await;
    let first = world.refresh().await;
    let id = world.simulator.boxes().len();
    world.simulator.add_box(ozmap_simulator::NewBox::default());
    // With `wait` the report is that of a reading after the order, not the last one.
    let second = world.refresh().await;
    assert_eq!((&first["run"], &second["run"]), (&2.into(), &3.into()));
    assert_eq!(second["published"]["boxes"], id + 1);
}

#[tokio::test]
async fn r23_the_clock_does_not_wait_for_the_gap() {
    let plan = Plan {
        admin: "refresh_gap = \"1h\"",
        config: "[tenants.demo.refresh]\nfull = \"* * * * * *\"",
        ..Plan::default()
    };
    let world = World::build(plan).await;
    world.app.refreshers()[0].report_of(3, PATIENCE).await.expect("a third run");
}

#[tokio::test]
async fn r24_only_the_right_token_in_the_right_place_orders_anything() {
    let plan = Plan { admin: "hosts = [\"proxy.example\"]", ..Plan::default() };
    let world = World::build(plan).await;
    let to = world.app.admin_address();
    let token = format!("Authorization: Bearer {ADMIN_TOKEN}\r\n");
    let with = |headers: &str| format!("{token}{headers}");
    let own = format!("Host: {to}\r\n");
    let cases: Vec<(String, u16, &str)> = vec![
        // A program, a page of this listener, an operator behind a name of ours.
        (with(&own), 202, "none"),
        (with(&format!("{own}Origin: http://{to}\r\nSec-Fetch-Site: same-origin\r\n")), 202, "none"),
        (with("Host: localhost:9995\r\nSec-Fetch-Site: none\r\n"), 202, "none"),
        (with("Host: [::1]:9995\r\n"), 202, "none"),
        (with("Host: Proxy.Example\r\nOrigin: https://proxy.example\r\n"), 202, "none"),
        // DNS that was made to point here.
        (with("Host: evil.example\r\n"), 421, "foreign_host"),
        (with("Host: evil.example:9995\r\nOrigin: http://evil.example:9995\r\n"), 421, "foreign_host"),
        (with("Host: 127.0.0.1.evil.example\r\n"), 421, "foreign_host"),
        (with("Host: localhost.evil.example\r\n"), 421, "foreign_host"),
        (with("Host: notproxy.example\r\n"), 421, "foreign_host"),
        (with("Host: 0x7f000001\r\n"), 421, "foreign_host"),
        // Another site's page.
        (with(&format!("{own}Origin: http://evil.example\r\n")), 403, "foreign_site"),
        (with(&format!("{own}Origin: null\r\n")), 403, "foreign_site"),
        (with(&format!("{own}Origin: http://127.0.0.1:1\r\n")), 403, "foreign_site"),
        (with(&format!("{own}Origin: http://{to}\r\nOrigin: http://evil.example\r\n")), 403, "foreign_site"),
        (with(&format!("{own}Sec-Fetch-Site: cross-site\r\n")), 403, "foreign_site"),
        (with(&format!("{own}Sec-Fetch-Site: same-site\r\n")), 403, "foreign_site"),
        // No token, or not as one.
        (own.clone(), 401, "bad_admin_token"),
        (format!("{own}Authorization: {ADMIN_TOKEN}\r\n"), 401, "bad_admin_token"),
        (format!("{own}Authorization: Basic {ADMIN_TOKEN}\r\n"), 401, "bad_admin_token"),
        (format!("{own}Authorization: Bearer\r\n"), 401, "bad_admin_token"),
        (format!("{own}Cookie: token={ADMIN_TOKEN}\r\n"), 401, "bad_admin_token"),
        (format!("{own}Authorization: Bearer {}\r\n", &ADMIN_TOKEN[1..]), 401, "bad_admin_token"),
        (format!("{own}Authorization: Bearer {ADMIN_TOKEN}x\r\n"), 401, "bad_admin_token"),
    ];
    assert_eq!(cases.len(), 24);
    for (headers, status, expected) in cases {
        let answer = order(to, [127, 0, 0, 1], &headers).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{headers}");
    }
}

#[tokio::test]
async fn r11_r24_two_tokens_order_nothing_and_end_the_connection() {
    let world = World::start().await;
    let to = world.app.admin_address();
    let (before, token) = (runs(&world).await, format!("Authorization: Bearer {ADMIN_TOKEN}\r\n"));
    for two in [format!("{token}Authorization: Bearer other\r\n"), token.repeat(2)] {
        let mut connection = Raw::connect(to).await;
        connection.send(format!("POST /admin/refresh HTTP/1.1\r\nHost: localhost\r\n{two}\r\n")).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, code(&answer).as_str()), (400, "bad_authorization"), "{two}");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(connection.rest().await.is_empty());
    }
    assert_eq!(runs(&world).await, before);
    assert_eq!(world.metric(r#"viability_http_rejected_total{reason="malformed"}"#).await, 2);
}

#[tokio::test]
async fn r24_reading_by_a_foreign_name_is_refused_too() {
    let world = World::start().await;
    for path in ["/", "/metrics", "/healthz", "/admin/status", "/other"] {
        let mut connection = Raw::connect(world.app.admin_address()).await;
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n")).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, code(&answer).as_str()), (421, "foreign_host"), "{path}");
    }
    assert_eq!(world.metric(r#"viability_http_rejected_total{reason="foreign"}"#).await, 5);
}

#[tokio::test]
async fn r24_nothing_is_ordered_but_by_post() {
    let world = World::start().await;
    let before = runs(&world).await;
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "post"] {
        let mut connection = Raw::connect(world.app.admin_address()).await;
        let head = format!("Host: localhost\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n");
        connection.send(format!("{method} /admin/refresh HTTP/1.1\r\n{head}\r\n")).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!(runs(&world).await, before);
}

#[tokio::test]
async fn r24_an_address_that_guesses_is_locked_out_and_no_other() {
    let world = World::start().await;
    let to = world.app.admin_address();
    let own = format!("Host: {to}\r\n");
    let (wrong, right) = (
        format!("{own}Authorization: Bearer wrong\r\n"),
        format!("{own}Authorization: Bearer {ADMIN_TOKEN}\r\n"),
    );
    let guesser = [127, 0, 0, 2];
    let mut locked_out = None;
    // Each wrong token that is looked at makes the pause longer; soon none is looked at any more.
    for _ in 0..100 {
        let answer = order(to, guesser, &wrong).await;
        if answer.status == 429 {
            locked_out = Some(answer);
            break;
        }
        assert_eq!(answer.status, 401);
    }
    let locked_out = locked_out.expect("a lock-out");
    assert_eq!(code(&locked_out), "locked_out");
    let seconds: u64 = locked_out.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    let told = serde_json::from_slice::<Value>(&locked_out.body).unwrap()["message"].take();
    assert!(told.as_str().unwrap().ends_with(&format!("; try again in {seconds} s")), "{told}");
    // A right guess is no way out, or guessing would cost nothing. The operators elsewhere notice nothing.
    assert_eq!(order(to, guesser, &right).await.status, 429);
    assert_eq!(order(to, [127, 0, 0, 1], &right).await.status, 202);
    assert_eq!(world.metric(r#"viability_http_rejected_total{reason="locked_out"}"#).await, 2);
}

#[tokio::test]
async fn r24_five_thousand_made_up_requests_order_nothing() {
    let world = World::start().await;
    let before = runs(&world).await;
    let to = world.app.admin_address();
    let mut dice = ChaCha8Rng::seed_from_u64(24);
    let mut connection = Raw::connect(to).await;
    for _ in 0..5_000 {
        connection.send(made_up(&mut dice, to)).await;
        match connection.answer().await {
            Some(answer) => {
                assert!((400..500).contains(&answer.status), "{answer:?}");
                if answer.header("connection") == Some("close") {
                    connection = Raw::connect(to).await;
                }
            }
            None => connection = Raw::connect(to).await,
        }
    }
    assert_eq!(runs(&world).await, before);
}

/// Something like an order of a refresh, never with the right token.
fn made_up(dice: &mut impl Rng, to: SocketAddr) -> String {
    let own = to.to_string();
    let mut one_of = |choices: &[&str]| choices[dice.random_range(0..choices.len())].to_owned();
    let method = one_of(&["POST", "GET", "PUT", "PO\tST", "P0ST"]);
    let path = one_of(&[
        "/admin/refresh",
        "/admin/refresh/",
        "//admin/refresh",
        "/admin/refresh?wait=30s",
        "/admin/%72efresh",
    ]);
    let host = one_of(&[&own, "localhost", "evil.example", "", "127.0.0.1"]);
    let start = one_of(&["Bearer ", "bearer ", "Basic ", "Token ", "", "Bearer  "]);
    let part = dice.random_range(0..ADMIN_TOKEN.len());
    let token = match dice.random_range(0..4) {
        0 => ADMIN_TOKEN[..part].to_owned(),
        1 => format!("{}?{}", &ADMIN_TOKEN[..part], &ADMIN_TOKEN[part + 1..]),
        2 => ADMIN_TOKEN.to_uppercase(),
        _ => format!("{:x}", dice.random::<u128>()),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {start}{token}\r\n\r\n")
}

#[tokio::test]
async fn r24_who_orders_is_in_the_log_and_the_token_is_not() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let mut process = Process::start(&simulator, 1_024, &[("VIABILITY__LOG__FILTER", "trace")]).await;
    let own = format!("Host: {}\r\n", process.admin);
    let wrong = format!("{own}X-Request-Id: guess\r\nAuthorization: Bearer a-wrong-admin-token\r\n");
    assert_eq!(order(process.admin, [127, 0, 0, 3], &wrong).await.status, 401);
    let right = format!("{own}X-Request-Id: order-66\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n");
    assert_eq!(order(process.admin, [127, 0, 0, 1], &right).await.status, 202);
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains("refresh published")) {
        lines.push(process.next_line().await);
    }
    let entry = |message: &str| -> Value {
        let line = lines.iter().find(|line| line.contains(message)).expect("a line");
        serde_json::from_str(line).unwrap()
    };
    let ordered = entry("ordered by an operator");
    assert_eq!((&ordered["request_id"], &ordered["action"]), (&"order-66".into(), &"refresh".into()));
    assert!(ordered["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let refused = entry("wrong admin token");
    assert_eq!((&refused["request_id"], &refused["level"]), (&"guess".into(), &"WARN".into()));
    assert!(refused["peer"].as_str().unwrap().starts_with("127.0.0.3:"));
    for token in [ADMIN_TOKEN, "a-wrong-admin-token"] {
        assert_eq!(lines.iter().find(|line| line.contains(token)), None);
    }
}
