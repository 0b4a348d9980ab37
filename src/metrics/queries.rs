//! The viability queries of one tenant, and the rows of its batches.

use super::children::Children;
use super::labels::{DataState, RowResult, Source, Verdict};
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
        let queries = Self { counters, tenant: tenant.to_owned(), known };
        for (source, state, result) in possible() {
            queries.of(source, state, result, |_| ());
        }
        queries
    }

    /// One was answered, or nobody could answer it: by whom, the state of the data then, the verdict.
    pub fn count(&self, source: Source, state: DataState, result: Verdict) {
        self.of(source, state, result, IntCounter::inc);
    }

    fn of(&self, source: Source, state: DataState, result: Verdict, make_use: impl FnOnce(&IntCounter)) {
        let place = (source.place() * DataState::COUNT + state.place()) * Verdict::COUNT + result.place();
        let labels = [&self.tenant, source.as_str(), state.as_str(), result.as_str()];
        self.known.with(place, || self.counters.with_label_values(&labels), make_use);
    }
}

/// What can come together: without data nothing is answered from memory, and no refusal of OZmap's is remembered.
fn possible() -> Vec<(Source, DataState, Verdict)> {
    let verdicts: [(Source, &[Verdict]); 4] = [
        (Source::Index, &[Verdict::Viable, Verdict::NotViable]),
        (Source::Cache, &[Verdict::Viable, Verdict::NotViable]),
        (Source::Live, &[Verdict::Viable, Verdict::NotViable, Verdict::Refused]),
        (Source::Nobody, &[Verdict::Unanswered]),
    ];
    let mut possible = Vec::new();
    for (source, verdicts) in verdicts {
        for &state in DataState::ALL {
            if source != Source::Index || state != DataState::Absent {
                possible.extend(verdicts.iter().map(|&verdict| (source, state, verdict)));
            }
        }
    }
    possible
}

/// Counts what became of rows.
pub struct BatchRows(Box<[IntCounter]>);

impl BatchRows {
    pub(super) fn new(counters: &IntCounterVec, tenant: &str) -> Self {
        let all = RowResult::ALL.iter();
        Self(all.map(|result| counters.with_label_values(&[tenant, result.as_str()])).collect())
    }

    /// So many were answered so.
    pub fn count(&self, result: RowResult, rows: u64) {
        if let Some(counter) = self.0.get(result.place()) {
            counter.inc_by(rows);
        }
    }
}
