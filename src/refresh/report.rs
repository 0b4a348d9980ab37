//! What is told of a refresh: what started it, and how it ended.

use super::guard::Acceptance;
use super::objections::Objections;
use super::queue::Stopping;
use super::run::{Kind, Published};
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// What starts a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The process started.
    Start,
    /// `refresh.full` came due.
    Schedule,
    /// An operator asked for it.
    Admin,
    /// The one before failed.
    Retry,
    /// `refresh.changes` came due.
    Changes,
    /// `refresh.fallback` came due, for lists whose changes can't be relied on.
    Fallback,
    /// Somebody's answer was checked, and the data were wrong.
    Recheck,
    /// An answer differed from OZmap's.
    Canary,
    /// None began for as long as data stay fresh: the clock must have missed its turn.
    Watchdog,
}

impl Trigger {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Schedule,
        Self::Admin,
        Self::Retry,
        Self::Changes,
        Self::Fallback,
        Self::Recheck,
        Self::Canary,
        Self::Watchdog,
    ];

    /// The word for it in metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Schedule => "schedule",
            Self::Admin => "admin",
            Self::Retry => "retry",
            Self::Changes => "changes",
            Self::Fallback => "fallback",
            Self::Recheck => "recheck",
            Self::Canary => "canary",
            Self::Watchdog => "watchdog",
        }
    }
}

/// A refresh that is running.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// Its number, counted from 1 in each tenant.
    pub id: u64,
    /// What started it.
    pub trigger: Trigger,
    /// What it reads.
    pub kind: Kind,
    /// Whether the guard has a say.
    pub acceptance: Acceptance,
    /// When.
    pub started_at: SystemTime,
}

/// A refresh that ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// What ran.
    pub run: Running,
    /// How long it took.
    pub took: Duration,
    /// What it published, or why nothing: the error and its causes in one line, and its word.
    pub outcome: Result<Published, Failure>,
}

/// Why a refresh published nothing.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The error's word in the metrics.
    pub kind: &'static str,
    /// The error and its causes, and what to do where there is anything to do.
    pub message: String,
    /// What spoke against what was read, where that is why.
    pub objections: Option<Objections>,
}

/// No report of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReport {
    /// It takes longer than was waited for.
    #[error("the refresh has not ended yet")]
    NotYet,
    /// It will not end, if it began at all.
    #[error(transparent)]
    Stopping(#[from] Stopping),
}
