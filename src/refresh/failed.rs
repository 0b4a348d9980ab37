//! What the log tells of a run that published nothing.

use super::report::{Failure, Running};
use super::run::RefreshError;
use super::{Refresher, with_causes};
use crate::tenant::DataState;

impl Refresher {
    /// Tells of it, and returns what reports tell.
    pub(super) fn tell_of_failure(&self, run: Running, error: &RefreshError) -> Failure {
        let failure = Failure { kind: error.as_str(), message: with_causes(error) };
        let state = self.tenant.state_of(self.tenant.data().as_deref());
        let fate = match state {
            DataState::Absent => "there are no data yet",
            DataState::Fresh | DataState::Stale | DataState::Expired => "the data stay as they were",
        };
        tracing::warn!(
            tenant = self.tenant.name(),
            run = run.id,
            error = failure.message,
            data = state.as_str(),
            "refresh failed; {fate}"
        );
        failure
    }
}
