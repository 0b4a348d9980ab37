//! Connectors, fusions and switches: their lists, and whether they count.

use crate::client::{get, ids, start};
use crate::ground::{ask, at, empty, listed};
use ozmap_simulator::{
    ConnectorKind, NewBox, NewPort, NewSplitter, OracleRules, ServiceConnectors, Settings,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use ConnectorKind::{Connector, Fusion, Switch};

const LISTS: [(ConnectorKind, &str, &str); 4] = [
    (ConnectorKind::Splitter, "splitters", "Splitter"),
    (Connector, "connectors", "Connector"),
    (Fusion, "fusions", "Fusion"),
    (Switch, "switches", "Switch"),
];

#[tokio::test]
async fn each_kind_has_a_list_of_its_own_and_the_shape_of_ozmaps_sdk() {
    let simulator = empty(OracleRules::default()).await;
    let splitters = LISTS.map(|(kind, ..)| NewSplitter::service(3, 1).of_kind(kind)).into();
    let id = simulator.add_box(NewBox { splitters, ..NewBox::default() });
    for (kind, list, name) in LISTS {
        let page = get(&simulator, &format!("/{list}")).await;
        let row = &page["rows"][0];
        let told = (&page["total"], &row["kind"], &row["parent"], &row["isDrop"], &row["implanted"]);
        assert_eq!(told, (&json!(1), &json!(name), &json!(id), &json!(true), &json!(true)), "{list}");
        let flat = matches!(kind, Connector | Fusion);
        let outputs = if flat { &row["connectables"] } else { &row["connectables"]["output"] };
        let used: Vec<_> = outputs.as_array().unwrap().iter().map(Value::is_string).collect();
        assert_eq!(used, [true, false, false], "{list}");
        assert_eq!(row.get("ports").map(|ports| ports.as_array().unwrap().len()), (!flat).then_some(3));
        assert_eq!(row.get("ratio").is_some(), kind == ConnectorKind::Splitter, "{list}");
        let one = ids(&page)[0].clone();
        assert_eq!(get(&simulator, &format!("/{list}/{one}")).await["id"], one);
    }
    let seen: BTreeSet<_> = simulator.splitters_of(&id).into_iter().map(|inside| inside.id).collect();
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[tokio::test]
async fn a_kind_counts_where_it_is_switched_on_and_is_for_service() {
    let none = ServiceConnectors { splitters: false, connectors: false, fusions: false, switches: false };
    let cases = [
        (ServiceConnectors::default(), 1),
        (ServiceConnectors { connectors: true, ..none }, 2),
        (ServiceConnectors { fusions: true, ..none }, 4),
        (ServiceConnectors { switches: true, ..none }, 8),
        (ServiceConnectors { splitters: true, connectors: true, fusions: true, switches: true }, 15),
    ];
    for (service_connectors, expected) in cases {
        let simulator = empty(OracleRules { service_connectors, ..OracleRules::default() }).await;
        let free = [1, 2, 4, 8];
        let mut splitters: Vec<_> = LISTS
            .iter()
            .zip(free)
            .map(|(list, free)| NewSplitter::service(10, 10 - free).of_kind(list.0))
            .collect();
        splitters.extend(LISTS.map(|(kind, ..)| NewSplitter::network(10).of_kind(kind)));
        let id = simulator.add_box(NewBox { splitters, ..at(1.0, 1.0) });
        assert_eq!(ask(&simulator, 1.0, 1.0, 1.0)["boxes"][0]["availability"], expected);
        assert_eq!(simulator.free_ports(&id), Some(expected));
        assert_eq!(simulator.sell_port(&id), Ok(expected - 1), "what counts is what is sold");
    }
}

#[tokio::test]
async fn a_box_without_a_kind_that_counts_has_no_service_connector() {
    let service_connectors = ServiceConnectors { fusions: true, ..ServiceConnectors::default() };
    let simulator = empty(OracleRules { service_connectors, ..OracleRules::default() }).await;
    let cases = [
        (NewSplitter::service(4, 0).of_kind(Connector), "no_service_connector"),
        (NewSplitter::network(4).of_kind(Fusion), "no_service_connector"),
        (NewSplitter::service(4, 4).of_kind(Fusion), "no_free_port"),
    ];
    for (number, (inside, reason)) in cases.into_iter().enumerate() {
        let lat = 1.0 + number as f64;
        simulator.add_box(NewBox { splitters: vec![inside], ..at(lat, 1.0) });
        assert_eq!(ask(&simulator, lat, 1.0, 1.0)["refused_boxes"][0]["reason"], reason);
    }
}

#[tokio::test]
async fn connectors_know_no_blocked_ports_and_switches_do() {
    let service_connectors =
        ServiceConnectors { connectors: true, switches: true, ..ServiceConnectors::default() };
    let simulator = empty(OracleRules { service_connectors, ..OracleRules::default() }).await;
    let blocked =
        |kind| NewSplitter { kind, is_drop: true, ports: vec![NewPort { used: false, blocked: true }] };
    let offered = simulator.add_box(NewBox { splitters: vec![blocked(Connector)], ..at(1.0, 1.0) });
    let refused = simulator.add_box(NewBox { splitters: vec![blocked(Switch)], ..at(1.0, 1.0) });
    let answer = ask(&simulator, 1.0, 1.0, 1.0);
    assert_eq!((listed(&answer, "boxes"), listed(&answer, "refused_boxes")), (vec![offered], vec![refused]));
}

#[tokio::test]
async fn a_few_generated_boxes_hold_them_some_for_service() {
    let simulator = start(Settings { boxes: 20_000, ..Settings::default() }).await;
    let boxes: BTreeSet<_> = simulator.boxes().into_iter().map(|one| one.id).collect();
    for (list, range) in [("connectors", 300..500), ("fusions", 300..500), ("switches", 60..140)] {
        let page = get(&simulator, &format!("/{list}?limit=0")).await;
        let rows = page["rows"].as_array().unwrap();
        assert!(range.contains(&rows.len()), "{} {list}", rows.len());
        let service = rows.iter().filter(|row| row["isDrop"] == true).count();
        assert!(service * 4 > rows.len() && service * 4 < 3 * rows.len(), "{service} of {list}");
        let parent =
            |row: &Value| row["parent"].as_str().or(row["parent"]["id"].as_str()).unwrap().to_owned();
        assert!(rows.iter().all(|row| boxes.contains(&parent(row))), "{list}");
    }
}
