//! How an answer came about, in the words of headers and the log.

use crate::metrics::labels::Source;
use std::time::Duration;

/// How an answer came about.
#[derive(Clone, Copy, Debug)]
pub enum Provenance {
    /// By the snapshot.
    Index {
        /// How long ago its data were read.
        age: Duration,
        /// Seconds until they are stale; negative since then.
        seconds_left: i64,
        /// What else there is to say.
        remark: Remark,
    },
    /// By OZmap, a moment ago, to the same question.
    Remembered {
        /// How long ago.
        age: Duration,
        /// Seconds until it is asked again.
        seconds_left: i64,
        /// Why OZmap was asked.
        reason: LiveReason,
    },
    /// By OZmap, now.
    Live {
        /// Why OZmap was asked.
        reason: LiveReason,
    },
}

impl Provenance {
    /// Who answered.
    pub fn source(&self) -> Source {
        match self {
            Self::Index { .. } => Source::Index,
            Self::Remembered { .. } => Source::Cache,
            Self::Live { .. } => Source::Live,
        }
    }
}

/// What an answer by the snapshot may be remarked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Nothing.
    None,
    /// It answered although OZmap should have, and why.
    InsteadOfLive(Unavailable),
    /// It stood on last free ports: OZmap was asked for these.
    Checked,
    /// It stands on last free ports, and OZmap could not be asked in time whether they are free still.
    Unchecked,
}

/// Why a request is OZmap's to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveReason {
    /// No snapshot yet.
    Cold,
    /// The data are stale.
    Stale,
    /// The data are expired and expired data are refused.
    Expired,
    /// The client sent `Cache-Control: no-cache`.
    NoCache,
    /// No radius given and none configured, or one above the maximum.
    Radius,
    /// The key may see projects which the tenant's own key, and so the snapshot, doesn't; or what it may see is
    /// unsure.
    Scope,
    /// Nothing in reach can be sold, and a box in reach could not be read; or a gated community could not.
    Unreadable,
    /// The answer stands on last free ports, which may lead to homes.
    LastPorts,
}

impl LiveReason {
    /// The word for it in headers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::NoCache => "no-cache",
            Self::Radius => "radius",
            Self::Scope => "scope",
            Self::Unreadable => "unreadable",
            Self::LastPorts => "last-ports",
        }
    }

    /// RFC 9211's word for why a request was forwarded.
    pub fn forwarded(self) -> &'static str {
        match self {
            Self::Cold | Self::Scope | Self::Unreadable | Self::LastPorts => "miss",
            Self::Stale | Self::Expired => "stale",
            Self::NoCache => "request",
            Self::Radius => "bypass",
        }
    }
}

/// Seconds from `age` to `limit`, negative beyond it.
pub(super) fn seconds_left(age: Duration, limit: Duration) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    seconds(limit) - seconds(age)
}

/// Why OZmap did not answer though it was its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The budget for live calls is used up, or the places of those who wait for one.
    OutOfBudget,
    /// Not within the client's patience.
    Late,
    /// OZmap has just failed again and again and is spared.
    Spared,
    /// The call failed.
    Failed,
}
