//! How far reading a list's changes can be relied on.
//!
//! That OZmap filters by `updatedAt`, and that a sale touches it, is an assumption. It is believed of a list when
//! changes that were read so are found again in the whole list, and none is found there that they missed. Until then,
//! and from a miss on, the whole list is read every `refresh.fallback`.

use crate::ozmap::pages::{Reading, Times, Unfit};
use crate::ozmap::splitters::Standing;
use crate::ozmap::wire::time::OzmapTime;
use crate::tenant::AsOf;
use serde::Serialize;
use std::time::Duration;

/// What is read again although it was asked for before: rows that became visible later than their time says.
const OVERLAP: Duration = Duration::from_mins(1);
/// How wrong our clock may be, where OZmap doesn't tell what its own says.
const UNTOLD_CLOCK: Duration = Duration::from_mins(5);
/// Changes of splitters that have to be caught before they are believed to be all: sales may not touch a splitter's time.
const SPLITTERS_TO_CATCH: u64 = 10;
/// The same of boxes, which are edited as what they are: that a whole list holds no other is enough.
const BOXES_TO_CATCH: u64 = 0;
/// Of a hundred changes, so many may be missed: somebody edits OZmap's database by hand.
const TOLERATED_PERCENT: u64 = 1;

/// Rows that no reading of changes would have brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// They say something else than what is held.
    pub changed: u64,
    /// None with their id is held.
    pub added: u64,
    /// They are held, and there no more: no change shows that.
    pub deleted: u64,
}

impl Drift {
    /// Those that a change should have shown.
    pub(super) fn missed(self) -> u64 {
        self.changed + self.added
    }

    /// With its words for the metric.
    pub(super) fn kinds(self) -> [(&'static str, u64); 3] {
        [("changed", self.changed), ("added", self.added), ("deleted", self.deleted)]
    }

    pub(super) fn count(&mut self, standing: Standing) {
        match standing {
            Standing::Same => {}
            Standing::Changed => self.changed += 1,
            Standing::Added => self.added += 1,
        }
    }
}

/// How a list stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListState {
    to_catch: u64,
    /// From when on changes are asked for next; `None`: OZmap tells no times.
    since: Option<OzmapTime>,
    newest: Option<OzmapTime>,
    /// As of when every row is held as it was.
    pub(super) sure: AsOf,
    /// Whether every row could be read.
    pub(super) is_whole: bool,
    trust: Trust,
    /// Changes that reading them brought, while unproven all in all, then since the last whole reading.
    caught: u64,
    count: Count,
    /// Why changes can't be relied on, if an operator was told so.
    pub(super) why_not: Option<Distrust>,
}

/// What reading changes is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Unfit(Unfit),
    Unproven,
    Proven,
}

/// How many rows more OZmap counts than are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// Not looked at yet.
    Unknown,
    /// So many, ever since.
    Steady(i64),
    /// It has become less: rows were deleted, which no time tells.
    Shrunk,
}

/// Why the whole list is read again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Distrust {
    /// Changes can't be learned.
    #[error("{0}")]
    Unfit(Unfit),
    /// They don't show everything.
    #[error("changes without a new updatedAt: {missed}, with one: {caught}")]
    Misses {
        /// Found in the whole list only.
        missed: u64,
        /// Brought by reading changes.
        caught: u64,
    },
}

/// What is told of a list's changes.
#[derive(Clone, Debug)]
pub struct Relied {
    /// The list, as its path.
    pub list: &'static str,
    /// How far they can be relied on.
    pub reliance: Reliance,
    /// Why not, where something has shown it.
    pub why_not: Option<String>,
}

/// How far a list's changes can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reliance {
    /// They can't be learned, or not all: the whole list is read every `refresh.fallback`.
    Unfit,
    /// Not enough was caught yet to believe that nothing is missed; the whole list is read, too.
    Unproven,
    /// They are all that is read between full refreshes.
    Proven,
}

impl Reliance {
    /// The number that stands for it in the metric.
    pub fn as_number(self) -> i64 {
        match self {
            Self::Unfit => 0,
            Self::Unproven => 1,
            Self::Proven => 2,
        }
    }
}

impl ListState {
    /// Of boxes that were just read for the first time.
    pub(super) fn of_boxes(read: ListReading) -> Self {
        Self::new(read, BOXES_TO_CATCH)
    }

    /// Of splitters or other service connectors, or of homes, that were just read for the first time.
    pub(super) fn of_splitters(read: ListReading) -> Self {
        Self::new(read, SPLITTERS_TO_CATCH)
    }

    fn new(read: ListReading, to_catch: u64) -> Self {
        let mut state = Self {
            to_catch,
            since: None,
            newest: None,
            sure: read.begun,
            is_whole: read.is_whole,
            trust: Trust::Unproven,
            caught: 0,
            count: Count::Unknown,
            why_not: None,
        };
        state.take_times(read);
        state
    }

    /// The list was read whole again. Tells why its changes can't be relied on, if that is news.
    pub(super) fn read_whole(&mut self, read: ListReading, drift: Drift) -> Option<Distrust> {
        let (caught, missed) = (self.caught, drift.missed());
        let was_asked = self.changes_since().is_some();
        self.take_times(read);
        (self.sure, self.is_whole, self.count) = (read.begun, read.is_whole, Count::Unknown);
        if self.since.is_none() {
            return self.cant_read_changes(Unfit::Untimed);
        }
        if !was_asked {
            // Perhaps it is another OZmap by now.
            self.trust = Trust::Unproven;
            return None;
        }
        if missed * 100 > caught * TOLERATED_PERCENT {
            return self.distrust(Trust::Unproven, Distrust::Misses { missed, caught });
        }
        if self.trust == Trust::Proven || caught >= self.to_catch {
            (self.trust, self.caught, self.why_not) = (Trust::Proven, 0, None);
        }
        None
    }

    /// Its changes were read.
    pub(super) fn read_changes(&mut self, read: ListReading, caught: u64) {
        self.take_times(read);
        self.caught += caught;
        self.is_whole &= read.is_whole;
        if self.trust == Trust::Proven && self.is_whole {
            self.sure = read.begun;
        }
    }

    /// Its changes can't be read. Tells so, if that is news.
    pub(super) fn cant_read_changes(&mut self, why: Unfit) -> Option<Distrust> {
        self.distrust(Trust::Unfit(why), Distrust::Unfit(why))
    }

    fn distrust(&mut self, trust: Trust, why: Distrust) -> Option<Distrust> {
        (self.trust, self.caught) = (trust, 0);
        let is_news = self.why_not.replace(why).is_none();
        is_news.then_some(why)
    }

    /// OZmap counts so many rows, and so many are held.
    pub(super) fn counted(&mut self, rows: u64, held: u64) {
        let more = rows.cast_signed().wrapping_sub(held.cast_signed());
        self.count = match self.count {
            Count::Unknown => Count::Steady(more),
            Count::Steady(before) if more >= before => Count::Steady(before),
            Count::Steady(_) | Count::Shrunk => Count::Shrunk,
        };
    }

    /// From when on changes are to be asked for; `None`: there is no use in asking.
    pub(super) fn changes_since(&self) -> Option<OzmapTime> {
        self.since.filter(|_| !matches!(self.trust, Trust::Unfit(_)))
    }

    /// Whether reading changes doesn't do.
    pub(super) fn needs_whole_reading(&self) -> bool {
        self.count == Count::Shrunk || !self.is_whole || self.reliance() != Reliance::Proven
    }

    /// Whether its changes can be relied on.
    pub(super) fn reliance(&self) -> Reliance {
        match (self.changes_since(), self.trust) {
            (None, _) | (_, Trust::Unfit(_)) => Reliance::Unfit,
            (Some(_), Trust::Unproven) => Reliance::Unproven,
            (Some(_), Trust::Proven) => Reliance::Proven,
        }
    }

    /// Whether a row with this time would be read with the next changes.
    pub(super) fn would_show(&self, updated_at: Option<OzmapTime>) -> bool {
        self.since.zip(updated_at).is_some_and(|(since, updated_at)| updated_at >= since)
    }

    /// Asks next from the last change on, and no later than OZmap's clock allows: times may lie in the future.
    fn take_times(&mut self, read: ListReading) {
        let ListReading { times, begun, .. } = read;
        let clock = times.begun.or_else(|| Some(OzmapTime::new(begun.time)?.before(UNTOLD_CLOCK)));
        self.newest = self.newest.max(times.newest);
        self.since = clock.zip(self.newest).map(|(clock, newest)| newest.min(clock.before(OVERLAP)));
    }
}

/// What a reading tells of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListReading {
    /// When it began.
    pub(super) begun: AsOf,
    /// What it tells of OZmap's clock.
    pub(super) times: Times,
    /// Whether every row could be read.
    pub(super) is_whole: bool,
}

impl ListReading {
    pub(super) fn of<R>(reading: &Reading<R>, begun: AsOf) -> Self {
        Self { begun, times: reading.times, is_whole: reading.is_whole() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;
    use tokio::time::Instant;

    fn time(seconds: u64) -> OzmapTime {
        OzmapTime::new(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap()
    }

    /// At a second of OZmap's clock, of rows the newest of which was changed at another.
    fn reading(clock: Option<u64>, newest: Option<u64>) -> ListReading {
        let times = Times { begun: clock.map(time), newest: newest.map(time) };
        let begun =
            AsOf { time: UNIX_EPOCH + Duration::from_secs(clock.unwrap_or(10_000)), instant: Instant::now() };
        ListReading { begun, times, is_whole: true }
    }

    const NOTHING: Drift = Drift { changed: 0, added: 0, deleted: 0 };

    #[test]
    fn changes_are_asked_for_from_the_last_one_on_and_never_from_the_future() {
        let since = |clock, newest| ListState::of_boxes(reading(clock, newest)).changes_since();
        assert_eq!(since(Some(10_000), Some(5_000)), Some(time(5_000)), "quiet since");
        assert_eq!(since(Some(10_000), Some(9_999)), Some(time(9_940)), "some come late");
        assert_eq!(since(Some(10_000), Some(99_999)), Some(time(9_940)), "a time in the future");
        assert_eq!(since(None, Some(9_999)), Some(time(9_640)), "by our own clock");
        assert_eq!(since(Some(10_000), None), None, "rows without times");
    }

    #[test]
    fn splitters_are_proven_by_what_was_caught_and_put_back_by_what_was_missed() {
        let mut list = ListState::of_splitters(reading(Some(10_000), Some(9_000)));
        let whole = |list: &mut ListState, caught, missed| {
            list.read_changes(reading(Some(11_000), Some(10_500)), caught);
            let told =
                list.read_whole(reading(Some(12_000), Some(11_000)), Drift { changed: missed, ..NOTHING });
            (list.reliance(), told)
        };
        assert_eq!(whole(&mut list, 9, 0), (Reliance::Unproven, None));
        assert_eq!(whole(&mut list, 1, 0), (Reliance::Proven, None));
        assert_eq!(whole(&mut list, 200, 2), (Reliance::Proven, None), "one in a hundred");
        let misses = Distrust::Misses { missed: 3, caught: 200 };
        assert_eq!(whole(&mut list, 200, 3), (Reliance::Unproven, Some(misses)));
        assert_eq!(whole(&mut list, 200, 3), (Reliance::Unproven, None), "told once");
        assert_eq!(whole(&mut list, 10, 0), (Reliance::Proven, None));
        assert!(whole(&mut list, 0, 1).1.is_some(), "and again another time");
    }

    #[test]
    fn only_what_is_proven_keeps_data_fresh() {
        let first = reading(Some(10_000), Some(9_000));
        let mut list = ListState::of_boxes(first);
        let later = ListReading {
            begun: AsOf { instant: first.begun.instant + Duration::from_secs(1), ..first.begun },
            ..first
        };
        list.read_changes(later, 1);
        assert_eq!(list.sure.instant, first.begun.instant);
        list.read_whole(first, NOTHING);
        list.read_changes(ListReading { is_whole: false, ..later }, 1);
        assert_eq!(list.sure.instant, first.begun.instant, "a row could not be read");
        list.read_whole(first, NOTHING);
        list.read_changes(later, 1);
        assert_eq!(list.sure.instant, later.begun.instant);
    }

    #[test]
    fn what_cant_be_read_is_tried_again_after_the_next_whole_reading() {
        let mut list = ListState::of_boxes(reading(Some(10_000), Some(9_000)));
        let unfit = Distrust::Unfit(Unfit::Ignored);
        assert_eq!(list.cant_read_changes(Unfit::Ignored), Some(unfit));
        assert_eq!((list.changes_since(), list.reliance()), (None, Reliance::Unfit));
        // What changed meanwhile was missed by nobody who was asked.
        assert_eq!(
            list.read_whole(reading(Some(10_000), Some(9_000)), Drift { changed: 5, ..NOTHING }),
            None
        );
        assert_eq!((list.changes_since(), list.reliance()), (Some(time(9_000)), Reliance::Unproven));
        assert_eq!(list.cant_read_changes(Unfit::Ignored), None, "told once");
    }

    #[test]
    fn rows_that_ozmap_counts_no_more_call_for_a_whole_reading() {
        let mut list = ListState::of_boxes(reading(Some(10_000), Some(9_000)));
        list.read_whole(reading(Some(10_000), Some(9_000)), NOTHING);
        for (rows, held, needed) in
            [(102, 100, false), (103, 101, false), (104, 101, false), (103, 102, true)]
        {
            list.counted(rows, held);
            assert_eq!(list.needs_whole_reading(), needed, "{rows} {held}");
        }
        list.read_whole(reading(Some(10_000), Some(9_000)), NOTHING);
        assert!(!list.needs_whole_reading());
    }
}
