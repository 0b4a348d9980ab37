//! Telling whoever watches how far a calibration is.

use crate::ozmap::wire::List;
use std::future::pending;
use std::pin::Pin;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// This list is read.
    Reading(List),
    /// OZmap is asked at the chosen points.
    Asking,
    /// OZmap is asked once more where answers differed.
    AskingAgain,
}

impl Phase {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading(list) => list.path(),
            Self::Asking => "asking",
            Self::AskingAgain => "asking again",
        }
    }

    /// What is counted meanwhile.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Reading(_) => "rows",
            Self::Asking | Self::AskingAgain => "points",
        }
    }
}

/// Somebody who watches.
pub trait Watch: Sync {
    /// So much of it is done, of so much as far as that is known.
    fn at(&self, phase: Phase, done: u64, of: Option<u64>);

    /// It has ended.
    fn ended(&self, phase: Phase, done: u64);

    /// Comes when OZmap is to be asked no more, and what it said so far is to be judged.
    fn interrupted(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(pending())
    }
}

/// Nobody.
impl Watch for () {
    fn at(&self, _phase: Phase, _done: u64, _of: Option<u64>) {}

    fn ended(&self, _phase: Phase, _done: u64) {}
}
