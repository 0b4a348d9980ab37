//! The routes below `/api/v2`, and what goes wrong on the way to them.

pub(crate) mod answer;
mod lists;
mod viability;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use answer::{Answer, message};
use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, DATE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use crate::control::routes;
use crate::keys::{LOGIN, PASSWORD, Scope};
use crate::network::Kind;
use crate::state::State;

/// The largest body of a request that is read.
const MAX_BODY: usize = 1 << 20;

/// Answers one request.
pub(crate) async fn handle(state: Arc<State>, request: Request<Incoming>) -> Response<answer::Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await.map(Collected::to_bytes) else {
        return message(400, "The body is too large or broke off").finish(None, None);
    };
    let path = head.uri.path().to_owned();
    if let Some(below) = path.strip_prefix("/_control") {
        return routes::handle(&state, &head, below, &body).finish(None, None);
    }
    let Some(below) = path.strip_prefix("/api/v2").filter(|below| below.starts_with('/')) else {
        return message(404, "Not found").finish(None, None);
    };
    state.count_request(operation(below));
    let fate = state.faults.fate(below);
    if !fate.latency.is_zero() {
        tokio::time::sleep(fate.latency).await;
    }
    if fate.hangs {
        state.faults.cleared().await;
    }
    let answer = match (fate.answer, fate.status) {
        (Some((status, content_type, body)), _) => Answer::new(status, &content_type, body.into_bytes()),
        (None, Some(status)) => message(status, "Service temporarily unavailable"),
        (None, None) => route(&state, &head, below, &body),
    };
    let encoding = head.headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let mut response = answer.finish(encoding, fate.cut_after);
    response.headers_mut().extend(date(&state).map(|date| (DATE, date)));
    response
}

/// The time by OZmap's clock, to the second.
fn date(state: &State) -> Option<HeaderValue> {
    let milliseconds = u64::try_from(state.network().now_ms()).ok()?;
    let now = UNIX_EPOCH + Duration::from_millis(milliseconds);
    HeaderValue::try_from(httpdate::fmt_http_date(now)).ok()
}

/// The name of a path in request counts.
fn operation(below: &str) -> &str {
    let first = below.trim_start_matches('/').split('/').next().unwrap_or_default();
    match below {
        "/ftth-viability/radius" => "viability",
        "/users/login" => "login",
        "/authenticated" => "authenticated",
        _ if Kind::of_path(first).is_some() => first,
        _ => "other",
    }
}

fn route(state: &Arc<State>, head: &Parts, below: &str, body: &Bytes) -> Answer {
    if head.method == Method::POST && below == "/users/login" {
        return log_in(state, body);
    }
    let Some(scope) = scope(state, head) else { return message(401, "Unauthorized") };
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return message(404, "Not found");
    }
    let query = head.uri.query().unwrap_or_default();
    let mut segments = below.trim_start_matches('/').splitn(2, '/');
    let (first, rest) = (segments.next().unwrap_or_default(), segments.next());
    match (Kind::of_path(first), rest, below) {
        (Some(kind), None, _) => {
            let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
            lists::page(state, kind, &scope, query, body, host)
        }
        (Some(kind), Some(id), _) => lists::row(state, kind, &scope, id),
        (None, _, "/authenticated") => Answer::json(200, &json!({ "authenticated": true })),
        (None, _, "/ftth-viability/radius") => viability::radius(state, &scope, query),
        _ => message(404, "Not found"),
    }
}

fn scope(state: &State, head: &Parts) -> Option<Arc<Scope>> {
    let presented = head.headers.get(AUTHORIZATION)?.to_str().ok()?;
    state.keys().scope(presented.strip_prefix("Bearer ").unwrap_or(presented).trim())
}

fn log_in(state: &State, body: &Bytes) -> Answer {
    let credentials: Value = serde_json::from_slice(body).unwrap_or_default();
    if credentials["login"] == LOGIN && credentials["password"] == PASSWORD {
        Answer::json(200, &json!({ "authorization": state.keys().log_in() }))
    } else {
        message(401, "Invalid login or password")
    }
}
