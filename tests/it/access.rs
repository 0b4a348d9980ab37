//! Who sees what: a key's projects, in every source an answer can come from.

use crate::harness::{Answer, Plan, World};
use ozmap_simulator::BoxView;
use reqwest::StatusCode;
use serde_json::json;

/// Two boxes of different projects that one query reaches, and a key for the first one's project alone.
struct Neighbours {
    mine: BoxView,
    theirs: BoxView,
    key: String,
}

fn neighbours(world: &World) -> Neighbours {
    let boxes: Vec<_> =
        world.simulator.boxes().into_iter().filter(|one| !one.draft && one.free_ports > 1).collect();
    let close = |a: &BoxView, b: &BoxView| (a.lat - b.lat).abs() < 0.005 && (a.lng - b.lng).abs() < 0.005;
    let (mine, theirs) = boxes
        .iter()
        .find_map(|a| {
            boxes.iter().find(|b| a.project != b.project && close(a, b)).map(|b| (a.clone(), b.clone()))
        })
        .expect("a town shared by two projects");
    let key = world.simulator.key_for(std::slice::from_ref(&mine.project));
    Neighbours { mine, theirs, key }
}

impl Neighbours {
    async fn ask(&self, world: &World, radius: f64) -> Answer {
        world.ask_as(&self.key, self.mine.lat, self.mine.lng, radius).await
    }

    /// The answer shows my box, no box of another project, and what OZmap itself would show this key.
    fn check(&self, answer: &Answer) {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(answer.box_ids("boxes").contains(&self.mine.id.as_str()), "{answer:?}");
        for list in ["boxes", "refused_boxes"] {
            assert!(!answer.box_ids(list).contains(&self.theirs.id.as_str()));
            for item in answer.body[list].as_array().unwrap() {
                assert_eq!(item["project"], self.mine.project.as_str());
            }
        }
    }
}

#[tokio::test]
async fn a_key_of_one_project_never_sees_anothers_box_from_any_source() {
    let world = World::build(Plan {
        config: "[live]\ncalls_per_second = 1000\n[freshness]\nstale_after = \"1h\"",
        ..Plan::default()
    })
    .await;
    let pair = neighbours(&world);
    // The index, with the whole view asked first.
    let all = world.ask(pair.mine.lat, pair.mine.lng, 1_000.0).await;
    assert!(all.box_ids("boxes").contains(&pair.theirs.id.as_str()));
    let index = pair.ask(&world, 1_000.0).await;
    assert_eq!(index.detail(), "index");
    pair.check(&index);
    // Live, then remembered; the tenant's own key asks the same question first each time.
    for expected in ["radius", "live-radius"] {
        let all = world.ask(pair.mine.lat, pair.mine.lng, 2_500.0).await;
        assert!(all.box_ids("boxes").contains(&pair.theirs.id.as_str()) || all.box_ids("boxes").len() == 100);
        let answer = pair.ask(&world, 2_500.0).await;
        assert_eq!(answer.detail(), expected);
        pair.check(&answer);
    }
}

#[tokio::test]
async fn a_key_of_one_project_never_sees_anothers_box_in_stale_data() {
    let mut world =
        World::build(Plan { config: "[freshness]\nstale_after = \"1ms\"", ..Plan::default() }).await;
    let pair = neighbours(&world);
    let live = pair.ask(&world, 1_000.0).await;
    pair.check(&live);
    world.simulator.stop().await;
    world
        .until("the remembered live answers are used up", || async {
            let answer = world.ask_as(&pair.key, pair.mine.lat + 1e-6, pair.mine.lng, 1_000.0).await;
            pair.check(&answer);
            answer.detail() == "stale"
        })
        .await;
}

#[tokio::test]
async fn no_key_is_401_and_an_unknown_key_stays_ozmaps_401() {
    let world = World::start().await;
    let nobody =
        world.send(world.http.get(world.public("/api/v2/ftth-viability/radius?lat=1&lng=2&radius=3"))).await;
    assert_eq!((nobody.status, &nobody.body["code"]), (StatusCode::UNAUTHORIZED, &json!("missing_key")));
    for _ in 0..3 {
        let stranger = world.ask_as("stolen", 1.0, 2.0, 3.0).await;
        assert_eq!(
            (stranger.status, &stranger.body["code"]),
            (StatusCode::UNAUTHORIZED, &json!("unauthorized"))
        );
    }
    assert_eq!(world.metric(r#"viability_upstream_requests_total{operation="projects",outcome="unauthorized",tenant="demo"}"#).await, 1);
}

#[tokio::test]
async fn a_known_key_goes_on_through_an_outage_and_an_unknown_one_waits() {
    let mut world = World::build(Plan { config: "[access]\nscope_ttl = \"1ms\"", ..Plan::default() }).await;
    let pair = neighbours(&world);
    let fresh = world.simulator.key_for(std::slice::from_ref(&pair.theirs.project));
    pair.check(&pair.ask(&world, 1_000.0).await);
    world.simulator.stop().await;
    pair.check(&pair.ask(&world, 1_000.0).await);
    let unchecked = world.ask_as(&fresh, pair.mine.lat, pair.mine.lng, 1_000.0).await;
    assert_eq!(
        (unchecked.status, &unchecked.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("key_unchecked"))
    );
    assert_eq!(unchecked.header("retry-after"), "2");
}

#[tokio::test]
async fn a_revoked_key_is_refused_once_its_scope_is_asked_again() {
    let world = World::build(Plan { config: "[access]\nscope_ttl = \"1ms\"", ..Plan::default() }).await;
    let pair = neighbours(&world);
    pair.check(&pair.ask(&world, 1_000.0).await);
    world.simulator.revoke(&pair.key);
    world
        .until("the key is refused", || async {
            pair.ask(&world, 1_000.0).await.status == StatusCode::UNAUTHORIZED
        })
        .await;
}

#[tokio::test]
async fn a_key_that_sees_more_than_the_tenants_own_is_answered_by_ozmap() {
    let world = World::build(Plan::default()).await;
    let pair = neighbours(&world);
    // A project that came after the refresh: the snapshot knows nothing of it.
    let newer = world.simulator.add_project("Bairro Novo");
    let key = world.simulator.key_for(&[pair.mine.project.clone(), newer]);
    let answer = world.ask_as(&key, pair.mine.lat, pair.mine.lng, 1_000.0).await;
    assert_eq!(answer.detail(), "scope");
    assert_eq!(answer.body, world.oracle(&key, pair.mine.lat, pair.mine.lng, 1_000.0));
    world.refresh().await;
    let answer = world.ask_as(&key, pair.mine.lat, pair.mine.lng, 1_000.0).await;
    assert_eq!(answer.detail(), "index");
}
