//! What becomes of refreshes that operators order: whose wishes they share, how they are answered, what a stop leaves.

use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, World, http_client, start_app_with};
use crate::process::Process;
use crate::raw::{Raw, RawAnswer};
use ozmap_simulator::{Fault, Settings, Simulator};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use viability_proxy::server::Drain;

fn settings() -> Settings {
    Settings { boxes: 500, ..Settings::default() }
}

/// Orders a refresh with these parameters.
async fn order(world: &World, query: &str) -> (StatusCode, Value) {
    let url = format!("http://{}/admin/refresh{query}", world.app.admin_address());
    let response = world.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
    (response.status(), response.json_body().await)
}

/// Half of the network disappears: more than the guard believes.
fn lose_half(world: &World) {
    for one in world.simulator.boxes().into_iter().step_by(2) {
        world.simulator.delete_box(&one.id).unwrap();
    }
}

#[tokio::test]
async fn orders_share_a_run_with_those_alone_that_wish_the_same_of_the_guard() {
    let world = World::start().await;
    world.simulator.faults().set("/boxes", Fault::Hang);
    order(&world, "").await;
    let mut progress = world.app.refreshers()[0].progress();
    let begun = progress.wait_for(|now| now.phase.as_str() == "boxes");
    tokio::time::timeout(PATIENCE, begun).await.unwrap().unwrap();
    lose_half(&world);
    for _ in 0..3 {
        for (query, run) in [("", 3), ("?accept_shrink=true", 4), ("?accept_shrink=false", 3)] {
            let expected = json!({ "runs": [{ "run": run, "tenant": "demo" }] });
            assert_eq!(order(&world, query).await, (StatusCode::ACCEPTED, expected), "{query}");
        }
    }
    world.simulator.faults().clear();
    world.app.refreshers()[0].report_of(4, PATIENCE).await.expect("the last ends");
    let (_, runs) = world.admin("/admin/runs").await;
    let told = |run: &Value| (run["run"].clone(), run["accept_shrink"].clone(), run["result"].clone());
    let runs: Vec<_> = runs["tenants"][0]["runs"].as_array().unwrap().iter().map(told).collect();
    let expected = [(4, true, "ok"), (3, false, "refused"), (2, false, "refused"), (1, false, "ok")];
    assert_eq!(runs, expected.map(|(run, accepts, result)| (json!(run), json!(accepts), json!(result))));
}

#[tokio::test]
async fn an_order_that_says_a_thing_twice_is_refused() {
    let world = World::start().await;
    for query in ["?accept_shrink=false&accept_shrink=true", "?wait=1s&wait=5s", "?tenant=demo&tenant=demo"] {
        let (status, body) = order(&world, query).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("bad_parameter")), "{query}");
        assert!(body["message"].as_str().unwrap().ends_with("is given more than once"), "{body}");
    }
}

#[tokio::test]
async fn who_waits_gets_a_200_with_the_result_whatever_it_is_and_a_202_before_there_is_one() {
    let world = World::start().await;
    let result = |body: &Value| body["runs"][0]["result"].clone();
    let (status, body) = order(&world, "?wait=60s").await;
    assert_eq!((status, result(&body)), (StatusCode::OK, json!("ok")), "{body}");
    lose_half(&world);
    let (status, body) = order(&world, "?wait=60s").await;
    assert_eq!((status, result(&body)), (StatusCode::OK, json!("refused")), "{body}");
    world.simulator.faults().set("/projects", Fault::Failure { rate: 1.0, status: 500 });
    let (status, body) = order(&world, "?wait=60s").await;
    assert_eq!((status, result(&body)), (StatusCode::OK, json!("status")), "{body}");
    world.simulator.faults().set("/projects", Fault::Hang);
    let (status, body) = order(&world, "?wait=1ms").await;
    assert_eq!((status, result(&body)), (StatusCode::ACCEPTED, Value::Null), "{body}");
    // The list of routes says where a script must look.
    let list = world.http.get(format!("http://{}/", world.app.admin_address())).send().await.unwrap();
    assert!(list.text().await.unwrap().contains(r#"each run's "result", "ok" or why not"#));
}

#[tokio::test]
async fn a_run_that_a_stop_gives_up_is_told_to_who_waits_for_it_beside_those_that_ended() {
    let (quick, slow) =
        (Simulator::start(settings()).await.unwrap(), Simulator::start(settings()).await.unwrap());
    let app = start_app_with(&[("quick", &quick), ("slow", &slow)], "drain = \"200ms\"", "", "").await;
    for refresher in app.refreshers() {
        refresher.report_of(1, PATIENCE).await.unwrap().outcome.unwrap();
    }
    slow.faults().set("/boxes", Fault::Hang);
    let url = format!("http://{}/admin/refresh?wait=15m", app.admin_address());
    let waiting = tokio::spawn(http_client().post(url).bearer_auth(ADMIN_TOKEN).send());
    app.refreshers()[0].report_of(2, PATIENCE).await.expect("it ends");
    let mut progress = app.refreshers()[1].progress();
    progress.wait_for(|now| now.phase.as_str() == "boxes").await.unwrap();
    assert_eq!(app.stop().await, Drain::Complete);
    let response = waiting.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = response.json_body().await;
    assert_eq!(body["code"], "stopping");
    assert!(body["message"].as_str().unwrap().contains("given up half-way"), "{body}");
    let told = |run: &Value| (run["tenant"].clone(), run["run"].clone(), run["result"].clone());
    let runs: Vec<_> = body["runs"].as_array().unwrap().iter().map(told).collect();
    let expected = [("quick", 2, "ok"), ("slow", 2, "stopping")];
    assert_eq!(runs, expected.map(|(tenant, run, result)| (json!(tenant), json!(run), json!(result))));
}

async fn post_refresh(process: &Process, query: &str) -> Raw {
    let mut connection = Raw::connect(process.admin).await;
    let head = format!("Host: localhost\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n");
    connection.send(format!("POST /admin/refresh{query} HTTP/1.1\r\n{head}\r\n")).await;
    connection
}

#[tokio::test]
async fn the_log_names_the_run_that_a_stop_gives_up() {
    let simulator = Simulator::start(settings()).await.unwrap();
    let env = [("VIABILITY__SERVER__DRAIN", "200ms")];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    simulator.faults().set("/boxes", Fault::Hang);
    post_refresh(&process, "").await.answer().await.unwrap();
    while process.next_message().await != "refresh started" {}
    process.signal(Signal::TERM);
    let mut entry = Value::Null;
    while entry["message"] != "refresh given up: the process stops before it ended" {
        entry = serde_json::from_str(&process.next_line().await).unwrap();
    }
    assert_eq!(
        (&entry["level"], &entry["run"], &entry["trigger"]),
        (&json!("WARN"), &json!(2), &json!("admin"))
    );
    assert!(process.ended().await);
}

fn json_of(answer: &RawAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn orders_that_a_stop_leaves_undone_are_counted_in_the_log_and_their_clients_told() {
    let simulator = Simulator::start(settings()).await.unwrap();
    let mut process = Process::start(&simulator, 1_024, &[("VIABILITY__ADMIN__REFRESH_GAP", "1h")]).await;
    let done = post_refresh(&process, "?wait=60s").await.answer().await.unwrap();
    assert_eq!(json_of(&done)["runs"][0]["result"], "ok");
    // Too soon after that one: they wait for their time.
    for query in ["", "", "?accept_shrink=true"] {
        assert_eq!(post_refresh(&process, query).await.answer().await.unwrap().status, 202);
    }
    let mut waiting = post_refresh(&process, "?wait=15m").await;
    while process.next_message().await != "ordered by an operator" {}
    for _ in 0..4 {
        while process.next_message().await != "ordered by an operator" {}
    }
    process.signal(Signal::TERM);
    let answer = waiting.answer().await.expect("an answer");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    let body = json_of(&answer);
    assert_eq!(body["code"], "stopping");
    assert!(body["message"].as_str().unwrap().contains("had not begun"), "{body}");
    let mut entry = Value::Null;
    while entry["orders"].is_null() {
        entry = serde_json::from_str(&process.next_line().await).unwrap();
    }
    assert_eq!(
        (&entry["level"], &entry["tenant"], &entry["orders"]),
        (&json!("WARN"), &json!("demo"), &json!(4))
    );
    assert!(process.ended().await);
    while process.next_message().await != "stopped; every request was answered" {}
}
