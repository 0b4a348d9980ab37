//! What handlers tell the router about a request, for its one log line and its one observation.

use crate::metrics::labels::{DataState, Route, Source, Verdict};
use crate::tenant::Tenant;
use crate::tenant::resolve::{NoAnswer, Resolved};
use crate::viability::geo::Point;

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
