//! R6, R7: many clients at once who want what only OZmap could tell.

use crate::between::{Between, Spoil};
use crate::harness::{Plan, World};
use crate::raw::Raw;
use ozmap_simulator::{Fault, Settings};
use reqwest::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const CROWD: &str = "max_connections_per_address = 2000\nmax_in_flight = 2000";

#[tokio::test]
async fn r06_a_thousand_who_give_up_on_one_query_cost_one_call_and_the_patient_are_served() {
    let world = World::build(Plan { server: CROWD, ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    world.simulator.faults().set("/ftth-viability", Fault::Hang);
    let request = format!(
        "GET /api/v2/ftth-viability/radius?lat={}&lng={}&radius=3000 HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\n\r\n",
        home.lat, home.lng
    );
    let mut hasty = Vec::new();
    for _ in 0..1_000 {
        let mut one = Raw::connect(world.app.public_address()).await;
        one.send(&request).await;
        hasty.push(one);
    }
    let mut patient = JoinSet::new();
    for _ in 0..20 {
        let mut one = Raw::connect(world.app.public_address()).await;
        one.send(&request).await;
        patient.spawn(async move { one.answer().await.expect("an answer").status });
    }
    world
        .until("all of them wait", || async { world.metric("viability_http_in_flight").await >= 1_020 })
        .await;
    drop(hasty);
    world
        .until("the hasty have left", || async { world.metric("viability_http_in_flight").await <= 30 })
        .await;
    world.simulator.faults().clear();
    while let Some(status) = patient.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(world.simulator.requests("viability"), 1);
    assert_eq!(world.metric("viability_http_panics_total").await, 0);
}

#[tokio::test]
async fn r06_a_thousand_different_cold_queries_keep_to_the_budget_and_to_the_places() {
    let settings = Settings { boxes: 300, latency: Duration::from_millis(20), ..Settings::default() };
    let config = "[live]\ncalls_per_second = 50\ncalls_at_once = 3";
    let (between, world) = Between::world(settings, CROWD, config).await;
    let world = Arc::new(world);
    let home = world.sellable_box();
    let mut asked = JoinSet::new();
    for step in 0..1_000 {
        let world = Arc::clone(&world);
        asked.spawn(
            async move { world.ask(home.lat, home.lng + f64::from(step) * 1e-5, 3_000.0).await.status },
        );
    }
    let mut answered = 0;
    while let Some(status) = asked.join_next().await {
        match status.unwrap() {
            StatusCode::OK => answered += 1,
            other => assert_eq!(other, StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    assert!(between.most_at_once("/ftth-viability") <= 3);
    assert!(answered > 0);
    assert_eq!(world.simulator.requests("viability"), answered);
}

#[tokio::test]
async fn r07_five_thousand_places_far_from_any_box_cost_no_call() {
    let (between, world) = Between::world(Settings { boxes: 300, ..Settings::default() }, "", "").await;
    between.spoil("/ftth-viability", Spoil::Hang);
    for step in 0..5_000 {
        let answer = world.ask(-60.0 - f64::from(step) / 500.0, f64::from(step % 360) - 180.0, 2_000.0).await;
        assert!(!answer.is_viable() && answer.detail() == "index");
    }
    assert_eq!(between.most_at_once("/ftth-viability"), 0);
}
