//! Answers to batches.

use super::super::batch::Refused;
use super::super::batch::answering::Answering;
use super::super::body::Body;
use super::{
    age_of, bad_body, cache_status, error, internal, last, method_not_allowed, set_cache_status, unanswered,
};
use crate::batch::fault::Unreadable;
use crate::batch::format::Format;
use crate::tenant::DataState;
use crate::tenant::provenance::Provenance;
use hyper::header::{AGE, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// Which kinds of content a path takes: W3C, Linked Data Platform 7.1.
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// One of which the first rows are answered.
pub(in super::super) fn answered(
    format: Format,
    state: DataState,
    provenance: Provenance,
    answering: Answering,
) -> Response<Body> {
    let mut response = Response::new(Body::Batch(answering));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(AGE, age_of(provenance).as_secs().into());
    set_cache_status(headers, cache_status(state, provenance, StatusCode::OK));
    response
}

/// One of which no row is answered.
pub(in super::super) fn refused(refused: &Refused) -> Response<Body> {
    let (code, message) = (refused.code(), refused.to_string());
    match refused {
        Refused::Method => method_not_allowed("POST"),
        Refused::Version => error(StatusCode::HTTP_VERSION_NOT_SUPPORTED, code, &message),
        Refused::MediaType => {
            let mut response = error(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, &message);
            response.headers_mut().insert(ACCEPT_POST, HeaderValue::from_static(Format::ACCEPTED));
            response
        }
        Refused::Off => error(StatusCode::NOT_FOUND, code, &message),
        Refused::TooLarge => last(StatusCode::PAYLOAD_TOO_LARGE, code, &message),
        Refused::Denied(denied) => unanswered(denied),
        Refused::Busy => error(StatusCode::SERVICE_UNAVAILABLE, code, &message),
        Refused::NoData(reason) => {
            let mut response = error(StatusCode::SERVICE_UNAVAILABLE, code, &message);
            let (forwarded, detail) = (reason.forwarded(), reason.as_str());
            let cache_status = format!("viability-proxy; fwd={forwarded}; detail={detail}");
            set_cache_status(response.headers_mut(), cache_status);
            response
        }
        Refused::Unreadable(Unreadable::RowTooLong { .. } | Unreadable::TooManyRows { .. }) => {
            last(StatusCode::PAYLOAD_TOO_LARGE, code, &message)
        }
        Refused::Unreadable(_) => last(StatusCode::BAD_REQUEST, code, &message),
        Refused::Body(fault) => bad_body(*fault),
        Refused::Panicked => internal(),
    }
}
