//! Pages of other origins that may ask from a browser: the CORS protocol (Fetch standard, 3.2), by an allow-list.
//!
//! A preflight is answered here, for OZmap has no say in who asks this proxy.

use super::body::Body;
use super::reply;
use crate::config::origins::WebOrigin;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, cache-control, content-type, x-request-id");
/// What a page may read of an answer's headers beside those that every page may.
const EXPOSED: HeaderValue = HeaderValue::from_static("age, cache-status, retry-after, x-request-id");
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// A page that asks, and whether it may.
pub(super) enum Page {
    /// Nothing is set about pages of other origins.
    None,
    /// No such page asks.
    Own,
    /// One that may. Apart: each connection keeps the room of it.
    Allowed(Box<HeaderValue>),
    /// One that may not: it gets an answer, which its browser keeps from it.
    Foreign,
}

impl Page {
    /// By the request's `Origin`.
    pub(super) fn of(headers: &HeaderMap, allowed: &[WebOrigin]) -> Self {
        match headers.get(ORIGIN) {
            _ if allowed.is_empty() => Self::None,
            None => Self::Own,
            Some(origin) => {
                let is_allowed = allowed.iter().any(|one| one.as_str().as_bytes() == origin.as_bytes());
                if is_allowed { Self::Allowed(Box::new(origin.clone())) } else { Self::Foreign }
            }
        }
    }

    /// The answer to a preflight; `None` where the request is none, or nothing is set.
    pub(super) fn preflight(&self, head: &Parts) -> Option<Response<Body>> {
        if head.method != Method::OPTIONS || !head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        match self {
            Self::None | Self::Own => None,
            Self::Foreign => Some(reply::error(
                StatusCode::FORBIDDEN,
                "foreign_origin",
                "pages of this origin may not ask here; those that may are in server.cors_origins",
            )),
            Self::Allowed(_) => {
                let mut response = reply::no_content();
                let headers = response.headers_mut();
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
                Some(response)
            }
        }
    }

    /// Tells the browser whether the page may read the answer: our word, also on what OZmap has answered.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let origin = match self {
            Self::None => return,
            Self::Allowed(origin) => Some(origin),
            Self::Foreign | Self::Own => None,
        };
        for of_ozmap in
            [ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_EXPOSE_HEADERS]
        {
            headers.remove(of_ozmap);
        }
        // Another page must not be given this one's answer by a cache.
        headers.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, *origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
