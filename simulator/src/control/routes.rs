//! `/_control/`: the same over HTTP, for people and for programs that are not written in Rust.

mod edits;

use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Control;
use super::churn::Churn;
use crate::api::answer::{Answer, message};
use crate::faults::Fault;
use crate::network::edit::new::NewBox;
use crate::state::State;

const ROUTES: &str = r#"{
  "GET /_control/requests": "request counts by operation",
  "GET /_control/keys": "the full key, and one for each project",
  "POST /_control/keys": "{\"projects\":[id,…]}: a key for these projects",
  "POST /_control/keys/revoke": "{\"key\":…}",
  "GET /_control/boxes": "the first 50 boxes",
  "POST /_control/boxes": "{\"name\":…,\"project\":…,\"lat\":…,\"lng\":…,\"draft\":…,\"implanted\":…,\"splitters\":[…]}, each optional: adds a box",
  "GET /_control/boxes/<id>": "one box",
  "POST /_control/boxes/<id>/sell": "sells a port",
  "POST /_control/boxes/<id>/free": "gives a port back",
  "POST /_control/boxes/<id>/sell-out": "sells every port",
  "POST /_control/boxes/<id>/move": "{\"lat\":…,\"lng\":…}",
  "POST /_control/boxes/<id>/draft": "{\"draft\":true}",
  "GET /_control/boxes/<id>/splitters": "what it holds that has ports",
  "DELETE /_control/boxes/<id>": "deletes it",
  "POST /_control/splitters/<id>/move": "{\"box\":…}: hangs it into that box; also a connector, fusion or switch",
  "DELETE /_control/splitters/<id>": "deletes it",
  "POST /_control/projects/<id>/drop": "{\"maxSize\":200}: its maximum drop in metres; null takes it away",
  "POST /_control/properties": "{\"position\":{\"lat\":…,\"lng\":…},\"address\":…,\"has_client\":…,\"box\":…,\"project\":…,\"port\":{\"splitter\":…,\"port\":1}}, each optional: adds a home",
  "POST /_control/properties/<id>/client": "{\"has_client\":true}",
  "DELETE /_control/properties/<id>": "deletes it",
  "POST /_control/condominiums": "{\"name\":…,\"project\":…,\"corners\":[{\"lat\":…,\"lng\":…},…]}: adds a gated community",
  "POST /_control/condominiums/<id>/move": "{\"corners\":[…]}: draws it anew",
  "DELETE /_control/condominiums/<id>": "deletes it",
  "POST /_control/faults": "{\"prefix\":\"/boxes\",\"times\":…} with one or more of \"latency\":\"50ms\", \"failure_rate\":0.1 (and \"status\":503), \"cut_after\":100, \"hang\":true, \"answer\":{\"status\":…,\"content_type\":…,\"body\":…}",
  "DELETE /_control/faults": "clears all",
  "POST /_control/churn": "{\"sells_per_second\":…,\"frees_per_second\":…,\"moves_per_second\":…,\"adds_per_second\":…,\"deletes_per_second\":…}: edits until all are 0"
}"#;

/// Answers a request below `/_control`.
pub(crate) fn handle(state: &Arc<State>, head: &Parts, below: &str, body: &[u8]) -> Answer {
    let control = Control::new(Arc::clone(state));
    let segments: Vec<_> = below.split('/').filter(|segment| !segment.is_empty()).collect();
    route(&control, &head.method, &segments, body).unwrap_or_else(|refused| refused)
}

fn route(control: &Control, method: &Method, segments: &[&str], body: &[u8]) -> Result<Answer, Answer> {
    match (method.as_str(), segments) {
        ("GET", []) => Ok(Answer::json_bytes(200, ROUTES.into())),
        ("GET", ["requests"]) => Ok(Answer::json(200, &json!(control.all_requests()))),
        ("GET", ["keys"]) => Ok(keys(control)),
        ("POST", ["keys"]) => {
            let wanted: Projects = parse(body)?;
            Ok(Answer::json(200, &json!({ "key": control.key_for(&wanted.projects) })))
        }
        ("POST", ["keys", "revoke"]) => {
            control.revoke(&parse::<Key>(body)?.key);
            Ok(done())
        }
        ("POST", ["faults"]) => set_faults(control, parse(body)?),
        ("DELETE", ["faults"]) => {
            control.faults().clear();
            Ok(done())
        }
        ("POST", ["churn"]) => {
            control.churn(parse::<Churn>(body)?);
            Ok(done())
        }
        ("GET", ["boxes"]) => {
            let boxes: Vec<_> = control.boxes().into_iter().take(50).collect();
            Ok(Answer::json(200, &json!({ "boxes": boxes })))
        }
        ("POST", ["boxes"]) => {
            let id = control.add_box(parse::<NewBox>(body)?);
            Ok(Answer::json(200, &json!({ "id": id })))
        }
        (method, segments) => edits::route(control, method, segments, body),
    }
}

fn keys(control: &Control) -> Answer {
    let projects: Vec<Value> = control
        .projects()
        .into_iter()
        .map(|project| {
            let key = control.key_for(std::slice::from_ref(&project.id));
            json!({ "project": project.id, "name": project.name, "key": key })
        })
        .collect();
    Answer::json(200, &json!({ "full": control.full_key(), "projects": projects }))
}

#[derive(Deserialize)]
struct Projects {
    projects: Vec<String>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    #[serde(default)]
    prefix: String,
    times: Option<u64>,
    latency: Option<String>,
    failure_rate: Option<f64>,
    #[serde(default = "unavailable")]
    status: u16,
    cut_after: Option<usize>,
    #[serde(default)]
    hang: bool,
    answer: Option<FixedAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FixedAnswer {
    status: u16,
    content_type: String,
    body: String,
}

fn unavailable() -> u16 {
    503
}

fn set_faults(control: &Control, order: FaultOrder) -> Result<Answer, Answer> {
    let latency: Option<Duration> = order
        .latency
        .map(|text| humantime::parse_duration(&text))
        .transpose()
        .map_err(|error| message(400, &format!("latency: {error}")))?;
    let faults = [
        latency.map(Fault::Latency),
        order.failure_rate.map(|rate| Fault::Failure { rate, status: order.status }),
        order.cut_after.map(|after| Fault::CutBody { after }),
        order.hang.then_some(Fault::Hang),
        order.answer.map(|FixedAnswer { status, content_type, body }| Fault::Answer {
            status,
            content_type,
            body,
        }),
    ];
    for fault in faults.into_iter().flatten() {
        match order.times {
            Some(times) => control.faults().next(times, &order.prefix, fault),
            None => control.faults().set(&order.prefix, fault),
        }
    }
    Ok(done())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| message(400, &error.to_string()))
}

fn done() -> Answer {
    Answer::json(200, &json!({ "done": true }))
}
