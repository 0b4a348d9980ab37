//! Homes and gated communities in the answer.

use crate::client::{get, start};
use crate::ground::{DEGREE, ask, at, empty, listed, spot, square};
use ozmap_simulator::{
    ControlError, NewBox, NewCondominium, NewPort, NewProperty, NewSplitter, OracleRules, PropertyPort,
    Settings, Simulator,
};
use serde_json::{Value, json};

fn home(lat: f64, lng: f64) -> NewProperty {
    NewProperty { position: Some(spot(lat, lng)), ..NewProperty::default() }
}

fn rules() -> OracleRules {
    OracleRules::default()
}

#[tokio::test]
async fn homes_without_client_are_listed_by_distance_then_id_and_cut() {
    let simulator = empty(OracleRules { list_properties: true, max_boxes: 3, ..rules() }).await;
    let add = |new: NewProperty| simulator.add_property(new).unwrap();
    let far = add(home(5.001, 5.0));
    let twins = [add(home(5.000_5, 5.0)), add(home(5.000_5, 5.0))];
    add(home(5.001_1, 5.0));
    add(NewProperty { has_client: true, ..home(5.0, 5.0) });
    add(NewProperty::default());
    let beyond = add(home(6.0, 5.0));
    let answer = ask(&simulator, 5.0, 5.0, 500.0);
    assert_eq!(listed(&answer, "properties"), [twins[0].clone(), twins[1].clone(), far]);
    assert_eq!(answer["viable"], false, "homes make nothing viable");
    assert_eq!(listed(&ask(&simulator, 6.0, 5.0, 0.0), "properties"), std::slice::from_ref(&beyond));
    let millidegree = DEGREE / 1000.0;
    assert!(listed(&ask(&simulator, 6.001, 5.0, millidegree - 1e-4), "properties").is_empty());
    assert_eq!(listed(&ask(&simulator, 6.001, 5.0, millidegree + 1e-4), "properties"), [beyond]);
}

#[tokio::test]
async fn a_listed_home_reads_as_its_row_and_its_project_must_be_seen() {
    let simulator =
        start(Settings { rules: OracleRules { list_properties: true, ..rules() }, ..Settings::default() })
            .await;
    let page = get(&simulator, "/properties?limit=0").await;
    let row = page["rows"].as_array().unwrap().iter().find(|row| {
        row["client"].is_null()
            && row["lat"].is_number()
            && row["observation"] != ""
            && row["project"].is_string()
    });
    let row = row.expect("an empty home with an observation");
    let (lat, lng) = (row["lat"].as_f64().unwrap(), row["lng"].as_f64().unwrap());
    let item = json!({ "id": row["id"], "address": row["address"], "observation": row["observation"] });
    assert_eq!(ask(&simulator, lat, lng, 0.0)["properties"], json!([item]));
    let answer = |key: String| simulator.oracle(&key, lat, lng, Some(0.0))["properties"].clone();
    let own = row["project"].as_str().unwrap().to_owned();
    let others: Vec<_> =
        simulator.projects().into_iter().map(|project| project.id).filter(|id| *id != own).collect();
    assert_eq!(answer(simulator.key_for(&[own])), json!([item]));
    assert_eq!(answer(simulator.key_for(&others)), json!([]));
}

#[tokio::test]
async fn by_default_neither_homes_nor_communities_show() {
    let simulator = empty(rules()).await;
    simulator.add_property(home(1.0, 1.0)).unwrap();
    simulator.add_condominium(square(1.0, 1.0));
    simulator.add_box(at(1.0, 1.0));
    let answer = ask(&simulator, 1.0, 1.0, 10.0);
    assert_eq!((&answer["properties"], &answer["boxes"][0]["horizontal_condos"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_box_tells_the_communities_around_it_that_the_key_sees() {
    let simulator = empty(OracleRules { list_condominiums: true, ..rules() }).await;
    let named = |name: &str, project: &str, lat: f64| {
        let place =
            NewCondominium { name: name.to_owned(), project: Some(project.to_owned()), ..square(lat, 1.0) };
        simulator.add_condominium(place)
    };
    let own = simulator.projects()[0].id.clone();
    let (one, two) = (named("Um", &own, 1.001), named("Dois", &own, 0.999));
    let foreign = named("Três", "Rede dos outros", 1.0);
    named("Longe", &own, 1.01);
    simulator.add_box(at(1.0, 1.0));
    simulator.add_box(NewBox { splitters: vec![], ..at(1.0, 1.0) });
    let condos = |list: &str, key: &str| {
        simulator.oracle(key, 1.0, 1.0, Some(1.0))[list][0]["horizontal_condos"].clone()
    };
    let first_two = json!([{ "id": one, "name": "Um" }, { "id": two, "name": "Dois" }]);
    let mut all = first_two.clone();
    all.as_array_mut().unwrap().push(json!({ "id": foreign, "name": "Três" }));
    for list in ["boxes", "refused_boxes"] {
        assert_eq!(condos(list, &simulator.full_key()), all, "{list}");
        assert_eq!(condos(list, &simulator.key_for(std::slice::from_ref(&own))), first_two, "{list}");
    }
}

/// Ids of the boxes offered and refused.
fn told(answer: &Value) -> Vec<String> {
    [listed(answer, "boxes"), listed(answer, "refused_boxes")].concat()
}

#[tokio::test]
async fn inside_communities_only_boxes_in_one_of_them_count_and_outside_only_those_in_none() {
    let simulator = empty(OracleRules { consider_condominiums: true, ..rules() }).await;
    // West and east overlap by a strip around lng 1; north lies apart.
    simulator.add_condominium(square(1.0, 0.998_5));
    let east = NewCondominium { project: Some("Rede dos outros".to_owned()), ..square(1.0, 1.001_5) };
    simulator.add_condominium(east);
    simulator.add_condominium(square(1.01, 1.0));
    let in_west = simulator.add_box(at(1.0, 0.998));
    let in_east = simulator.add_box(NewBox { splitters: vec![], ..at(1.0, 1.002) });
    let in_both = simulator.add_box(at(1.000_1, 1.0));
    let in_north = simulator.add_box(at(1.01, 1.0));
    let in_none = simulator.add_box(at(1.003, 1.0));
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let around = |lat: f64, lng: f64| sorted(told(&ask(&simulator, lat, lng, 5_000.0)));
    assert_eq!(around(1.0, 0.997), [in_west.clone(), in_both.clone()]);
    assert_eq!(around(1.0, 1.003), [in_east.clone(), in_both.clone()]);
    assert_eq!(around(1.0, 1.0), [in_west, in_east, in_both]);
    assert_eq!(around(1.01, 1.001), [in_north]);
    assert_eq!(around(1.004, 1.0), [in_none]);
    // Communities that the key does not see part its boxes all the same.
    let own = simulator.key_for(&[simulator.projects()[0].id.clone()]);
    let answer = simulator.oracle(&own, 1.0, 1.003, Some(5_000.0));
    assert_eq!(told(&answer).len(), 2, "{answer}");
}

#[tokio::test]
async fn a_community_may_have_any_shape() {
    let simulator = empty(OracleRules { list_condominiums: true, ..rules() }).await;
    // A U, open to the north: its notch, from lng 1 to 2 and from lat 1 up, is outside.
    let corners =
        [(0.0, 0.0), (0.0, 3.0), (3.0, 3.0), (3.0, 2.0), (1.0, 2.0), (1.0, 1.0), (3.0, 1.0), (3.0, 0.0)];
    let corners = corners.map(|(lat, lng)| spot(lat, lng)).into();
    simulator.add_condominium(NewCondominium { name: "U".to_owned(), project: None, corners });
    let cases = [
        ((2.0, 0.5), true),
        ((2.0, 1.5), false),
        ((2.0, 2.5), true),
        ((0.5, 1.5), true),
        ((3.5, 0.5), false),
        ((2.0, -0.5), false),
        ((2.0, 3.5), false),
    ];
    for ((lat, lng), inside) in cases {
        simulator.add_box(at(lat, lng));
        let answer = ask(&simulator, lat, lng, 1.0);
        let condos = answer["boxes"][0]["horizontal_condos"].as_array().unwrap();
        assert_eq!(condos.len(), usize::from(inside), "{lat} {lng}");
    }
}

/// A box at 1, 1 with ports: free, sold, sold and blocked, sold.
fn sold_box(simulator: &Simulator) -> String {
    let port = |used, blocked| NewPort { used, blocked };
    let ports = vec![port(false, false), port(true, false), port(true, true), port(true, false)];
    let splitter = NewSplitter { ports, ..NewSplitter::service(0, 0) };
    simulator.add_box(NewBox { splitters: vec![splitter], ..at(1.0, 1.0) })
}

#[tokio::test]
async fn ports_held_by_homes_without_client_are_free_where_the_setting_says_so() {
    for (property_ports_are_free, expected) in [(false, 1), (true, 2)] {
        let simulator = empty(OracleRules { property_ports_are_free, ..rules() }).await;
        let id = sold_box(&simulator);
        let at_port = |port, has_client| {
            let (in_box, port) = (Some(id.clone()), Some(PropertyPort::first(port)));
            simulator
                .add_property(NewProperty { in_box, port, has_client, ..NewProperty::default() })
                .unwrap()
        };
        let (empty, _blocked, inhabited) = (at_port(2, false), at_port(3, false), at_port(4, true));
        let free = || ask(&simulator, 1.0, 1.0, 1.0)["boxes"][0]["availability"].clone();
        assert_eq!(free(), expected);
        let more = usize::from(property_ports_are_free);
        simulator.set_client(&inhabited, false).unwrap();
        assert_eq!(free(), expected + more);
        simulator.set_client(&empty, true).unwrap();
        assert_eq!(free(), expected);
        simulator.delete_property(&inhabited).unwrap();
        assert_eq!(free(), 1, "what is left is the port without fibre");
    }
}

#[tokio::test]
async fn selling_takes_free_ports_then_those_of_homes_without_client() {
    let simulator = empty(OracleRules { property_ports_are_free: true, ..rules() }).await;
    let id = sold_box(&simulator);
    let (in_box, port) = (Some(id.clone()), Some(PropertyPort::first(2)));
    let home = simulator.add_property(NewProperty { in_box, port, ..NewProperty::default() }).unwrap();
    let inhabited = || simulator.properties().iter().any(|seen| seen.id == home && seen.has_client);
    assert_eq!((simulator.sell_port(&id), inhabited()), (Ok(1), false));
    assert_eq!((simulator.sell_port(&id), inhabited()), (Ok(0), true));
    assert!(simulator.sell_port(&id).is_err());
    assert_eq!(simulator.free_port(&id), Ok(1));
    simulator.set_client(&home, false).unwrap();
    simulator.sell_out(&id).unwrap();
    assert_eq!(simulator.free_ports(&id), Some(0));
}

#[tokio::test]
async fn a_port_that_counts_as_free_is_not_given_back() {
    let simulator = empty(OracleRules { property_ports_are_free: true, ..rules() }).await;
    let id = sold_box(&simulator);
    let (in_box, port) = (Some(id.clone()), Some(PropertyPort::first(2)));
    simulator.add_property(NewProperty { in_box, port, ..NewProperty::default() }).unwrap();
    assert_eq!(simulator.free_port(&id), Ok(3), "the fourth");
    assert_eq!(simulator.free_port(&id), Err(ControlError::NoSoldPort(id)));
}

#[tokio::test]
async fn a_home_is_cut_off_from_a_port_that_was_given_back() {
    let simulator = empty(OracleRules { property_ports_are_free: true, ..rules() }).await;
    let id = simulator.add_box(NewBox { splitters: vec![NewSplitter::service(1, 1)], ..at(1.0, 1.0) });
    let (in_box, port) = (Some(id.clone()), Some(PropertyPort::first(1)));
    let home = NewProperty { in_box, port, has_client: true, ..NewProperty::default() };
    let home = simulator.add_property(home).unwrap();
    let connections = async || get(&simulator, &format!("/properties/{home}")).await["connections"].clone();
    let splitter = simulator.splitters_of(&id)[0].id.clone();
    let served = connections().await;
    assert_eq!((&served[0]["id"], &served[0]["kind"]), (&json!(splitter), &json!("Splitter")));
    assert_eq!(served[0]["port"], 1);
    simulator.free_port(&id).unwrap();
    simulator.sell_port(&id).unwrap();
    simulator.set_client(&home, false).unwrap();
    assert_eq!((connections().await, simulator.free_ports(&id)), (json!([]), Some(0)));
}

#[tokio::test]
async fn rows_of_homes_and_communities_have_ozmaps_shape() {
    let simulator = start(Settings { boxes: 20_000, ..Settings::default() }).await;
    let homes = get(&simulator, "/properties?limit=0").await;
    let homes = homes["rows"].as_array().unwrap();
    let lost = homes.iter().filter(|row| row.get("coords").is_none()).count();
    assert!(homes.len() / 200 < lost && lost < homes.len() / 50, "{lost} of {}", homes.len());
    assert!(homes.iter().all(|row| row["lat"].is_null() == row.get("coords").is_none()));
    let connections = homes.iter().flat_map(|row| row["connections"].as_array().unwrap());
    let kinds: Vec<_> = connections.map(|connection| connection["kind"].clone()).collect();
    assert!(kinds.len() > 1_000 && kinds.iter().all(|kind| kind == "Splitter"));
    let communities = get(&simulator, "/horizontal-condominiums?limit=0").await;
    for row in communities["rows"].as_array().unwrap() {
        let ring = row["polygon"]["coordinates"].as_array().unwrap();
        assert_eq!((&row["polygon"]["type"], ring.len(), row.get("coords")), (&json!("Polygon"), 5, None));
        assert_eq!(ring[0], ring[4], "closed");
        let (lng, lat) = (ring[0][0].as_f64().unwrap(), ring[0][1].as_f64().unwrap());
        assert!((-34.0..6.0).contains(&lat) && (-74.0..-34.0).contains(&lng), "[lng, lat]");
    }
}
