//! The lists, as OZmap's clients know them.

use crate::client::{filtered, get, get_as, ids, send, start};
use ozmap_simulator::{IdFilters, Pagination, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_page_tells_where_it_stands_and_25_rows_are_the_default() {
    let simulator = start(Settings::default()).await;
    let first = get(&simulator, "/boxes").await;
    assert_eq!(
        (&first["total"], &first["count"], &first["start"], &first["limit"]),
        (&json!(2000), &json!(25), &json!(0), &json!(25))
    );
    let third = get(&simulator, "/boxes?page=3&limit=40").await;
    assert_eq!((&third["start"], &third["hasNextPage"]), (&json!(80), &json!(true)));
    let beyond = get(&simulator, "/boxes?page=51&limit=40").await;
    assert_eq!(
        (&beyond["count"], &beyond["hasNextPage"], &beyond["nextUrl"]),
        (&json!(0), &json!(false), &Value::Null)
    );
    assert_eq!(get(&simulator, "/boxes?limit=0").await["count"], 2000);
}

#[tokio::test]
async fn next_urls_lead_through_the_whole_list() {
    let simulator = start(Settings::default()).await;
    let mut page = get(&simulator, "/splitters?limit=300&select=name").await;
    let mut seen = ids(&page);
    while let Some(next) = page["nextUrl"].as_str() {
        let path = next.strip_prefix("http://ozmap/api/v2").expect("an address of the host that was asked");
        page = get(&simulator, path).await;
        seen.extend(ids(&page));
    }
    assert_eq!(json!(seen.len()), page["total"]);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
}

#[tokio::test]
async fn a_maximum_clamps_larger_limits_and_zero() {
    let simulator =
        start(Settings { max_limit: Some(70), pagination: Pagination::Legacy, ..Settings::default() }).await;
    for limit in ["0", "500", "71"] {
        let page = get(&simulator, &format!("/boxes?limit={limit}")).await;
        assert_eq!((&page["limit"], &page["count"]), (&json!(70), &json!(70)));
        assert!(page.get("hasNextPage").is_none() && page.get("nextUrl").is_none(), "the older form");
    }
    assert_eq!(get(&simulator, "/boxes?limit=7").await["limit"], 7);
}

#[tokio::test]
async fn each_operator_filters() {
    let simulator = start(Settings::default()).await;
    let all = get(&simulator, "/boxes?limit=0").await;
    let rows = all["rows"].as_array().unwrap();
    let (some, other) = (&rows[700], &rows[900]);
    let count = |holds: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| holds(row)).count();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let (id, name) = (text(some, "id"), text(some, "name"));
    let cases = [
        (json!(["draft", "=", true]), count(&|row| row["draft"] == true)),
        (json!(["draft", "!=", true]), count(&|row| row["draft"] == false)),
        (json!(["name", "=", name]), count(&|row| row["name"] == some["name"])),
        (
            json!(["name", "like", "cto 01"]),
            count(&|row| text(row, "name").to_lowercase().contains("cto 01")),
        ),
        (json!(["id", "<", id]), 700),
        (json!(["id", "<=", id]), 701),
        (json!(["id", ">", id]), 1299),
        (json!(["id", ">=", id]), 1300),
        (json!(["id", "in", [some["id"], other["id"]]]), 2),
        (json!(["id", "notin", [some["id"], other["id"]]]), 1998),
        (
            json!(["updatedAt", ">", some["updatedAt"]]),
            count(&|row| text(row, "updatedAt") > text(some, "updatedAt")),
        ),
        (json!(["observation", "exists", true]), count(&|row| row.get("observation").is_some())),
        (json!(["boxType", "=", null]), count(&|row| row["boxType"].is_null())),
        (json!(["draft", "all", [true]]), count(&|row| row["draft"] == true)),
        (
            json!(["coords", "near", { "lat": some["lat"], "lng": some["lng"], "radius": 1 }]),
            count(&|row| row["coords"] == some["coords"]),
        ),
    ];
    for (condition, expected) in cases {
        let filter = json!([{ "property": condition[0], "operator": condition[1], "value": condition[2] }]);
        assert_eq!(filtered(&simulator, "boxes", &filter).await["total"], expected, "{condition}");
    }
    let both = json!([
        { "property": "id", "operator": ">", "value": id },
        { "property": "id", "operator": "<=", "value": other["id"] },
        { "property": "draft", "operator": "=", "value": false },
    ]);
    let expected = rows[701..=900].iter().filter(|row| row["draft"] == false).count();
    assert_eq!(filtered(&simulator, "boxes", &both).await["total"], expected);
}

#[tokio::test]
async fn filter_and_sort_may_stand_in_the_body_of_a_get() {
    let simulator = start(Settings::default()).await;
    let body = json!({
        "filter": [{ "property": "isDrop", "operator": "=", "value": false }],
        "sort": [{ "property": "id", "direction": -1 }],
    });
    let key = format!("Authorization: Bearer {}", simulator.full_key());
    let page = send(&simulator, "GET /api/v2/splitters?limit=50", &[key], &body.to_string()).await.json();
    let found = ids(&page);
    assert!(!found.is_empty() && found.is_sorted_by(|a, b| a > b));
    assert!(page["rows"].as_array().unwrap().iter().all(|row| row["isDrop"] == false));
}

#[tokio::test]
async fn what_makes_no_sense_is_400() {
    let simulator = start(Settings::default()).await;
    let key = simulator.full_key();
    let queries = ["filter=x", "filter=%7b%7d", "sort=x", "page=0", "limit=many"];
    let operator = "filter=%5b%7b%22property%22:%22id%22,%22operator%22:%22point-intersect%22%7d%5d";
    for query in queries.into_iter().chain([operator]) {
        let reply = get_as(&simulator, &key, &format!("/boxes?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.json()["message"].is_string());
    }
}

#[tokio::test]
async fn without_coords_selected_the_position_is_null() {
    let simulator = start(Settings::default()).await;
    let row = |page: Value| page["rows"][3].clone();
    let without = row(get(&simulator, "/boxes?select=name%20draft").await);
    assert_eq!((&without["lat"], &without["lng"]), (&Value::Null, &Value::Null));
    assert!(
        without.get("coords").is_none() && without["name"].is_string() && without.get("project").is_none()
    );
    let with = row(get(&simulator, "/boxes?select=coords,lat").await);
    assert_eq!((&with["coords"][1], &with["coords"][0]), (&with["lat"], &with["lng"]));
    assert!(with["lat"].is_number() && with.get("name").is_none());
}

#[tokio::test]
async fn a_deletion_shifts_the_rows_behind_it_to_earlier_pages() {
    let simulator = start(Settings::default()).await;
    let before = ids(&get(&simulator, "/boxes?limit=10&page=2").await);
    simulator.delete_box(&ids(&get(&simulator, "/boxes?limit=1").await)[0]).unwrap();
    let after = ids(&get(&simulator, "/boxes?limit=10&page=2").await);
    assert_eq!(before[1..], after[..9]);
}

#[tokio::test]
async fn filters_on_ids_can_be_ignored() {
    let simulator = start(Settings { id_filters: IdFilters::Ignored, ..Settings::default() }).await;
    let filter = json!([{ "property": "id", "operator": ">", "value": "ffffffffffffffffffffffff" }]);
    assert_eq!(filtered(&simulator, "boxes", &filter).await["total"], 2000);
}

#[tokio::test]
async fn some_parents_come_whole_and_ids_inside_ports_change_at_every_read() {
    let simulator = start(Settings::default()).await;
    let (once, again) =
        (get(&simulator, "/splitters?limit=0").await, get(&simulator, "/splitters?limit=0").await);
    let rows = once["rows"].as_array().unwrap();
    let whole = rows.iter().filter(|row| row["parent"]["id"].is_string()).count();
    assert!(whole * 50 > rows.len() && whole * 8 < rows.len(), "{whole} of {}", rows.len());
    for (one, other) in rows.iter().zip(again["rows"].as_array().unwrap()) {
        assert_eq!(one["id"], other["id"]);
        assert_ne!(one["ports"][0]["id"], other["ports"][0]["id"]);
        assert_eq!(
            one["ports"].as_array().unwrap().len(),
            one["connectables"]["output"].as_array().unwrap().len()
        );
    }
}

#[tokio::test]
async fn a_single_row_is_found_by_its_id() {
    let simulator = start(Settings::default()).await;
    let id = simulator.boxes()[5].id.clone();
    assert_eq!(get(&simulator, &format!("/boxes/{id}")).await["id"], id.as_str());
    for path in ["/boxes/000000000000000000000000", "/boxes/x", "/cables", "/ftth-viability"] {
        assert_eq!(get_as(&simulator, &simulator.full_key(), path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_key_sees_its_projects_in_every_list_and_strangers_nothing() {
    let simulator = start(Settings::default()).await;
    let project = simulator.projects()[1].id.clone();
    let key = simulator.key_for(std::slice::from_ref(&project));
    assert_eq!(key, simulator.key_for(std::slice::from_ref(&project)));
    for list in ["boxes", "splitters", "properties"] {
        let page = get_as(&simulator, &key, &format!("/{list}?limit=0")).await.json();
        let rows = page["rows"].as_array().unwrap();
        let id = |row: &Value| row["project"].as_str().or(row["project"]["id"].as_str()).unwrap().to_owned();
        assert!(!rows.is_empty() && rows.iter().all(|row| id(row) == project), "{list}");
    }
    assert_eq!(ids(&get_as(&simulator, &key, "/projects").await.json()), [project]);
    simulator.revoke(&key);
    for stranger in [key.as_str(), "stranger", "Bearer stranger", ""] {
        let reply = get_as(&simulator, stranger, "/authenticated").await;
        assert_eq!((reply.status, reply.json()["message"].is_string()), (401, true), "{stranger}");
    }
    assert_eq!(
        get_as(&simulator, &format!("Bearer {}", simulator.full_key()), "/authenticated").await.status,
        200
    );
}

#[tokio::test]
async fn logging_in_gives_a_key_that_works() {
    let simulator = start(Settings::default()).await;
    let log_in = async |password: &str| {
        let body = json!({ "login": ozmap_simulator::LOGIN, "password": password }).to_string();
        send(&simulator, "POST /api/v2/users/login?type=API", &[], &body).await
    };
    assert_eq!(log_in("wrong").await.status, 401);
    let key = log_in(ozmap_simulator::PASSWORD).await.json()["authorization"].as_str().unwrap().to_owned();
    assert_eq!(get_as(&simulator, &key, "/authenticated").await.status, 200);
}

#[tokio::test]
async fn answers_are_compressed_on_request_only() {
    let simulator = start(Settings::default()).await;
    let key = format!("Authorization: {}", simulator.full_key());
    let gzip = "Accept-Encoding: gzip, br".to_owned();
    let compressed = send(&simulator, "GET /api/v2/boxes?limit=200", &[key.clone(), gzip], "").await;
    assert!(compressed.head.contains("content-encoding: gzip") && compressed.body[..2] == [0x1f, 0x8b]);
    let plain = send(&simulator, "GET /api/v2/boxes?limit=200", &[key], "").await;
    assert!(!plain.head.contains("content-encoding") && plain.body.len() > 3 * compressed.body.len());
}
