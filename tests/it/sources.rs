//! Who answers when: the snapshot, a remembered answer, OZmap, or nobody.

use crate::harness::{PATIENCE, Plan, World, start_app};
use ozmap_simulator::Fault;
use reqwest::StatusCode;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A proxy that can't read OZmap's boxes and so stays without data, while OZmap answers queries.
async fn without_data() -> World {
    World::cold(Plan { broken: Some("/boxes"), ..Plan::default() }).await
}

#[tokio::test]
async fn with_ozmap_gone_every_query_is_still_answered() {
    let mut world =
        World::build(Plan { config: "[freshness]\nstale_after = \"1h\"", ..Plan::default() }).await;
    let boxes = world.simulator.boxes();
    let key = world.simulator.full_key();
    world.simulator.stop().await;
    for one in boxes.iter().step_by(20) {
        let answer = world.ask(one.lat, one.lng, 150.0).await;
        assert_eq!((answer.status, answer.detail()), (StatusCode::OK, "index"));
        assert_eq!(answer.body["viable"], world.oracle(&key, one.lat, one.lng, 150.0)["viable"]);
    }
}

#[tokio::test]
async fn stale_data_answer_marked_when_ozmap_is_gone() {
    let mut world =
        World::build(Plan { config: "[freshness]\nstale_after = \"1ms\"", ..Plan::default() }).await;
    world.simulator.stop().await;
    let home = world.sellable_box();
    let answer = world.ask(home.lat, home.lng, 150.0).await;
    assert!(answer.is_viable());
    assert_eq!(answer.detail(), "stale");
    assert!(answer.ttl() <= 0);
    let (status, ready) = world.admin("/readyz").await;
    assert_eq!((status, &ready["tenants"][0]["state"]), (StatusCode::OK, &json!("stale")));
}

#[tokio::test]
async fn stale_data_are_checked_with_ozmap_while_the_budget_lasts() {
    let world = World::build(Plan { config: "[freshness]\nstale_after = \"1ms\"", ..Plan::default() }).await;
    let home = world.sellable_box();
    world.simulator.sell_out(&home.id).unwrap();
    let mut details = Vec::new();
    for step in 0..8 {
        let answer = world.ask(home.lat + f64::from(step) * 1e-6, home.lng, 5.0).await;
        if answer.detail() == "stale" && answer.header("cache-status").contains("fwd=stale") {
            assert!(!answer.box_ids("boxes").contains(&home.id.as_str()), "OZmap knows of the sale");
        }
        details.push(answer.header("cache-status").contains("fwd=stale"));
    }
    assert!(details.contains(&true) && details.contains(&false), "{details:?}");
}

#[tokio::test]
async fn expired_data_are_refused_where_the_operator_wants_that() {
    let config = "[freshness]\nstale_after = \"1ms\"\nmax_stale = \"2ms\"\nwhen_expired = \"refuse\"";
    let mut world = World::build(Plan { config, ..Plan::default() }).await;
    world.simulator.stop().await;
    let home = world.sellable_box();
    let answer = world.ask(home.lat, home.lng, 150.0).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::SERVICE_UNAVAILABLE, "expired"));
    assert_eq!(world.admin("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn how_long_was_waited_in_vain_is_told_as_it_is_configured() {
    // Calls made for clients have the same limit, and end a little later: mostly.
    let config = "[live]\ndeadline = \"300ms\"\ntimeout = \"300ms\"\ncalls_per_second = 1000";
    let world = World::cold(Plan { config, broken: Some("/boxes"), ..Plan::default() }).await;
    world.simulator.faults().set("/ftth-viability", Fault::Hang);
    let told = async {
        loop {
            let answer = world.ask(-27.6, -48.6, 150.0).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            let message = answer.body["message"].as_str().unwrap().to_owned();
            if message.contains("within") {
                return message;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("one is late");
    assert!(told.ends_with("OZmap has not answered within 300ms"), "{told}");
}

#[tokio::test]
async fn started_against_a_dead_ozmap_queries_get_503_and_it_heals_when_ozmap_comes_back() {
    let mut world = World::build(Plan::default()).await;
    let home = world.sellable_box();
    world.simulator.stop().await;
    let app = start_app(&[("demo", &world.simulator)], "").await;
    let first = std::mem::replace(&mut world.app, app);
    first.stop().await;

    let answer = world.ask(home.lat, home.lng, 150.0).await;
    assert_eq!((answer.status, &answer.body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("no_answer")));
    assert_eq!((answer.header("retry-after"), answer.detail()), ("2", "cold"));
    let (status, ready) = world.admin("/readyz").await;
    assert_eq!((status, &ready["tenants"][0]["state"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("absent")));

    let first = world.app.refreshers()[0].report_of(1, PATIENCE).await.expect("the first refresh ends");
    assert_eq!(first.outcome.unwrap_err().kind, "unreachable");
    world.simulator.resume().await.unwrap();
    world.until("the proxy has healed", || async { world.admin("/readyz").await.0 == StatusCode::OK }).await;
    let answer = world.ask(home.lat, home.lng, 150.0).await;
    assert!(answer.is_viable() && answer.detail() == "index");
    let (_, runs) = world.admin("/admin/runs").await;
    assert_eq!(runs["tenants"][0]["runs"][0]["trigger"], "retry");
}

#[tokio::test]
async fn without_data_ozmap_itself_answers_and_is_remembered() {
    let world = without_data().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let live = world.ask(home.lat, home.lng, 150.0).await;
    assert_eq!(live.header("cache-status"), "viability-proxy; fwd=miss; fwd-status=200; detail=cold");
    assert_eq!(live.body, world.oracle(&key, home.lat, home.lng, 150.0));
    let again = world.ask(home.lat, home.lng, 150.0).await;
    assert_eq!((again.detail(), &again.body), ("live-cold", &live.body));
    assert_eq!(world.simulator.requests("viability"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cold_queries_for_one_address_cause_one_call() {
    let plan = Plan {
        broken: Some("/boxes"),
        server: "max_connections_per_address = 1100\nmax_in_flight = 1100",
        ..Plan::default()
    };
    let world = Arc::new(World::cold(plan).await);
    // Slow enough that all thousand are waiting before the first answer comes.
    world.simulator.faults().set("/ftth-viability", Fault::Latency(Duration::from_secs(3)));
    let home = world.sellable_box();
    let queries: Vec<_> = (0..1_000)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.ask(home.lat, home.lng, 150.0).await.is_viable() })
        })
        .collect();
    for query in queries {
        assert!(query.await.unwrap());
    }
    assert_eq!(world.simulator.requests("viability"), 1);
}

#[tokio::test]
async fn cold_queries_for_many_addresses_stay_within_the_budget() {
    let world = without_data().await;
    let home = world.sellable_box();
    let (mut answered, mut refused) = (0, 0);
    let why = "no data that could answer, and no live answer (cold): no live call is left in the budget (live.calls_per_second, live.calls_at_once)";
    for step in 0..60 {
        let answer = world.ask(home.lat + f64::from(step) * 1e-5, home.lng, 150.0).await;
        match answer.status {
            StatusCode::OK => answered += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(answer.body["message"], why);
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(world.simulator.requests("viability"), answered);
    assert!(answered >= 2 && refused > 0, "{answered} answered, {refused} refused");
}

#[tokio::test]
async fn no_cache_asks_ozmap_and_falls_back_to_the_index() {
    let mut world = World::build(Plan { config: "[live]\ncalls_per_second = 1000", ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    let ask = || world.send(world.query(&key, &query).header("cache-control", "no-cache"));
    for calls in 1..=2 {
        let answer = ask().await;
        assert_eq!(
            answer.header("cache-status"),
            "viability-proxy; fwd=request; fwd-status=200; detail=no-cache"
        );
        assert_eq!(world.simulator.requests("viability"), calls);
    }
    world.simulator.stop().await;
    let ask = || world.send(world.query(&key, &query).header("cache-control", "no-cache"));
    let answer = ask().await;
    assert!(answer.is_viable());
    assert_eq!(answer.detail(), "live-failed");
}

#[tokio::test]
async fn an_ozmap_that_hangs_delays_nobody_beyond_the_deadline() {
    let world = World::build(Plan { config: "[live]\ndeadline = \"50ms\"", ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    world.simulator.faults().hang();
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    // The simulator would hang for ever, the client's patience is a minute.
    let answer = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
    assert!(answer.is_viable());
    assert_eq!(answer.detail(), "live-late");
}

#[tokio::test]
async fn a_radius_above_the_maximum_is_ozmaps_to_answer() {
    let mut world = World::start().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let answer = world.ask(home.lat, home.lng, 2_000.5).await;
    assert_eq!(answer.header("cache-status"), "viability-proxy; fwd=bypass; fwd-status=200; detail=radius");
    assert_eq!(answer.body, world.oracle(&key, home.lat, home.lng, 2_000.5));
    world.simulator.stop().await;
    let answer = world.ask(home.lat, home.lng, 2_000.6).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::SERVICE_UNAVAILABLE, "radius"));
}

#[tokio::test]
async fn a_refresh_outdates_what_was_remembered_before_it() {
    let world = World::build(Plan { config: "[live]\ncalls_per_second = 1000", ..Plan::default() }).await;
    let home = world.sellable_box();
    let details = async || world.ask(home.lat, home.lng, 5_000.0).await.detail().to_owned();
    assert_eq!((details().await, details().await), ("radius".to_owned(), "live-radius".to_owned()));
    world.refresh().await;
    assert_eq!(details().await, "radius");
}

#[tokio::test]
async fn a_query_without_radius_is_ozmaps_where_no_default_is_configured() {
    let world =
        World::build(Plan { config: "[viability]\ndefault_radius_m = \"none\"", ..Plan::default() }).await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let answer = world.send(world.query(&key, &format!("lat={}&lng={}", home.lat, home.lng))).await;
    assert_eq!(answer.detail(), "radius");
}

#[tokio::test]
async fn an_unknown_parameter_makes_it_ozmaps_to_answer_unjudged() {
    let world = World::start().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    let query = format!("lat={}&lng={}&radius=50&consider_condominiums=true", home.lat, home.lng);
    let answer = world.send(world.query(&key, &query)).await;
    assert!(answer.is_viable());
    assert!(answer.headers.get("cache-status").is_none());
    assert_eq!(world.simulator.requests("viability"), 1);
}

#[tokio::test]
async fn html_with_a_200_is_no_answer() {
    let world = World::start().await;
    let (home, key) = (world.sellable_box(), world.simulator.full_key());
    world.simulator.faults().answer("/ftth-viability", 200, "text/html", "<html>maintenance</html>");
    let query = format!("lat={}&lng={}&radius=50", home.lat, home.lng);
    let answer = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
    assert!(answer.is_viable());
    assert_eq!(answer.detail(), "live-failed");
}

#[tokio::test]
async fn no_box_in_reach_is_an_answer_and_no_reason_to_ask_ozmap() {
    let world = World::start().await;
    for step in 0..50 {
        let answer = world.ask(-60.0 - f64::from(step) / 10.0, 10.0, 2_000.0).await;
        assert!(!answer.is_viable() && answer.detail() == "index");
    }
    assert_eq!(world.simulator.requests("viability"), 0);
}

#[tokio::test]
async fn r01_an_ozmap_that_fails_again_and_again_is_spared_until_it_answers() {
    let config = "[live]\ncalls_per_second = 1000\ncalls_at_once = 100";
    let world = World::cold(Plan { config, broken: Some("/boxes"), ..Plan::default() }).await;
    let faults = world.simulator.faults();
    faults.set("/ftth-viability", Fault::Failure { rate: 1.0, status: 503 });
    let state = r#"viability_upstream_breaker_state{tenant="demo"}"#;
    assert_eq!(world.metric(state).await, 0);
    for n in 0..5 {
        let answer = world.ask(-27.0, -48.0 + f64::from(n) * 0.01, 100.0).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert_ne!(world.metric(state).await, 0, "five failures in a row open the breaker");
    faults.clear();
    world
        .until("a try succeeds and live answers flow", || async {
            world.ask(-27.5, -48.5, 5_000.0).await.status == StatusCode::OK
        })
        .await;
    assert_eq!(world.metric(state).await, 0);
}
