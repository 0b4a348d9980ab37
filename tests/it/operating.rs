//! What operators and Prometheus see.

use crate::harness::{JsonBody, Plan, World};
use ozmap_simulator::Fault;
use reqwest::StatusCode;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn ready_when_the_data_are_there_healthy_always() {
    let world = World::cold(Plan { broken: Some("/boxes"), ..Plan::default() }).await;
    assert_eq!(world.admin("/healthz").await, (StatusCode::OK, json!({ "status": "ok" })));
    let (status, body) = world.admin("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let tenant = json!({ "tenant": "demo", "ready": false, "state": "absent", "age_seconds": null });
    assert_eq!(body, json!({ "ready": false, "stopping": false, "tenants": [tenant] }));
    world.simulator.faults().clear();
    world.until("the data are there", || async { world.admin("/readyz").await.0 == StatusCode::OK }).await;
}

#[tokio::test]
async fn the_status_counts_boxes_as_ozmap_has_them() {
    let world = World::start().await;
    let boxes = world.simulator.boxes();
    let count =
        |holds: &dyn Fn(&ozmap_simulator::BoxView) -> bool| boxes.iter().filter(|one| holds(one)).count();
    let (_, status) = world.admin("/admin/status").await;
    let data = &status["tenants"][0]["data"];
    assert_eq!(data["boxes"], boxes.len());
    assert_eq!(data["sellable"], count(&|one| !one.draft && one.free_ports > 0));
    assert_eq!(data["refused"]["draft"], count(&|one| one.draft));
    assert_eq!(
        data["refused"]["no_service_connector"],
        count(&|one| !one.draft && !one.has_service_splitter)
    );
    assert_eq!(data["generation"], 1);
    assert_eq!(status["tenants"][0]["state"], "fresh");
}

#[tokio::test]
async fn the_admin_listener_keeps_to_its_routes_and_methods() {
    let world = World::start().await;
    let url = |path: &str| format!("http://{}{path}", world.app.admin_address());
    for path in ["/admin", "/admin/other", "/api/v2/boxes", "/metrics/"] {
        let response = world.http.get(url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let message = "no such route of operators; GET / lists those there are";
        assert_eq!(response.json_body().await, json!({ "code": "not_found", "message": message }), "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/admin/status", "/admin/runs", "/admin/differences", "/"]
    {
        assert_eq!(world.http.get(url(path)).send().await.unwrap().status(), StatusCode::OK, "{path}");
        assert_eq!(world.http.head(url(path)).send().await.unwrap().status(), StatusCode::OK, "{path}");
        let posted = world.http.post(url(path)).send().await.unwrap();
        assert_eq!(
            (posted.status(), &posted.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
        );
    }
}

/// Every metric of ours with its labels, [`METRICS_OF_TLS`] aside. Dashboards and alerts stand on these names: a change here is one for users.
pub(crate) const METRICS: &[&str] = &[
    "viability_batch_rows_total{result,tenant}",
    "viability_build_info{version}",
    "viability_cache_evictions_total{cache}",
    "viability_cache_hits_total{cache}",
    "viability_cache_misses_total{cache}",
    "viability_cache_weight_bytes{cache}",
    "viability_canary_total{result,tenant}",
    "viability_config_last_reload_successful",
    "viability_data_timestamp_seconds{tenant}",
    "viability_http_connections{listener}",
    "viability_http_in_flight",
    "viability_http_panics_total",
    "viability_http_rejected_total{reason}",
    "viability_http_request_duration_seconds{route,source}",
    "viability_http_requests_total{code,method,route}",
    "viability_index_boxes{state,tenant}",
    "viability_index_build_duration_seconds",
    "viability_index_free_ports{tenant}",
    "viability_live_calls_per_second_limit{tenant}",
    "viability_live_questions_total{result,tenant}",
    "viability_queries_total{result,source,state,tenant}",
    "viability_rechecks_total{result,tenant}",
    "viability_refresh_changes_reliance{list,tenant}",
    "viability_refresh_drift_total{kind,list,tenant}",
    "viability_refresh_duration_seconds{kind}",
    "viability_refresh_last_timestamp_seconds{kind,result,tenant}",
    "viability_refresh_overridden_total{reason,tenant}",
    "viability_refresh_rejected_total{reason,tenant}",
    "viability_refresh_total{result,tenant,trigger}",
    "viability_rows_quarantined_total{reason,tenant}",
    "viability_snapshot_loads_total{result,tenant}",
    "viability_snapshot_writes_total{result,tenant}",
    "viability_tls_reloads_total{listener,result}",
    "viability_upstream_breaker_state{tenant}",
    "viability_upstream_request_duration_seconds{operation}",
    "viability_upstream_requests_total{operation,outcome,tenant}",
];

/// Those that only a listener with certificates has.
pub(crate) const METRICS_OF_TLS: &[&str] = &["viability_tls_certificate_expires_timestamp_seconds{listener}"];

/// Those of which series begin while it runs: labels that are OZmap's or a client's choice, or too many together; and what
/// tells of data, once there are some. Every other series is there from the start: a counter that begins at 1 has no rise.
const MADE_LATER: &[&str] = &[
    "viability_data_timestamp_seconds",
    "viability_http_request_duration_seconds",
    "viability_http_requests_total",
    "viability_index_",
    "viability_refresh_changes_reliance",
    "viability_refresh_total",
];

/// Every series of ours in a scrape.
fn series(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter(|line| line.starts_with("viability_"));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

/// Names and labels of a scrape, histograms by their base name.
pub(crate) fn names_and_labels(page: &str) -> BTreeSet<String> {
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("viability_")) {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let base =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let known = labels.entry(base).or_default();
        if let Some((inside, _)) = rest.split_once('}') {
            let names = inside.split(',').filter_map(|pair| pair.split_once('=')).map(|(label, _)| label);
            known.extend(names.filter(|&label| label != "le"));
        }
    }
    let line = |(name, labels): (&str, BTreeSet<&str>)| match labels.into_iter().collect::<Vec<_>>().join(",")
    {
        none if none.is_empty() => name.to_owned(),
        some => format!("{name}{{{some}}}"),
    };
    labels.into_iter().map(line).collect()
}

/// Something for every counter, so that every series is there.
pub(crate) mod exercise_everything {
    use crate::forward;
    use crate::harness::{Plan, World};

    /// The world that [`run`] needs.
    pub(crate) fn plan() -> Plan {
        Plan {
            config: "forwards_at_once = 1\n[live]\ncache_ttl = \"1ms\"\nrecheck_after = \"0s\"\nrecheck_at_most = 1000\n[tenants.demo.canary]\nevery = \"1ms\"\n[access]\nrejected_ttl = \"1ms\"\n[snapshot]\ndirectory = \"/dev/null/snapshots\"",
            ..Plan::default()
        }
    }

    /// A local, a checked, a live, a forwarded and a rejected request, a stranger, an unreadable row, an order to believe what
    /// was read, an evicted entry.
    pub(crate) async fn run(world: &World) {
        let home = world.sellable_box();
        world.ask(home.lat, home.lng, 100.0).await;
        let compared = async || {
            // Now and then one that nobody has to check first.
            world.ask(80.0, 0.0, 1.0).await;
            world.metrics().await.contains("viability_canary_total")
        };
        world.until("an answer is compared", compared).await;
        world.ask_as("stranger", home.lat, home.lng, 100.0).await;
        let row = r#"{"total":1,"rows":[{"id":"x"}]}"#;
        world.simulator.faults().answer("/boxes", 200, "application/json", row);
        world.refresh().await;
        world.simulator.faults().clear();
        let mut half = world.list("/splitters").await;
        let left = half["rows"].as_array().unwrap().len() / 2;
        half["rows"].as_array_mut().unwrap().truncate(left);
        half["total"] = left.into();
        world.simulator.faults().answer("/splitters", 200, "application/json", &half.to_string());
        world.refresh_as_read().await;
        world.simulator.faults().clear();
        world.refresh().await;
        forward::overload(world).await;
        world
            .until("an entry was evicted for age", || async {
                world.ask(home.lat, home.lng, 5_000.0).await;
                world.metric(r#"viability_cache_evictions_total{cache="live"}"#).await > 0
            })
            .await;
        for _ in 0..2 {
            let key = world.simulator.key_for(std::slice::from_ref(&home.project));
            world.ask_as(&key, home.lat, home.lng, 100.0).await;
        }
    }
}

#[tokio::test]
async fn the_scrape_has_these_metrics_with_these_labels_and_no_others() {
    let world = World::cold(Plan { broken: Some("/boxes"), ..exercise_everything::plan() }).await;
    let at_the_start = series(&world.metrics().await);
    world.simulator.faults().clear();
    world.refresh().await;
    exercise_everything::run(&world).await;
    let page = world.metrics().await;
    let later: BTreeSet<_> = series(&page).difference(&at_the_start).cloned().collect();
    let made_later = |series: &&String| !MADE_LATER.iter().any(|&name| series.starts_with(name));
    assert_eq!(later.iter().filter(made_later).collect::<Vec<_>>(), Vec::<&String>::new());
    let expected: BTreeSet<_> = METRICS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(names_and_labels(&page), expected);
    for process in ["process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes"] {
        assert!(page.contains(process), "{process}");
    }
}

#[tokio::test]
async fn odd_methods_and_paths_make_no_new_series() {
    let world = World::start().await;
    let odd = async |number: u32| {
        let method = format!("ODD{number}").parse().unwrap();
        world.http.request(method, world.public(&format!("/path/{number}"))).send().await.unwrap();
        world.metrics().await.lines().count()
    };
    odd(0).await;
    let before = odd(1).await;
    for number in 2..40 {
        assert_eq!(odd(number).await, before);
    }
}

#[tokio::test]
async fn queries_are_counted_by_source_state_and_result() {
    let world = World::start().await;
    let home = world.sellable_box();
    world.ask(home.lat, home.lng, 100.0).await;
    world.ask(-60.0, 0.0, 100.0).await;
    for (result, count) in [("viable", 1), ("not_viable", 1)] {
        let series = format!(
            r#"viability_queries_total{{result="{result}",source="index",state="fresh",tenant="demo"}}"#
        );
        assert_eq!(world.metric(&series).await, count, "{result}");
    }
    let boxes = world.metric(r#"viability_index_boxes{state="sellable",tenant="demo"}"#).await;
    let sellable = world.simulator.boxes().iter().filter(|one| !one.draft && one.free_ports > 0).count();
    assert_eq!(boxes, sellable as u64);
}

#[tokio::test]
async fn the_breaker_of_a_scrape_is_that_of_the_status_and_what_came_of_live_calls_is_counted() {
    let config = "[live]\ncalls_per_second = 1000\ncalls_at_once = 100\ncache_ttl = \"0s\"";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let home = world.sellable_box();
    let breaker = async || world.metric(r#"viability_upstream_breaker_state{tenant="demo"}"#).await;
    world.simulator.faults().set("/ftth-viability", Fault::Failure { rate: 1.0, status: 500 });
    for _ in 0..5 {
        world.ask(home.lat, home.lng, 5_000.0).await;
    }
    // Nobody asks meanwhile.
    world.until("a try is due", || async { breaker().await == 1 }).await;
    assert_eq!(world.admin("/admin/status").await.1["tenants"][0]["live_calls"]["breaker"], "half_open");
    world.simulator.faults().clear();
    world.ask(home.lat, home.lng, 5_000.0).await;
    assert_eq!(breaker().await, 0);
    for (result, count) in [("failed", 5), ("answered", 1), ("out_of_budget", 0)] {
        let series = format!(r#"viability_live_questions_total{{result="{result}",tenant="demo"}}"#);
        assert_eq!(world.metric(&series).await, count, "{result}");
    }
}

#[tokio::test]
async fn when_refreshes_ended_last_is_told_by_how() {
    let world = World::start().await;
    let last = async |result: &str| {
        let labels = format!(r#"kind="full",result="{result}",tenant="demo""#);
        world.metric(&format!("viability_refresh_last_timestamp_seconds{{{labels}}}")).await
    };
    let read = last("ok").await;
    assert!(read > 0 && last("refused").await == 0 && last("failed").await == 0);
    world.simulator.faults().answer("/boxes", 200, "application/json", r#"{"total":0,"rows":[]}"#);
    assert_eq!(world.refresh().await["result"], "refused");
    assert!(last("refused").await >= read && last("failed").await == 0);
    world.simulator.faults().clear();
    world.simulator.faults().set("/boxes", Fault::Failure { rate: 1.0, status: 404 });
    assert_eq!(world.refresh().await["result"], "status");
    assert!(last("failed").await >= read && last("ok").await == read);
}

#[tokio::test]
async fn stopping_lets_a_request_under_way_end() {
    let world = World::build(Plan::default()).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    world.simulator.faults().set("/ftth-viability", Fault::Hang);
    let before = world.simulator.requests("viability");
    let request = world.query(&key, &format!("lat={}&lng={}&radius=3000", home.lat, home.lng));
    let waiting = tokio::spawn(request.send());
    world.until("the request hangs", || async { world.simulator.requests("viability") > before }).await;
    let World { simulator, app, .. } = world;
    let stopping = tokio::spawn(app.stop());
    simulator.faults().clear();
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(stopping.await.unwrap(), viability_proxy::server::Drain::Complete);
}
