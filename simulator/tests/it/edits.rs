//! What people do to homes, communities and splitters while others read the lists.

use crate::client::{control, get, get_as, ids};
use crate::ground::{ask, at, empty, listed, spot, square};
use ozmap_simulator::{ControlError, NewBox, NewProperty, NewSplitter, OracleRules, PropertyPort, Simulator};
use serde_json::{Value, json};

async fn ground() -> Simulator {
    empty(OracleRules { list_properties: true, list_condominiums: true, ..OracleRules::default() }).await
}

#[tokio::test]
async fn a_home_comes_gets_a_client_loses_it_and_goes() {
    let simulator = ground().await;
    let in_box =
        Some(simulator.add_box(NewBox { project: Some("Rede do norte".to_owned()), ..at(1.0, 1.0) }));
    let address = "Rua do Porto, 7".to_owned();
    let (position, port) = (Some(spot(1.0, 1.0)), Some(PropertyPort::first(3)));
    let home = NewProperty { position, address, in_box: in_box.clone(), port, ..NewProperty::default() };
    let id = simulator.add_property(home).unwrap();
    let row = async || get(&simulator, &format!("/properties/{id}")).await;
    let first = row().await;
    assert_eq!((&first["address"], &first["coords"]), (&json!("Rua do Porto, 7"), &json!([1, 1])));
    assert_eq!((&first["box"], &first["connections"][0]["port"]), (&json!(in_box), &json!(3)));
    assert!(first["project"] == simulator.add_project("Rede do norte"), "the box's project");
    let splitter = get(&simulator, "/splitters").await["rows"][0].clone();
    assert!(splitter["connectables"]["output"][2].is_string(), "a fibre leads to it");
    assert_eq!(listed(&ask(&simulator, 1.0, 1.0, 1.0), "properties"), std::slice::from_ref(&id));
    simulator.set_client(&id, true).unwrap();
    let second = row().await;
    assert!(second["client"].is_string() && second["updatedAt"] != first["updatedAt"]);
    assert!(listed(&ask(&simulator, 1.0, 1.0, 1.0), "properties").is_empty());
    simulator.set_client(&id, false).unwrap();
    assert!(row().await["client"].is_null());
    simulator.delete_property(&id).unwrap();
    assert_eq!(get(&simulator, "/properties").await["total"], 0);
    assert!(listed(&ask(&simulator, 1.0, 1.0, 1.0), "properties").is_empty());
    assert_eq!(simulator.delete_property(&id), Err(ControlError::UnknownProperty(id)));
}

#[tokio::test]
async fn a_home_needs_a_port_that_there_is() {
    let simulator = ground().await;
    let splitters = vec![NewSplitter::network(8), NewSplitter::service(4, 0)];
    let id = simulator.add_box(NewBox { splitters, ..NewBox::default() });
    let network = simulator.splitters_of(&id)[0].id.clone();
    let add = |port| {
        let (in_box, port) = (Some(id.clone()), Some(port));
        simulator.add_property(NewProperty { in_box, port, ..NewProperty::default() })
    };
    for port in [0, 5, 300] {
        assert_eq!(add(PropertyPort::first(port)), Err(ControlError::UnknownPort(port)));
    }
    assert!(add(PropertyPort::first(4)).is_ok(), "the service splitter's");
    assert!(add(PropertyPort::of(&network, 8)).is_ok());
    let elsewhere = NewProperty { port: Some(PropertyPort::first(1)), ..NewProperty::default() };
    assert_eq!(simulator.add_property(elsewhere), Err(ControlError::UnknownPort(1)));
    let used: Vec<_> = simulator.splitters_of(&id).iter().map(|inside| inside.used).collect();
    assert_eq!(used, [1, 1]);
}

#[tokio::test]
async fn a_community_comes_moves_and_goes() {
    let simulator = ground().await;
    simulator.add_box(at(1.0, 1.0));
    let around = || {
        let answer = ask(&simulator, 1.0, 1.0, 1.0);
        answer["boxes"][0]["horizontal_condos"].as_array().unwrap().len()
    };
    let id = simulator.add_condominium(square(1.0, 1.0));
    let row = async || get(&simulator, &format!("/horizontal-condominiums/{id}")).await;
    let first = row().await;
    let ring = json!([[0.998, 0.998], [1.002, 0.998], [1.002, 1.002], [0.998, 1.002], [0.998, 0.998]]);
    assert_eq!((around(), &first["polygon"]["coordinates"]), (1, &ring));
    simulator.move_condominium(&id, &square(2.0, 2.0).corners).unwrap();
    assert_eq!(around(), 0);
    assert_ne!(row().await["updatedAt"], first["updatedAt"]);
    assert_eq!(simulator.condominiums()[0].ring[0], spot(1.998, 1.998));
    simulator.move_condominium(&id, &square(1.0, 1.0).corners).unwrap();
    simulator.delete_condominium(&id).unwrap();
    assert_eq!((around(), simulator.condominiums().len()), (0, 0));
    assert_eq!(get(&simulator, "/horizontal-condominiums").await["total"], 0);
    assert_eq!(simulator.delete_condominium(&id), Err(ControlError::UnknownCondominium(id)));
}

#[tokio::test]
async fn a_splitter_moves_into_another_box_and_back() {
    let simulator = ground().await;
    let splitters = vec![NewSplitter::service(8, 3), NewSplitter::service(4, 0)];
    let from = simulator.add_box(NewBox { splitters, ..at(1.0, 1.0) });
    let to = simulator.add_box(NewBox { project: Some("Rede do norte".to_owned()), ..at(2.0, 2.0) });
    let moved = simulator.splitters_of(&from)[0].id.clone();
    let free = || (simulator.free_ports(&from).unwrap(), simulator.free_ports(&to).unwrap());
    let row = async || get(&simulator, &format!("/splitters/{moved}")).await;
    let before = row().await;
    assert_eq!(free(), (9, 8));
    simulator.move_splitter(&moved, &to).unwrap();
    let after = row().await;
    assert_eq!((free(), after["parent"].as_str()), ((4, 13), Some(to.as_str())));
    assert_ne!(after["updatedAt"], before["updatedAt"]);
    assert_eq!(after["project"], simulator.add_project("Rede do norte"));
    assert_eq!(simulator.splitters_of(&to).len(), 2);
    simulator.sell_out(&from).unwrap();
    assert_eq!(free(), (0, 13));
    simulator.move_splitter(&moved, &from).unwrap();
    assert_eq!((free(), simulator.splitters_of(&from).len()), ((5, 8), 2));
    simulator.move_splitter(&moved, &to).unwrap();
    simulator.move_splitter(&moved, &to).unwrap();
    assert_eq!((free(), simulator.splitters_of(&to).len()), ((0, 13), 2));
    simulator.delete_box(&to).unwrap();
    assert_eq!(get(&simulator, "/splitters").await["total"], 1, "a box takes all it holds with it");
    assert_eq!(simulator.move_splitter(&moved, &from), Err(ControlError::UnknownSplitter(moved)));
}

#[tokio::test]
async fn a_deleted_splitter_counts_no_more() {
    let simulator = ground().await;
    let id = simulator.add_box(at(1.0, 1.0));
    let splitter = simulator.splitters_of(&id)[0].id.clone();
    simulator.delete_splitter(&splitter).unwrap();
    assert_eq!(ids(&get(&simulator, "/splitters").await), [""; 0]);
    let answer = ask(&simulator, 1.0, 1.0, 1.0);
    assert_eq!(answer["refused_boxes"][0]["reason"], "no_service_connector");
    let gone = format!("/splitters/{splitter}");
    assert_eq!(get_as(&simulator, &simulator.full_key(), &gone).await.status, 404);
    assert_eq!(simulator.delete_splitter(&splitter), Err(ControlError::UnknownSplitter(splitter)));
}

#[tokio::test]
async fn the_routes_do_the_same() {
    let simulator = ground().await;
    let (one, two) = (simulator.add_box(at(1.0, 1.0)), simulator.add_box(at(1.0, 1.0)));
    let project = simulator.projects()[0].id.clone();
    let call = async |start: &str, body: Value| {
        let reply = control(&simulator, start, &body).await;
        assert_eq!(reply.status, 200, "{start}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    };
    let inside = call(&format!("GET /_control/boxes/{one}/splitters"), Value::Null).await;
    let splitter = inside["splitters"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&inside["splitters"][0]["kind"], &inside["splitters"][0]["ports"]),
        (&json!("Splitter"), &json!(8))
    );
    call(&format!("POST /_control/splitters/{splitter}/move"), json!({ "box": two })).await;
    assert_eq!(simulator.free_ports(&two), Some(16));
    call(&format!("DELETE /_control/splitters/{splitter}"), Value::Null).await;
    assert_eq!(simulator.free_ports(&two), Some(8));

    call(&format!("POST /_control/projects/{project}/drop"), json!({ "maxSize": 120 })).await;
    assert_eq!(get(&simulator, "/projects").await["rows"][0]["drop"]["maxSize"], 120);
    call(&format!("POST /_control/projects/{project}/drop"), json!({ "maxSize": null })).await;
    assert!(get(&simulator, "/projects").await["rows"][0].get("drop").is_none());

    let home = json!({ "position": { "lat": 1.0, "lng": 1.0 }, "address": "R. A, 1", "box": two, "port": { "port": 2 } });
    let home = call("POST /_control/properties", home).await["id"].as_str().unwrap().to_owned();
    assert_eq!(simulator.free_ports(&two), Some(7));
    call(&format!("POST /_control/properties/{home}/client"), json!({ "has_client": true })).await;
    assert!(simulator.properties()[0].has_client);
    call(&format!("DELETE /_control/properties/{home}"), Value::Null).await;
    assert_eq!(simulator.properties(), []);

    let corners = json!([{ "lat": 0, "lng": 0 }, { "lat": 0, "lng": 2 }, { "lat": 2, "lng": 0 }]);
    let body = json!({ "name": "Jardim", "corners": corners });
    let community = call("POST /_control/condominiums", body).await["id"].as_str().unwrap().to_owned();
    assert_eq!(simulator.condominiums()[0].ring.len(), 4, "closed by itself");
    let to = json!({ "corners": [{ "lat": 5, "lng": 5 }, { "lat": 5, "lng": 6 }, { "lat": 6, "lng": 5 }] });
    call(&format!("POST /_control/condominiums/{community}/move"), to).await;
    assert_eq!(simulator.condominiums()[0].ring[0], spot(5.0, 5.0));
    call(&format!("DELETE /_control/condominiums/{community}"), Value::Null).await;
    assert_eq!(simulator.condominiums(), []);

    for gone in
        [format!("properties/{home}"), format!("condominiums/{community}"), format!("splitters/{splitter}")]
    {
        let reply = control(&simulator, &format!("DELETE /_control/{gone}"), &Value::Null).await;
        assert_eq!(reply.status, 409, "{gone}");
    }
    call("POST /_control/boxes", json!({ "splitters": [{ "kind": "Fusion", "ports": [{}] }] })).await;
    assert_eq!(get(&simulator, "/fusions").await["total"], 1);
}
