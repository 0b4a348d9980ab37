//! What handlers tell the router about a request, for its one log line and its one observation.

use crate::metrics::labels::Label;
use crate::tenant::outcome::{Source, Verdict};
use crate::tenant::resolve::{NoAnswer, Resolved};
use crate::tenant::{DataState, Tenant};
use crate::viability::geo::Point;
use hyper::Method;

/// The routes, as metrics and logs name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A viability query.
    Viability,
    /// Another path of OZmap's API.
    Forward,
    /// `/healthz`.
    Health,
    /// `/readyz`.
    Ready,
    /// `/metrics`.
    Metrics,
    /// Below `/admin`.
    Admin,
    /// The operators' page.
    Console,
    /// No route of ours.
    Unmatched,
}

impl Label for Route {
    const COUNT: usize = Self::Unmatched as usize + 1;

    fn place(self) -> usize {
        self as usize
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Viability => "viability",
            Self::Forward => "forward",
            Self::Health => "healthz",
            Self::Ready => "readyz",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
            Self::Console => "console",
            Self::Unmatched => "unmatched",
        }
    }
}

/// The methods that metrics and logs tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MethodName {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`.
    Options,
    /// Any other.
    Other,
}

impl MethodName {
    /// Of a request's method.
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }
}

impl Label for MethodName {
    const COUNT: usize = Self::Other as usize + 1;

    fn place(self) -> usize {
        self as usize
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "other",
        }
    }
}

/// What became of one request.
pub(super) struct Notes<'s> {
    /// Which route took it.
    pub route: Route,
    /// Whose it was.
    pub tenant: Option<&'s Tenant>,
    /// Who answered.
    pub source: Source,
    /// The home asked for.
    pub center: Option<Point>,
    query: Option<Judged>,
}

struct Judged {
    state: DataState,
    result: Verdict,
}

impl Notes<'_> {
    /// Nothing is known yet.
    pub(super) fn new() -> Self {
        Self { route: Route::Unmatched, tenant: None, source: Source::Itself, center: None, query: None }
    }

    /// A viability query was answered, or nobody could answer it.
    pub(super) fn resolved(&mut self, outcome: &Result<Resolved, NoAnswer>) {
        let (source, state, result) = match outcome {
            Ok(resolved) => (resolved.provenance.source(), resolved.state, resolved.reply.verdict()),
            Err(failure) => (Source::Nobody, failure.state, Verdict::Unanswered),
        };
        self.source = source;
        self.query = Some(Judged { state, result });
    }

    /// Counts the viability query, if it was one.
    pub(super) fn count(&self) {
        if let (Some(query), Some(tenant)) = (&self.query, self.tenant) {
            tenant.queries().count(self.source, query.state, query.result);
        }
    }

    /// The verdict, for the log.
    pub(super) fn result(&self) -> Option<&'static str> {
        self.query.as_ref().map(|query| query.result.as_str())
    }

    /// The home asked for, to three decimals: about a hundred metres, for it is somebody's home.
    pub(super) fn rounded_center(&self) -> Option<String> {
        self.center.map(|center| format!("{:.3},{:.3}", center.lat(), center.lng()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places<const COUNT: usize, L: Label>(all: [L; COUNT]) {
        assert_eq!(L::COUNT, COUNT);
        assert!(all.into_iter().map(L::place).eq(0..COUNT));
    }

    /// Else one would be counted as another.
    #[test]
    fn each_label_has_a_place_of_its_own() {
        use MethodName::{Delete, Get, Head, Options, Other, Patch, Post, Put};
        use Route::{Admin, Console, Forward, Health, Metrics, Ready, Unmatched, Viability};
        places([Viability, Forward, Health, Ready, Metrics, Admin, Console, Unmatched]);
        places([Get, Head, Post, Put, Patch, Delete, Options, Other]);
        places([Source::Itself, Source::Index, Source::Cache, Source::Live, Source::Nobody]);
        places([DataState::Absent, DataState::Fresh, DataState::Stale, DataState::Expired]);
        places([Verdict::Viable, Verdict::NotViable, Verdict::Refused, Verdict::Unanswered]);
    }
}
