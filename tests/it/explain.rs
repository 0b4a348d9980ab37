//! What operators are told of single addresses and boxes, and what the console's map is drawn from.

use crate::answers::{drawn, somewhere};
use crate::cli::{program, text};
use crate::harness::{ADMIN_TOKEN, JsonBody, Plan, World};
use ozmap_simulator::{Fault, Settings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::process::Output;

impl World {
    /// As an operator with the token asks it.
    pub(crate) async fn operator(&self, method: Method, path: &str) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.app.admin_address());
        let response = self.http.request(method, url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        (response.status(), response.json_body().await)
    }

    async fn explained(&self, query: &str) -> Value {
        let (status, body) = self.operator(Method::GET, &format!("/admin/explain?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}

/// Id, distance and reason of each.
fn listed(items: &Value, outcome: Option<&str>) -> Vec<(Value, Value, Value)> {
    let items = items.as_array().unwrap().iter();
    let items = items.filter(|item| outcome.is_none_or(|outcome| item["outcome"] == outcome));
    items
        .map(|item| {
            let distance = if outcome.is_some() { &item["distance_m"] } else { &item["distance"] };
            (item["id"].clone(), json!(distance.as_f64().unwrap()), item["reason"].clone())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_answers_are_explained_as_they_are_under_settings_drawn_at_random() {
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    let (mut offered, mut refused, mut unlisted) = (0, 0, 0);
    for seed in 0..20 {
        let (rules, config) = drawn(&mut dice);
        let simulator = Settings { boxes: 1_500, seed, rules, ..Settings::default() };
        let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
        let boxes = world.simulator.boxes();
        let projects: Vec<_> = world.simulator.projects().into_iter().map(|project| project.id).collect();
        for number in 0..100 {
            let (lat, lng) = somewhere(&boxes, &mut dice);
            let radius: f64 = [dice.random_range(1.0..400.0), 150.0, 300.0][number % 3];
            let few = &projects[..=number % projects.len()];
            let (key, scope) = match number % 2 {
                0 => (world.simulator.full_key(), String::new()),
                _ => (world.simulator.key_for(few), format!("&key-scope={}", few.join(","))),
            };
            let answer = world.ask_as(&key, lat, lng, radius).await;
            let query = format!("lat={lat}&lng={lng}&radius={radius}");
            let explained = world.explained(&format!("{query}{scope}")).await;
            assert_eq!(explained["left_out"], 0);
            assert_eq!(explained["answered_by"]["source"], answer.detail());
            assert_eq!(explained["answer"], answer.body);
            assert_eq!(explained["verdict"]["viable"], answer.body["viable"]);
            for (outcome, list) in [("offered", "boxes"), ("refused", "refused_boxes")] {
                let explained = listed(&explained["boxes"], Some(outcome));
                assert_eq!(explained, listed(&answer.body[list], None), "{query}{scope} under {rules:?}");
            }
            let all = explained["boxes"].as_array().unwrap();
            let of = |outcome: &str| all.iter().filter(|one| one["outcome"] == outcome).count();
            offered += of("offered");
            refused += of("refused");
            unlisted += of("not_listed");
        }
    }
    assert!(offered > 1_000 && refused > 500 && unlisted > 500, "{offered} {refused} {unlisted}");
}

#[tokio::test]
async fn the_answer_in_an_explanation_is_to_the_byte_what_a_client_gets() {
    let world = World::start().await;
    let home = world.sellable_box();
    let query = format!("lat={}&lng={}&radius=300", home.lat, home.lng);
    let key = world.simulator.full_key();
    let answer = world.query(&key, &query).send().await.unwrap().text().await.unwrap();
    let url = format!("http://{}/admin/explain?{query}", world.app.admin_address());
    let explained = world.http.get(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap().text().await.unwrap();
    assert!(explained.ends_with(&format!(r#","answer":{answer}}}"#)), "{explained}");
}

#[tokio::test]
async fn a_box_is_found_by_its_id_by_its_name_and_by_how_its_name_begins() {
    let world = World::start().await;
    let one = world.sellable_box();
    let ids = |body: &Value| -> Vec<Value> {
        body["boxes"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    let by_id = world.explained(&format!("box={}", one.id)).await;
    assert_eq!(ids(&by_id), [json!(one.id)]);
    assert_eq!(by_id["boxes"][0]["outcome"], "offered");
    assert_eq!(by_id["boxes"][0]["free_ports"], one.free_ports);
    let name = by_id["boxes"][0]["name"].as_str().unwrap().to_owned();
    let by_name = world.explained(&format!("box={}", name.to_lowercase())).await;
    assert!(ids(&by_name).contains(&json!(one.id)), "{by_name}");
    assert!(by_name["boxes"].as_array().unwrap().iter().all(|one| one["name"] == name.as_str()));
    let begins = world.explained(&format!("box={}", &name[..3])).await;
    assert!(ids(&begins).len() == 20 && begins["left_out"].as_u64() > Some(0), "{begins}");
    assert!(ids(&world.explained("box=nowhere").await).is_empty());
    world.simulator.sell_out(&one.id).unwrap();
    world.refresh().await;
    let after = world.explained(&format!("box={}", one.id)).await;
    assert_eq!(after["boxes"][0]["outcome"], "refused");
    let failed =
        after["boxes"][0]["checks"].as_array().unwrap().iter().find(|check| check["passed"] == false);
    assert_eq!(failed.unwrap()["rule"], "free_port");
}

#[tokio::test]
async fn who_would_answer_is_told_without_asking_ozmap() {
    let world = World::build(Plan { config: "[live]\nrecheck_at_most = 1", ..Plan::default() }).await;
    let before = world.simulator.requests("viability");
    let home = world.sellable_box();
    let place = format!("lat={}&lng={}", home.lat, home.lng);
    let source =
        |body: &Value| (body["answered_by"]["source"].clone(), body["answered_by"]["reason"].clone());
    let near = world.explained(&format!("{place}&radius=100")).await;
    assert_eq!(source(&near), (json!("index"), Value::Null));
    let far = world.explained(&format!("{place}&radius=5000")).await;
    assert_eq!(source(&far), (json!("live"), json!("radius")));
    assert!(far["boxes"].as_array().unwrap().len() <= 500);
    let unknown = world.explained(&format!("{place}&radius=100&key-scope={}", "0".repeat(24))).await;
    assert_eq!(source(&unknown), (json!("live"), json!("scope")));
    assert_eq!(unknown["boxes"][0]["reason"], "outside_scope");
    // Memory may not say so: a client would be answered by OZmap, or by nobody.
    assert_eq!(unknown["verdict"], json!({ "viable": false, "certain": false, "doubt": "scope" }));
    assert_eq!(world.simulator.requests("viability"), before);
}

#[tokio::test]
async fn what_tells_of_single_boxes_and_what_costs_ozmap_a_call_needs_the_token() {
    let world = World::start().await;
    let url = |path: &str| format!("http://{}{path}", world.app.admin_address());
    for (method, path) in [
        (Method::GET, "/admin/console"),
        (Method::GET, "/admin/explain?lat=1&lng=2&radius=3"),
        (Method::GET, "/admin/tiles/0/0/0"),
        (Method::POST, "/admin/compare?lat=1&lng=2&radius=3"),
        (Method::POST, "/admin/splitters?box=1"),
    ] {
        let response = world.http.request(method.clone(), url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let other = if method == Method::GET { Method::POST } else { Method::GET };
        let response = world.http.request(other, url(path)).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_question_that_cant_be_read_is_told_what_is_wrong_with_it() {
    let world = World::start().await;
    for (path, status, code) in [
        ("/admin/explain", 400, "bad_parameter"),
        ("/admin/explain?lat=1", 400, "bad_parameter"),
        ("/admin/explain?lat=1&lng=2&radius=x", 400, "bad_parameter"),
        ("/admin/explain?lat=1&lng=2&radius=3&more=4", 400, "bad_parameter"),
        ("/admin/explain?lat=1&lng=2&radius=3&key-scope=7", 400, "bad_parameter"),
        ("/admin/explain?box=a&box=b", 400, "bad_parameter"),
        ("/admin/explain?box=a&key-scope=000000000000000000000000", 400, "bad_parameter"),
        ("/admin/explain?lat=1&lng=2&radius=50001", 400, "bad_parameter"),
        ("/admin/tiles/0/0/0?radius=1", 400, "bad_parameter"),
        ("/admin/explain?box=a&tenant=other", 404, "unknown_tenant"),
        ("/admin/tiles/1/2/0", 404, "no_tile"),
        ("/admin/tiles/1/0", 404, "no_tile"),
        ("/admin/tiles/1/0/0/0", 404, "no_tile"),
        ("/admin/tiles/x/0/0", 404, "no_tile"),
    ] {
        let (is, body) = world.operator(Method::GET, path).await;
        assert_eq!((is.as_u16(), &body["code"]), (status, &json!(code)), "{path}: {body}");
    }
    for path in [
        "/admin/splitters?box=CTO",
        "/admin/compare?lat=1&lng=2&radius=5000",
        "/admin/compare?lat=1&lng=2&radius=50&key-scope=000000000000000000000000",
    ] {
        let (status, body) = world.operator(Method::POST, path).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &json!("bad_parameter")), "{path}");
    }
    let cold = World::cold(Plan { broken: Some("/projects"), ..Plan::default() }).await;
    let (status, body) = cold.operator(Method::GET, "/admin/explain?lat=1&lng=2&radius=3").await;
    assert_eq!((status.as_u16(), &body["code"]), (503, &json!("no_data")));
}

#[tokio::test]
async fn ozmap_is_asked_for_its_answer_and_for_the_splitters_of_a_box() {
    let config = "[tenants.demo.live]\ncalls_per_second = 100";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let home = world.sellable_box();
    let compare = format!("/admin/compare?lat={}&lng={}&radius=50", home.lat, home.lng);
    let (status, body) = world.operator(Method::POST, &compare).await;
    assert_eq!((status, &body["result"]), (StatusCode::OK, &json!("same")), "{body}");
    assert_eq!(body["ozmap"], world.oracle(&world.simulator.full_key(), home.lat, home.lng, 50.0));
    let (status, body) = world.operator(Method::POST, &format!("/admin/splitters?box={}", home.id)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let free = |body: &Value| -> u64 {
        let splitters = body["splitters"].as_array().unwrap().iter();
        splitters
            .filter(|one| one["serves_clients"] == true)
            .map(|one| one["free_ports"].as_u64().unwrap())
            .sum()
    };
    assert_eq!(free(&body), home.free_ports as u64);
    assert!(body["splitters"][0]["updated_at"].as_str().unwrap().ends_with('Z'), "{body}");
    world.simulator.faults().set("", Fault::Failure { rate: 1.0, status: 500 });
    for path in [&compare, &format!("/admin/splitters?box={}", home.id)] {
        let (status, body) = world.operator(Method::POST, path).await;
        assert_eq!((status.as_u16(), &body["code"]), (503, &json!("ozmap_failed")), "{body}");
    }
}

#[tokio::test]
async fn a_difference_that_reading_changes_mends_is_told_as_stale() {
    let world = World::start().await;
    let home = world.sellable_box();
    world.simulator.sell_out(&home.id).unwrap();
    let (_, body) = world
        .operator(Method::POST, &format!("/admin/compare?lat={}&lng={}&radius=20", home.lat, home.lng))
        .await;
    assert_eq!(body["result"], "stale", "{body}");
    let mut told = body["differences"].as_array().unwrap().iter();
    assert!(told.any(|one| one["box"]["id"] == home.id.as_str()), "{body}");
}

/// As people ask the proxy that runs with a configuration.
async fn command(world: &World, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[admin]\nlisten = \"{}\"\ntoken_file = \"token\"\n[tenants.demo]\nhost = \"{}\"\nkey_file = \"key\"\n",
        world.app.admin_address(),
        world.simulator.host()
    );
    let token = ADMIN_TOKEN.to_owned();
    for (file, content) in [("config.toml", config), ("token", token), ("key", world.simulator.full_key())] {
        std::fs::write(folder.path().join(file), content).unwrap();
    }
    program(&[&["explain"], more].concat()).current_dir(folder.path()).output().await.unwrap()
}

#[tokio::test]
async fn the_command_prints_what_the_listener_tells_for_people_or_as_it_is() {
    let world = World::start().await;
    let home = world.sellable_box();
    world.simulator.sell_out(&home.id).unwrap();
    world.refresh().await;
    let (lat, lng) = (home.lat.to_string(), home.lng.to_string());
    let told = command(&world, &["--lat", &lat, "--lng", &lng, "--radius", "20"]).await;
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    for part in
        ["a client that asks now is answered from memory\n", "refused: no free port\n", "NO  free port"]
    {
        assert!(text(&told.stdout).contains(part), "{part}: {}", text(&told.stdout));
    }
    let told = command(&world, &["--box", &home.id, "--json"]).await;
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["boxes"], world.explained(&format!("box={}", home.id)).await["boxes"]);
    for (wrong, code) in [
        (&[][..], 2),
        (&["--lat", "1"], 2),
        (&["--lat", "91", "--lng", "2"], 2),
        (&["--box", "a", "--tenant", "b"], 1),
    ] {
        let output = command(&world, wrong).await;
        assert_eq!(output.status.code(), Some(code), "{wrong:?} {output:?}");
        assert!(!text(&output.stderr).contains(ADMIN_TOKEN));
    }
}
