//! Is the process alive, can it answer, and what does it count?

use super::super::body::Body;
use super::super::{Service, reply};
use crate::config::WhenExpired;
use crate::tenant::DataState;
use crate::wording::with_causes;
use hyper::header::HeaderValue;
use hyper::{Response, StatusCode};
use serde_json::json;
use tokio::time::Instant;

/// `GET /healthz`: the process runs.
pub(super) fn health() -> Response<Body> {
    reply::json(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// `GET /readyz`: 200 when every tenant can answer from memory and the process isn't stopping.
pub(super) fn ready(service: &Service) -> Response<Body> {
    let now = Instant::now();
    let tenants: Vec<_> = service
        .tenants()
        .iter()
        .map(|tenant| {
            let data = tenant.data();
            let state = tenant.state_of(data.as_deref(), now);
            let refuses = tenant.settings().freshness.when_expired == WhenExpired::Refuse;
            let ready = match state {
                DataState::Absent => false,
                DataState::Expired => !refuses,
                DataState::Fresh | DataState::Stale => true,
            };
            let age = data.map(|data| data.age(now).as_secs());
            let body = json!({
                "tenant": tenant.name(), "ready": ready, "state": state.as_str(), "age_seconds": age,
            });
            (ready, body)
        })
        .collect();
    let stopping = service.is_stopping();
    let ready = !stopping && tenants.iter().all(|(ready, _)| *ready);
    let tenants: Vec<_> = tenants.into_iter().map(|(_, body)| body).collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, json!({ "ready": ready, "stopping": stopping, "tenants": tenants }).to_string())
}

/// `GET /metrics`, in Prometheus' text format.
pub(super) fn metrics(service: &Service) -> Response<Body> {
    let (mut live, mut scopes) = (0, 0);
    for tenant in service.tenants().iter() {
        tenant.observe();
        let bytes = tenant.cache_bytes();
        live += bytes.0;
        scopes += bytes.1;
    }
    service.metrics().set_cache_weight("live", live);
    service.metrics().set_cache_weight("scopes", scopes);
    match service.metrics().page() {
        Ok(page) => reply::with_type(
            StatusCode::OK,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
            page,
        ),
        Err(error) => {
            tracing::error!(error = with_causes(&error), "metrics could not be written");
            reply::error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "metrics could not be written")
        }
    }
}
