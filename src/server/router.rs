//! From a request to the handler that answers it, on either listener; one log line and one observation each.

use super::arriving::read_and_ignore;
use super::body::Body;
use super::cors::Page;
use super::framing;
use super::notes::Notes;
use super::operator::Operator;
use super::panics::caught;
use super::rejection::Rejection;
use super::side::Side;
use super::stopped::Stopped;
use super::viability::BadParameter;
use super::visitor::Visitor;
use super::{Service, admin, batch, forward, reply, viability};
use crate::metrics::http::RequestSample;
use crate::metrics::labels::{MethodName, Route, Source};
use crate::tenant::selection::{NoTenant, Path, Selected};
use crate::tenant::{Tenant, resolve};
use crate::wording::with_causes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
            let mut digits = [0; 16];
            for (digit, place) in digits.iter_mut().rev().zip(0..) {
                *digit = b"0123456789abcdef"[(number >> (4 * place) & 15) as usize];
            }
            HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
        })
    }
}

/// Answers one request of one listener.
pub(super) async fn route(
    service: &Service,
    visitor: Visitor<'_>,
    request: Request<Incoming>,
) -> Response<Body> {
    let _in_flight = InFlight::begin(service);
    let id = service.request_ids().of(request.headers());
    let method = method_name(request.method());
    let mut notes = Notes::new();
    let operator = Operator { peer: visitor.peer, request_id: id.to_str().unwrap_or_default() };
    let mut page = Page::None;
    let answer = async {
        let answered = match visitor.peer.side {
            Side::Public => {
                page = Page::of(request.headers(), &service.current.clients().cors_origins);
                public(service, request, &visitor, &page, &mut notes).await
            }
            // Apart from the rest: each connection of clients keeps the room of its longest answer.
            Side::Admin => Box::pin(admin::answer(service, request, operator, &mut notes)).await,
        };
        answered.unwrap_or_else(|stopped| stopped.answer(service, operator))
    };
    let mut response = caught(service.metrics(), answer).await;
    let duration = visitor.came.elapsed();
    page.tell(response.headers_mut());
    let code = response.status().as_u16();
    notes.count();
    service.metrics().request(RequestSample {
        route: notes.route,
        method,
        code,
        source: notes.source,
        duration,
    });
    tracing::debug!(
        route = notes.route.as_str(),
        method = method.as_str(),
        code,
        tenant = notes.tenant.map(Tenant::name),
        source = notes.source.as_str(),
        result = notes.result(),
        near = notes.rounded_center(),
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        request_id = operator.request_id,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn public<'s>(
    service: &'s Service,
    request: Request<Incoming>,
    visitor: &Visitor<'_>,
    page: &Page,
    notes: &mut Notes<'s>,
) -> Result<Response<Body>, Stopped> {
    let (head, body) = request.into_parts();
    framing::check(&head)?;
    if let Some(answer) = page.preflight(&head) {
        notes.route = Route::Preflight;
        Box::pin(read_and_ignore(body)).await?;
        return Ok(answer);
    }
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let Selected { tenant, path } = match service.tenants().select(host, head.uri.path()) {
        Ok(selected) => selected,
        Err(reason) => {
            framing::within(&head.uri, framing::LONGEST_URI)?;
            return Err(reason.into());
        }
    };
    notes.tenant = Some(tenant);
    let below_api = match path {
        Path::Ozmap(below_api) => below_api,
        // Apart from the rest, as it is with operators.
        Path::Own(batch::PATH) => {
            return Box::pin(many(service, visitor, tenant, &head, body, notes)).await;
        }
        Path::Own(_) => {
            framing::within(&head.uri, framing::LONGEST_URI)?;
            return Err(NoTenant::OtherPath.into());
        }
    };
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let is_query = below_api == viability::PATH;
    notes.route = if is_query { Route::Viability } else { Route::Forward };
    if !service.is_in_time(visitor.waited) {
        return Err(Stopped::Overdue);
    }
    if reads || is_query {
        framing::unchunked(&head.headers)?;
    }
    service.within_rate(&head.headers, visitor.last_key).map_err(Stopped::TooOften)?;
    if let Some(asked) = (is_query && reads).then(|| viability::read(&head)).flatten() {
        framing::within(&head.uri, framing::LONGEST_URI)?;
        let mut came = visitor.came;
        if !body.is_end_stream() {
            read_and_ignore(body).await?;
            // How slowly a client sends is no patience lost of ours with OZmap.
            came = Instant::now();
        }
        return Ok(query(service, visitor, came, tenant, &head.headers, asked, notes).await);
    }
    notes.route = Route::Forward;
    framing::within(&head.uri, framing::LONGEST_FORWARDED_URI)?;
    let below_api = below_api.to_owned();
    let request = Request::from_parts(head, body);
    Ok(Box::pin(forward::pass(tenant, &below_api, request)).await.unwrap_or_else(|failure| {
        if let Some(rejection) = failure.rejection() {
            service.turned_away.count(rejection, *visitor.peer);
        }
        tracing::debug!(tenant = tenant.name(), error = with_causes(&failure), "not forwarded");
        reply::not_forwarded(&failure)
    }))
}

/// A batch.
async fn many<'s>(
    service: &'s Service,
    visitor: &Visitor<'_>,
    tenant: &Arc<Tenant>,
    head: &Parts,
    body: Incoming,
    notes: &mut Notes<'s>,
) -> Result<Response<Body>, Stopped> {
    notes.route = Route::Batch;
    if !service.is_in_time(visitor.waited) {
        return Err(Stopped::Overdue);
    }
    // What is sent in chunks may have a length beside them that another reader believes; a table has one anyway.
    framing::unchunked(&head.headers)?;
    framing::within(&head.uri, framing::LONGEST_URI)?;
    service.within_rate(&head.headers, visitor.last_key).map_err(Stopped::TooOften)?;
    let answered = service.batches().answer(tenant, visitor, head, body).await;
    Ok(answered.inspect(|_| notes.source = Source::Index).unwrap_or_else(|refused| {
        if let Some(rejection) = refused.rejection() {
            service.turned_away.count(rejection, *visitor.peer);
        }
        tracing::debug!(tenant = tenant.name(), error = with_causes(&refused), "batch refused");
        reply::batch::refused(&refused)
    }))
}

async fn query(
    service: &Service,
    visitor: &Visitor<'_>,
    came: Instant,
    tenant: &Tenant,
    headers: &HeaderMap,
    asked: Result<resolve::Request, BadParameter>,
    notes: &mut Notes<'_>,
) -> Response<Body> {
    match viability::answer(tenant, headers, visitor.last_key, came, asked, notes).await {
        Ok(resolved) => reply::resolved(resolved),
        Err(failure) => {
            tracing::debug!(tenant = tenant.name(), error = with_causes(&failure), "not answered");
            if failure.is_crowded() {
                service.turned_away.count(Rejection::MaxInFlight, *visitor.peer);
                return reply::overloaded();
            }
            reply::unanswered(&failure)
        }
    }
}

/// The method as a label: a closed set.
fn method_name(method: &Method) -> MethodName {
    match *method {
        Method::GET => MethodName::Get,
        Method::HEAD => MethodName::Head,
        Method::POST => MethodName::Post,
        Method::PUT => MethodName::Put,
        Method::PATCH => MethodName::Patch,
        Method::DELETE => MethodName::Delete,
        Method::OPTIONS => MethodName::Options,
        _ => MethodName::Other,
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
