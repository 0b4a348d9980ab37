//! What can be done to a simulator, from tests and over HTTP.

use crate::client::{control, get, get_as, send, start};
use ozmap_simulator::{BoxView, Churn, Fault, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpStream;

#[tokio::test]
async fn faults_strike_where_they_are_set_and_end_when_cleared() {
    let simulator = start(Settings::default()).await;
    let key = simulator.full_key();
    let faults = simulator.faults();
    faults.set("/boxes", Fault::Failure { rate: 1.0, status: 503 });
    assert_eq!(get_as(&simulator, &key, "/boxes").await.status, 503);
    assert_eq!(get_as(&simulator, &key, "/projects").await.status, 200);
    faults.clear();
    faults.answer("/boxes", 200, "text/html", "<html>");
    assert_eq!(get_as(&simulator, "nobody", "/boxes").await.body, b"<html>");
    faults.clear();
    faults.next(1, "/boxes", Fault::CutBody { after: 100 });
    let cut = get_as(&simulator, &key, "/boxes").await;
    assert!(cut.body.len() <= 100 && cut.promised() > 100);
    let whole = get_as(&simulator, &key, "/boxes").await;
    assert_eq!(whole.body.len(), whole.promised());
}

#[tokio::test]
async fn a_hanging_request_goes_on_when_faults_are_cleared() {
    let simulator = Arc::new(start(Settings::default()).await);
    simulator.faults().hang();
    let asking = Arc::clone(&simulator);
    let hanging = tokio::spawn(async move { get_as(&asking, &asking.full_key(), "/boxes").await.status });
    while simulator.requests("boxes") == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!hanging.is_finished());
    simulator.faults().clear();
    assert_eq!(hanging.await.unwrap(), 200);
}

#[tokio::test]
async fn a_stopped_simulator_is_gone_and_comes_back_where_it_was() {
    let mut simulator = start(Settings::default()).await;
    let address = simulator.origin().replace("http://", "");
    let id = simulator.boxes()[0].id.clone();
    simulator.stop().await;
    assert!(TcpStream::connect(&address).await.is_err());
    simulator.sell_out(&id).unwrap();
    simulator.resume().await.unwrap();
    get(&simulator, "/boxes?limit=1").await;
    assert_eq!(simulator.free_ports(&id), Some(0));
}

#[tokio::test]
async fn every_control_route_does_what_it_says() {
    let simulator = start(Settings::default()).await;
    let routes = control(&simulator, "GET /_control", &Value::Null).await.json();
    assert_eq!(routes.as_object().unwrap().len(), 26);
    let keys = control(&simulator, "GET /_control/keys", &Value::Null).await.json();
    assert_eq!(keys["full"], simulator.full_key());
    let wanted = json!({ "projects": [keys["projects"][0]["project"]] });
    let key = control(&simulator, "POST /_control/keys", &wanted).await.json()["key"].clone();
    assert_eq!(key, keys["projects"][0]["key"]);
    control(&simulator, "POST /_control/keys/revoke", &json!({ "key": key })).await;
    assert_eq!(get_as(&simulator, key.as_str().unwrap(), "/authenticated").await.status, 401);

    let added = control(
        &simulator,
        "POST /_control/boxes",
        &json!({ "name": "CTO nova", "lat": -20.5, "lng": -44.5 }),
    )
    .await;
    let id = added.json()["id"].as_str().unwrap().to_owned();
    let on_box = async |what: &str, body: Value| {
        control(&simulator, &format!("POST /_control/boxes/{id}/{what}"), &body).await.json()
    };
    assert_eq!(on_box("sell", Value::Null).await["free_ports"], 7);
    assert_eq!(on_box("free", Value::Null).await["free_ports"], 8);
    assert_eq!(on_box("sell-out", Value::Null).await["free_ports"], 0);
    assert_eq!(on_box("move", json!({ "lat": -21.0, "lng": -45.0 })).await["lat"], -21.0);
    assert_eq!(on_box("draft", json!({ "draft": true })).await["draft"], true);
    assert!(on_box("sell", Value::Null).await["message"].as_str().unwrap().contains("no free service port"));
    let path = format!("/_control/boxes/{id}");
    assert_eq!(control(&simulator, &format!("GET {path}"), &Value::Null).await.json()["name"], "CTO nova");
    assert_eq!(control(&simulator, &format!("DELETE {path}"), &Value::Null).await.status, 200);
    assert_eq!(control(&simulator, &format!("GET {path}"), &Value::Null).await.status, 404);
    assert_eq!(
        control(&simulator, "GET /_control/boxes", &Value::Null).await.json()["boxes"]
            .as_array()
            .unwrap()
            .len(),
        50
    );

    let fault =
        json!({ "prefix": "/projects", "failure_rate": 1.0, "status": 502, "latency": "1ms", "times": 1 });
    assert_eq!(control(&simulator, "POST /_control/faults", &fault).await.status, 200);
    assert_eq!(get_as(&simulator, &simulator.full_key(), "/projects").await.status, 502);
    assert_eq!(control(&simulator, "POST /_control/faults", &json!({ "latncy": "1s" })).await.status, 400);
    assert_eq!(control(&simulator, "DELETE /_control/faults", &Value::Null).await.status, 200);
    assert_eq!(
        control(&simulator, "POST /_control/churn", &json!({ "sells_per_second": 0 })).await.status,
        200
    );
    let requests = control(&simulator, "GET /_control/requests", &Value::Null).await.json();
    assert_eq!(requests["projects"], simulator.requests("projects"));
    assert_eq!(control(&simulator, "GET /_control/other", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn churn_sells_adds_and_deletes() {
    let simulator = start(Settings::default()).await;
    let (boxes, free) =
        (simulator.boxes().len(), simulator.boxes().iter().map(|one| one.free_ports).sum::<usize>());
    simulator.churn(Churn { sells_per_second: 2_000.0, ..Churn::default() });
    while simulator.boxes().iter().map(|one| one.free_ports).sum::<usize>() + 100 > free {
        tokio::task::yield_now().await;
    }
    simulator.churn(Churn { adds_per_second: 2_000.0, ..Churn::default() });
    while simulator.boxes().len() < boxes + 100 {
        tokio::task::yield_now().await;
    }
    simulator.churn(Churn { deletes_per_second: 2_000.0, ..Churn::default() });
    while simulator.boxes().len() > boxes - 100 {
        tokio::task::yield_now().await;
    }
    simulator.churn(Churn::default());
}

#[tokio::test]
async fn churn_moves_boxes_and_gives_ports_back() {
    let simulator = start(Settings::default()).await;
    let free = || simulator.boxes().iter().map(|one| one.free_ports).sum::<usize>();
    let (before, boxes) = (free(), simulator.boxes());
    simulator.churn(Churn { frees_per_second: 2_000.0, ..Churn::default() });
    while free() < before + 100 {
        tokio::task::yield_now().await;
    }
    simulator.churn(Churn { moves_per_second: 2_000.0, ..Churn::default() });
    let apart = |(was, is): (&BoxView, &BoxView)| (was.lat - is.lat).abs().max((was.lng - is.lng).abs());
    while boxes.iter().zip(&simulator.boxes()).filter(|pair| apart(*pair) > 0.0).count() < 100 {
        tokio::task::yield_now().await;
    }
    simulator.churn(Churn::default());
    let farthest = boxes.iter().zip(&simulator.boxes()).map(apart).fold(0.0, f64::max);
    assert!(farthest < 0.01, "{farthest} degrees are no few metres");
}

#[tokio::test]
async fn a_hook_may_edit_between_pages() {
    let simulator = start(Settings::default()).await;
    let pages = Arc::new(AtomicU64::new(0));
    let (seen, control) = (Arc::clone(&pages), simulator.control());
    simulator.on_page(move |page| {
        seen.fetch_add(page.page, Ordering::SeqCst);
        let first = control.boxes()[0].id.clone();
        control.delete_box(&first).unwrap();
    });
    get(&simulator, "/boxes?limit=10").await;
    get(&simulator, "/boxes?limit=10&page=2").await;
    assert_eq!((pages.load(Ordering::SeqCst), simulator.boxes().len()), (3, 1998));
}

#[tokio::test]
async fn outside_the_api_nothing_is_found() {
    let simulator = start(Settings::default()).await;
    for path in ["/", "/api/v1/boxes", "/api/v2", "/boxes"] {
        assert_eq!(send(&simulator, &format!("GET {path}"), &[], "").await.status, 404, "{path}");
    }
}
