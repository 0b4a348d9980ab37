//! Which runs there is no more to wait for, and why.

use super::queue::Stopping;

/// Which runs there is no more to wait for.
#[derive(Clone, Copy, Default)]
pub(super) struct Ended {
    /// The last that ended.
    pub(super) last: u64,
    /// The last that will ever have begun.
    pub(super) none_after: Option<u64>,
    /// It will not end either.
    pub(super) given_up: bool,
}

impl Ended {
    /// Whether it is no use to wait for this run, and why it has no report if it has none.
    pub(super) fn verdict_on(self, run: u64) -> Option<Result<(), Stopping>> {
        if self.last >= run {
            Some(Ok(()))
        } else if self.none_after.is_some_and(|last| run > last) {
            Some(Err(Stopping::NotBegun))
        } else {
            self.given_up.then_some(Err(Stopping::GivenUp))
        }
    }
}
