//! What stands around boxes: homes without client, their ports, gated communities.

use crate::harness::{PATIENCE, Plan, World, start_app};
use ozmap_simulator::{
    Fault, NewBox, NewCondominium, NewProperty, NewSplitter, OracleRules, Position, PropertyPort, Settings,
};
use serde_json::{Value, json};
use std::mem::replace;
use viability_proxy::refresh::report::Trigger;
use viability_proxy::refresh::run::Published;

/// All that OZmap can be told to do about homes and communities, and the proxy with it.
fn all_rules() -> OracleRules {
    let listed = OracleRules { list_properties: true, list_condominiums: true, ..OracleRules::default() };
    OracleRules { property_ports_are_free: true, consider_condominiums: true, ..listed }
}

const ALL: &str = "[viability]
    property_ports_are_free = true
    list_properties = true
    list_condominiums = true
    consider_condominiums = true
    [tenants.demo.refresh]
    changes = \"1h\"
    fallback = \"1h\"";

/// A home far from all others, a few metres from a box with one port, which leads there.
struct Lonely {
    world: World,
    home: String,
    lat: f64,
    lng: f64,
}

impl Lonely {
    async fn without_client(config: &'static str) -> Self {
        let world = World::build(Plan {
            simulator: Settings { rules: all_rules(), ..Settings::default() },
            config,
            server: "queue_timeout = \"1h\"",
            ..Plan::default()
        })
        .await;
        let (lat, lng) = (-5.0, -30.0);
        let splitters = vec![NewSplitter::service(1, 0)];
        let in_box = world.simulator.add_box(NewBox { lat, lng, splitters, ..NewBox::default() });
        let home = world.simulator.add_property(NewProperty {
            position: Some(Position { lat: lat + 0.000_1, lng }),
            address: "Rua \"São João\", 7".to_owned(),
            in_box: Some(in_box),
            port: Some(PropertyPort::first(1)),
            ..NewProperty::default()
        });
        world.refresh().await;
        Self { world, home: home.unwrap(), lat, lng }
    }

    /// The answer there, which is OZmap's own.
    async fn answer(&self) -> Value {
        let (lat, lng) = (self.lat, self.lng);
        let answer = self.world.ask(lat, lng, 50.0).await;
        let theirs = self.world.oracle(&self.world.simulator.full_key(), lat, lng, 50.0);
        assert_eq!((answer.detail(), &answer.body), ("index", &theirs));
        answer.body
    }

    async fn read_changes(&self) -> Published {
        let refresher = &self.world.app.refreshers()[0];
        let run = refresher.request_changes(Trigger::Changes).unwrap();
        refresher.report_of(run, PATIENCE).await.unwrap().outcome.unwrap()
    }
}

#[tokio::test]
async fn a_home_that_gets_a_client_is_listed_no_more_and_its_port_sold_with_the_next_changes() {
    let lonely = Lonely::without_client(ALL).await;
    let vacant = lonely.answer().await;
    assert_eq!((&vacant["viable"], &vacant["properties"][0]["id"]), (&json!(true), &json!(lonely.home)));
    lonely.world.simulator.set_client(&lonely.home, true).unwrap();
    assert_eq!(lonely.read_changes().await.changed, Some(1));
    let sold = lonely.answer().await;
    assert_eq!((&sold["viable"], &sold["properties"]), (&json!(false), &json!([])));
    lonely.world.simulator.set_client(&lonely.home, false).unwrap();
    lonely.read_changes().await;
    assert_eq!(lonely.answer().await, vacant);
    // What is deleted shows in no change.
    lonely.world.simulator.delete_property(&lonely.home).unwrap();
    let report = lonely.world.refresh().await;
    assert_eq!(report["published"]["drift"]["properties"]["deleted"], 1, "{report}");
    assert_eq!(lonely.answer().await["viable"], false);
}

#[tokio::test]
async fn the_last_port_that_may_lead_to_a_home_is_ozmaps_to_offer() {
    let live = "[tenants.demo.live]\nrecheck_after = \"0s\"\ncache_ttl = \"0s\"\ncalls_per_second = 100";
    let config = format!("{ALL}\n{live}").leak();
    let lonely = Lonely::without_client(config).await;
    let ask = async || {
        let answer = lonely.world.ask(lonely.lat, lonely.lng, 50.0).await;
        (answer.is_viable(), answer.detail().to_owned())
    };
    assert_eq!(ask().await, (true, "last-ports".to_owned()));
    lonely.world.simulator.set_client(&lonely.home, true).unwrap();
    assert_eq!(ask().await, (false, "last-ports".to_owned()));
    let held = async || {
        let data = lonely.world.app.refreshers()[0].tenant().data().unwrap();
        let mut boxes = data.snapshot.boxes();
        boxes.any(|one| one.position.lat().to_bits() == lonely.lat.to_bits() && one.free_ports() == 0)
    };
    lonely.world.until("what has changed is read", held).await;
    assert_eq!(ask().await, (false, "index".to_owned()));
}

#[tokio::test]
async fn lists_that_decide_and_come_back_empty_are_refused() {
    let config = "[viability]\nproperty_ports_are_free = true\nconsider_condominiums = true";
    let simulator = Settings { rules: all_rules(), ..Settings::default() };
    let world = World::build(Plan { simulator, config, ..Plan::default() }).await;
    let page = json!({ "total": 0, "count": 0, "start": 0, "limit": 500, "rows": [] }).to_string();
    for (list, objection) in
        [("/properties", "fewer_homes"), ("/horizontal-condominiums", "fewer_communities")]
    {
        world.simulator.faults().clear();
        world.simulator.faults().answer(list, 200, "application/json", &page);
        let report = world.refresh().await;
        assert_eq!(report["result"], "refused", "{report}");
        let rejected = format!("viability_refresh_rejected_total{{reason=\"{objection}\",tenant=\"demo\"}}");
        assert_eq!(world.metric(&rejected).await, 1, "{list}");
    }
}

#[tokio::test]
async fn a_home_that_was_deleted_is_missed_in_the_count_and_its_port_sold_by_reading_all() {
    let config = "[viability]\nproperty_ports_are_free = true\n[tenants.demo.refresh]\nchanges = \"20ms\"\nfallback = \"30ms\"";
    let lonely = Lonely::without_client(config).await;
    lonely.world.simulator.delete_property(&lonely.home).unwrap();
    let held = async || {
        let data = lonely.world.app.refreshers()[0].tenant().data().unwrap();
        let mut boxes = data.snapshot.boxes();
        boxes.any(|one| one.position.lat().to_bits() == lonely.lat.to_bits() && one.free_ports() == 0)
    };
    lonely.world.until("the port is free no more", held).await;
}

#[tokio::test]
async fn a_port_that_a_home_with_a_client_holds_too_is_not_free() {
    let lonely = Lonely::without_client(ALL).await;
    let in_box = lonely.answer().await["boxes"][0]["id"].as_str().unwrap().to_owned();
    let again = NewProperty {
        in_box: Some(in_box),
        port: Some(PropertyPort::first(1)),
        has_client: true,
        ..NewProperty::default()
    };
    lonely.world.simulator.add_property(again).unwrap();
    lonely.read_changes().await;
    assert_eq!(lonely.answer().await["viable"], false);
}

#[tokio::test]
async fn a_community_counts_with_the_next_full_refresh() {
    let lonely = Lonely::without_client(ALL).await;
    let around = |north: f64| {
        let corner = |by: f64| Position { lat: lonely.lat + by + north, lng: lonely.lng + by };
        NewCondominium::rectangle(corner(-0.000_05), corner(0.000_05))
    };
    let id = lonely.world.simulator.add_condominium(around(0.0));
    lonely.world.refresh().await;
    let inside = lonely.answer().await;
    assert_eq!(inside["boxes"][0]["horizontal_condos"][0]["id"], json!(id));
    // The box is in it no more, the home is.
    lonely
        .world
        .simulator
        .move_box(inside["boxes"][0]["id"].as_str().unwrap(), lonely.lat + 0.000_1, lonely.lng)
        .unwrap();
    lonely.read_changes().await;
    assert_eq!(lonely.answer().await["viable"], false);
    lonely.world.simulator.delete_condominium(&id).unwrap();
    lonely.world.refresh().await;
    assert_eq!(lonely.answer().await["viable"], true);
}

#[tokio::test]
async fn a_community_that_cant_be_read_leaves_every_verdict_to_ozmap_where_communities_decide() {
    let lonely = Lonely::without_client(ALL).await;
    let row = json!({
        "id": "5dc06d1275fc7d0006732521", "name": "x", "project": "5d51a87046cbe700148328bf",
        "polygon": { "type": "Polygon", "coordinates": [["a", "b"]] },
    });
    let rest = (0..200).map(|number| {
        let id = format!("{number:024x}");
        json!({ "id": id, "name": id, "project": "5d51a87046cbe700148328bf", "polygon": null })
    });
    let rows: Vec<_> = rest.chain([row]).collect();
    let page = json!({ "total": rows.len(), "count": rows.len(), "start": 0, "limit": 500, "rows": rows });
    lonely.world.simulator.faults().answer(
        "/horizontal-condominiums",
        200,
        "application/json",
        &page.to_string(),
    );
    let report = lonely.world.refresh().await;
    assert_eq!(report["result"], "ok", "{report}");
    let answer = lonely.world.ask(lonely.lat, lonely.lng, 50.0).await;
    assert_eq!((answer.detail(), answer.is_viable()), ("unreadable", true));
}

#[tokio::test]
async fn lists_that_decide_nothing_may_fail_and_those_that_do_may_not() {
    let listed = "[viability]
        list_properties = true
        list_condominiums = true
        [tenants.demo.refresh]
        changes = \"1h\"";
    let rules = OracleRules { list_properties: true, list_condominiums: true, ..OracleRules::default() };
    let simulator = Settings { rules, ..Settings::default() };
    let world = World::build(Plan { simulator, config: listed, ..Plan::default() }).await;
    let home = world.simulator.boxes().into_iter().find(|one| {
        let theirs = world.oracle(&world.simulator.full_key(), one.lat, one.lng, 300.0);
        theirs["properties"].as_array().unwrap().len() > 1
    });
    let home = home.unwrap();
    let before = world.ask(home.lat, home.lng, 300.0).await.body;
    let lists = ["properties", "horizontal-condominiums"];
    for list in lists {
        world.simulator.faults().set(&format!("/{list}"), Fault::Failure { rate: 1.0, status: 403 });
    }
    let report = world.refresh().await;
    assert_eq!(report["result"], "ok", "{report}");
    let left_out = report["published"]["left_out"].as_object().unwrap();
    assert!(left_out.keys().eq(["horizontal-condominiums", "properties"]), "{report}");
    assert_eq!(world.ask(home.lat, home.lng, 300.0).await.body, before, "as it was");
    for decides in ["property_ports_are_free = true", "consider_condominiums = true"] {
        let config = format!("[viability]\n{decides}");
        let app = start_app(&[("demo", &world.simulator)], &config).await;
        let report = app.refreshers()[0].report_of(1, PATIENCE).await.unwrap();
        assert!(report.outcome.is_err(), "{decides}");
    }
}

#[tokio::test]
async fn a_restart_finds_homes_and_communities_in_the_snapshots_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut lonely = Lonely::without_client(ALL).await;
    let simulator = &lonely.world.simulator;
    let corner = |by: f64| Position { lat: lonely.lat + by, lng: lonely.lng + by };
    simulator.add_condominium(NewCondominium::rectangle(corner(-0.001), corner(0.001)));
    let config = format!("{ALL}\n[snapshot]\ndirectory = '{}'", folder.path().display());
    for dead in [false, true] {
        if dead {
            lonely.world.simulator.faults().hang();
        }
        let app = start_app(&[("demo", &lonely.world.simulator)], &config).await;
        replace(&mut lonely.world.app, app).stop().await;
        if !dead {
            lonely.world.first_refresh().await;
            let line = r#"viability_snapshot_writes_total{result="ok",tenant="demo"} 1"#;
            lonely
                .world
                .until("the snapshot is written", async || lonely.world.metrics().await.contains(line))
                .await;
        }
        let answer = lonely.answer().await;
        assert_eq!(answer["properties"][0]["id"], json!(lonely.home));
        assert_eq!(answer["boxes"][0]["horizontal_condos"].as_array().unwrap().len(), 1);
    }
}
