//! `GET /api/v2/ftth-viability/radius`: from the query string to an answer.

use super::access::{self, Denied, LastKey};
use super::notes::Notes;
use crate::tenant::Tenant;
use crate::tenant::access::{AccessError, Unchecked};
use crate::tenant::live::{LiveFailure, Recall};
use crate::tenant::resolve::{Caller, NoAnswer, Request, Resolved};
use crate::viability::geo::{Point, Radius};
use hyper::HeaderMap;
use hyper::header::CACHE_CONTROL;
use hyper::http::request::Parts;
use std::borrow::Cow;
use std::fmt;
use tokio::time::Instant;

/// Where a request for viability comes in, below `/api/v2`.
pub(super) const PATH: &str = "/ftth-viability/radius";

/// A parameter that can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} {problem}; expected {parameter} once, as {}", parameter.expected())]
pub struct BadParameter {
    parameter: Parameter,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameter {
    Lat,
    Lng,
    Radius,
}

impl Parameter {
    fn expected(self) -> &'static str {
        match self {
            Self::Lat => "decimal degrees from -90 to 90 with a point, such as -27.57665",
            Self::Lng => "decimal degrees from -180 to 180 with a point, such as -48.52722",
            Self::Radius => "metres above 0, such as 150",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lat => "lat",
            Self::Lng => "lng",
            Self::Radius => "radius",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("is missing")]
    Missing,
    #[error("is given more than once")]
    Repeated,
    #[error("is not a number")]
    NotANumber,
    #[error("is out of range")]
    OutOfRange,
}

impl Problem {
    fn of(self, parameter: Parameter) -> BadParameter {
        BadParameter { parameter, problem: self }
    }
}

/// A viability request that could be judged here, and wasn't.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// The caller may not ask.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A parameter can't be read.
    #[error(transparent)]
    BadParameter(#[from] BadParameter),
    /// Nobody can answer now.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl Unanswered {
    /// Whether it is for want of a place to wait for OZmap.
    pub(super) fn is_crowded(&self) -> bool {
        match self {
            Self::Denied(Denied::Access(AccessError::Unchecked(unchecked))) => {
                matches!(unchecked, Unchecked::Crowded)
            }
            Self::NoAnswer(failure) => matches!(failure.source, LiveFailure::Crowded),
            Self::Denied(_) | Self::BadParameter(_) => false,
        }
    }
}

/// Answers a viability request that can be judged here, as [`read`] read it.
pub(super) async fn answer(
    tenant: &Tenant,
    headers: &HeaderMap,
    last_key: &LastKey,
    came: Instant,
    asked: Result<Request, BadParameter>,
    notes: &mut Notes<'_>,
) -> Result<Resolved, Unanswered> {
    let (key, scope) = access::caller(tenant, headers, last_key, came).await?;
    let request = asked?;
    notes.center = Some(request.center);
    let resolved = tenant.resolve(&request, Caller { key: &key, scope: &scope, came }).await;
    notes.resolved(&resolved);
    Ok(resolved?)
}

/// The request of a client, if it can be judged here, as [`parse`] says.
pub(super) fn read(head: &Parts) -> Option<Result<Request, BadParameter>> {
    parse(head.uri.query().unwrap_or_default(), recall(&head.headers))
}

fn recall(headers: &HeaderMap) -> Recall {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let no_cache = directives
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case("no-cache"));
    if no_cache { Recall::Forbidden } else { Recall::Allowed }
}

/// Reads a query, `lat=…&lng=…&radius=…`. With any other parameter only OZmap can judge it: `None`.
pub fn parse(query: &str, recall: Recall) -> Option<Result<Request, BadParameter>> {
    let mut values = Values::default();
    // Mostly it is written plainly.
    if query.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.take(&name, value)?;
        }
    } else {
        let mut rest = query;
        while !rest.is_empty() {
            let (pair, others) = split_at_byte(rest, b'&');
            rest = others;
            if !pair.is_empty() {
                let (name, value) = split_at_byte(pair, b'=');
                values.take(name, value.into())?;
            }
        }
    }
    Some(values.into_request(recall))
}

/// What is before the first such byte, of ASCII, and what is behind it. Plainly: these words are too short for a search
/// that prepares itself.
fn split_at_byte(text: &str, byte: u8) -> (&str, &str) {
    match text.bytes().position(|other| other == byte) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    }
}

/// The parameters as they came.
#[derive(Default)]
pub(super) struct Values<'q> {
    lat: Option<Cow<'q, str>>,
    lng: Option<Cow<'q, str>>,
    radius: Option<Cow<'q, str>>,
    repeated: Option<Parameter>,
}

impl<'q> Values<'q> {
    /// `None` for a parameter that nobody here knows.
    pub(super) fn take(&mut self, name: &str, value: Cow<'q, str>) -> Option<()> {
        let (parameter, slot) = match name {
            "lat" => (Parameter::Lat, &mut self.lat),
            "lng" => (Parameter::Lng, &mut self.lng),
            "radius" => (Parameter::Radius, &mut self.radius),
            _ => return None,
        };
        if slot.replace(value).is_some() {
            self.repeated.get_or_insert(parameter);
        }
        Some(())
    }

    /// All of them, as they have to be.
    pub(super) fn into_request(self, recall: Recall) -> Result<Request, BadParameter> {
        let Self { lat, lng, radius, repeated } = self;
        if let Some(parameter) = repeated {
            return Err(Problem::Repeated.of(parameter));
        }
        let lat = number(Parameter::Lat, lat.as_deref())?.ok_or(Problem::Missing.of(Parameter::Lat))?;
        let lng = number(Parameter::Lng, lng.as_deref())?.ok_or(Problem::Missing.of(Parameter::Lng))?;
        // Each by itself, so that the message names the one that is wrong.
        Point::new(lat, 0.0).ok_or(Problem::OutOfRange.of(Parameter::Lat))?;
        let center = Point::new(lat, lng).ok_or(Problem::OutOfRange.of(Parameter::Lng))?;
        let radius = match number(Parameter::Radius, radius.as_deref())? {
            None => None,
            Some(metres) => Some(Radius::new(metres).ok_or(Problem::OutOfRange.of(Parameter::Radius))?),
        };
        Ok(Request { center, radius, recall })
    }
}

/// A decimal number, exponent allowed. Rust's own parser also takes "inf" and "nan": those are no numbers here.
fn number(parameter: Parameter, text: Option<&str>) -> Result<Option<f64>, BadParameter> {
    let Some(text) = text else { return Ok(None) };
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let value: f64 = if plain { text.parse().ok() } else { None }.ok_or(Problem::NotANumber.of(parameter))?;
    // "1e999" is written like a number and is none that f64 can hold.
    if value.is_finite() { Ok(Some(value)) } else { Err(Problem::OutOfRange.of(parameter)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(query: &str) -> String {
        parse(query, Recall::Allowed).unwrap().unwrap_err().to_string()
    }

    #[test]
    fn a_request_in_each_usual_spelling_is_read() {
        for (query, radius) in [
            ("lat=-27.57665&lng=-48.52722&radius=150", Some(150.0)),
            ("radius=1.5e2&lng=-4852722e-5&lat=-27.576650", Some(150.0)),
            ("lat=-27.57665&lng=-48.52722", None),
            ("lat=%2D27.57665&lng=-48.52722", None),
        ] {
            let request = parse(query, Recall::Allowed).unwrap().unwrap();
            assert_eq!(request.center, Point::new(-27.57665, -48.52722).unwrap(), "{query}");
            assert_eq!(request.radius.map(Radius::metres), radius, "{query}");
        }
    }

    #[test]
    fn a_bad_parameter_is_named_with_what_was_expected() {
        let lat = "expected lat once, as decimal degrees from -90 to 90 with a point, such as -27.57665";
        let lng = "expected lng once, as decimal degrees from -180 to 180 with a point, such as -48.52722";
        let radius = "expected radius once, as metres above 0, such as 150";
        let cases = [
            ("", format!("lat is missing; {lat}")),
            ("lat=1", format!("lng is missing; {lng}")),
            ("lat=1&lat=1&lng=2", format!("lat is given more than once; {lat}")),
            ("lat=1&lng=2&radius=3&radius=3", format!("radius is given more than once; {radius}")),
            ("lat=-27,57&lng=2", format!("lat is not a number; {lat}")),
            ("lat=&lng=2", format!("lat is not a number; {lat}")),
            ("lat=1&lng=NaN", format!("lng is not a number; {lng}")),
            ("lat=1&lng=inf", format!("lng is not a number; {lng}")),
            ("lat=1&lng=infinity", format!("lng is not a number; {lng}")),
            ("lat=1&lng=%D9%A1", format!("lng is not a number; {lng}")),
            ("lat=1%00&lng=2", format!("lat is not a number; {lat}")),
            ("lat=1e999&lng=2", format!("lat is out of range; {lat}")),
            ("lat=90.001&lng=2", format!("lat is out of range; {lat}")),
            ("lat=1&lng=-180.5", format!("lng is out of range; {lng}")),
            ("lat=1&lng=2&radius=0", format!("radius is out of range; {radius}")),
            ("lat=1&lng=2&radius=-1", format!("radius is out of range; {radius}")),
            ("lat=1&lng=2&radius=1e999", format!("radius is out of range; {radius}")),
            ("lat=1&lng=2&radius=0x10", format!("radius is not a number; {radius}")),
        ];
        for (query, message) in cases {
            assert_eq!(fault(query), message, "{query}");
        }
    }

    #[test]
    fn a_parameter_nobody_knows_makes_it_ozmaps_to_judge() {
        let is_ours = |query| parse(query, Recall::Allowed).is_some();
        assert!(is_ours("lat=1&lng=2&radius=3"));
        assert!(is_ours(""));
        assert!(is_ours("&&lat=1&l%6eg=2&"));
        assert!(!is_ours("lat=1&lng=2&condominium=5"));
        assert!(!is_ours("lat=1&lng=2&Radius=3"));
        assert!(!is_ours("lat=1&lat=2&lng=x&%6c=3"));
    }

    #[test]
    fn no_cache_is_found_among_other_directives() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static(value));
            recall(&headers)
        };
        assert_eq!(with("max-age=0, No-Cache"), Recall::Forbidden);
        assert_eq!(with("no-cache-please"), Recall::Allowed);
        assert_eq!(recall(&HeaderMap::new()), Recall::Allowed);
    }
}
