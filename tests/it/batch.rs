//! Many homes at a stroke: row by row the verdicts that single queries get, in each format.

mod hostile;
mod program;
mod streams;

use crate::harness::{Answer, JsonBody, Plan, World};
use ozmap_simulator::{BoxView, NewBox, Settings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::{Response, StatusCode, header};
use serde_json::{Map, Value, json};
use std::fmt::Write;

pub(crate) const PATH: &str = "/viability/v1/batch";
const FORMATS: [&str; 3] = ["text/csv", "application/x-ndjson", "application/json"];

/// Sends rows as one of the kinds there are.
pub(crate) async fn post(world: &World, key: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
    let request = world.http.post(world.public(PATH)).header(header::AUTHORIZATION, key);
    request.header(header::CONTENT_TYPE, media_type).body(body.into()).send().await.unwrap()
}

/// A row as it is asked, its numbers as they are written.
struct Asked {
    id: usize,
    lat: String,
    lng: String,
    radius: Option<String>,
}

fn rows_somewhere(boxes: &[BoxView], count: usize, dice: &mut ChaCha8Rng) -> Vec<Asked> {
    let mut row = |id| {
        let near = &boxes[dice.random_range(0..boxes.len())];
        let spread = [1e-6, 5e-4, 5e-3, 0.5][dice.random_range(0..4)];
        let lat = near.lat + dice.random_range(-spread..spread);
        let lng = near.lng + dice.random_range(-spread..spread);
        let radius = [None, Some(1.0), Some(150.0), Some(900.5), Some(3_000.0)][dice.random_range(0..5)];
        let radius = radius.map(|radius: f64| radius.to_string());
        Asked { id, lat: lat.to_string(), lng: lng.to_string(), radius }
    };
    (0..count).map(&mut row).collect()
}

/// The rows in one of the formats.
fn written(rows: &[Asked], media_type: &str) -> String {
    let objects = rows.iter().map(|row| {
        let radius = row.radius.as_ref().map(|radius| format!(",\"radius\":{radius}")).unwrap_or_default();
        format!("{{\"id\":{},\"lat\":{},\"lng\":{}{radius}}}", row.id, row.lat, row.lng)
    });
    match media_type {
        "text/csv" => rows.iter().fold("id,lat,lng,radius\n".to_owned(), |mut text, row| {
            let radius = row.radius.as_deref().unwrap_or_default();
            writeln!(text, "{},{},{},{radius}", row.id, row.lat, row.lng).unwrap();
            text
        }),
        "application/x-ndjson" => objects.map(|object| object + "\n").collect(),
        _ => format!("[{}]", objects.collect::<Vec<_>>().join(", ")),
    }
}

/// What came back, a row each, as JSON has it.
fn read(text: &str, media_type: &str) -> Vec<Map<String, Value>> {
    match media_type {
        "application/json" => serde_json::from_str(text).unwrap(),
        "application/x-ndjson" => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        _ => {
            let mut records = records(text).into_iter();
            let titles = records.next().unwrap();
            let value = |title: &str, cell: String| match (title, cell) {
                (_, empty) if empty.is_empty() => Value::Null,
                ("box_name" | "box_id" | "viable_reason" | "nearest_refusal" | "row_error", text) => {
                    text.into()
                }
                (_, text) => serde_json::from_str(&text).unwrap_or(text.into()),
            };
            let row = |cells: Vec<String>| {
                assert_eq!(cells.len(), titles.len(), "{cells:?}");
                titles.iter().zip(cells).map(|(title, cell)| (title.clone(), value(title, cell))).collect()
            };
            records.map(row).collect()
        }
    }
}

/// The cells of each record of a table.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut cells, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut cells));
            }
            letter => cell.push(letter),
        }
    }
    assert!(!quoted && cell.is_empty() && cells.is_empty(), "the last record is whole");
    records
}

/// What a row should say, by the answer to the same question asked by itself.
fn expected(single: &Answer) -> Value {
    if single.detail() != "index" {
        return json!({ "viable": null, "viable_reason": single.detail().trim_start_matches("live-") });
    }
    let (boxes, refused) =
        (single.body["boxes"].as_array().unwrap(), single.body["refused_boxes"].as_array());
    let refused = refused.unwrap();
    let nearest = |field: &str| boxes.first().map_or(Value::Null, |found| found[field].clone());
    json!({
        "viable": single.is_viable(),
        "viable_reason": null,
        "box_id": nearest("id"),
        "box_name": nearest("name"),
        "box_distance_m": nearest("distance").as_f64(),
        "box_free_ports": nearest("availability"),
        "boxes_offered": boxes.len(),
        "boxes_refused": refused.len(),
        "nearest_refusal": refused.first().map_or(Value::Null, |found| found["reason"].clone()),
        "row_error": null,
    })
}

/// Asks rows in every format, and one by one; how many were viable, not viable, and unknown.
async fn agree(world: &World, key: &str, count: usize, seed: u64) -> [usize; 3] {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let rows = rows_somewhere(&world.simulator.boxes(), count, &mut dice);
    let mut said = Vec::new();
    for media_type in FORMATS {
        let answer = post(world, key, media_type, written(&rows, media_type)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        said.push(read(&answer.text().await.unwrap(), media_type));
    }
    let mut told = [0; 3];
    for (number, row) in rows.iter().enumerate() {
        let radius = row.radius.as_ref().map(|radius| format!("&radius={radius}")).unwrap_or_default();
        let single = world.send(world.query(key, &format!("lat={}&lng={}{radius}", row.lat, row.lng))).await;
        let expected = expected(&single);
        for (answers, media_type) in said.iter().zip(FORMATS) {
            assert_eq!(answers.len(), rows.len());
            let answer = &answers[number];
            assert_eq!(answer["id"], row.id, "{media_type}");
            for (field, value) in expected.as_object().unwrap() {
                let same = match (value.as_f64(), answer[field].as_f64()) {
                    (Some(one), Some(other)) => one.to_bits() == other.to_bits(),
                    _ => value == &answer[field],
                };
                assert!(same, "{media_type}, {field}: {answer:?}, asked by itself {expected}");
            }
        }
        told[match &expected["viable"] {
            Value::Bool(true) => 0,
            Value::Bool(false) => 1,
            _ => 2,
        }] += 1;
    }
    told
}

#[tokio::test]
async fn rows_get_the_verdicts_that_single_queries_get() {
    let plenty = "[live]\ncalls_per_second = 1000\n[viability]\n";
    let rules = [
        "",
        "default_radius_m = \"none\"\nmax_boxes = 3",
        "list_refused = false\nmax_radius_m = 800",
        "consider_condominiums = true\nproperty_ports_are_free = true",
    ];
    for (rules, seed) in rules.into_iter().zip(0..) {
        let config: &'static str = format!("{plenty}{rules}").leak();
        let simulator = Settings { boxes: 1_500, seed, ..Settings::default() };
        let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
        let all = agree(&world, &world.simulator.full_key(), 150, seed).await;
        assert!(all.into_iter().all(|count| count > 10), "{all:?}");
        let project = world.sellable_box().project;
        agree(&world, &world.simulator.key_for(&[project]), 100, seed + 100).await;
    }
}

#[tokio::test]
async fn rows_are_counted_and_their_headers_tell_how_old_the_data_are() {
    let world = World::start().await;
    let (key, home) = (world.simulator.full_key(), world.sellable_box());
    let body = format!(
        "lat,lng,radius\n{},{},150\n80,0,150\n{},{},5000\nx,0,\n",
        home.lat, home.lng, home.lat, home.lng
    );
    let before = world.simulator.requests("all");
    let answer = post(&world, &key, "text/csv", body).await;
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    assert!(headers["age"].to_str().unwrap().parse::<u64>().unwrap() < 60);
    assert!(headers["cache-status"].to_str().unwrap().starts_with("viability-proxy; hit; ttl="));
    let rows = read(&answer.text().await.unwrap(), "text/csv");
    let said: Vec<_> =
        rows.iter().map(|row| (&row["viable"], &row["viable_reason"], &row["row_error"])).collect();
    let null = &Value::Null;
    assert_eq!(
        said,
        [
            (&json!(true), null, null),
            (&json!(false), null, null),
            (null, &json!("radius"), null),
            (null, null, &json!("bad_lat"))
        ]
    );
    assert_eq!(world.simulator.requests("all"), before, "nothing is asked of OZmap");
    for result in ["viable", "not_viable", "unknown", "error"] {
        let series = format!("viability_batch_rows_total{{result=\"{result}\",tenant=\"demo\"}}");
        assert_eq!(world.metric(&series).await, 1, "{result}");
    }
    assert_eq!(
        world.metric("viability_http_requests_total{code=\"200\",method=\"POST\",route=\"batch\"}").await,
        1
    );
}

#[tokio::test]
async fn what_memory_cannot_tell_is_told_and_not_asked_of_ozmap() {
    let world = World::start().await;
    let home = world.sellable_box();
    let newer = world.simulator.add_project("Bairro Novo");
    let wider = world.simulator.key_for(&[home.project.clone(), newer]);
    let body = format!("{{\"lat\":{},\"lng\":{}}}\n{{\"lat\":80,\"lng\":0}}\n", home.lat, home.lng);
    let rows = read(
        &post(&world, &wider, "application/x-ndjson", body).await.text().await.unwrap(),
        "application/x-ndjson",
    );
    // A box with a free port is one whatever else there is.
    assert_eq!((&rows[0]["viable"], &rows[0]["viable_reason"]), (&json!(true), &Value::Null));
    assert_eq!((&rows[1]["viable"], &rows[1]["viable_reason"]), (&Value::Null, &json!("scope")));
    assert_eq!(world.simulator.requests("viability"), 0);

    // The only splitter that is told to stand in this box can't be read.
    let outputs = json!({ "output": [] });
    let splitter = json!({ "id": format!("{:024x}", 1), "parent": home.id, "isDrop": true, "connectables": outputs, "ports": [{}] });
    let list = json!({ "total": 1, "rows": [splitter] });
    world.simulator.faults().answer("/splitters", 200, "application/json", &list.to_string());
    world.refresh_as_read().await;
    let key = world.simulator.full_key();
    let body = format!("[{{\"lat\":{},\"lng\":{},\"radius\":1}}]", home.lat, home.lng);
    let rows: Value = post(&world, &key, "application/json", body).await.json_body().await;
    assert_eq!((&rows[0]["viable"], &rows[0]["viable_reason"]), (&Value::Null, &json!("unreadable")));
}

#[tokio::test]
async fn without_data_a_batch_is_refused_and_old_data_are_told() {
    let world = World::cold(Plan { broken: Some("/boxes"), ..Plan::default() }).await;
    let key = world.simulator.full_key();
    let refused = post(&world, &key, "text/csv", "lat,lng\n1,2\n").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["cache-status"], "viability-proxy; fwd=miss; detail=cold");
    assert_eq!(refused.json_body().await["code"], "no_answer");
    let old = "[freshness]\nstale_after = \"1ms\"\nmax_stale = \"2ms\"\n";
    for (when_expired, status) in [("serve", StatusCode::OK), ("refuse", StatusCode::SERVICE_UNAVAILABLE)] {
        let config: &'static str = format!("{old}when_expired = \"{when_expired}\"").leak();
        let world = World::build(Plan { config, ..Plan::default() }).await;
        let key = world.simulator.full_key();
        let expired = async || {
            let answer = post(&world, &key, "text/csv", "lat,lng\n1,2\n").await;
            let detail = answer.headers()["cache-status"].to_str().unwrap().ends_with("detail=expired");
            detail && answer.status() == status
        };
        world.until("the data have expired", expired).await;
    }
}

#[tokio::test]
async fn tenants_are_found_by_path_and_keys_are_checked() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    let ask = async |path: &str, key: &str| {
        let request = world.http.post(world.public(path)).header(header::AUTHORIZATION, key);
        let answer =
            request.header(header::CONTENT_TYPE, "text/csv").body("lat,lng\n1,2\n").send().await.unwrap();
        let status = answer.status().as_u16();
        (status, if status == 200 { Value::Null } else { answer.json_body().await["code"].take() })
    };
    assert_eq!(ask("/viability/v1/batch", &key).await.0, 200);
    assert_eq!(ask("/demo/viability/v1/batch", &format!("Bearer {key}")).await.0, 200);
    assert_eq!(ask("/other/viability/v1/batch", &key).await, (404, json!("no_tenant")));
    assert_eq!(ask("/viability/v1/other", &key).await, (404, json!("not_found")));
    assert_eq!(ask("/viability/v1/batch", "stolen").await, (401, json!("unauthorized")));
    let nobody =
        world.http.post(world.public(PATH)).header(header::CONTENT_TYPE, "text/csv").send().await.unwrap();
    assert_eq!(
        (nobody.status(), &nobody.json_body().await["code"]),
        (StatusCode::UNAUTHORIZED, &json!("missing_key"))
    );
}

#[tokio::test]
async fn a_key_is_shown_no_box_of_another_project() {
    let world = World::start().await;
    let (lat, lng) = (-10.0, -50.0);
    let theirs = NewBox {
        name: "theirs".to_owned(),
        project: Some("Theirs".to_owned()),
        lat,
        lng,
        ..NewBox::default()
    };
    let theirs = world.simulator.add_box(theirs);
    world.refresh().await;
    let mine = world.simulator.key_for(&[world.sellable_box().project]);
    for (key, found) in [(world.simulator.full_key(), json!(theirs)), (mine, Value::Null)] {
        let answer =
            post(&world, &key, "application/json", format!("[{{\"lat\":{lat},\"lng\":{lng}}}]")).await;
        assert_eq!(answer.json_body().await[0]["box_id"], found);
    }
}
