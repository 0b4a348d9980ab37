//! Which runs there is no more to wait for, and why.

use super::queue::Stopping;

/// What has become of the runs so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Ended {
    /// The last that ended.
    pub(super) last: u64,
    pub(super) outlook: Outlook,
}

/// What can still become of the others.
#[derive(Clone, Copy, Default)]
pub(super) enum Outlook {
    /// They begin and end.
    #[default]
    Open,
    /// None begins any more.
    Closed { last_begun: u64 },
    /// Nor does one end.
    GivenUp { last_begun: u64 },
}

impl Ended {
    /// Whether it is no use to wait for this run, and why it has no report if it has none.
    pub(super) fn verdict_on(self, run: u64) -> Option<Result<(), Stopping>> {
        if self.last >= run {
            return Some(Ok(()));
        }
        match self.outlook {
            Outlook::Closed { last_begun } | Outlook::GivenUp { last_begun } if run > last_begun => {
                Some(Err(Stopping::NotBegun))
            }
            Outlook::GivenUp { .. } => Some(Err(Stopping::GivenUp)),
            Outlook::Open | Outlook::Closed { .. } => None,
        }
    }
}
