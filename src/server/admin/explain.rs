//! `GET /admin/explain`: why an address is answered as it is, or why a box is offered or isn't.

use super::super::body::Body;
use super::super::{Service, reply};
use super::asked::{Asked, Unanswered, data_of};
use super::status::timestamp;
use crate::ozmap::wire::pieces::Pieces;
use crate::tenant::explain::{Expected, Explained as ExplainedRequest};
use crate::tenant::{Data, Tenant};
use crate::viability::Doubt;
use crate::viability::explain::checks::{Check, Reason, Rule};
use crate::viability::explain::{Explained, explain_box};
use crate::viability::plant::{Evidence, MaximumDrop, ObjectId, ServiceBox, Stage};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The nearest boxes that are told of: some hundred kilobytes.
const MOST_BOXES: usize = 500;
/// Boxes of one name that are told of.
const MOST_NAMESAKES: usize = 20;
/// Metres: every box within has to be gone through, by the one thread that answers operators.
const LARGEST_RADIUS: f64 = 50_000.0;

/// A place with `lat`, `lng` and mostly `radius`, or a box with `box`.
pub(super) fn explain(service: &Service, query: &str) -> Result<Response<Body>, Unanswered> {
    let names: &[_] = if query.split('&').any(|pair| pair.starts_with("box=")) {
        &["tenant", "box"]
    } else {
        &["tenant", "lat", "lng", "radius", "key-scope"]
    };
    let asked = Asked::parse(query, names)?;
    let tenant = asked.tenant(service)?;
    let data = data_of(tenant)?;
    if let Some(text) = asked.which_box() {
        let body = boxes_called(tenant, &data, text);
        return Ok(reply::json(StatusCode::OK, body.to_string()));
    }
    let scope = asked.scope()?;
    let request = asked.place()?;
    if request.radius.is_some_and(|radius| radius.metres() > LARGEST_RADIUS) {
        return Err(Unanswered::TooFar(LARGEST_RADIUS));
    }
    let explained = tenant.explain(&data, request.center, request.radius, &scope, MOST_BOXES)?;
    Ok(reply::json(StatusCode::OK, of_place(tenant, &data, explained)))
}

fn of_place(tenant: &Tenant, data: &Data, explained: ExplainedRequest<'_>) -> Pieces {
    let ExplainedRequest { query, expected, answer, is_viable, is_certain, doubt, took, explanation, .. } =
        explained;
    let mut body = about(tenant, data);
    body["query"] =
        json!({ "lat": query.center.lat(), "lng": query.center.lng(), "radius": query.radius.metres() });
    body["verdict"] =
        json!({ "viable": is_viable, "certain": is_certain, "doubt": doubt_word(is_certain, doubt) });
    body["answered_by"] = answered_by(expected);
    body["duration_us"] = json!(rounded(took.as_secs_f64() * 1e6, 10.0));
    body["boxes"] = explanation.boxes.iter().map(box_json).collect();
    body["left_out"] = json!(explanation.left_out);
    with_raw(&body, "answer", answer)
}

/// The object with one more field, whose value is JSON already: to the byte what a client gets.
pub(super) fn with_raw(body: &Value, name: &str, mut raw: Pieces) -> Pieces {
    let text = body.to_string();
    let mut whole = Pieces::with_capacity(text.len() + raw.left() + name.len() + 5);
    whole.push(text.strip_suffix('}').unwrap_or(&text).as_bytes());
    whole.push(format!(r#","{name}":"#).as_bytes());
    while let Some(piece) = raw.take() {
        whole.push(&piece);
    }
    whole.push(b"}");
    whole
}

/// By id; else of this name, else whose names begin with it.
fn boxes_called(tenant: &Tenant, data: &Data, text: &str) -> Value {
    let rules = &tenant.settings().rules;
    let by_id = ObjectId::parse(text).and_then(|id| data.snapshot.get(id));
    let mut found: Vec<_> = by_id.into_iter().collect();
    if found.is_empty() {
        let wanted = text.trim().to_lowercase();
        let named = |is_meant: &dyn Fn(&str) -> bool| -> Vec<ServiceBox<&str>> {
            data.snapshot.boxes().filter(|one| is_meant(&one.name.to_lowercase())).collect()
        };
        found = named(&|name| name == wanted);
        if found.is_empty() && !wanted.is_empty() {
            found = named(&|name| name.starts_with(&wanted));
        }
    }
    let left_out = found.len().saturating_sub(MOST_NAMESAKES);
    found.truncate(MOST_NAMESAKES);
    let mut body = about(tenant, data);
    body["boxes"] = found.into_iter().map(|one| box_json(&explain_box(one, rules))).collect();
    body["left_out"] = json!(left_out);
    body
}

/// Of which data.
fn about(tenant: &Tenant, data: &Data) -> Value {
    let now = Instant::now();
    json!({
        "tenant": tenant.name(),
        "generation": data.snapshot.generation(),
        "read_at": timestamp(data.read_at()),
        "age_seconds": data.age(now).as_secs(),
        "state": tenant.state_of(Some(data), now).as_str(),
    })
}

fn answered_by(expected: Expected) -> Value {
    match expected {
        Expected::Index => json!({ "source": "index", "reason": null }),
        Expected::Recheck => json!({ "source": "recheck", "reason": "last-ports" }),
        Expected::Live(reason) => json!({ "source": "live", "reason": reason.as_str() }),
    }
}

fn doubt_word(is_certain: bool, doubt: Doubt) -> Option<&'static str> {
    match doubt {
        Doubt::None => (!is_certain).then_some("scope"),
        Doubt::Boxes => Some("boxes"),
        Doubt::Communities => Some("communities"),
    }
}

fn box_json(explained: &Explained<'_>) -> Value {
    let Explained { service_box, distance, outcome, checks } = explained;
    let mut body = json!({
        "id": service_box.id.to_string(),
        "name": service_box.name,
        "project": service_box.project.to_string(),
        "lat": service_box.position.lat(),
        "lng": service_box.position.lng(),
        "stage": stage_word(service_box.stage),
        "free_ports": service_box.free_ports(),
        "total_ports": service_box.ports.map(|ports| ports.total),
        "outcome": outcome.as_str(),
        "reason": outcome.reason().map(Reason::as_str),
        "checks": checks.iter().map(check_json).collect::<Vec<_>>(),
    });
    if let Some(distance) = distance {
        body["distance_m"] = json!(rounded(*distance, 100.0));
    }
    body
}

fn check_json(check: &Check) -> Value {
    let inputs = match &check.rule {
        Rule::Distance { metres, radius, boundary } => json!({
            "distance_m": rounded(*metres, 100.0), "radius_m": radius.metres(), "boundary": boundary.as_str(),
        }),
        Rule::Community { of_home, of_box } => {
            let ids = |all: &[ObjectId]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
            json!({ "of_home": ids(of_home), "of_box": ids(of_box) })
        }
        Rule::Scope { project } => json!({ "project": project.to_string() }),
        Rule::Evidence { evidence } => json!({ "read": evidence_word(*evidence) }),
        Rule::Stage { stage } => json!({ "stage": stage_word(*stage) }),
        Rule::ServiceConnector { ports } => json!({ "ports": ports.map(|ports| ports.total) }),
        Rule::FreePort { ports, blocked_count, of_homes_count } => json!({
            "free": ports.free, "total": ports.total,
            "blocked_ports_are_free": blocked_count, "property_ports_are_free": of_homes_count,
        }),
        Rule::MaximumDrop { metres, longest } => json!({
            "distance_m": rounded(*metres, 100.0),
            "longest_m": match longest {
                MaximumDrop::Metres(longest) => Some(longest.metres()),
                MaximumDrop::Unlimited | MaximumDrop::Unknown => None,
            },
            "is_known": *longest != MaximumDrop::Unknown,
        }),
        Rule::MaximumOfBoxes { place, at_most } => json!({ "place": place, "max_boxes": at_most }),
    };
    json!({ "rule": check.rule.as_str(), "passed": check.failed.is_none(), "inputs": inputs })
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft => "draft",
        Stage::NotImplanted => "not_implanted",
        Stage::Implanted => "implanted",
    }
}

fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Whole => "whole",
        Evidence::Partial => "in_part",
        Evidence::Unlisted => "no_longer_listed",
    }
}

/// To so many parts of one.
fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
