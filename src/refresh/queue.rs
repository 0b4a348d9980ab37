//! Runs that were asked for and have not begun.

use super::guard::Acceptance;
use super::report::Trigger;
use super::run::Kind;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The process stops before a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopping {
    /// No run begins any more.
    #[error(
        "the process stops and the refresh had not begun; order it again from the process that comes next"
    )]
    NotBegun,
    /// It was under way, and took longer than a stop waits for.
    #[error(
        "the process stops and the refresh was given up half-way; order it again from the process that comes next"
    )]
    GivenUp,
}

/// A run that has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) trigger: Trigger,
    pub(super) kind: Kind,
    pub(super) acceptance: Acceptance,
    /// How many orders of operators it will serve.
    pub(super) orders: u64,
    since: Instant,
    /// How long after the last run that was ordered it may begin.
    gap: Duration,
}

/// Runs in the order in which they were asked for, which is that of their numbers.
///
/// Who asks while one waits shares it, if both wish the same of the guard: an operator who accepts whatever is read
/// speaks for no other, and is not overruled by one. So no more than one run of each [`Acceptance`] waits.
#[derive(Default)]
pub(super) struct Queue {
    last_id: u64,
    last_begun: u64,
    waiting: VecDeque<Waiting>,
    /// When the last run that was ordered began.
    last_ordered: Option<Instant>,
    closed: bool,
}

impl Queue {
    /// The number of the run that an operator's order gets; it begins `gap` after the last one that was ordered did.
    pub(super) fn order(&mut self, acceptance: Acceptance, gap: Duration) -> Result<u64, Stopping> {
        self.open()?;
        match self.waiting.iter_mut().find(|waiting| waiting.acceptance == acceptance) {
            Some(waiting) => {
                // The run that serves an order is an operator's, in the reports and for the gap to the next.
                waiting.trigger = Trigger::Admin;
                waiting.kind = Kind::Full;
                waiting.orders += 1;
                Ok(waiting.id)
            }
            None => Ok(self.push(Trigger::Admin, Kind::Full, acceptance, gap)),
        }
    }

    /// The number of the run that whoever isn't an operator gets: any will do, and the next begins at once.
    pub(super) fn request(&mut self, trigger: Trigger, kind: Kind) -> Result<u64, Stopping> {
        self.open()?;
        match self.waiting.front_mut() {
            Some(next) => {
                next.gap = Duration::ZERO;
                next.kind = next.kind.max(kind);
                Ok(next.id)
            }
            None => Ok(self.push(trigger, kind, Acceptance::Guarded, Duration::ZERO)),
        }
    }

    fn open(&self) -> Result<(), Stopping> {
        if self.closed { Err(Stopping::NotBegun) } else { Ok(()) }
    }

    fn push(&mut self, trigger: Trigger, kind: Kind, acceptance: Acceptance, gap: Duration) -> u64 {
        self.last_id += 1;
        let orders = u64::from(trigger == Trigger::Admin);
        let since = Instant::now();
        self.waiting.push_back(Waiting { id: self.last_id, trigger, kind, acceptance, orders, since, gap });
        self.last_id
    }

    /// When the next run may begin, which may be past; `None` where none waits.
    pub(super) fn due(&self) -> Option<Instant> {
        let next = self.waiting.front()?;
        Some(self.last_ordered.map_or(next.since, |last| last + next.gap))
    }

    /// The next run, if it may begin.
    pub(super) fn take(&mut self) -> Option<Waiting> {
        let now = Instant::now();
        self.due().filter(|due| *due <= now)?;
        let next = self.waiting.pop_front()?;
        self.last_begun = next.id;
        if next.trigger == Trigger::Admin {
            self.last_ordered = Some(now);
        }
        Some(next)
    }

    /// Whether [`Self::close`] was called.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives up what waits and takes nothing more; returns what was given up.
    pub(super) fn close(&mut self) -> VecDeque<Waiting> {
        self.closed = true;
        std::mem::take(&mut self.waiting)
    }

    /// The number of the last run that has begun.
    pub(super) fn last_begun(&self) -> u64 {
        self.last_begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const GAP: Duration = Duration::from_secs(10);

    fn taken(queue: &mut Queue) -> Option<(u64, Trigger, Acceptance, u64)> {
        queue.take().map(|run| (run.id, run.trigger, run.acceptance, run.orders))
    }

    #[tokio::test(start_paused = true)]
    async fn orders_share_a_run_with_those_that_wish_the_same_and_no_more_than_two_wait() {
        let mut queue = Queue::default();
        for _ in 0..100 {
            assert_eq!(queue.order(Acceptance::AsRead, GAP), Ok(1));
            assert_eq!(queue.order(Acceptance::Guarded, GAP), Ok(2));
        }
        assert_eq!(taken(&mut queue), Some((1, Trigger::Admin, Acceptance::AsRead, 100)));
        assert_eq!((taken(&mut queue), queue.last_begun()), (None, 1), "the gap is not over");
        // What comes after it began doesn't share it.
        assert_eq!(queue.order(Acceptance::AsRead, GAP), Ok(3));
        advance(GAP).await;
        assert_eq!(taken(&mut queue), Some((2, Trigger::Admin, Acceptance::Guarded, 100)));
        advance(GAP).await;
        assert_eq!(taken(&mut queue), Some((3, Trigger::Admin, Acceptance::AsRead, 1)));
        assert_eq!(queue.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_waits_for_no_gap_and_takes_the_next_order_with_it() {
        let mut queue = Queue::default();
        assert_eq!(queue.order(Acceptance::Guarded, GAP), Ok(1));
        assert!(queue.take().is_some(), "the first has nothing to keep away from");
        assert_eq!(queue.order(Acceptance::Guarded, GAP), Ok(2));
        assert_eq!(queue.order(Acceptance::AsRead, GAP), Ok(3));
        assert_eq!(queue.take(), None);
        assert_eq!(queue.request(Trigger::Schedule, Kind::Full), Ok(2));
        assert_eq!(taken(&mut queue), Some((2, Trigger::Admin, Acceptance::Guarded, 1)));
        assert_eq!(queue.take(), None, "the other waits for its time");
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_joins_a_run_of_the_clock_and_does_not_hold_it_up() {
        let mut queue = Queue::default();
        assert_eq!(queue.order(Acceptance::Guarded, GAP), Ok(1));
        assert!(queue.take().is_some());
        assert_eq!(queue.request(Trigger::Schedule, Kind::Full), Ok(2));
        assert_eq!(queue.order(Acceptance::Guarded, GAP), Ok(2));
        assert_eq!(taken(&mut queue), Some((2, Trigger::Admin, Acceptance::Guarded, 1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_gap_counts_from_the_last_that_was_ordered_whatever_the_clock_began_since() {
        let mut queue = Queue::default();
        queue.request(Trigger::Start, Kind::Full).unwrap();
        assert!(queue.take().is_some());
        queue.order(Acceptance::Guarded, GAP).unwrap();
        assert!(queue.take().is_some(), "the first order has none to keep away from");
        advance(GAP / 2).await;
        queue.request(Trigger::Schedule, Kind::Full).unwrap();
        assert!(queue.take().is_some());
        queue.order(Acceptance::Guarded, GAP).unwrap();
        assert!(queue.take().is_none());
        advance(GAP / 2).await;
        assert!(queue.take().is_some());
    }

    #[test]
    fn what_nothing_keeps_away_begins_at_once_by_a_clock_that_never_stands_still() {
        let mut queue = Queue::default();
        for _ in 0..1_000 {
            queue.request(Trigger::Retry, Kind::Full).unwrap();
            assert!(queue.take().is_some());
        }
    }

    #[test]
    fn a_closed_queue_gives_up_what_waits_and_takes_nothing_more() {
        let mut queue = Queue::default();
        queue.order(Acceptance::Guarded, GAP).unwrap();
        queue.order(Acceptance::Guarded, GAP).unwrap();
        assert_eq!(queue.last_begun(), 0);
        assert_eq!(queue.close().iter().map(|run| run.orders).sum::<u64>(), 2);
        assert_eq!(
            (queue.order(Acceptance::AsRead, GAP), queue.request(Trigger::Retry, Kind::Full)),
            (Err(Stopping::NotBegun), Err(Stopping::NotBegun))
        );
        assert!(queue.is_closed() && queue.take().is_none());
    }
}
