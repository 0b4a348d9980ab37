//! What is read when, beside the times of `refresh.full`.

use super::ledger::Ledger;
use super::report::Trigger;
use super::run::Kind;
use crate::config;
use std::time::Duration;
use tokio::time::Instant;

/// When runs of each kind began last, whatever came of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Began {
    any: Instant,
    splitters: Instant,
    full: Instant,
}

impl Began {
    /// None has; from then on it is counted.
    pub(super) fn none_since(now: Instant) -> Self {
        Self { any: now, splitters: now, full: now }
    }

    /// When the last one did.
    pub(super) fn last(self) -> Instant {
        self.any
    }

    /// One begins now. The larger kind serves who waits for a smaller one.
    pub(super) fn now(&mut self, kind: Kind) {
        let now = Instant::now();
        self.any = now;
        if kind >= Kind::Splitters {
            self.splitters = now;
        }
        if kind == Kind::Full {
            self.full = now;
        }
    }
}

/// A run that will come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: Instant,
    pub(super) trigger: Trigger,
    pub(super) kind: Kind,
}

/// How soon after another run corrections get theirs: each costs OZmap a few calls.
const CORRECTED_AFTER: Duration = Duration::from_secs(2);

/// The run that corrections wait for.
pub(super) fn corrected(began: Began) -> Due {
    Due { at: began.any + CORRECTED_AFTER, trigger: Trigger::Recheck, kind: Kind::Changes }
}

/// The next run; `None` where only `refresh.full` counts.
pub(super) fn next(settings: &config::Refresh, ledger: Option<&Ledger>, began: Began) -> Option<Due> {
    let every = settings.changes?;
    let whole = match ledger.map_or(Some(Kind::Full), whole_kind) {
        None => None,
        Some(Kind::Full) => Some((began.full, Kind::Full)),
        Some(kind) => Some((began.splitters, kind)),
    };
    let whole =
        whole.map(|(last, kind)| Due { at: last + settings.fallback, trigger: Trigger::Fallback, kind });
    let changes = ledger.filter(|ledger| ledger.shows_changes()).map(|_| Due {
        at: began.any + every,
        trigger: Trigger::Changes,
        kind: Kind::Changes,
    });
    whole.into_iter().chain(changes).min_by_key(|due| (due.at, std::cmp::Reverse(due.kind)))
}

/// What has to be read whole again and again, if anything.
fn whole_kind(ledger: &Ledger) -> Option<Kind> {
    if ledger.needs_full_runs() {
        return Some(Kind::Full);
    }
    ledger.splitter_list.needs_whole_reading().then_some(Kind::Splitters)
}
