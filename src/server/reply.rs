//! Answers over HTTP: the one map from what happened to a status, headers and a body.

use super::access::Denied;
use super::body::Body;
use super::forward::NotForwarded;
use super::viability::Unanswered;
use crate::ozmap::failure::CallError;
use crate::tenant::DataState;
use crate::tenant::access::AccessError;
use crate::tenant::resolve::{Provenance, Reply, Resolved, Unavailable};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AGE, ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::json;
use std::time::Duration;

/// RFC 9211.
pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Seconds after which a client may try again: by then the live budget has room, or a refresh has tried.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("2");

/// JSON at hand.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    with_type(status, JSON, body)
}

/// A body of another type.
pub(super) fn with_type(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Body::AtHand(Full::new(body.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An error in OZmap's shape: `{"message", "code"}`.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let mut response = json(status, json!({ "message": message, "code": code }).to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN);
    }
    response
}

/// Nothing here has this path.
pub(super) fn not_found() -> Response<Body> {
    error(StatusCode::NOT_FOUND, "not_found", "no such path; OZmap's API lies below /api/v2")
}

/// The path exists, for other methods.
pub(super) fn method_not_allowed(allow: &'static str) -> Response<Body> {
    let message = format!("this path takes {allow} only");
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

/// A GET with more of a body than anybody needs.
pub(super) fn body_too_large() -> Response<Body> {
    let message = "the body of a GET may have 64 KiB at most; it is ignored anyway";
    let mut response = error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A request whose body broke off.
pub(super) fn broken_body() -> Response<Body> {
    let mut response = error(StatusCode::BAD_REQUEST, "broken_body", "the request's body broke off");
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A viability answer with the headers that tell how it was made.
pub(super) fn resolved(resolved: Resolved) -> Response<Body> {
    let cache_status = cache_status(&resolved);
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
        Unanswered::Denied(Denied::Access(AccessError::Unchecked(_))) => {
            error(StatusCode::SERVICE_UNAVAILABLE, "key_unchecked", &message)
        }
        Unanswered::NoAnswer(failure) => {
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
        NotForwarded::Busy => error(StatusCode::SERVICE_UNAVAILABLE, "busy", &message),
        NotForwarded::Failed(CallError::Spared) => {
            error(StatusCode::SERVICE_UNAVAILABLE, "ozmap_spared", &message)
        }
        NotForwarded::Failed(CallError::TimedOut) => {
            error(StatusCode::GATEWAY_TIMEOUT, "ozmap_timeout", &message)
        }
        NotForwarded::Failed(_) => error(StatusCode::BAD_GATEWAY, "ozmap_unreachable", &message),
    }
}

fn age_of(provenance: Provenance) -> Duration {
    match provenance {
        Provenance::Index { age, .. } | Provenance::Remembered { age, .. } => age,
        Provenance::Live { .. } => Duration::ZERO,
    }
}

/// RFC 9211: who answered, how fresh it is, and why OZmap did or did not.
fn cache_status(resolved: &Resolved) -> String {
    match resolved.provenance {
        Provenance::Index { seconds_left, instead_of_live, .. } => {
            let detail = match (resolved.state, instead_of_live) {
                (state @ (DataState::Stale | DataState::Expired), _) => state.as_str(),
                (_, None) => "index",
                (_, Some(Unavailable::OutOfBudget)) => "live-budget",
                (_, Some(Unavailable::Late)) => "live-late",
                (_, Some(Unavailable::Spared)) => "live-spared",
                (_, Some(Unavailable::Failed)) => "live-failed",
            };
            format!("viability-proxy; hit; ttl={seconds_left}; detail={detail}")
        }
        Provenance::Remembered { seconds_left, reason, .. } => {
            format!("viability-proxy; hit; ttl={seconds_left}; detail=live-{}", reason.as_str())
        }
        Provenance::Live { reason } => {
            let status = match &resolved.reply {
                Reply::Local { .. } => StatusCode::OK,
                Reply::Live(answer) => answer.status,
            };
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
