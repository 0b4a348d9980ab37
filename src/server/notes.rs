//! What handlers tell the router about a request, for its one log line and its one observation.

use crate::metrics::Metrics;
use crate::tenant::resolve::{NoAnswer, Resolved};
use crate::viability::geo::Point;

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

impl Route {
    /// Its name.
    pub(super) fn as_str(self) -> &'static str {
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

/// What became of one request.
pub(super) struct Notes<'s> {
    /// Which route took it.
    pub route: Route,
    /// Whose it was.
    pub tenant: Option<&'s str>,
    /// Who answered.
    pub source: &'static str,
    /// The home asked for.
    pub center: Option<Point>,
    query: Option<Judged>,
}

struct Judged {
    state: &'static str,
    result: &'static str,
}

impl Notes<'_> {
    /// Nothing is known yet.
    pub(super) fn new() -> Self {
        Self { route: Route::Unmatched, tenant: None, source: "self", center: None, query: None }
    }

    /// A viability query was answered, or nobody could answer it.
    pub(super) fn resolved(&mut self, outcome: &Result<Resolved, NoAnswer>) {
        let (source, state, result) = match outcome {
            Ok(resolved) => (resolved.provenance.source(), resolved.state, resolved.reply.verdict()),
            Err(failure) => ("none", failure.state, "unanswered"),
        };
        self.source = source;
        self.query = Some(Judged { state: state.as_str(), result });
    }

    /// Counts the viability query, if it was one.
    pub(super) fn count(&self, metrics: &Metrics) {
        if let (Some(query), Some(tenant)) = (&self.query, self.tenant) {
            metrics.query(tenant, self.source, query.state, query.result);
        }
    }

    /// The verdict, for the log.
    pub(super) fn result(&self) -> Option<&'static str> {
        self.query.as_ref().map(|query| query.result)
    }

    /// The home asked for, to three decimals: about a hundred metres, for it is somebody's home.
    pub(super) fn rounded_center(&self) -> Option<String> {
        self.center.map(|center| format!("{:.3},{:.3}", center.lat(), center.lng()))
    }
}
