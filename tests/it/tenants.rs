//! Several tenants in one process.

use crate::harness::{JsonBody, PATIENCE, http_client, start_app};
use ozmap_simulator::{BoxView, Settings, Simulator};
use reqwest::{StatusCode, header};
use serde_json::Value;
use viability_proxy::app::App;

struct TwoTenants {
    north: Simulator,
    south: Simulator,
    app: App,
    http: reqwest::Client,
}

impl TwoTenants {
    async fn start() -> Self {
        let north = Simulator::start(Settings { seed: 11, ..Settings::default() }).await.unwrap();
        let south = Simulator::start(Settings { seed: 12, ..Settings::default() }).await.unwrap();
        let hosts = "hosts = [\"viability.south.example\"]";
        let app = start_app(&[("north", &north), ("south", &south)], hosts).await;
        for refresher in app.refreshers() {
            refresher.report_of(1, PATIENCE).await.unwrap().outcome.unwrap();
        }
        Self { north, south, app, http: http_client() }
    }

    async fn ask(&self, prefix: &str, host: Option<&str>, key: &str, at: &BoxView) -> (StatusCode, Value) {
        let (lat, lng, address) = (at.lat, at.lng, self.app.public_address());
        let url =
            format!("http://{address}{prefix}/api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius=100");
        let mut request = self.http.get(url).header(header::AUTHORIZATION, key);
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json_body().await)
    }
}

fn sellable(simulator: &Simulator) -> BoxView {
    simulator.boxes().into_iter().find(|one| !one.draft && one.free_ports > 0).unwrap()
}

#[tokio::test]
async fn a_tenant_is_found_by_path_or_by_host_and_shows_its_own_boxes_only() {
    let two = TwoTenants::start().await;
    let (north, south) = (sellable(&two.north), sellable(&two.south));
    let (north_key, south_key) = (two.north.full_key(), two.south.full_key());
    let (status, body) = two.ask("/north", None, &north_key, &north).await;
    assert_eq!((status, body["viable"].as_bool()), (StatusCode::OK, Some(true)));
    assert_eq!(body["boxes"][0]["id"].as_str().map(|id| two.north.free_ports(id).is_some()), Some(true));
    for prefix in ["", "/south"] {
        let (status, body) = two.ask(prefix, Some("Viability.South.example:9994"), &south_key, &south).await;
        assert_eq!((status, body["viable"].as_bool()), (StatusCode::OK, Some(true)), "{prefix}");
    }
    // Where the other one's boxes stand, a tenant has none of them.
    let (_, body) = two.ask("/north", None, &north_key, &south).await;
    assert_eq!(body["boxes"], two.north.oracle(&north_key, south.lat, south.lng, Some(100.0))["boxes"]);
}

#[tokio::test]
async fn nothing_of_one_tenant_reaches_another() {
    let two = TwoTenants::start().await;
    let home = sellable(&two.north);
    // The other tenant's key, its host with this tenant's path, and no tenant at all.
    let south_key = two.south.full_key();
    assert_eq!(two.ask("/north", None, &south_key, &home).await.0, StatusCode::UNAUTHORIZED);
    let (status, _) = two.ask("/north", Some("viability.south.example"), &two.north.full_key(), &home).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(two.ask("", None, &two.north.full_key(), &home).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_tenants_dead_ozmap_leaves_the_others_ready_and_is_named() {
    let mut two = TwoTenants::start().await;
    two.south.stop().await;
    let url = format!("http://{}/admin/refresh?tenant=south&wait=60s", two.app.admin_address());
    let response = two.http.post(url).bearer_auth(crate::harness::ADMIN_TOKEN).send().await.unwrap();
    let body = response.json_body().await;
    assert_eq!(body["runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&body["runs"][0]["tenant"], &body["runs"][0]["result"]),
        (&"south".into(), &"unreachable".into())
    );
    let home = sellable(&two.north);
    assert_eq!(two.ask("/north", None, &two.north.full_key(), &home).await.0, StatusCode::OK);
}
