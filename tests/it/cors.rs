//! Web pages that ask from a browser: who may, and what their browser is told.

use crate::harness::{ADMIN_TOKEN, Plan, World};
use ozmap_simulator::Fault;
use reqwest::{Method, Response, StatusCode, header};

const SALES: &str = "https://vendas.example";

async fn world() -> World {
    World::build(Plan { server: "cors_origins = [\"https://vendas.example\"]", ..Plan::default() }).await
}

/// As a browser asks before it lets a page ask.
async fn preflight(world: &World, origin: &str, path: &str) -> Response {
    let request = world.http.request(Method::OPTIONS, world.public(path)).header(header::ORIGIN, origin);
    let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
    request.header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization").send().await.unwrap()
}

fn allowed(response: &Response) -> Option<&str> {
    response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_that_may_asks_and_reads_and_ozmap_never_sees_its_preflight() {
    let world = world().await;
    world.simulator.faults().set("", Fault::Hang);
    for path in ["/api/v2/ftth-viability/radius?lat=1&lng=2", "/api/v2/boxes", "/anything"] {
        let response = preflight(&world, SALES, path).await;
        assert_eq!((response.status(), allowed(&response)), (StatusCode::NO_CONTENT, Some(SALES)), "{path}");
        let headers = response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
        assert!(headers.contains("authorization"), "{headers}");
    }
    let home = world.sellable_box();
    let query =
        world.query(&world.simulator.full_key(), &format!("lat={}&lng={}&radius=50", home.lat, home.lng));
    let response = query.header(header::ORIGIN, SALES).send().await.unwrap();
    assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, Some(SALES)));
    assert_eq!(response.headers()[header::VARY], "origin");
    let readable = response.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap();
    assert!(readable.contains("cache-status"), "{readable}");
    // A cache must not give this one's answer to a page, which lacks what that needs.
    let plain = world.query(&world.simulator.full_key(), "lat=1&lng=2&radius=5").send().await.unwrap();
    assert_eq!((allowed(&plain), &plain.headers()[header::VARY]), (None, &"origin".parse().unwrap()));
    // Its errors too: else a page couldn't tell them from a dead network.
    let refused = world.query("", "lat=1&lng=2").header(header::ORIGIN, SALES).send().await.unwrap();
    assert_eq!((refused.status(), allowed(&refused)), (StatusCode::UNAUTHORIZED, Some(SALES)));
}

#[tokio::test]
async fn another_page_is_refused_its_preflight_and_reads_nothing() {
    let world = world().await;
    for origin in
        ["https://evil.example", "null", "http://vendas.example", "https://vendas.example.evil.example"]
    {
        let response = preflight(&world, origin, "/api/v2/boxes").await;
        assert_eq!((response.status(), allowed(&response)), (StatusCode::FORBIDDEN, None), "{origin}");
        let query =
            world.query(&world.simulator.full_key(), "lat=1&lng=2&radius=5").header(header::ORIGIN, origin);
        let response = query.send().await.unwrap();
        assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, None), "{origin}");
    }
}

#[tokio::test]
async fn without_a_list_nothing_is_said_of_pages_and_preflights_are_ozmaps() {
    let world = World::start().await;
    let before = preflight(&world, SALES, "/api/v2/boxes").await;
    assert_eq!((before.status(), allowed(&before)), (StatusCode::METHOD_NOT_ALLOWED, None));
    let query =
        world.query(&world.simulator.full_key(), "lat=1&lng=2&radius=5").header(header::ORIGIN, SALES);
    let response = query.send().await.unwrap();
    assert!(allowed(&response).is_none() && !response.headers().contains_key(header::VARY));
}

#[tokio::test]
async fn the_list_is_for_the_public_listener_alone() {
    let world = world().await;
    let url = format!("http://{}/admin/status", world.app.admin_address());
    let response =
        world.http.get(url).bearer_auth(ADMIN_TOKEN).header(header::ORIGIN, SALES).send().await.unwrap();
    assert_eq!((response.status(), allowed(&response)), (StatusCode::OK, None));
}
