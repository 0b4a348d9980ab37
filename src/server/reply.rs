//! Answers over HTTP: the one map from what happened to a status, headers and a body.

pub(super) mod batch;

use super::access::Denied;
use super::arriving::BodyFault;
use super::body::Body;
use super::forward::NotForwarded;
use super::framing::Misframed;
use super::operator::Refused;
use super::viability::Unanswered;
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::pieces::Pieces;
use crate::tenant::DataState;
use crate::tenant::access::AccessError;
use crate::tenant::provenance::{Provenance, Remark, Unavailable};
use crate::tenant::resolve::{Reply, Resolved};
use crate::tenant::selection::NoTenant;
use crate::wording::whole_seconds;
use hyper::header::{
    AGE, ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// RFC 9211.
pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Seconds after which a client may try again: by then the live budget has room, or a refresh has tried.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("2");

/// JSON at hand.
pub(super) fn json(status: StatusCode, body: impl Into<Pieces>) -> Response<Body> {
    with_type(status, JSON, body)
}

/// A body of another type.
pub(super) fn with_type(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Pieces>,
) -> Response<Body> {
    let mut response = Response::new(Body::AtHand(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// There is nothing to say but by headers.
pub(super) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::AtHand(Pieces::default()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// What the client has already is as it was.
pub(super) fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::AtHand(Pieces::default()));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// An error in OZmap's shape: `{"message", "code"}`.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = json!({ "message": message, "code": code });
    match status {
        StatusCode::SERVICE_UNAVAILABLE => unavailable(&body),
        _ => json(status, body.to_string()),
    }
}

/// What can't be had now, and when it may.
pub(super) fn unavailable(body: &Value) -> Response<Body> {
    let mut response = json(StatusCode::SERVICE_UNAVAILABLE, body.to_string());
    response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN);
    response
}

/// A request that is no tenant's.
pub(super) fn no_tenant(reason: &NoTenant) -> Response<Body> {
    let code = if *reason == NoTenant::OtherPath { "not_found" } else { "no_tenant" };
    error(StatusCode::NOT_FOUND, code, &reason.to_string())
}

/// Nothing on the admin listener has this path.
pub(super) fn no_such_route() -> Response<Body> {
    let message = "no such route of operators; GET / lists those there are";
    error(StatusCode::NOT_FOUND, "not_found", message)
}

/// The path exists, for other methods.
pub(super) fn method_not_allowed(allow: &'static str) -> Response<Body> {
    let message = format!("this path takes {allow} only");
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// A request that can't be trusted to end where it seems to: the connection ends with the answer.
pub(super) fn misframed(fault: Misframed) -> Response<Body> {
    let (status, code) = match fault {
        Misframed::Host => (StatusCode::BAD_REQUEST, "bad_host"),
        Misframed::OtherAuthority => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
        Misframed::Authorization => (StatusCode::BAD_REQUEST, "bad_authorization"),
        Misframed::Connect => (StatusCode::METHOD_NOT_ALLOWED, "no_tunnel"),
        Misframed::TransferEncoding => (StatusCode::BAD_REQUEST, "transfer_encoding"),
        Misframed::UriTooLong(_) => (StatusCode::URI_TOO_LONG, "uri_too_long"),
        Misframed::TooManyHeaders => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_headers"),
    };
    let mut response = last(status, code, &fault.to_string());
    if fault == Misframed::Connect {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// A request whose body can't be read to its end, and with it the connection.
pub(super) fn bad_body(fault: BodyFault) -> Response<Body> {
    let (status, code) = match fault {
        BodyFault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        BodyFault::Broken => (StatusCode::BAD_REQUEST, "broken_body"),
        BodyFault::Late => (StatusCode::REQUEST_TIMEOUT, "body_timeout"),
    };
    last(status, code, &fault.to_string())
}

/// An error that is the last answer on its connection.
fn last(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let mut response = error(status, code, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// More viability queries wait for OZmap than may.
pub(super) fn overloaded() -> Response<Body> {
    let message = "too many queries wait for OZmap (server.max_in_flight); try again shortly";
    error(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message)
}

/// More requests come than can be answered.
pub(super) fn overdue() -> Response<Body> {
    let message = "more requests come than can be answered in time (server.queue_timeout); try again shortly";
    error(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message)
}

/// This key has asked too often; the next request may come after so long.
pub(super) fn too_often(left: Duration) -> Response<Body> {
    let message = format!(
        "this key asks too often (server.requests_per_second_per_key); try again in {} s",
        whole_seconds(left)
    );
    wait(error(StatusCode::TOO_MANY_REQUESTS, "rate_limit", &message), left)
}

/// A request that the admin listener doesn't take.
pub(super) fn refused(refused: Refused) -> Response<Body> {
    let message = refused.to_string();
    match refused {
        Refused::ForeignHost => error(StatusCode::MISDIRECTED_REQUEST, "foreign_host", &message),
        Refused::ForeignSite => error(StatusCode::FORBIDDEN, "foreign_site", &message),
        Refused::NoTokenSet => error(StatusCode::FORBIDDEN, "no_admin_token", &message),
        Refused::LockedOut(left) => wait(error(StatusCode::TOO_MANY_REQUESTS, "locked_out", &message), left),
        Refused::NoToken | Refused::WrongToken => {
            let mut response = error(StatusCode::UNAUTHORIZED, "bad_admin_token", &message);
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
    }
}

/// A handler panicked.
pub(super) fn internal() -> Response<Body> {
    error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a bug; the log tells more under this x-request-id")
}

/// With a `Retry-After` in whole seconds, at least 1.
fn wait(mut response: Response<Body>, left: Duration) -> Response<Body> {
    response.headers_mut().insert(RETRY_AFTER, whole_seconds(left).into());
    response
}

/// A viability answer with the headers that tell how it was made.
pub(super) fn resolved(resolved: Resolved) -> Response<Body> {
    let status = match &resolved.reply {
        Reply::Local { .. } => StatusCode::OK,
        Reply::Live(answer) => answer.status,
    };
    let cache_status = cache_status(resolved.state, resolved.provenance, status);
    let mut response = match resolved.reply {
        Reply::Local { body, .. } => json(StatusCode::OK, body),
        Reply::Live(answer) => with_type(answer.status, answer.content_type, answer.body),
    };
    let headers = response.headers_mut();
    headers.insert(AGE, age_of(resolved.provenance).as_secs().into());
    set_cache_status(headers, cache_status);
    response
}

/// A viability request without an answer.
pub(super) fn unanswered(failure: &Unanswered) -> Response<Body> {
    let message = failure.to_string();
    match failure {
        Unanswered::BadParameter(_) => error(StatusCode::BAD_REQUEST, "bad_parameter", &message),
        Unanswered::Denied(Denied::NoKey) => error(StatusCode::UNAUTHORIZED, "missing_key", &message),
        Unanswered::Denied(Denied::Access(AccessError::Rejected)) => {
            error(StatusCode::UNAUTHORIZED, "unauthorized", &message)
        }
        Unanswered::Denied(Denied::Access(AccessError::Unchecked(why))) => {
            let message = format!("{message}: {why}");
            let mut response = error(StatusCode::SERVICE_UNAVAILABLE, "key_unchecked", &message);
            set_cache_status(response.headers_mut(), "viability-proxy; fwd=miss; detail=key".to_owned());
            response
        }
        Unanswered::NoAnswer(failure) => {
            let message = format!("{message}: {}", failure.source);
            let mut response = error(StatusCode::SERVICE_UNAVAILABLE, "no_answer", &message);
            let (forwarded, detail) = (failure.reason.forwarded(), failure.reason.as_str());
            let cache_status = format!("viability-proxy; fwd={forwarded}; detail={detail}");
            set_cache_status(response.headers_mut(), cache_status);
            response
        }
    }
}

/// A request that could not be passed through.
pub(super) fn not_forwarded(failure: &NotForwarded) -> Response<Body> {
    let message = failure.to_string();
    match failure {
        NotForwarded::Off | NotForwarded::Outside => error(StatusCode::NOT_FOUND, "not_forwarded", &message),
        NotForwarded::ReadOnly => {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "not_forwarded", &message);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        NotForwarded::Body(fault) => bad_body(*fault),
        NotForwarded::Busy => error(StatusCode::SERVICE_UNAVAILABLE, "busy", &message),
        NotForwarded::Failed(CallError::Spared) => {
            error(StatusCode::SERVICE_UNAVAILABLE, "ozmap_spared", &message)
        }
        NotForwarded::Failed(CallError::TimedOut) => {
            error(StatusCode::GATEWAY_TIMEOUT, "ozmap_timeout", &message)
        }
        NotForwarded::Failed(_) | NotForwarded::Informational => {
            error(StatusCode::BAD_GATEWAY, "ozmap_unreachable", &message)
        }
    }
}

fn age_of(provenance: Provenance) -> Duration {
    match provenance {
        Provenance::Index { age, .. } | Provenance::Remembered { age, .. } => age,
        Provenance::Live { .. } => Duration::ZERO,
    }
}

/// RFC 9211: who answered, how fresh it is, and why OZmap did or did not.
fn cache_status(state: DataState, provenance: Provenance, status: StatusCode) -> String {
    match provenance {
        Provenance::Index { seconds_left, remark, .. } => {
            let detail = match (state, remark) {
                (state @ (DataState::Stale | DataState::Expired), _) => state.as_str(),
                (_, Remark::None) => "index",
                (_, Remark::Checked) => "checked",
                (_, Remark::Unchecked) => "unchecked",
                (_, Remark::InsteadOfLive(Unavailable::OutOfBudget)) => "live-budget",
                (_, Remark::InsteadOfLive(Unavailable::Late)) => "live-late",
                (_, Remark::InsteadOfLive(Unavailable::Spared)) => "live-spared",
                (_, Remark::InsteadOfLive(Unavailable::Failed)) => "live-failed",
            };
            ["viability-proxy; hit; ttl=", &seconds_left.to_string(), "; detail=", detail].concat()
        }
        Provenance::Remembered { seconds_left, reason, .. } => {
            format!("viability-proxy; hit; ttl={seconds_left}; detail=live-{}", reason.as_str())
        }
        Provenance::Live { reason } => {
            let (forwarded, status, detail) = (reason.forwarded(), status.as_u16(), reason.as_str());
            format!("viability-proxy; fwd={forwarded}; fwd-status={status}; detail={detail}")
        }
    }
}

fn set_cache_status(headers: &mut HeaderMap, value: String) {
    // Made of words and numbers of ours: always a valid header value.
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(CACHE_STATUS, value);
    }
}
