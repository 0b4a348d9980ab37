//! Habits of the answer that nobody documents, and the maximum drop.

use crate::client::{get, start};
use crate::ground::{ask, at, empty, listed};
use ozmap_simulator::{Boundary, BoxOrder, NewBox, OracleRules, RefusedBoxes, Settings};
use serde_json::{Value, json};

#[tokio::test]
async fn a_box_beyond_its_projects_maximum_drop_is_refused() {
    let simulator = empty(OracleRules { maximum_drop: true, ..OracleRules::default() }).await;
    let project = simulator.add_project("Rede curta");
    let own = |lat| NewBox { project: Some(project.clone()), ..at(lat, 1.0) };
    // 0.0005 degrees are 55.66 m, 0.0006 are 66.79 m.
    let (near, far) = (simulator.add_box(own(1.000_5)), simulator.add_box(own(1.000_6)));
    let full = simulator.add_box(NewBox { splitters: vec![], ..own(1.000_7) });
    let told = |metres| {
        simulator.set_maximum_drop(&project, metres).unwrap();
        let answer = ask(&simulator, 1.0, 1.0, 100.0);
        let reasons: Vec<_> = answer["refused_boxes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                (item["id"].as_str().unwrap().to_owned(), item["reason"].as_str().unwrap().to_owned())
            })
            .collect();
        (listed(&answer, "boxes"), reasons)
    };
    let bare = (full, "no_service_connector".to_owned());
    let too_long = |id: &String| (id.clone(), "drop_too_long".to_owned());
    assert_eq!(told(Some(60.0)), (vec![near.clone()], vec![too_long(&far), bare.clone()]));
    assert_eq!(told(Some(10.0)), (vec![], vec![too_long(&near), too_long(&far), bare.clone()]));
    assert_eq!(ask(&simulator, 1.0, 1.0, 100.0)["refused_boxes"][0]["availability"], 8);
    assert_eq!(told(None), (vec![near, far], vec![bare]));
}

#[tokio::test]
async fn the_maximum_drop_counts_only_where_the_setting_says_so_and_projects_tell_it() {
    let simulator = empty(OracleRules::default()).await;
    let project = simulator.projects()[0].id.clone();
    let told = async || get(&simulator, &format!("/projects/{project}")).await;
    let before = told().await;
    assert_eq!(before["drop"], json!({ "maxSize": 200 }));
    simulator.set_maximum_drop(&project, Some(10.5)).unwrap();
    let after = told().await;
    assert_eq!(after["drop"], json!({ "maxSize": 10.5 }));
    assert_ne!(after["updatedAt"], before["updatedAt"]);
    simulator.add_box(at(1.001, 1.0));
    assert_eq!(ask(&simulator, 1.0, 1.0, 200.0)["viable"], true);
    simulator.set_maximum_drop(&project, None).unwrap();
    assert!(told().await.get("drop").is_none());
    let city = start(Settings { boxes: 5_000, ..Settings::default() }).await;
    let projects = get(&city, "/projects?limit=0").await;
    let has: Vec<_> =
        projects["rows"].as_array().unwrap().iter().map(|row| row.get("drop").is_some()).collect();
    assert!(has.contains(&true) && has.contains(&false), "{has:?}");
}

#[tokio::test]
async fn the_edge_may_be_outside() {
    // At no distance at all, the edge of a radius of 0 is hit exactly.
    for (boundary, viable) in [(Boundary::Inclusive, true), (Boundary::Exclusive, false)] {
        let simulator = empty(OracleRules { boundary, ..OracleRules::default() }).await;
        simulator.add_box(at(10.0, 10.0));
        assert_eq!(ask(&simulator, 10.0, 10.0, 0.0)["viable"], viable);
        assert_eq!(ask(&simulator, 10.0, 10.0, 0.01)["viable"], true);
    }
}

#[tokio::test]
async fn refused_boxes_may_be_left_out() {
    let rules = OracleRules { refused: RefusedBoxes::LeftOut, ..OracleRules::default() };
    let simulator = empty(rules).await;
    let offered = simulator.add_box(at(1.0, 1.0));
    simulator.add_box(NewBox { splitters: vec![], ..at(1.0, 1.0) });
    let answer = ask(&simulator, 1.0, 1.0, 1.0);
    assert_eq!((listed(&answer, "boxes"), &answer["refused_boxes"]), (vec![offered], &json!([])));
}

#[tokio::test]
async fn boxes_may_come_by_id_and_the_nearest_are_kept_all_the_same() {
    let rules = OracleRules { order: BoxOrder::ById, max_boxes: 2, ..OracleRules::default() };
    let simulator = empty(rules).await;
    for splitters in [vec![], NewBox::default().splitters] {
        let add = |lat| simulator.add_box(NewBox { splitters: splitters.clone(), ..at(lat, 1.0) });
        let (_far, middle, near) = (add(1.000_3), add(1.000_2), add(1.000_1));
        let list = if splitters.is_empty() { "refused_boxes" } else { "boxes" };
        assert_eq!(listed(&ask(&simulator, 1.0, 1.0, 100.0), list), [middle, near], "{list}");
    }
}

#[tokio::test]
async fn a_field_that_nobody_documented_may_follow_the_others() {
    for unknown_field in [false, true] {
        let simulator = empty(OracleRules { unknown_field, ..OracleRules::default() }).await;
        simulator.add_box(at(1.0, 1.0));
        simulator.add_box(NewBox { splitters: vec![], ..at(1.0, 1.0) });
        let path = "/ftth-viability/radius?lat=1&lng=1&radius=1";
        let reply = crate::client::get_as(&simulator, &simulator.full_key(), path).await;
        let text = String::from_utf8(reply.body).unwrap();
        let (offered, refused) = if unknown_field {
            (r#""horizontal_condos":[],"olt":"OLT-1"}"#, r#""horizontal_condos":[],"olt":"OLT-1","reason":"#)
        } else {
            (r#""horizontal_condos":[]}"#, r#""horizontal_condos":[],"reason":"#)
        };
        assert!(text.contains(offered) && text.contains(refused), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer, ask(&simulator, 1.0, 1.0, 1.0));
    }
}
