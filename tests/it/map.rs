//! What the console begins with, and what its map is drawn from.

use crate::harness::{ADMIN_TOKEN, Plan, World};
use ozmap_simulator::Settings;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn the_tiles_of_each_zoom_show_every_box_and_a_browser_keeps_them_until_data_change() {
    let world =
        World::build(Plan { simulator: Settings { boxes: 3_000, ..Settings::default() }, ..Plan::default() })
            .await;
    let (_, status) = world.admin("/admin/status").await;
    let count = status["tenants"][0]["data"]["boxes"].as_u64().unwrap();
    for zoom in [0_u32, 3] {
        let mut shown = 0;
        for x in 0..1 << zoom {
            for y in 0..1 << zoom {
                let (status, tile) =
                    world.operator(Method::GET, &format!("/admin/tiles/{zoom}/{x}/{y}")).await;
                assert_eq!(status, StatusCode::OK);
                shown += tile["boxes"].as_array().unwrap().len() as u64;
                let clusters = tile["clusters"].as_array().unwrap();
                shown += clusters.iter().map(|cluster| cluster[2].as_u64().unwrap()).sum::<u64>();
            }
        }
        assert_eq!(shown, count, "zoom {zoom}");
    }
    let url = format!("http://{}/admin/tiles/0/0/0", world.app.admin_address());
    let get = || world.http.get(&url).bearer_auth(ADMIN_TOKEN);
    let tag = get().send().await.unwrap().headers()[header::ETAG].clone();
    let again = get().header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    world.refresh().await;
    let changed = get().header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_console_begins_with_its_tenants_and_fetches_nothing_from_elsewhere_but_the_map_that_is_set() {
    let tiles = "[tenants.demo.console]\ntime_zone = \"America/Manaus\"\nmap_tiles = \"https://tiles.example/{z}/{x}/{y}.png\"";
    let world = World::build(Plan { config: tiles, ..Plan::default() }).await;
    let (status, body) = world.operator(Method::GET, "/admin/console").await;
    assert_eq!(status, StatusCode::OK);
    let tenant = &body["tenants"][0];
    assert_eq!((&tenant["tenant"], &tenant["time_zone"]), (&json!("demo"), &json!("America/Manaus")));
    assert_eq!(tenant["tiles"]["url"], "https://tiles.example/{z}/{x}/{y}.png");
    assert_eq!(
        (&tenant["stale_after_seconds"], &tenant["expires_after_seconds"]),
        (&json!(1500), &json!(259_200))
    );
    let bounds = &tenant["bounds"];
    let home = world.sellable_box();
    assert!(bounds["south"].as_f64().unwrap() <= home.lat && home.lat <= bounds["north"].as_f64().unwrap());
    let page = world.http.get(format!("http://{}/", world.app.admin_address()));
    let page = page.header(header::ACCEPT, "text/html,*/*;q=0.8").send().await.unwrap();
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'self'; img-src 'self' data: https://tiles.example;"),
        "{policy}"
    );
    assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let tag = page.headers()[header::ETAG].clone();
    let again =
        world.http.get(format!("http://{}/", world.app.admin_address())).header(header::ACCEPT, "text/html");
    let again = again.header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}
