//! Who sees what: a key's projects, in every source an answer can come from.

use crate::harness::{Answer, PATIENCE, Plan, World, start_app_with};
use crate::raw::Raw;
use ozmap_simulator::{BoxView, Fault, NewBox, NewSplitter, Settings, Simulator};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;

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
    assert_eq!((unchecked.header("retry-after"), unchecked.detail()), ("2", "key"));
    // What happened is a client's business, what to do about it an operator's.
    let message = unchecked.body["message"].as_str().unwrap();
    assert!(
        message.starts_with("the rights of this key can't be checked: OZmap ")
            && !message.contains("firewall")
    );
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

/// A key for one box's project and for one that came after the refresh, and a point where nothing is in reach.
fn wider_key(world: &World) -> (String, f64, f64) {
    let newer = world.simulator.add_project("Bairro Novo");
    let key = world.simulator.key_for(&[world.sellable_box().project, newer.clone()]);
    let (lat, lng) = (-27.0, -48.0);
    world.simulator.add_box(NewBox {
        project: Some(newer),
        lat,
        lng,
        implanted: true,
        splitters: vec![NewSplitter::service(8, 3)],
        ..NewBox::default()
    });
    (key, lat, lng)
}

#[tokio::test]
async fn not_viable_is_never_said_of_projects_that_the_data_lack() {
    let world = World::build(Plan { config: "[live]\ncalls_per_second = 1000", ..Plan::default() }).await;
    let (key, lat, lng) = wider_key(&world);
    assert!(world.ask_as(&key, lat, lng, 100.0).await.is_viable());
    world.simulator.faults().set("/ftth-viability", Fault::Failure { rate: 1.0, status: 503 });
    let answer = world.ask_as(&key, lat, lng, 101.0).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::SERVICE_UNAVAILABLE, "scope"));
    // Nor where a client insists on OZmap.
    let query = format!("lat={lat}&lng={lng}&radius=102");
    let answer = world.send(world.query(&key, &query).header("cache-control", "no-cache")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    // A box of the known project can be sold, whatever else there is.
    let home = world.sellable_box();
    let answer = world.ask_as(&key, home.lat, home.lng, 10.0).await;
    assert_eq!((answer.is_viable(), answer.detail()), (true, "live-failed"));
}

#[tokio::test]
async fn a_key_without_projects_or_with_unreadable_ones_is_answered_by_ozmap() {
    let world = World::build(Plan { config: "[live]\ncalls_per_second = 1000", ..Plan::default() }).await;
    let home = world.sellable_box();
    for (list, radius) in [(r#"{"total":0,"rows":[]}"#, 50.0), (r#"{"total":1,"rows":[{"id":7}]}"#, 51.0)] {
        let key = world.simulator.key_for(std::slice::from_ref(&home.project));
        world.simulator.faults().answer("/projects", 200, "application/json", list);
        let answer = world.ask_as(&key, home.lat, home.lng, radius).await;
        assert_eq!(answer.detail(), "scope", "{list}");
        assert_eq!(answer.body, world.oracle(&key, home.lat, home.lng, radius));
        assert!(answer.is_viable());
    }
}

#[tokio::test]
async fn a_slow_ozmap_of_one_tenant_refuses_nobody_elses_requests_and_none_that_memory_answers() {
    let (slow, other) = (Simulator::start(Settings::default()).await.unwrap(), World::start().await);
    let tenants = [("slow", &slow), ("other", &other.simulator)];
    let mut world = World::cold(Plan::default()).await;
    world.app = start_app_with(&tenants, "max_in_flight = 1", "", "").await;
    for refresher in world.app.refreshers() {
        refresher.report_of(1, PATIENCE).await.unwrap().outcome.unwrap();
    }
    slow.faults().set("/ftth-viability", Fault::Hang);
    let home = world.sellable_box();
    let ask = |tenant: &str, key: String, radius: f64| {
        let url = format!(
            "/{tenant}/api/v2/ftth-viability/radius?lat={}&lng={}&radius={radius}",
            home.lat, home.lng
        );
        world.send(world.http.get(world.public(&url)).header("authorization", key))
    };
    let mut waiting = Box::pin(ask("slow", slow.full_key(), 3_000.0));
    let waits = async {
        while slow.requests("viability") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = &mut waiting => panic!("{answer:?}"),
        () = waits => {}
    }
    let refused = ask("slow", slow.full_key(), 3_001.0).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("overloaded"))
    );
    for (tenant, key) in [("slow", slow.full_key()), ("other", other.simulator.full_key())] {
        let answer = ask(tenant, key, 100.0).await;
        assert_eq!((answer.is_viable(), answer.detail()), (true, "index"), "{tenant}");
    }
    let live = ask("other", other.simulator.full_key(), 3_000.0).await;
    assert_eq!(live.detail(), "radius");
}

#[tokio::test]
async fn a_known_key_is_not_checked_again_for_each_request_of_an_outage() {
    let world = World::build(Plan { config: "[access]\nscope_ttl = \"1ms\"", ..Plan::default() }).await;
    let pair = neighbours(&world);
    pair.check(&pair.ask(&world, 1_000.0).await);
    world.simulator.faults().set("/projects", Fault::Failure { rate: 1.0, status: 502 });
    let tries = world.simulator.requests("projects") + 3;
    world
        .until("a check has failed", || async {
            pair.check(&pair.ask(&world, 1_000.0).await);
            world.simulator.requests("projects") >= tries
        })
        .await;
    for _ in 0..20 {
        pair.check(&pair.ask(&world, 1_000.0).await);
    }
    assert_eq!(world.simulator.requests("projects"), tries, "one check of three tries");
}

#[tokio::test]
async fn made_up_keys_do_not_prolong_a_revoked_one() {
    let config = "[access]\nscope_ttl = \"1ms\"\n[live]\ncalls_per_second = 0.001";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let pair = neighbours(&world);
    pair.check(&pair.ask(&world, 1_000.0).await);
    world.simulator.revoke(&pair.key);
    let mut unchecked = 0;
    for number in 0..40 {
        let answer = world.ask_as(&format!("made-up-{number}"), 1.0, 2.0, 3.0).await;
        unchecked += u32::from(answer.status == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(unchecked > 0, "the checks of unknown keys are used up");
    let revoked = async || pair.ask(&world, 1_000.0).await.status == StatusCode::UNAUTHORIZED;
    world.until("the key is refused", revoked).await;
}

#[tokio::test]
async fn a_known_key_that_ozmap_forbids_loses_its_scope_though_it_is_no_401() {
    let config = "[access]\nscope_ttl = \"1ms\"\nrejected_ttl = \"1ms\"\n[live]\ncalls_per_second = 1000";
    let world = World::build(Plan { config, ..Plan::default() }).await;
    let pair = neighbours(&world);
    pair.check(&pair.ask(&world, 1_000.0).await);
    let forbidden = r#"{"message":"Forbidden"}"#;
    world.simulator.faults().answer("/projects", 403, "application/json", forbidden);
    let refused = async || pair.ask(&world, 1_000.0).await.status == StatusCode::UNAUTHORIZED;
    world.until("it is refused", refused).await;
    // An answer that is no list: OZmap itself has to say what this key sees.
    world.simulator.faults().clear();
    let other = neighbours(&world).key;
    world.simulator.faults().answer("/projects", 404, "application/json", forbidden);
    let answered = async || {
        let answer = world.ask_as(&other, pair.mine.lat, pair.mine.lng, 999.0).await;
        answer.status == StatusCode::OK && answer.detail().contains("scope")
    };
    world.until("OZmap answers", answered).await;
}

/// OZmap's SDK sends a body with a GET: what a client takes to send it is no patience lost with OZmap.
#[tokio::test]
async fn a_key_is_checked_though_the_body_of_its_first_query_comes_late() {
    let deadline = Duration::from_millis(500);
    let world = World::build(Plan { config: "[live]\ndeadline = \"500ms\"\n", ..Plan::default() }).await;
    let pair = neighbours(&world);
    let mut client = Raw::connect(world.app.public_address()).await;
    let (lat, lng, key) = (pair.mine.lat, pair.mine.lng, &pair.key);
    let path = format!("/api/v2/ftth-viability/radius?lat={lat}&lng={lng}&radius=150");
    client
        .send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\nContent-Length: 2\r\n\r\n"))
        .await;
    // The client's slowness is what is tested.
    tokio::time::sleep(deadline).await;
    client.send("{}").await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}
