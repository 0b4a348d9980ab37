//! Reading OZmap's network whole, whatever happens meanwhile.

use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, Plan, World};
use crate::process::Process;
use ozmap_simulator::{Fault, IdFilters, NewBox, NewSplitter, Pagination, Settings, Simulator};
use reqwest::StatusCode;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::time::timeout;
use viability_proxy::app::App;
use viability_proxy::refresh::report::{Report, Trigger};

/// The ids of all boxes in the proxy's snapshot.
pub(crate) fn ids_in(app: &App) -> BTreeSet<String> {
    let data = app.refreshers()[0].tenant().data().expect("data");
    data.snapshot.boxes().map(|one| one.id.to_string()).collect()
}

pub(crate) fn ids_at_ozmap(world: &World) -> BTreeSet<String> {
    world.simulator.boxes().into_iter().map(|one| one.id).collect()
}

/// Reads the network in small pages while boxes on pages already read are deleted and others added, at each page.
async fn reads_whole_under_edits(simulator: Settings) {
    let world =
        World::cold(Plan { simulator, config: "[tenants.demo.refresh]\npage_size = 50", ..Plan::default() })
            .await;
    world.first_refresh().await;
    let before = ids_at_ozmap(&world);
    let project = world.simulator.projects()[0].id.clone();
    // The oldest boxes stand on the first pages: deleting them pulls later rows over page borders.
    let doomed = Mutex::new(before.iter().take(120).cloned().collect::<Vec<_>>());
    let control = world.simulator.control();
    world.simulator.on_page(move |page| {
        if page.operation != "boxes" {
            return;
        }
        if let Some(id) = doomed.lock().unwrap().pop() {
            control.delete_box(&id).unwrap();
        }
        control.add_box(NewBox {
            name: "CTO nova".to_owned(),
            project: Some(project.clone()),
            lat: -27.0,
            lng: -48.0,
            draft: false,
            implanted: true,
            splitters: vec![NewSplitter::service(8, 3)],
        });
    });
    let report = world.refresh().await;
    assert_eq!(report["result"], "ok", "{report}");
    let after = ids_at_ozmap(&world);
    let throughout: BTreeSet<_> = before.intersection(&after).cloned().collect();
    assert!(
        throughout.len() < before.len() && after.len() > throughout.len(),
        "boxes went and came meanwhile"
    );
    let read = ids_in(&world.app);
    let missing: Vec<_> = throughout.difference(&read).collect();
    assert!(missing.is_empty(), "{} of {} boxes are missing: {missing:?}", missing.len(), throughout.len());
}

#[tokio::test]
async fn no_box_that_existed_throughout_is_missing_after_edits_during_a_refresh() {
    reads_whole_under_edits(Settings { boxes: 2_000, ..Settings::default() }).await;
}

#[tokio::test]
async fn nor_where_ozmap_ignores_filters_on_ids() {
    reads_whole_under_edits(Settings { boxes: 2_000, id_filters: IdFilters::Ignored, ..Settings::default() })
        .await;
}

#[tokio::test]
async fn the_older_form_of_pages_and_a_clamped_limit_are_read_to_the_end() {
    for id_filters in [IdFilters::Honoured, IdFilters::Ignored] {
        let simulator = Settings {
            boxes: 1_500,
            pagination: Pagination::Legacy,
            max_limit: Some(37),
            id_filters,
            ..Settings::default()
        };
        let world = World::build(Plan { simulator, ..Plan::default() }).await;
        assert_eq!(ids_in(&world.app), ids_at_ozmap(&world));
    }
}

#[tokio::test]
async fn pages_that_fail_now_and_then_are_tried_again() {
    let world = World::start().await;
    world.simulator.faults().next(2, "/boxes", Fault::Failure { rate: 1.0, status: 503 });
    world.simulator.faults().next(1, "/splitters", Fault::CutBody { after: 100 });
    world.simulator.faults().next(
        1,
        "/projects",
        Fault::Answer { status: 200, content_type: "text/html".to_owned(), body: "<html>".to_owned() },
    );
    let report = world.refresh().await;
    assert_eq!(report["result"], "ok", "{report}");
    assert_eq!(ids_in(&world.app), ids_at_ozmap(&world));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_data_and_says_why() {
    let world = World::start().await;
    let home = world.sellable_box();
    world.simulator.faults().set("/splitters", Fault::Failure { rate: 1.0, status: 502 });
    let report = world.refresh().await;
    assert_eq!(report["result"], "status");
    let error = report["error"].as_str().unwrap();
    assert!(error.starts_with("reading splitters of OZmap failed: OZmap answered 502: "), "{error}");
    assert!(world.ask(home.lat, home.lng, 50.0).await.is_viable());
    let (_, status) = world.admin("/admin/status").await;
    let refresh = &status["tenants"][0]["refresh"];
    assert_eq!(
        (&refresh["last"]["result"], &refresh["last_success"]["result"]),
        (&json!("status"), &json!("ok"))
    );
}

#[tokio::test]
async fn a_rejected_key_is_reported_in_words_that_help() {
    let world = World::start().await;
    world.simulator.revoke(&world.simulator.full_key());
    let report = world.refresh().await;
    assert_eq!(report["result"], "unauthorized");
    assert!(report["error"].as_str().unwrap().contains("give the integration user a valid key"), "{report}");
}

#[tokio::test]
async fn an_unreadable_row_is_set_aside_and_counted() {
    let world = World::start().await;
    let good = r#"{"id":"5dc06d1275fc7d0006732521","name":"CTO","project":"5d51a87046cbe700148328bf","coords":[-48.5,-27.5],"implanted":true,"draft":false}"#;
    let bad = r#"{"id":"5dc06d1275fc7d0006732522","name":"CTO","project":"5d51a87046cbe700148328bf","coords":null}"#;
    let page = format!(r#"{{"total":2,"count":2,"start":0,"limit":500,"rows":[{good},{bad}]}}"#);
    world.simulator.faults().answer("/boxes", 200, "application/json", &page);
    // Else boxes that splitters stand in would be missed.
    let splitter = r#"{"id":"5dc06d1275fc7d0006732523","parent":"5dc06d1275fc7d0006732521","isDrop":true,"connectables":{"output":[null]},"ports":[{"blocked":false}]}"#;
    let page = format!(r#"{{"total":1,"rows":[{splitter}]}}"#);
    world.simulator.faults().answer("/splitters", 200, "application/json", &page);
    let report = world.refresh_as_read().await;
    assert_eq!((&report["result"], &report["published"]["boxes"]), (&json!("ok"), &json!(1)));
    assert_eq!(report["published"]["quarantined"], json!({ "no_position": 1 }));
    assert_eq!(
        world.metric(r#"viability_rows_quarantined_total{reason="no_position",tenant="demo"}"#).await,
        1
    );
}

#[tokio::test]
async fn whole_pages_of_unreadable_rows_are_counted_once_and_hide_no_row_behind_them() {
    let config = "[tenants.demo.refresh]\npage_size = 10\nmax_unreadable_percent = 100";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    for _ in 0..35 {
        // Without coordinates, as null in the JSON.
        world.simulator.add_box(NewBox { lat: f64::NAN, lng: f64::NAN, ..NewBox::default() });
    }
    let behind: Vec<_> = (0..5).map(|_| world.simulator.add_box(NewBox::default())).collect();
    let report = world.refresh().await;
    assert_eq!(report["published"]["quarantined"], json!({ "no_position": 35 }));
    assert!(behind.iter().all(|id| ids_in(&world.app).contains(id)));
}

#[tokio::test]
async fn progress_can_be_watched_in_the_status() {
    let world =
        World::cold(Plan { config: "[tenants.demo.refresh]\npage_size = 100", ..Plan::default() }).await;
    world.first_refresh().await;
    // Splitters hang: the boxes have been read by then, and the refresh stays where it is.
    world.simulator.faults().set("/splitters", Fault::Hang);
    let url = format!("http://{}/admin/refresh", world.app.admin_address());
    let accepted = world.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert_eq!(accepted.json_body().await, json!({ "runs": [{ "run": 2, "tenant": "demo" }] }));
    let mut progress = world.app.refreshers()[0].progress();
    let reading_splitters = progress.wait_for(|now| now.phase.as_str() == "splitters");
    tokio::time::timeout(PATIENCE, reading_splitters).await.unwrap().unwrap();
    let (_, status) = world.admin("/admin/status").await;
    let running = &status["tenants"][0]["refresh"]["running"];
    assert_eq!((&running["run"], &running["trigger"]), (&json!(2), &json!("admin")));
    assert_eq!(
        running["progress"],
        json!({ "phase": "splitters", "pages": 0, "rows": 0, "rows_total": null })
    );
    world.simulator.faults().clear();
    let report = world.app.refreshers()[0].report_of(2, PATIENCE).await.unwrap();
    assert!(report.outcome.is_ok(), "{report:?}");
}

#[tokio::test]
async fn orders_during_a_run_share_one_more_run() {
    let world = World::start().await;
    world.simulator.faults().set("/boxes", Fault::Hang);
    let order = async || {
        let url = format!("http://{}/admin/refresh", world.app.admin_address());
        let body = world.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap().json_body().await;
        body["runs"][0]["run"].as_u64().unwrap()
    };
    assert_eq!(order().await, 2);
    let mut progress = world.app.refreshers()[0].progress();
    let begun = progress.wait_for(|now| now.phase.as_str() == "boxes");
    tokio::time::timeout(PATIENCE, begun).await.unwrap().unwrap();
    for _ in 0..20 {
        assert_eq!(order().await, 3);
    }
    world.simulator.faults().clear();
    world.app.refreshers()[0].report_of(3, PATIENCE).await.expect("the shared run ends");
    let (_, runs) = world.admin("/admin/runs").await;
    assert_eq!(runs["tenants"][0]["runs"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_clock_starts_refreshes() {
    let world =
        World::build(Plan { config: "[tenants.demo.refresh]\nfull = \"* * * * * *\"", ..Plan::default() })
            .await;
    world.app.refreshers()[0].report_of(2, PATIENCE).await.expect("a second run");
    let (_, runs) = world.admin("/admin/runs").await;
    let triggers: Vec<_> =
        runs["tenants"][0]["runs"].as_array().unwrap().iter().map(|run| &run["trigger"]).collect();
    assert!(triggers.contains(&&json!("schedule")), "{triggers:?}");
}

#[tokio::test]
async fn orders_need_the_admin_token() {
    let world = World::start().await;
    let url = format!("http://{}/admin/refresh", world.app.admin_address());
    for request in [world.http.post(&url), world.http.post(&url).bearer_auth("another")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.json_body().await["code"], "bad_admin_token");
    }
    let by_get = world.http.get(&url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    for (query, status) in [("tenant=nobody", 404), ("wait=soon", 400), ("wiat=3s", 400)] {
        let response =
            world.http.post(format!("{url}?{query}")).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        assert_eq!(response.status(), status, "{query}");
    }
    assert_eq!(world.admin("/admin/runs").await.1["tenants"][0]["runs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn refreshes_stand_back_behind_those_that_answer() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let process = Process::start(&simulator, 1_024, &[]).await;
    let stand_back = || {
        let threads = process.threads();
        let niceness = |name: &str| -> Vec<i32> {
            threads.iter().filter(|(own, _)| own == name).map(|(_, niceness)| *niceness).collect()
        };
        let (usual, back) = (niceness("accept")[0], niceness("refresh"));
        assert!(usual < 10 && niceness("tokio-rt-worker").iter().all(|niceness| *niceness == usual));
        !back.is_empty() && back.iter().all(|niceness| *niceness == 10)
    };
    // A thread has its name before it steps back.
    let stepping = async {
        while !stand_back() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, stepping).await.expect("they stand back");
}

#[tokio::test]
async fn an_order_that_has_to_wait_keeps_no_retry_waiting() {
    let world =
        World::cold(Plan { admin: "refresh_gap = \"1h\"", broken: Some("boxes"), ..Plan::default() }).await;
    let order = || async {
        let url = format!("http://{}/admin/refresh", world.app.admin_address());
        let answer = world.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    };
    let refresher = &world.app.refreshers()[0];
    order().await;
    let was_ordered = |report: &Report| report.run.trigger == Trigger::Admin;
    world.until("an order has failed", || async { refresher.reports().iter().any(was_ordered) }).await;
    order().await;
    world.simulator.faults().clear();
    world.until("there are data", || async { refresher.tenant().data().is_some() }).await;
}

#[tokio::test]
async fn data_are_freed_when_the_last_has_let_go_of_them() {
    let world = World::start().await;
    let tenant = world.app.refreshers()[0].tenant();
    let held = tenant.data().unwrap();
    let old = Arc::downgrade(&held);
    assert_eq!(world.refresh().await["result"], "ok");
    assert_ne!(tenant.data().unwrap().snapshot.generation(), held.snapshot.generation());
    // Those who replaced them keep them too, so that this isn't who frees them.
    world.until("only those do", || async { old.strong_count() == 2 }).await;
    drop(held);
    world.until("they are freed", || async { old.strong_count() == 0 }).await;
}
