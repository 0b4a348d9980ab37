//! Other paths of OZmap's API, passed through.

use crate::harness::{JsonBody, Plan, World, http_client_builder};
use crate::raw::Raw;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

async fn get(world: &World, path: &str) -> (StatusCode, Value) {
    let key = world.simulator.full_key();
    let response =
        world.http.get(world.public(path)).header(header::AUTHORIZATION, key).send().await.unwrap();
    (response.status(), response.json_body().await)
}

#[tokio::test]
async fn lists_come_through_as_ozmap_gives_them() {
    let world = World::start().await;
    let path = "/api/v2/boxes?limit=3&select=name";
    let direct = format!("{}/boxes?limit=3&select=name", world.simulator.host());
    let key = world.simulator.full_key();
    let direct =
        world.http.get(direct).header(header::AUTHORIZATION, key).send().await.unwrap().json_body().await;
    let (status, passed) = get(&world, path).await;
    assert_eq!((status, &passed["rows"]), (StatusCode::OK, &direct["rows"]));
    assert_eq!(passed["rows"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_body_of_a_get_goes_along() {
    let world = World::start().await;
    let name = &world.sellable_box().name;
    let filter = json!({ "filter": [{ "property": "name", "operator": "=", "value": name }] });
    let response = world
        .http
        .get(world.public("/api/v2/boxes?limit=0"))
        .header(header::AUTHORIZATION, world.simulator.full_key())
        .header(header::CONTENT_TYPE, "application/json")
        .body(filter.to_string())
        .send()
        .await
        .unwrap();
    let body = response.json_body().await;
    let rows = body["rows"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["name"] == name.as_str()), "{body}");
}

#[tokio::test]
async fn ozmaps_own_errors_come_through() {
    let world = World::start().await;
    assert_eq!(get(&world, "/api/v2/no-such-list").await.0, StatusCode::NOT_FOUND);
    let stranger = world
        .http
        .get(world.public("/api/v2/boxes"))
        .header(header::AUTHORIZATION, "x")
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn compressed_answers_stay_compressed() {
    let world = World::start().await;
    let response = http_client_builder()
        .no_gzip()
        .build()
        .unwrap()
        .get(world.public("/api/v2/boxes?limit=100"))
        .header(header::AUTHORIZATION, world.simulator.full_key())
        .header(header::ACCEPT_ENCODING, "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn writing_is_passed_on_only_where_all_is_configured() {
    let login = r#"{"login":"nobody","password":"wrong"}"#;
    let post = async |world: &World| {
        let url = world.public("/api/v2/users/login?type=API");
        let request = world.http.post(url).header(header::CONTENT_TYPE, "application/json").body(login);
        let response = request.send().await.unwrap();
        (response.status(), response.json_body().await)
    };
    let reading = World::start().await;
    let (status, body) = post(&reading).await;
    assert_eq!((status, &body["code"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("not_forwarded")));
    assert_eq!(reading.simulator.requests("login"), 0);
    let all = World::build(Plan { config: "forward = \"all\"", ..Plan::default() }).await;
    assert_eq!(post(&all).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(all.simulator.requests("login"), 1);
}

#[tokio::test]
async fn nothing_is_passed_on_where_it_is_off() {
    let world = World::build(Plan { config: "forward = \"off\"", ..Plan::default() }).await;
    let before = world.simulator.requests("boxes");
    let (status, body) = get(&world, "/api/v2/boxes").await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("not_forwarded")));
    assert_eq!(world.simulator.requests("boxes"), before);
    let home = world.sellable_box();
    assert!(world.ask(home.lat, home.lng, 50.0).await.is_viable());
}

/// Fills the one place of a world with `forwards_at_once = 1` and asks for another; afterwards all is as before.
pub(crate) async fn overload(world: &World) {
    world.simulator.faults().hang();
    let key = world.simulator.full_key();
    let url = world.public("/api/v2/properties");
    let before = world.simulator.requests("properties");
    let request = world.http.get(&url).header(header::AUTHORIZATION, key.clone());
    let first = tokio::spawn(request.send());
    world
        .until("the first request hangs", || async { world.simulator.requests("properties") > before })
        .await;
    let second = world.http.get(&url).header(header::AUTHORIZATION, key).send().await.unwrap();
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.json_body().await["code"], "busy");
    world.simulator.faults().clear();
    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn no_more_are_under_way_than_configured() {
    let world = World::build(Plan { config: "forwards_at_once = 1", ..Plan::default() }).await;
    overload(&world).await;
    assert_eq!(world.metric(r#"viability_http_rejected_total{reason="forwards_at_once"}"#).await, 1);
}

#[tokio::test]
async fn a_dead_ozmap_is_a_bad_gateway() {
    let mut world = World::start().await;
    world.simulator.stop().await;
    let (status, body) = get(&world, "/api/v2/boxes").await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_GATEWAY, &json!("ozmap_unreachable")));
}

#[tokio::test]
async fn paths_outside_the_api_are_404_and_reach_nobody() {
    let world = World::start().await;
    let before = world.simulator.requests("all");
    for path in ["/", "/api/v1/boxes", "/api/v20/boxes", "/admin/status", "/metrics", "/_control/faults"] {
        let response = world.http.request(Method::GET, world.public(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.simulator.requests("all"), before);
}

#[tokio::test]
async fn a_path_that_means_another_reaches_nobody() {
    let world = World::start().await;
    let (key, before) = (world.simulator.full_key(), world.simulator.requests("all"));
    for dots in ["boxes/..", ".", "%2e", "boxes/%2E%2e", "boxes/.%2e", "boxes%2f..", "boxes%5C%2e%2e%2F"] {
        let path = format!("/api/v2/{dots}/ftth-viability/radius?lat=0&lng=0&radius=5000");
        let mut connection = Raw::connect(world.app.public_address()).await;
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n\r\n")).await;
        assert_eq!(connection.answer().await.unwrap().status, 404, "{dots}");
    }
    assert_eq!(world.simulator.requests("all"), before);
}
