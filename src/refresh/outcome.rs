//! What the log tells of a run that ended.

use super::Refresher;
use super::report::{Failure, Running};
use super::run::{Kind, Published, RefreshError};
use crate::config::WhenExpired;
use crate::tenant::DataState;
use crate::wording::{with_causes, with_remedy};
use std::time::Duration;
use tokio::time::Instant;

impl Refresher {
    pub(super) fn tell_of_success(&self, run: Running, took: Duration, published: &Published) {
        let (tenant, run, kind) = (self.tenant.name(), run.id, published.kind.as_str());
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let Published { generation, boxes, sellable, free_ports, changed, .. } = *published;
        if published.kind > Kind::Changes {
            tracing::info!(
                tenant,
                run,
                kind,
                generation,
                boxes,
                sellable,
                free_ports,
                changed,
                took_ms,
                "refresh published"
            );
        } else if self.changes_failed_last() {
            tracing::info!(tenant, run, generation, changed, took_ms, "changes are read again");
        } else {
            tracing::debug!(tenant, run, generation, changed, took_ms, "changes read");
        }
    }

    /// Whether the last run that read changes failed.
    pub(super) fn changes_failed_last(&self) -> bool {
        let reports = self.reports();
        let last = reports.iter().find(|report| report.run.kind == Kind::Changes);
        last.is_some_and(|last| last.outcome.is_err())
    }

    /// Tells of it, and returns what reports tell.
    pub(super) fn tell_of_failure(&self, run: Running, error: &RefreshError) -> Failure {
        let message = with_remedy(with_causes(error), error.remedy());
        let objections = match error {
            RefreshError::Refused(objections) => Some(objections.clone()),
            RefreshError::Unread { .. } | RefreshError::TooSlow | RefreshError::Panicked => None,
        };
        let failure = Failure { kind: error.as_str(), message, objections };
        let state = self.tenant.state_of(self.tenant.data().as_deref(), Instant::now());
        let (tenant, kind, run, data) = (self.tenant.name(), run.kind, run.id, state.as_str());
        let cause = &failure.message;
        if kind == Kind::Changes && self.changes_failed_last() {
            // Told once: that data grow old is told too, and what becomes of each run is in the reports.
            tracing::debug!(tenant, run, error = cause, data, "reading changes failed again");
        } else if error.may_pass() {
            let fate = match state {
                DataState::Absent => "there are no data yet",
                DataState::Fresh | DataState::Stale | DataState::Expired => "the data stay as they were",
            };
            let kind = kind.as_str();
            tracing::warn!(tenant, run, kind, error = cause, data, "refresh failed; {fate}");
        } else {
            let fate = fate_for_good(state, self.tenant.settings().freshness.when_expired);
            tracing::error!(
                tenant,
                run,
                error = cause,
                data,
                "refresh failed, as all will until the key is replaced; {fate}"
            );
        }
        failure
    }
}

/// What becomes of the data when no other will follow.
fn fate_for_good(state: DataState, when_expired: WhenExpired) -> &'static str {
    match (state, when_expired) {
        (DataState::Absent, _) => "there are no data yet: nothing is answered from memory",
        (_, WhenExpired::Serve) => "the data stay as they were and go on answering, older and older",
        (DataState::Fresh | DataState::Stale, WhenExpired::Refuse) => {
            "the data stay as they were and answer until they expire (freshness.max_stale)"
        }
        (DataState::Expired, WhenExpired::Refuse) => {
            "the data have expired and answer no more (freshness.when_expired)"
        }
    }
}
