//! The oracle against cases computed by hand.

use crate::client::get;
use crate::ground::{DEGREE, ask, at, empty, listed};
use ozmap_simulator::{ConnectorKind, NewBox, NewPort, NewSplitter, OracleRules};
use serde_json::json;

#[tokio::test]
async fn distances_are_those_of_great_circles_to_two_decimals() {
    let simulator = empty(OracleRules::default()).await;
    simulator.add_box(at(-27.001, -48.0));
    simulator.add_box(at(0.0, 179.999_5));
    simulator.add_box(at(89.999, 10.0));
    let distance = |lat, lng| ask(&simulator, lat, lng, 500.0)["boxes"][0]["distance"].as_f64().unwrap();
    assert!((distance(-27.0, -48.0) - 111.32).abs() < 1e-9);
    assert!((distance(0.0, -179.999_5) - 111.32).abs() < 1e-9, "over the antimeridian");
    assert!((distance(89.999, -170.0) - 222.64).abs() < 1e-9, "over the pole");
}

#[tokio::test]
async fn the_boundary_is_inside() {
    let simulator = empty(OracleRules::default()).await;
    simulator.add_box(at(0.0, 0.001));
    let metres = DEGREE / 1000.0;
    assert_eq!(ask(&simulator, 0.0, 0.0, metres + 1e-4)["viable"], true);
    assert_eq!(ask(&simulator, 0.0, 0.0, metres - 1e-4)["viable"], false);
    simulator.add_box(at(10.0, 10.0));
    assert_eq!(ask(&simulator, 10.0, 10.0, 0.0)["viable"], true, "at no distance at all");
}

#[tokio::test]
async fn ports_are_counted_over_the_service_splitters_and_judged() {
    let simulator = empty(OracleRules::default()).await;
    let blocked = NewSplitter {
        kind: ConnectorKind::Splitter,
        is_drop: true,
        ports: vec![NewPort { used: false, blocked: true }; 4],
    };
    let cases = [
        (vec![NewSplitter::service(8, 5), NewSplitter::service(8, 7)], Ok(4)),
        (vec![NewSplitter::service(8, 8)], Err("no_free_port")),
        (vec![blocked.clone()], Err("no_free_port")),
        (vec![blocked, NewSplitter::service(2, 1)], Ok(1)),
        (vec![], Err("no_service_connector")),
        (vec![NewSplitter::network(8)], Err("no_service_connector")),
        (vec![NewSplitter::network(8), NewSplitter::service(8, 2)], Ok(6)),
    ];
    for (number, (splitters, expected)) in cases.into_iter().enumerate() {
        let lat = -10.0 - number as f64;
        simulator.add_box(NewBox { splitters, ..at(lat, -50.0) });
        let answer = ask(&simulator, lat, -50.0, 10.0);
        match expected {
            Ok(free) => assert_eq!(
                (&answer["boxes"][0]["availability"], answer["viable"].as_bool()),
                (&json!(free), Some(true))
            ),
            Err(reason) => {
                assert_eq!(
                    (&answer["refused_boxes"][0]["reason"], answer["viable"].as_bool()),
                    (&json!(reason), Some(false))
                );
                assert_eq!(answer["refused_boxes"][0]["availability"], 0);
            }
        }
    }
}

#[tokio::test]
async fn blocked_ports_are_free_where_the_setting_says_so() {
    let simulator = empty(OracleRules { blocked_ports_are_free: true, ..OracleRules::default() }).await;
    let ports = vec![NewPort { used: false, blocked: true }, NewPort { used: true, blocked: true }];
    simulator.add_box(NewBox {
        splitters: vec![NewSplitter { kind: ConnectorKind::Splitter, is_drop: true, ports }],
        ..at(1.0, 1.0)
    });
    assert_eq!(ask(&simulator, 1.0, 1.0, 1.0)["boxes"][0]["availability"], 1);
}

#[tokio::test]
async fn drafts_are_in_no_list_and_those_not_implanted_are_offered() {
    let simulator = empty(OracleRules::default()).await;
    let id = simulator.add_box(NewBox { implanted: false, ..at(2.0, 2.0) });
    let answer = ask(&simulator, 2.0, 2.0, 1.0);
    assert_eq!(
        (listed(&answer, "boxes"), &answer["boxes"][0]["implanted"]),
        (vec![id.clone()], &json!(false))
    );
    simulator.set_draft(&id, true).unwrap();
    let answer = ask(&simulator, 2.0, 2.0, 1.0);
    assert_eq!((listed(&answer, "boxes").len(), listed(&answer, "refused_boxes").len()), (0, 0));
}

#[tokio::test]
async fn the_nearest_come_first_ties_by_id_and_each_list_is_cut_by_itself() {
    let simulator = empty(OracleRules { max_boxes: 3, ..OracleRules::default() }).await;
    let far = simulator.add_box(at(5.001, 5.0));
    let twins = [simulator.add_box(at(5.000_5, 5.0)), simulator.add_box(at(5.000_5, 5.0))];
    simulator.add_box(at(5.002, 5.0));
    for _ in 0..5 {
        simulator.add_box(NewBox { splitters: vec![], ..at(5.0, 5.0) });
    }
    let answer = ask(&simulator, 5.0, 5.0, 1_000.0);
    assert_eq!(listed(&answer, "boxes"), [twins[0].clone(), twins[1].clone(), far]);
    assert_eq!(listed(&answer, "refused_boxes").len(), 3);
}

#[tokio::test]
async fn the_route_answers_what_the_oracle_says_and_refuses_nonsense() {
    let simulator = empty(OracleRules::default()).await;
    simulator.add_box(at(-27.0, -48.0));
    let answer = get(&simulator, "/ftth-viability/radius?lat=-27.001&lng=-48").await;
    assert_eq!(answer, simulator.oracle(&simulator.full_key(), -27.001, -48.0, None));
    assert_eq!(answer["viable"], true, "the default radius is 150 m");
    for query in [
        "",
        "lat=1",
        "lat=x&lng=1",
        "lat=91&lng=1",
        "lat=1&lng=181",
        "lat=1&lng=1&radius=-1",
        "lat=1&lng=1&radius=NaN",
    ] {
        let reply = crate::client::get_as(
            &simulator,
            &simulator.full_key(),
            &format!("/ftth-viability/radius?{query}"),
        )
        .await;
        assert_eq!(reply.status, 400, "{query}");
    }
}
