//! What is read when, beside the times of `refresh.full`.

use super::ledger::Ledger;
use super::report::Trigger;
use super::run::Kind;
use crate::config;
use std::time::Duration;
use tokio::time::Instant;

/// When runs of each kind began last, whatever came of them, and how long reading lists whole took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Began {
    any: Instant,
    splitters: Readings,
    full: Readings,
}

/// Of one kind: the last one's beginning, and how long the last one that succeeded took.
#[derive(Clone, Copy, Debug)]
struct Readings {
    began: Instant,
    took: Duration,
}

impl Readings {
    /// When the next begins so that what changes just behind the last one's beginning shows within `interval`: by as much
    /// earlier as reading takes, and a quarter more, for no two take the same time. Up to a third of the interval, so that
    /// OZmap is never read more than half as often again.
    fn next_within(self, interval: Duration) -> Instant {
        let reading = self.took + self.took / 4;
        self.began + interval.saturating_sub(reading.min(interval / 3))
    }
}

impl Began {
    /// None has; from then on it is counted.
    pub(super) fn none_since(now: Instant) -> Self {
        let none = Readings { began: now, took: Duration::ZERO };
        Self { any: now, splitters: none, full: none }
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
            self.splitters.began = now;
        }
        if kind == Kind::Full {
            self.full.began = now;
        }
    }

    /// The last one, of this kind, succeeded.
    pub(super) fn succeeded(&mut self, kind: Kind, took: Duration) {
        // Splitters alone take no longer than all lists do.
        if kind >= Kind::Splitters {
            self.splitters.took = took;
        }
        if kind == Kind::Full {
            self.full.took = took;
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
///
/// Between two whole readings changes are read once at least: else they could never prove themselves.
pub(super) fn next(settings: &config::Refresh, ledger: Option<&Ledger>, began: Began) -> Option<Due> {
    let every = settings.changes?;
    let whole = match ledger.map_or(Some(Kind::Full), whole_kind) {
        None => None,
        Some(Kind::Full) => Some((began.full, Kind::Full)),
        Some(kind) => Some((began.splitters, kind)),
    };
    let changes = ledger.filter(|ledger| ledger.shows_changes()).map(|_| Due {
        at: began.any + every,
        trigger: Trigger::Changes,
        kind: Kind::Changes,
    });
    let whole = whole.filter(|(readings, _)| changes.is_none() || readings.began != began.any);
    let whole = whole.map(|(readings, kind)| Due {
        at: readings.next_within(settings.fallback),
        trigger: Trigger::Fallback,
        kind,
    });
    whole.into_iter().chain(changes).min_by_key(|due| (due.at, std::cmp::Reverse(due.kind)))
}

/// What has to be read whole again and again, if anything.
fn whole_kind(ledger: &Ledger) -> Option<Kind> {
    if ledger.needs_full_runs() {
        return Some(Kind::Full);
    }
    ledger.needs_whole_port_lists().then_some(Kind::Splitters)
}

#[cfg(test)]
mod tests {
    use super::super::ledger::ConnectorList;
    use super::super::trust::{Drift, ListReading, ListState};
    use super::*;
    use crate::config::load::{Source, load};
    use crate::ozmap::assemble::Doubts;
    use crate::ozmap::assemble::amend::ChangedDoubts;
    use crate::ozmap::pages::{Reading, Times};
    use crate::ozmap::splitters::{Detail, Splitters};
    use crate::ozmap::wire::List;
    use crate::ozmap::wire::time::OzmapTime;
    use crate::tenant::AsOf;
    use crate::viability::ports::ConnectorKind;
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use tokio::time::advance;

    /// As they come, with something more below `[refresh]`.
    fn settings(more: &str) -> config::Refresh {
        let text = format!("[refresh]\n{more}\n[tenants.a]\nhost = \"https://a.example\"\nkey_env = \"K\"");
        let env = BTreeMap::from([("K".to_owned(), "a-key".to_owned())]);
        let config = load(&Source { path: PathBuf::from("a.toml"), text }, &env).unwrap();
        config.tenants[0].refresh.clone()
    }

    fn reading() -> ListReading {
        let begun = AsOf::now();
        let now = OzmapTime::new(begun.time);
        ListReading { begun, times: Times { begun: now, newest: now }, is_whole: true }
    }

    /// Of lists that were just read, their changes `caught` and the lists read again, or not.
    fn ledger(proven: bool) -> Ledger {
        let (mut box_list, mut splitter_list) =
            (ListState::of_boxes(reading()), ListState::of_splitters(reading()));
        if proven {
            for list in [&mut box_list, &mut splitter_list] {
                list.read_changes(reading(), 10);
                assert_eq!(list.read_whole(reading(), Drift::default()), None);
            }
        }
        let list = List::Connectors(ConnectorKind::Splitter);
        Ledger {
            homes: None,
            connectors: vec![ConnectorList {
                list,
                held: Splitters::of(&Reading::default(), Detail::Counts),
                state: splitter_list,
            }],
            doubts: Doubts::default(),
            changed_doubts: ChangedDoubts::default(),
            unplaced: 0,
            has_unlisted: false,
            box_list,
        }
    }

    /// What comes due, and how many seconds from now.
    fn due(settings: &config::Refresh, ledger: Option<&Ledger>, began: Began) -> Option<(u64, Kind)> {
        next(settings, ledger, began)
            .map(|due| (due.at.saturating_duration_since(Instant::now()).as_secs(), due.kind))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_proven_is_read_by_its_changes_and_what_is_not_whole_too() {
        let settings = settings("");
        let mut began = Began::none_since(Instant::now());
        began.now(Kind::Full);
        assert_eq!(due(&settings, Some(&ledger(true)), began), Some((30, Kind::Changes)));
        assert_eq!(due(&settings, Some(&ledger(false)), began), Some((30, Kind::Changes)));
        advance(Duration::from_mins(10)).await;
        began.now(Kind::Changes);
        assert_eq!(due(&settings, Some(&ledger(true)), began), Some((30, Kind::Changes)));
        assert_eq!(due(&settings, Some(&ledger(false)), began), Some((0, Kind::Full)));
    }

    #[tokio::test(start_paused = true)]
    async fn splitters_alone_are_read_where_only_their_changes_are_not_proven() {
        let settings = settings("");
        let mut began = Began::none_since(Instant::now());
        began.now(Kind::Full);
        let mut ledger = ledger(true);
        ledger.connectors[0].state = ListState::of_splitters(reading());
        advance(Duration::from_mins(10)).await;
        began.now(Kind::Changes);
        assert_eq!(due(&settings, Some(&ledger), began), Some((0, Kind::Splitters)));
        began.now(Kind::Splitters);
        assert_eq!(due(&settings, Some(&ledger), began), Some((30, Kind::Changes)));
        // What only all lists can settle.
        ledger.has_unlisted = true;
        assert_eq!(due(&settings, Some(&ledger), began), Some((0, Kind::Full)));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_ledger_all_is_read_and_without_changes_only_the_schedule_counts() {
        let began = Began::none_since(Instant::now());
        assert_eq!(due(&settings(""), None, began), Some((600, Kind::Full)));
        assert_eq!(due(&settings("fallback = \"5m\""), None, began), Some((300, Kind::Full)));
        assert_eq!(due(&settings("changes = \"0s\""), Some(&ledger(false)), began), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_begins_earlier_by_what_the_last_one_took() {
        let settings = settings("fallback = \"5m\"");
        let mut began = Began::none_since(Instant::now());
        began.succeeded(Kind::Full, Duration::from_secs(40));
        assert_eq!(due(&settings, None, began), Some((250, Kind::Full)));
        // Never more than half as often again as is set.
        began.succeeded(Kind::Full, Duration::from_mins(4));
        assert_eq!(due(&settings, None, began), Some((200, Kind::Full)));
        // Splitters alone take at most as long as everything did, until they have been read.
        let mut ledger = ledger(true);
        ledger.connectors[0].state = ListState::of_splitters(reading());
        began.succeeded(Kind::Full, Duration::from_secs(40));
        advance(Duration::from_secs(245)).await;
        began.now(Kind::Changes);
        assert_eq!(due(&settings, Some(&ledger), began), Some((5, Kind::Splitters)));
        began.succeeded(Kind::Splitters, Duration::from_secs(20));
        assert_eq!(due(&settings, Some(&ledger), began), Some((30, Kind::Splitters)));
        assert_eq!(due(&settings, None, began), Some((5, Kind::Full)));
    }

    #[tokio::test(start_paused = true)]
    async fn changes_have_their_turn_though_a_whole_reading_takes_longer_than_its_interval() {
        let settings = settings("changes = \"20s\"\nfallback = \"30s\"");
        let mut began = Began::none_since(Instant::now());
        began.now(Kind::Full);
        began.succeeded(Kind::Full, Duration::from_mins(1));
        advance(Duration::from_mins(1)).await;
        assert_eq!(due(&settings, Some(&ledger(false)), began), Some((0, Kind::Changes)));
        began.now(Kind::Changes);
        assert_eq!(due(&settings, Some(&ledger(false)), began), Some((0, Kind::Full)));
    }

    #[tokio::test(start_paused = true)]
    async fn corrections_get_their_run_soon_but_not_at_once_behind_another() {
        let mut began = Began::none_since(Instant::now());
        advance(Duration::from_mins(1)).await;
        assert!(corrected(began).at <= Instant::now());
        began.now(Kind::Changes);
        assert_eq!(corrected(began).at, Instant::now() + CORRECTED_AFTER);
    }
}
