//! How changes show, or don't, in `updatedAt`.

use crate::client::{filtered, get, get_as, ids, start};
use ozmap_simulator::{NewBox, Sales, Settings, Simulator, UpdateFilters, UpdateTimes};
use serde_json::{Value, json};

/// All that was touched in 2024 or later.
fn since_2024() -> Value {
    json!([{ "property": "updatedAt", "operator": ">=", "value": "2024-01-01T00:00:00.000Z" }])
}

async fn with(update_filters: UpdateFilters) -> Simulator {
    start(Settings { update_filters, ..Settings::default() }).await
}

#[tokio::test]
async fn filters_on_updates_filter_or_not_as_the_installation_does() {
    let honoured = with(UpdateFilters::Honoured).await;
    let all = get(&honoured, "/boxes?limit=0").await;
    let late = |row: &&Value| row["updatedAt"].as_str().unwrap() >= "2024-01-01T00:00:00.000Z";
    let expected = all["rows"].as_array().unwrap().iter().filter(late).count();
    assert!((1..2_000).contains(&expected), "{expected}");
    assert_eq!(filtered(&honoured, "boxes", &since_2024()).await["total"], expected);

    let ignored = with(UpdateFilters::Ignored).await;
    assert_eq!(filtered(&ignored, "boxes", &since_2024()).await["total"], 2_000);
    let nothing = with(UpdateFilters::MatchNothing).await;
    assert_eq!(filtered(&nothing, "boxes", &since_2024()).await["total"], 0);
    assert_eq!(get(&nothing, "/boxes").await["total"], 2_000, "without a filter all are there");
    let others = json!([{ "property": "draft", "operator": "=", "value": true }]);
    assert_ne!(filtered(&nothing, "boxes", &others).await["total"], 0, "other filters count");
}

#[tokio::test]
async fn filters_on_updates_can_be_refused() {
    let simulator = with(UpdateFilters::Refused).await;
    let status = async |property: &str| {
        let filter = format!("[%7b%22property%22:%22{property}%22,%22operator%22:%22=%22,%22value%22:1%7d]");
        get_as(&simulator, &simulator.full_key(), &format!("/boxes?filter={filter}")).await.status
    };
    assert_eq!((status("updatedAt").await, status("draft").await, status("id").await), (500, 200, 200));
}

#[tokio::test]
async fn an_ignored_filter_on_updates_leaves_a_filter_on_ids_in_force() {
    let simulator = with(UpdateFilters::Ignored).await;
    let id = ids(&get(&simulator, "/boxes?limit=1&page=700").await)[0].clone();
    let both = json!([
        { "property": "id", "operator": "<=", "value": id },
        { "property": "updatedAt", "operator": ">", "value": "2100" },
    ]);
    assert_eq!(filtered(&simulator, "boxes", &both).await["total"], 700);
}

#[tokio::test]
async fn rows_may_carry_no_time_of_their_change() {
    let simulator = start(Settings { update_times: UpdateTimes::Absent, ..Settings::default() }).await;
    for list in ["boxes", "splitters", "connectors", "projects", "properties", "horizontal-condominiums"] {
        let page = get(&simulator, &format!("/{list}?limit=0")).await;
        let rows = page["rows"].as_array().unwrap();
        assert!(!rows.is_empty() && !page.to_string().contains("updatedAt"), "{list}");
        assert!(rows.iter().all(|row| row["createdAt"].is_string()), "{list}");
    }
    assert_eq!(filtered(&simulator, "boxes", &since_2024()).await["total"], 0);
}

#[tokio::test]
async fn a_sale_shows_in_the_splitters_time_unless_sales_are_silent() {
    for (sales, shows) in [(Sales::Touch, true), (Sales::Silent, false)] {
        let simulator = start(Settings { boxes: 0, sales, ..Settings::default() }).await;
        let id = simulator.add_box(NewBox::default());
        let splitter = async || get(&simulator, "/splitters").await["rows"][0].clone();
        let (new, mut before) = (splitter().await, splitter().await["updatedAt"].clone());
        assert_eq!(new["connectables"]["output"], json!([null, null, null, null, null, null, null, null]));
        for (edit, free) in [("sell", 7), ("free", 8), ("sell", 7)] {
            let left = if edit == "sell" { simulator.sell_port(&id) } else { simulator.free_port(&id) };
            assert_eq!(left, Ok(free));
            let row = splitter().await;
            assert_eq!(row["connectables"]["output"][0].is_null(), edit == "free", "the sale is there");
            assert_eq!(row["updatedAt"] != before, shows, "{sales:?}: {edit}");
            before = row["updatedAt"].clone();
        }
        simulator.sell_out(&id).unwrap();
        assert_eq!(splitter().await["updatedAt"] != before, shows, "{sales:?}: sold out");
    }
}

#[tokio::test]
async fn generated_rows_were_last_touched_between_their_making_and_2026() {
    let simulator = start(Settings { boxes: 5_000, ..Settings::default() }).await;
    let lists = [
        ("boxes", 5_000),
        ("splitters", 5_000),
        ("connectors", 50),
        ("fusions", 50),
        ("switches", 5),
        ("projects", 4),
        ("properties", 1_000),
        ("horizontal-condominiums", 10),
    ];
    for (list, at_least) in lists {
        let page = get(&simulator, &format!("/{list}?limit=0")).await;
        let rows = page["rows"].as_array().unwrap();
        assert!(rows.len() >= at_least, "{} {list}", rows.len());
        for row in rows {
            let (made, touched) = (row["createdAt"].as_str().unwrap(), row["updatedAt"].as_str().unwrap());
            assert!(made <= touched && touched < "2026-01-01", "{list}: {made} {touched}");
        }
    }
}
