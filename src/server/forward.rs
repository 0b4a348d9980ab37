//! Every other path of OZmap's API, streamed through to the tenant's OZmap.

use super::arriving::{Arriving, BodyFault};
use super::body::Body;
use super::rejection::Rejection;
use crate::config::Forward;
use crate::ozmap::Forwarded;
use crate::ozmap::failure::CallError;
use crate::tenant::Tenant;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{HeaderMap, Method, Request, Response};
use std::sync::Arc;

/// Headers of one connection, not of the message (RFC 9110, 7.6.1), and those that the next hop makes anew.
const NOT_PASSED: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::CONTENT_LENGTH,
];

/// A request that was not, or could not be, passed through.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotForwarded {
    /// By configuration.
    #[error("this path of OZmap is not served here: forward = \"off\"")]
    Off,
    /// By configuration, for this method.
    #[error("only GET and HEAD are passed on to OZmap: forward = \"read\"")]
    ReadOnly,
    /// The path climbs out of the API.
    #[error("this path leads out of OZmap's API")]
    Outside,
    /// Too many are under way.
    #[error("too many requests are being passed on to OZmap (forwards_at_once); try again shortly")]
    Busy,
    /// The request's own body can't be read to its end.
    #[error(transparent)]
    Body(#[from] BodyFault),
    /// A 101 would make a tunnel of the connection.
    #[error("OZmap answered with an informational status")]
    Informational,
    /// OZmap gave no answer.
    #[error(transparent)]
    Failed(CallError),
}

impl NotForwarded {
    /// How it is counted, unless it is an answer like any other.
    pub(super) fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Busy => Some(Rejection::ForwardsAtOnce),
            Self::Body(fault) => Some(fault.rejection()),
            Self::Off | Self::ReadOnly | Self::Outside | Self::Informational | Self::Failed(_) => None,
        }
    }
}

/// Passes a request on and its answer back, both as streams.
pub(super) async fn pass(
    tenant: &Tenant,
    below_api: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, NotForwarded> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match tenant.settings().forward {
        Forward::Off => return Err(NotForwarded::Off),
        Forward::Read if !reads => return Err(NotForwarded::ReadOnly),
        Forward::Read | Forward::All => {}
    }
    let place = Arc::clone(tenant.forwards()).try_acquire_owned().or(Err(NotForwarded::Busy))?;
    let (head, body) = request.into_parts();
    let (body, fault) = Arriving::new(body)?;
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let forwarded = Forwarded {
        method: head.method,
        path_and_query: format!("{below_api}{query}"),
        headers: end_to_end(head.headers),
        body,
    };
    let response = tenant.client().forward(forwarded).await.ok_or(NotForwarded::Outside)?;
    // A body that broke off on its way in looks like a failed call to the client that was sending it on.
    let failed = |error| fault.get().map_or(NotForwarded::Failed(error), NotForwarded::Body);
    let (head, body) = response.map_err(failed)?.into_parts();
    if head.status.is_informational() {
        return Err(NotForwarded::Informational);
    }
    let mut passed = Response::new(Body::Passed { body, place });
    *passed.status_mut() = head.status;
    *passed.headers_mut() = end_to_end(head.headers);
    Ok(passed)
}

/// The headers without those of one connection, named in `Connection` or known.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    let listed = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<_> = listed
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in listed.iter().chain(&NOT_PASSED) {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn headers_of_the_connection_stay_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "key"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("host", "proxy"),
            ("content-length", "2"),
            ("accept-encoding", "gzip"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let passed = end_to_end(headers);
        let mut names: Vec<_> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept-encoding", "authorization"]);
    }
}
