//! The answer is OZmap's: compared with the simulator's, which judges by plain loops and shares no code with us.

use crate::harness::{Answer, JsonBody, Plan, World};
use ozmap_simulator::{Boundary, BoxView, OracleRules, RefusedBoxes, ServiceConnectors, Settings};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

/// Field by field and in order. Numbers are compared as numbers: `30` and `30.0` are one distance.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.keys().eq(b.keys()) && a.iter().all(|(key, a)| same(a, &b[key]))
        }
        _ => ours == theirs,
    }
}

/// A point as they come: at a box, in its street, at the edge of town, far away.
pub(crate) fn somewhere(boxes: &[BoxView], dice: &mut ChaCha8Rng) -> (f64, f64) {
    let near = &boxes[dice.random_range(0..boxes.len())];
    let spread = [0.0, 0.000_5, 0.005, 0.05][dice.random_range(0..4)];
    if spread == 0.0 && dice.random_bool(0.1) {
        return (dice.random_range(-33.0..5.0), dice.random_range(-73.0..-35.0));
    }
    let offset = |dice: &mut ChaCha8Rng| if spread == 0.0 { 0.0 } else { dice.random_range(-spread..spread) };
    (near.lat + offset(dice), near.lng + offset(dice))
}

/// What answers were about: a comparison means something only if they do.
#[derive(Default)]
struct Told {
    queries: usize,
    viable: usize,
    refused: usize,
    homes: usize,
    communities: usize,
}

impl Told {
    fn take(&mut self, answer: &Answer) {
        let list = |name: &str| answer.body[name].as_array().unwrap();
        self.queries += 1;
        self.viable += usize::from(answer.is_viable());
        self.refused += list("refused_boxes").len();
        self.homes += list("properties").len();
        let boxes = list("boxes").iter().chain(list("refused_boxes"));
        self.communities +=
            boxes.map(|item| item["horizontal_condos"].as_array().unwrap().len()).sum::<usize>();
    }

    fn is_of_use(&self) {
        let Self { queries, viable, refused, .. } = *self;
        assert!(viable > queries / 5 && viable < queries, "{viable} of {queries} viable");
        assert!(refused > queries / 5, "{refused} refused boxes");
    }
}

/// Asks here and there, here with several keys, and compares.
async fn agree(world: &World, queries: usize, seed: u64) -> Told {
    let boxes = world.simulator.boxes();
    let projects: Vec<_> = world.simulator.projects().into_iter().map(|project| project.id).collect();
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let few: Vec<_> = projects.iter().filter(|_| dice.random_bool(0.3)).cloned().collect();
    // A key without any project is OZmap's to answer.
    let few = if few.is_empty() { projects[..1].to_vec() } else { few };
    let keys = [
        world.simulator.full_key(),
        format!("Bearer {}", world.simulator.full_key()),
        world.simulator.key_for(&projects[..1]),
        world.simulator.key_for(&few),
    ];
    let mut told = Told::default();
    for number in 0..queries {
        let (lat, lng) = somewhere(&boxes, &mut dice);
        let radius: f64 =
            [dice.random_range(1.0..2_000.0), 150.0, 300.0, 2_000.0, 1.0][dice.random_range(0..5)];
        let key = &keys[if number % 2 == 0 { 0 } else { dice.random_range(0..keys.len()) }];
        let answer = world.ask_as(key, lat, lng, radius).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.detail(), "index");
        let bare = key.strip_prefix("Bearer ").unwrap_or(key);
        let theirs = world.oracle(bare, lat, lng, radius);
        assert!(
            same(&answer.body, &theirs),
            "query {number} at {lat},{lng} {radius} m:\n{}\n{theirs}",
            answer.body
        );
        told.take(&answer);
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_answers_in_a_city_of_fifty_thousand_boxes_are_ozmaps_own() {
    let world = World::build(Plan {
        simulator: Settings { boxes: 50_000, seed: 7, ..Settings::default() },
        ..Plan::default()
    })
    .await;
    agree(&world, 5_000, 1).await.is_of_use();
}

#[tokio::test]
async fn answers_agree_under_other_settings_of_ozmap() {
    let rules = OracleRules {
        earth_radius_m: 6_371_000.0,
        max_boxes: 7,
        blocked_ports_are_free: true,
        ..OracleRules::default()
    };
    let world = World::build(Plan {
        simulator: Settings { boxes: 5_000, seed: 3, rules, ..Settings::default() },
        config: "[viability]\nearth_radius_m = 6371000\nmax_boxes = 7\nblocked_ports_are_free = true",
        ..Plan::default()
    })
    .await;
    agree(&world, 600, 2).await.is_of_use();
}

/// All rules that the product knows, drawn at random: as OZmap has them, and as the proxy is told.
pub(crate) fn drawn(dice: &mut ChaCha8Rng) -> (OracleRules, &'static str) {
    let kinds = ["splitter", "connector", "fusion", "switch"];
    let mut counts = [true, false, false, false];
    for counts in &mut counts {
        *counts |= dice.random_bool(0.5);
    }
    let [splitters, connectors, fusions, switches] = counts;
    let mut flag = || dice.random_bool(0.5);
    let rules = OracleRules {
        boundary: if flag() { Boundary::Inclusive } else { Boundary::Exclusive },
        refused: if flag() { RefusedBoxes::Listed } else { RefusedBoxes::LeftOut },
        blocked_ports_are_free: flag(),
        property_ports_are_free: flag(),
        list_properties: flag(),
        list_condominiums: flag(),
        consider_condominiums: flag(),
        maximum_drop: flag(),
        service_connectors: ServiceConnectors { splitters, connectors, fusions, switches },
        earth_radius_m: [6_378_100.0, 6_371_000.0][dice.random_range(0..2)],
        max_boxes: [7, 20, 100][dice.random_range(0..3)],
        ..OracleRules::default()
    };
    let listed: Vec<_> =
        kinds.iter().zip(counts).filter_map(|(kind, counts)| counts.then_some(kind)).collect();
    let boundary = if rules.boundary == Boundary::Inclusive { "inclusive" } else { "exclusive" };
    let lines = [
        format!("earth_radius_m = {}", rules.earth_radius_m),
        format!("boundary = {boundary:?}"),
        format!("max_boxes = {}", rules.max_boxes),
        format!("list_refused = {}", rules.refused == RefusedBoxes::Listed),
        format!("blocked_ports_are_free = {}", rules.blocked_ports_are_free),
        format!("property_ports_are_free = {}", rules.property_ports_are_free),
        format!("list_properties = {}", rules.list_properties),
        format!("list_condominiums = {}", rules.list_condominiums),
        format!("consider_condominiums = {}", rules.consider_condominiums),
        format!("service_connectors = {listed:?}"),
        format!("maximum_drop = {}", rules.maximum_drop),
    ];
    (rules, format!("[viability]\n{}", lines.join("\n")).leak())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_answers_agree_under_settings_drawn_at_random() {
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let mut all = Told::default();
    for seed in 0..40 {
        let (rules, config) = drawn(&mut dice);
        let simulator = Settings { boxes: 2_000, seed, rules, ..Settings::default() };
        let told = agree(&World::build(Plan { simulator, config, ..Plan::default() }).await, 250, seed).await;
        let lists = |listed: bool, items: usize| assert_eq!(listed, items > 0, "{items} under {rules:?}");
        lists(rules.refused == RefusedBoxes::Listed, told.refused);
        lists(rules.list_properties, told.homes);
        if rules.list_condominiums && !rules.consider_condominiums {
            assert!(told.communities > 0, "under {rules:?}");
        }
        all.queries += told.queries;
        all.viable += told.viable;
    }
    assert!(all.queries == 10_000 && (2_000..10_000).contains(&all.viable), "{} viable", all.viable);
}

#[tokio::test]
async fn the_bytes_are_ozmaps_own() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    for (number, one) in world.simulator.boxes().iter().step_by(50).enumerate() {
        let query = format!("lat={}&lng={}&radius={}", one.lat, one.lng, 10 * number + 1);
        let ours = world.query(&key, &query).send().await.unwrap();
        let theirs = format!("{}/ftth-viability/radius?{query}", world.simulator.host());
        let theirs = world.http.get(theirs).header(header::AUTHORIZATION, &key).send().await.unwrap();
        assert_eq!(ours.headers()["content-type"], theirs.headers()["content-type"]);
        assert_eq!(ours.text().await.unwrap(), theirs.text().await.unwrap(), "{query}");
    }
}

#[tokio::test]
async fn without_a_radius_the_configured_one_counts() {
    let world = World::start().await;
    let home = world.sellable_box();
    let key = world.simulator.full_key();
    let answer = world.send(world.query(&key, &format!("lat={}&lng={}", home.lat, home.lng))).await;
    assert_eq!(answer.detail(), "index");
    assert!(same(&answer.body, &world.simulator.oracle(&key, home.lat, home.lng, None)));
}

#[tokio::test]
async fn selling_the_last_port_moves_a_box_to_the_refused_ones_with_the_next_refresh() {
    let world = World::start().await;
    let home = world.sellable_box();
    let before = world.ask(home.lat, home.lng, 10.0).await;
    assert!(before.box_ids("boxes").contains(&home.id.as_str()));

    world.simulator.sell_out(&home.id).unwrap();
    let report = world.refresh().await;
    assert_eq!(report["result"], "ok");

    let after = world.ask(home.lat, home.lng, 10.0).await;
    assert!(!after.box_ids("boxes").contains(&home.id.as_str()));
    let refused = after.body["refused_boxes"].as_array().unwrap();
    let refused =
        refused.iter().find(|item| item["id"] == home.id.as_str()).expect("the box among the refused");
    assert_eq!((&refused["reason"], &refused["availability"]), (&json!("no_free_port"), &json!(0)));
}

#[tokio::test]
async fn what_a_project_allows_a_drop_to_be_counts_with_the_next_full_refresh() {
    let rules = OracleRules { maximum_drop: true, ..OracleRules::default() };
    let simulator = Settings { rules, ..Settings::default() };
    let config = "[viability]\nmaximum_drop = true";
    let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
    let key = world.simulator.full_key();
    let home = world.sellable_box();
    // Some fifty metres north of it.
    let (lat, lng) = (home.lat + 0.000_45, home.lng);
    for (longest, reason) in
        [(None, Value::Null), (Some(20.0), json!("drop_too_long")), (Some(60.0), Value::Null)]
    {
        world.simulator.set_maximum_drop(&home.project, longest).unwrap();
        world.refresh().await;
        let answer = world.ask(lat, lng, 100.0).await;
        assert_eq!(answer.detail(), "index");
        let lists = ["boxes", "refused_boxes"].map(|list| answer.body[list].as_array().unwrap());
        let found = lists.into_iter().flatten().find(|item| item["id"] == home.id.as_str());
        assert_eq!(found.expect("the box, offered or refused")["reason"], reason, "{longest:?}");
        assert!(same(&answer.body, &world.simulator.oracle(&key, lat, lng, Some(100.0))));
    }
}

#[tokio::test]
async fn a_bad_parameter_is_400_and_named() {
    let world = World::start().await;
    let key = world.simulator.full_key();
    let cases = [
        ("", "lat is missing"),
        ("lat=-27.5", "lng is missing"),
        ("lat=-27,57&lng=-48.5", "lat is not a number"),
        ("lat=-27.5&lng=NaN", "lng is not a number"),
        ("lat=-27.5&lng=-48.5&radius=1e999", "radius is out of range"),
        ("lat=-27.5&lng=-48.5&radius=0", "radius is out of range"),
        ("lat=-91&lng=-48.5", "lat is out of range"),
        ("lat=-27.5&lat=-27.5&lng=-48.5", "lat is given more than once"),
    ];
    for (query, fault) in cases {
        let answer = world.send(world.query(&key, query)).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::BAD_REQUEST, &json!("bad_parameter")),
            "{query}"
        );
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{fault}; expected ")), "{query}: {message}");
    }
}

#[tokio::test]
async fn the_body_that_ozmaps_sdk_sends_with_a_get_is_ignored_and_a_huge_one_refused() {
    let world = World::start().await;
    let home = world.sellable_box();
    let key = world.simulator.full_key();
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    assert!(world.send(world.query(&key, &query).body("{}")).await.is_viable());
    let refused = world.query(&key, &query).body(vec![b' '; 100_000]).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(refused.json_body().await["code"], "body_too_large");
}

#[tokio::test]
async fn every_answer_tells_its_age_source_and_request() {
    let world = World::start().await;
    let home = world.sellable_box();
    let key = world.simulator.full_key();
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    let answer = world.send(world.query(&key, &query).header("x-request-id", "venda-17")).await;
    assert_eq!(answer.header("x-request-id"), "venda-17");
    assert!(answer.header("age").parse::<u64>().unwrap() < 60);
    assert!(answer.header("cache-status").starts_with("viability-proxy; hit; ttl="));
    assert!((1_400..=1_500).contains(&answer.ttl()));
    let (one, other) = (world.ask(home.lat, home.lng, 50.0).await, world.ask(home.lat, home.lng, 50.0).await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}
