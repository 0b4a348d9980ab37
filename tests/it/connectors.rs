//! Service connectors beside splitters, where the configuration says that they count.

use crate::harness::{PATIENCE, Plan, World};
use ozmap_simulator::{ConnectorKind, OracleRules, ServiceConnectors, Settings};
use viability_proxy::refresh::report::Trigger;
use viability_proxy::refresh::run::Published;

async fn world(config: &'static str, service_connectors: ServiceConnectors) -> World {
    let rules = OracleRules { service_connectors, ..OracleRules::default() };
    let simulator = Settings { boxes: 3_000, rules, ..Settings::default() };
    World::build(Plan { simulator, config, ..Plan::default() }).await
}

async fn read_changes(world: &World) -> Published {
    let refresher = &world.app.refreshers()[0];
    let run = refresher.request_changes(Trigger::Changes).unwrap();
    refresher.report_of(run, PATIENCE).await.unwrap().outcome.unwrap()
}

/// A box that is served by such a thing, too.
fn box_with(world: &World, kind: ConnectorKind) -> ozmap_simulator::BoxView {
    let has_free = |id: &str| {
        let all = world.simulator.splitters_of(id);
        all.iter().any(|one| one.kind == kind && one.is_drop && one.used < one.ports)
    };
    let mut boxes = world.simulator.boxes().into_iter();
    boxes.find(|one| !one.draft && one.free_ports > 0 && has_free(&one.id)).expect("such a box")
}

#[tokio::test]
async fn a_sale_at_any_counted_connector_shows_with_the_next_changes() {
    let all = ServiceConnectors { splitters: true, connectors: true, fusions: true, switches: true };
    let config = "[viability]
        service_connectors = [\"splitter\", \"connector\", \"fusion\", \"switch\"]
        [tenants.demo.refresh]
        changes = \"1h\"
        fallback = \"1h\"";
    let world = world(config, all).await;
    for kind in [ConnectorKind::Connector, ConnectorKind::Fusion, ConnectorKind::Switch] {
        let home = box_with(&world, kind);
        world.simulator.sell_out(&home.id).unwrap();
        assert_eq!(read_changes(&world).await.changed, Some(1), "{kind:?}");
        let key = world.simulator.full_key();
        let answer = world.ask(home.lat, home.lng, 50.0).await;
        assert_eq!(answer.body, world.oracle(&key, home.lat, home.lng, 50.0), "{kind:?}");
        assert!(answer.box_ids("refused_boxes").contains(&home.id.as_str()), "{kind:?}");
    }
    let lists: Vec<_> = world.app.refreshers()[0].reliance().into_iter().map(|one| one.list).collect();
    assert_eq!(lists, ["boxes", "splitters", "connectors", "fusions", "switches"]);
}

#[tokio::test]
async fn only_lists_that_count_are_read() {
    let fusions = ServiceConnectors { splitters: false, connectors: false, fusions: true, switches: false };
    let world = world("[viability]\nservice_connectors = [\"fusion\"]", fusions).await;
    let read = ["splitters", "connectors", "switches"].map(|list| world.simulator.requests(list));
    assert_eq!(read, [0; 3]);
    assert!(world.simulator.requests("fusions") > 0);
    let home = box_with(&world, ConnectorKind::Fusion);
    let key = world.simulator.full_key();
    assert_eq!(
        world.ask(home.lat, home.lng, 300.0).await.body,
        world.oracle(&key, home.lat, home.lng, 300.0)
    );
}
