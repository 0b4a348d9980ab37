//! Every OZmap filters, counts and clamps in its own way: a list is read whole, or not believed at all.

use crate::harness::{Plan, World};
use crate::refresh::{ids_at_ozmap, ids_in};
use ozmap_simulator::{Clamping, IdFilters, Pagination, Settings, Totals};
use reqwest::StatusCode;
use serde_json::json;

/// Reads 1,200 boxes in pages of at most 100 and finds every box and every free port.
async fn is_read_whole(simulator: Settings) {
    let name = format!("{simulator:?}");
    let config = "[tenants.demo.refresh]\npage_size = 500";
    let simulator = Settings { boxes: 1_200, max_limit: Some(100), ..simulator };
    let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
    assert_eq!(ids_in(&world.app), ids_at_ozmap(&world), "{name}");
    let key = world.simulator.full_key();
    for one in world.simulator.boxes().iter().step_by(40) {
        let answer = world.ask(one.lat, one.lng, 200.0).await;
        assert_eq!(answer.detail(), "index", "{name}");
        assert_eq!(answer.body, world.oracle(&key, one.lat, one.lng, 200.0), "{name}");
    }
    // The rights of other keys are read from a list too.
    let all = world.simulator.projects().into_iter().map(|project| project.id).collect::<Vec<_>>();
    let other = world.simulator.key_for(&all);
    let home = world.sellable_box();
    let answer = world.ask_as(&other, home.lat, home.lng, 200.0).await;
    assert_eq!((answer.is_viable(), answer.detail()), (true, "index"), "{name}");
}

#[tokio::test]
async fn a_list_is_read_whole_whatever_ozmap_makes_of_filters_limits_and_totals() {
    let filters = [IdFilters::Honoured, IdFilters::Ignored, IdFilters::MatchNothing, IdFilters::Refused];
    for id_filters in filters {
        for clamping in [Clamping::Told, Clamping::Silent] {
            for totals in [Totals::OfFilter, Totals::OfList, Totals::OfPage, Totals::Capped(700)] {
                for pagination in [Pagination::Current, Pagination::Legacy] {
                    let settings =
                        Settings { id_filters, clamping, totals, pagination, ..Settings::default() };
                    is_read_whole(settings).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_stays_short_of_its_own_count_is_not_believed() {
    let world = World::start().await;
    let boxes = ids_in(&world.app).len();
    let rows: Vec<_> = world.simulator.boxes().iter().take(10).map(|one| {
        json!({ "id": one.id, "name": "CTO", "project": one.project, "coords": [one.lng, one.lat] })
    }).collect();
    let page = json!({ "total": 25, "rows": rows }).to_string();
    world.simulator.faults().answer("/boxes", 200, "application/json", &page);
    // Not even an operator makes half a list whole.
    let report = world.refresh_as_read().await;
    assert_eq!(report["result"], "invalid");
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("says the list has 25 rows and shows 10"), "{error}");
    assert!(error.contains("no order accepts"), "{error}");
    assert_eq!(ids_in(&world.app).len(), boxes);
}

/// A splitter of a box, as a row of a list.
fn splitter(number: u32, parent: &str, outputs: usize, ports: usize) -> serde_json::Value {
    json!({
        "id": format!("5dc06d1275fc7d00{number:08x}"),
        "parent": parent,
        "isDrop": true,
        "connectables": { "output": vec![(); outputs] },
        "ports": vec![json!({ "blocked": false }); ports],
    })
}

#[tokio::test]
async fn a_box_whose_splitter_cannot_be_read_is_ozmaps_to_judge() {
    let world = World::start().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let elsewhere = "5dc06d1275fc7d0006732521";
    let rows = [splitter(1, elsewhere, 8, 8), splitter(2, &home.id, 0, 8)];
    let page = json!({ "total": 2, "rows": rows }).to_string();
    world.simulator.faults().answer("/splitters", 200, "application/json", &page);
    let report = world.refresh_as_read().await;
    assert_eq!(report["published"]["quarantined"], json!({ "ports_disagree": 1 }));
    let answer = world.ask(home.lat, home.lng, 1.0).await;
    assert_eq!((answer.detail(), &answer.body), ("unreadable", &world.oracle(&key, home.lat, home.lng, 1.0)));
    assert!(answer.is_viable());
    world.simulator.faults().answer("/ftth-viability", 200, "text/html", "<html>");
    let answer = world.ask(home.lat, home.lng, 1.5).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::SERVICE_UNAVAILABLE, "unreadable"));
}

#[tokio::test]
async fn a_box_that_ozmap_lists_no_more_is_ozmaps_to_judge_once_and_gone_then() {
    let world = World::start().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let unreadable = r#"viability_index_boxes{state="unreadable",tenant="demo"}"#;
    let mut page = world.list("/boxes").await;
    let rows = page["rows"].as_array_mut().unwrap();
    rows.retain(|row| row["id"] != home.id.as_str());
    page["total"] = json!(rows.len());
    world.simulator.faults().answer("/boxes", 200, "application/json", &page.to_string());
    // Its splitters are still there.
    let report = world.refresh().await;
    assert_eq!((&report["result"], &report["published"]["unlisted"]), (&json!("ok"), &json!(1)), "{report}");
    assert_eq!(world.metric(unreadable).await, 1);
    assert_eq!(world.ask(home.lat, home.lng, 1.0).await.detail(), "unreadable");
    let report = world.refresh().await;
    let published = &report["published"];
    assert_eq!((&published["unlisted"], &published["gone"]), (&json!(0), &json!(1)), "{report}");
    assert_eq!(world.metric(unreadable).await, 0);
    assert_eq!(world.ask(home.lat, home.lng, 1.0).await.detail(), "index");
    // It is back with the next list.
    world.simulator.faults().clear();
    world.refresh().await;
    assert_eq!(world.ask(home.lat, home.lng, 1.0).await.body, world.oracle(&key, home.lat, home.lng, 1.0));
}

#[tokio::test]
async fn an_operator_who_accepts_what_was_read_is_rid_of_boxes_that_are_listed_no_more() {
    let world = World::start().await;
    let mut page = world.list("/boxes").await;
    let rows = page["rows"].as_array_mut().unwrap();
    rows.truncate(rows.len() / 2);
    let left = rows.len();
    page["total"] = json!(left);
    world.simulator.faults().answer("/boxes", 200, "application/json", &page.to_string());
    let report = world.refresh_as_read().await;
    assert_eq!(report["published"]["boxes"], left, "{report}");
    assert_eq!(world.metric(r#"viability_index_boxes{state="unreadable",tenant="demo"}"#).await, 0);
}

#[tokio::test]
async fn two_small_losses_are_no_large_one() {
    let world = World::start().await;
    let mut page = world.list("/boxes").await;
    let held = page["rows"].as_array().unwrap().len();
    // Each by itself is less than a tenth, both together are more.
    for left in [held - held * 8 / 100, held - held * 13 / 100] {
        page["rows"].as_array_mut().unwrap().truncate(left);
        page["total"] = json!(left);
        world.simulator.faults().answer("/boxes", 200, "application/json", &page.to_string());
        let report = world.refresh().await;
        assert_eq!(report["result"], "ok", "{report}");
    }
}

#[tokio::test]
async fn an_unreadable_project_does_not_stop_refreshes() {
    let world = World::start().await;
    let mut rows: Vec<_> =
        world.simulator.projects().iter().map(|project| json!({ "id": project.id })).collect();
    rows[0] = json!({ "id": 7 });
    let page = json!({ "total": rows.len(), "rows": rows }).to_string();
    world.simulator.faults().answer("/projects", 200, "application/json", &page);
    assert_eq!(world.refresh().await["result"], "ok");
    assert_eq!(ids_in(&world.app), ids_at_ozmap(&world));
}
