//! From a request to the handler that answers it, on either listener; one log line and one observation each.

use super::body::Body;
use super::forward::{self, NotForwarded};
use super::notes::{Notes, Route};
use super::reply;
use super::{Service, admin, probes, viability};
use crate::metrics::RequestSample;
use crate::refresh::with_causes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// OZmap's SDK sends `{}` with a GET; nobody needs more.
const MAX_IGNORED_BODY: usize = 64 << 10;

/// The two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Clients of OZmap's API.
    Public,
    /// Operators.
    Admin,
}

/// Gives every request an id: the client's own if it is harmless, else a new one.
pub(super) struct RequestIds {
    seed: RandomState,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids that don't repeat those of another process.
    pub(super) fn new() -> Self {
        Self { seed: RandomState::new(), next: AtomicU64::new(0) }
    }

    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let harmless = |value: &&HeaderValue| {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=64).contains(&value.len()) && value.as_bytes().iter().all(plain)
        };
        headers.get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
            let number = self.seed.hash_one(self.next.fetch_add(1, Ordering::Relaxed));
            HeaderValue::try_from(format!("{number:016x}")).unwrap_or(HeaderValue::from_static("0"))
        })
    }
}

/// Answers one request of one listener.
pub(super) async fn route(service: &Service, side: Side, request: Request<Incoming>) -> Response<Body> {
    let started = Instant::now();
    let _in_flight = InFlight::begin(service);
    let id = service.request_ids().of(request.headers());
    let method = method_name(request.method());
    let mut notes = Notes::new();
    let mut response = match side {
        Side::Public => public(service, request, &mut notes).await,
        Side::Admin => admin(service, request, &mut notes).await,
    };
    let duration = started.elapsed();
    let code = response.status().as_u16();
    notes.count(service.metrics());
    service.metrics().request(RequestSample {
        route: notes.route.as_str(),
        method,
        code,
        source: notes.source,
        duration,
    });
    tracing::debug!(
        route = notes.route.as_str(),
        method,
        code,
        tenant = notes.tenant.as_deref(),
        source = notes.source,
        result = notes.result(),
        near = notes.rounded_center(),
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        request_id = id.to_str().unwrap_or_default(),
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn public(service: &Service, request: Request<Incoming>, notes: &mut Notes) -> Response<Body> {
    let uri = request.uri().clone();
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let Some(selected) = service.tenants().select(host, uri.path()) else { return reply::not_found() };
    let tenant = selected.tenant;
    notes.tenant = Some(tenant.name().into());

    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let ours = reads && selected.below_api == viability::PATH;
    if !ours || !viability::can_judge(uri.query().unwrap_or_default()) {
        notes.route = Route::Forward;
        return forward::pass(tenant, selected.below_api, request).await.unwrap_or_else(|failure| {
            if matches!(failure, NotForwarded::Busy) {
                service.metrics().rejected("forwards_at_once");
            }
            tracing::debug!(tenant = tenant.name(), error = with_causes(&failure), "not forwarded");
            reply::not_forwarded(&failure)
        });
    }
    notes.route = Route::Viability;
    let (head, body) = request.into_parts();
    if let Some(refusal) = read_and_ignore(body).await {
        return refusal;
    }
    match viability::answer(tenant, &head, notes).await {
        Ok(resolved) => reply::resolved(resolved),
        Err(failure) => {
            tracing::debug!(tenant = tenant.name(), error = with_causes(&failure), "not answered");
            reply::unanswered(&failure)
        }
    }
}

async fn admin(service: &Service, request: Request<Incoming>, notes: &mut Notes) -> Response<Body> {
    let (head, body) = request.into_parts();
    let route = match head.uri.path() {
        "/healthz" => Route::Health,
        "/readyz" => Route::Ready,
        "/metrics" => Route::Metrics,
        "/admin/status" | "/admin/runs" | "/admin/refresh" => Route::Admin,
        "/" => Route::Console,
        _ => return reply::not_found(),
    };
    notes.route = route;
    if let Some(refusal) = read_and_ignore(body).await {
        return refusal;
    }
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    match (route, head.uri.path()) {
        (_, "/admin/refresh") if head.method == Method::POST => admin::refresh(service, &head).await,
        (_, "/admin/refresh") => reply::method_not_allowed("POST"),
        _ if !reads => reply::method_not_allowed("GET, HEAD"),
        (Route::Health, _) => probes::health(),
        (Route::Ready, _) => probes::ready(service),
        (Route::Metrics, _) => probes::metrics(service),
        (_, "/admin/status") => admin::status(service),
        (_, "/admin/runs") => admin::runs(service),
        _ => console(),
    }
}

/// `GET /`: for now the list of routes.
fn console() -> Response<Body> {
    let page = "viability-proxy\n\n\
        GET  /healthz          the process runs\n\
        GET  /readyz           every tenant can answer\n\
        GET  /metrics          for Prometheus\n\
        GET  /admin/status     data, age, refresh\n\
        GET  /admin/runs       the last refreshes\n\
        POST /admin/refresh    refresh now (?tenant=&wait=30s&accept_shrink=true; Authorization: Bearer <admin token>)\n";
    reply::with_type(StatusCode::OK, HeaderValue::from_static("text/plain; charset=utf-8"), page)
}

/// Reads a body nobody looks at, so that the connection can go on; the answer to one that can't be read.
async fn read_and_ignore(body: Incoming) -> Option<Response<Body>> {
    if body.is_end_stream() {
        return None;
    }
    match Limited::new(body, MAX_IGNORED_BODY).collect().await {
        Ok(_ignored) => None,
        Err(error) if error.is::<LengthLimitError>() => Some(reply::body_too_large()),
        Err(_broken) => Some(reply::broken_body()),
    }
}

/// The method as a label: a closed set.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request as being answered until it is dropped, answered or given up.
struct InFlight<'s>(&'s Service);

impl<'s> InFlight<'s> {
    fn begin(service: &'s Service) -> Self {
        service.metrics().in_flight(1);
        Self(service)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics().in_flight(-1);
    }
}
