//! Several tenants in one process.

use crate::harness::{JsonBody, PATIENCE, World, http_client, start_app};
use crate::process::Process;
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

/// What a client is told that calls this path, by this `Host`.
async fn refused(app: &App, host: &str, path: &str) -> (StatusCode, Value) {
    let url = format!("http://{}{path}", app.public_address());
    let response = http_client().get(url).header(header::HOST, host).send().await.unwrap();
    (response.status(), response.json_body().await)
}

/// So often were requests turned away for this reason.
async fn rejected(app: &App, reason: &str) -> u64 {
    let url = format!("http://{}/metrics", app.admin_address());
    let page = http_client().get(url).send().await.unwrap().text().await.unwrap();
    let series = format!("viability_http_rejected_total{{reason=\"{reason}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&series)).expect("a series").parse().unwrap()
}

#[tokio::test]
async fn a_request_that_finds_no_tenant_is_told_why_and_of_nobody_and_is_counted() {
    let two = TwoTenants::start().await;
    let (ours, south) = ("proxy.example", "viability.south.example");
    let too_long = format!("/{}/api/v2/boxes", "a".repeat(41));
    let unnamed = "several tenants are configured and none is found by this Host: call /<tenant>/api/v2, or give a tenant this name in `hosts`";
    let unknown = "no tenant is called east: call /<tenant>/api/v2 with a name that is configured, or /api/v2 where there is one tenant";
    let no_name = "the path names no tenant: before /api/v2 stands a name of up to 40 lower-case letters, digits and \"-\"";
    let other = "this Host means one tenant: call /api/v2 without a name before it, or by another Host";
    let none = "no such path; OZmap's API lies below /api/v2";
    for (host, path, code, message) in [
        (ours, "/api/v2/ftth-viability/radius?lat=1&lng=1", "no_tenant", unnamed),
        (ours, "/api/v2", "no_tenant", unnamed),
        (ours, "/east/api/v2/boxes", "no_tenant", unknown),
        (ours, "/North/api/v2/boxes", "no_tenant", no_name),
        (ours, "/%3Cb%3E/api/v2", "no_tenant", no_name),
        (ours, "//api/v2", "no_tenant", no_name),
        (ours, &too_long, "no_tenant", no_name),
        (south, "/north/api/v2/boxes", "no_tenant", other),
        (south, "/other", "not_found", none),
        (ours, "/north/other", "not_found", none),
        (ours, "/other", "not_found", none),
        (ours, "/api/v22", "not_found", none),
    ] {
        let (status, body) = refused(&two.app, host, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(body, serde_json::json!({ "code": code, "message": message }), "{path}");
    }
    assert_eq!(rejected(&two.app, "no_tenant").await, 2);
    assert_eq!(rejected(&two.app, "unknown_tenant").await, 6);
}

#[tokio::test]
async fn the_only_tenant_is_not_found_by_anothers_name() {
    let world = World::start().await;
    let (status, body) = refused(&world.app, "proxy.example", "/typo/api/v2/boxes").await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &"no_tenant".into()));
    assert!(body["message"].as_str().unwrap().starts_with("no tenant is called typo: "), "{body}");
    assert_eq!(rejected(&world.app, "unknown_tenant").await, 1);
}

#[tokio::test]
async fn clients_that_no_tenant_is_found_for_are_in_the_log_with_the_setting_to_look_at() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let host = simulator.host();
    let env =
        [("VIABILITY__TENANTS__SUL__HOST", host.as_str()), ("VIABILITY__TENANTS__SUL__KEY_FILE", "key")];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    let told = async |process: &mut Process| loop {
        let entry: Value = serde_json::from_str(&process.next_line().await).unwrap();
        if entry["reason"].is_string() {
            return entry;
        }
    };
    // What any client can cause by a slip is counted and no more.
    for path in ["/typo/api/v2/boxes", "/api/v2/boxes"] {
        http_client().get(format!("http://{}{path}", process.public)).send().await.unwrap();
    }
    let entry = told(&mut process).await;
    assert_eq!(
        (&entry["level"], &entry["reason"], &entry["setting"]),
        (&"WARN".into(), &"no_tenant".into(), &"tenants.<name>.hosts".into())
    );
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
