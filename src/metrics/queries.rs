//! The viability queries of one tenant.

use super::children::Children;
use super::labels::{DataState, Source, Verdict};
use prometheus::{IntCounter, IntCounterVec};

/// Counts what became of them.
pub struct Queries {
    counters: IntCounterVec,
    tenant: String,
    known: Children<IntCounter>,
}

impl Queries {
    pub(super) fn new(counters: IntCounterVec, tenant: &str) -> Self {
        let known = Children::new(Source::COUNT * DataState::COUNT * Verdict::COUNT);
        Self { counters, tenant: tenant.to_owned(), known }
    }

    /// One was answered, or nobody could answer it: by whom, the state of the data then, the verdict.
    pub fn count(&self, source: Source, state: DataState, result: Verdict) {
        let place = (source.place() * DataState::COUNT + state.place()) * Verdict::COUNT + result.place();
        let labels = [&self.tenant, source.as_str(), state.as_str(), result.as_str()];
        self.known.with(place, || self.counters.with_label_values(&labels), IntCounter::inc);
    }
}
