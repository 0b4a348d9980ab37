//! A sample of the answers, compared with OZmap's own.

use crate::harness::{Plan, World};
use ozmap_simulator::{BoxView, Fault, OracleRules, Settings};
use serde_json::Value;

/// Samples as often as they may be taken.
const OFTEN: &str = "[tenants.demo.canary]\nevery = \"20ms\"\n[tenants.demo.live]\nrecheck_at_most = 0\ncalls_per_second = 1000\n[tenants.demo.refresh]\nchanges = \"1h\"";

async fn world(simulator: Settings) -> World {
    World::build(Plan { simulator, config: OFTEN, ..Plan::default() }).await
}

impl World {
    async fn compared(&self, result: &str) -> u64 {
        self.metric(&format!(r#"viability_canary_total{{result="{result}",tenant="demo"}}"#)).await
    }

    async fn differences(&self) -> Value {
        let (_, mut body) = self.admin("/admin/differences").await;
        body["tenants"][0].take()
    }

    /// Asks for the same place over and over until so many comparisons ended so.
    async fn ask_until_compared(&self, home: &BoxView, result: &str, times: u64) {
        let asked = async || {
            self.ask(home.lat, home.lng, 100.0).await;
            self.compared(result).await >= times
        };
        self.until(result, asked).await;
    }
}

#[tokio::test]
async fn answers_that_are_ozmaps_are_counted_as_the_same() {
    let world = world(Settings::default()).await;
    let home = world.sellable_box();
    world.ask_until_compared(&home, "same", 2).await;
    let told = world.differences().await;
    assert_eq!((told["differences"].as_array().unwrap().len(), &told["compared"]["differs"]), (0, &0.into()));
    assert!(told["last"].is_string(), "{told}");
}

#[tokio::test]
async fn a_rule_that_differs_is_found_with_the_first_sample_that_it_matters_to() {
    let rules = OracleRules { earth_radius_m: 6_371_000.0, ..OracleRules::default() };
    let world = world(Settings { rules, ..Settings::default() }).await;
    let home = world.sellable_box();
    // Not at the box itself, where every radius of the Earth gives nothing.
    let away = BoxView { lat: home.lat + 0.000_8, ..home };
    world.ask_until_compared(&away, "differs", 1).await;
    let told = world.differences().await;
    let found = &told["differences"][0];
    assert_eq!(
        (&found["result"], &found["differences"][0]["kind"]),
        (&"differs".into(), &"field".into()),
        "{told}"
    );
    assert!(found["differences"][0]["text"].as_str().unwrap().starts_with("distance of box "), "{told}");
    assert_eq!(world.compared("same").await, 0);
    // Once it is known that reading changes is of no use none is begun for it.
    world.ask_until_compared(&away, "differs", 3).await;
    let runs = r#"viability_refresh_total{result="ok",tenant="demo",trigger="canary"}"#;
    assert_eq!(world.metric(runs).await, 1);
}

#[tokio::test]
async fn a_sale_since_the_data_were_read_is_told_as_that_and_mended() {
    let world = world(Settings::default()).await;
    let home = world.sellable_box();
    world.simulator.sell_port(&home.id).unwrap();
    world.ask_until_compared(&home, "stale", 1).await;
    let told = world.differences().await;
    let found = &told["differences"][0];
    assert_eq!(
        (&found["result"], &found["cause"]),
        (&"stale".into(), &"a port was sold since".into()),
        "{told}"
    );
    let answer = world.ask(home.lat, home.lng, 100.0).await;
    assert_eq!(answer.body, world.oracle(&world.simulator.full_key(), home.lat, home.lng, 100.0));
    world.ask_until_compared(&home, "same", 1).await;
}

#[tokio::test]
async fn an_ozmap_that_fails_costs_clients_nothing_and_is_counted() {
    let world = world(Settings::default()).await;
    let home = world.sellable_box();
    world.simulator.faults().set("/ftth-viability", Fault::Failure { rate: 1.0, status: 500 });
    world.ask_until_compared(&home, "error", 2).await;
    assert_eq!(world.ask(home.lat, home.lng, 100.0).await.detail(), "index");
}

#[tokio::test]
async fn one_in_a_hundred_at_most_is_asked_and_none_where_it_is_off() {
    let sampled = world(Settings::default()).await;
    let home = sampled.sellable_box();
    sampled.ask_until_compared(&home, "same", 3).await;
    let asked = sampled
        .metric(r#"viability_queries_total{result="viable",source="index",state="fresh",tenant="demo"}"#)
        .await;
    assert!(sampled.simulator.requests("viability") * 100 <= asked, "{asked}");
    let off = World::start().await;
    for _ in 0..300 {
        off.ask(home.lat, home.lng, 100.0).await;
    }
    assert_eq!(off.simulator.requests("viability"), 0);
}

#[tokio::test]
async fn what_is_told_has_no_key_and_no_home_and_a_key_is_compared_by_what_it_may_see() {
    let world = world(Settings::default()).await;
    let home = world.sellable_box();
    let key = world.simulator.key_for(std::slice::from_ref(&home.project));
    let compared = async || {
        world.ask_as(&key, home.lat, home.lng, 100.0).await;
        world.compared("same").await >= 1
    };
    world.until("a sample of the other key is compared", compared).await;
    world.simulator.sell_port(&home.id).unwrap();
    let stale = async || {
        world.ask_as(&key, home.lat, home.lng, 100.0).await;
        world.compared("stale").await >= 1
    };
    world.until("a difference is found", stale).await;
    let told = world.differences().await;
    assert_eq!(told["differences"][0]["near"], format!("{:.3}, {:.3}", home.lat, home.lng));
    let text = told.to_string();
    assert!(!text.contains(&key) && !text.contains(&format!("{}", home.lat)), "{text}");
}
