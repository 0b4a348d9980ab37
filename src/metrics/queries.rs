//! The viability queries of one tenant.

use super::labels::{Children, Label};
use prometheus::{IntCounter, IntCounterVec};

/// Counts what became of them.
pub struct Queries {
    counters: IntCounterVec,
    tenant: String,
    known: Children<IntCounter>,
}

impl Queries {
    /// More than there are of sources, states and results together: eighty.
    const CHILDREN: usize = 128;

    pub(super) fn new(counters: IntCounterVec, tenant: &str) -> Self {
        Self { counters, tenant: tenant.to_owned(), known: Children::new(Self::CHILDREN) }
    }

    /// One was answered, or nobody could answer it: by whom, the state of the data then, the verdict.
    pub fn count<Source: Label, State: Label, Verdict: Label>(
        &self,
        source: Source,
        state: State,
        result: Verdict,
    ) {
        let place = (source.place() * State::COUNT + state.place()) * Verdict::COUNT + result.place();
        let labels = [&self.tenant, source.as_str(), state.as_str(), result.as_str()];
        self.known.with(place, || self.counters.with_label_values(&labels), IntCounter::inc);
    }
}
