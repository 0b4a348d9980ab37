//! Which of the queries that memory answers are asked of OZmap too, afterwards: few, and never more than a hundredth.

use super::resolve::Request;
use crate::config::key::ApiKey;
use crate::viability::plant::Scope;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;

/// One in so many, at most.
const ONE_IN: u64 = 100;

/// A query to be asked again, by whom it was asked.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What was asked.
    pub request: Request,
    /// The caller's key.
    pub key: ApiKey,
    /// What it may see.
    pub scope: Scope,
}

/// Takes samples. What isn't taken costs a query two numbers that nobody waits for.
pub(super) struct Sampling {
    every: Option<Duration>,
    began: Instant,
    /// Queries since the last that was taken.
    passed: AtomicU64,
    /// When the next may be taken, in milliseconds since the begin.
    due: AtomicU64,
    /// Room for one: while it is being asked no other is taken.
    taken: Sender<Sample>,
    handed_out: Mutex<Option<Receiver<Sample>>>,
}

impl Sampling {
    /// `None` takes none.
    pub(super) fn new(every: Option<Duration>) -> Self {
        let (taken, handed_out) = channel(1);
        Self {
            every,
            began: Instant::now(),
            passed: AtomicU64::new(0),
            due: AtomicU64::new(every.map_or(u64::MAX, milliseconds)),
            taken,
            handed_out: Mutex::new(Some(handed_out)),
        }
    }

    /// Where the samples come out; once.
    pub(super) fn samples(&self) -> Option<Receiver<Sample>> {
        // Nothing under the lock can panic.
        self.handed_out.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes a query that memory has answered, if it is time to.
    pub(super) fn offer(&self, now: Instant, sample: impl FnOnce() -> Sample) {
        let Some(every) = self.every else { return };
        if self.passed.fetch_add(1, Ordering::Relaxed) + 1 < ONE_IN {
            return;
        }
        let (now, due) = (milliseconds(now.duration_since(self.began)), self.due.load(Ordering::Relaxed));
        let next = now.saturating_add(milliseconds(every));
        // Of those who come at once one takes it.
        let is_first = || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if now >= due && is_first() && self.taken.try_send(sample()).is_ok() {
            self.passed.store(0, Ordering::Relaxed);
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::live::Recall;
    use super::*;
    use crate::viability::geo::Point;
    use tokio::time::advance;

    fn sample() -> Sample {
        let center = Point::new(-27.0, -48.0).unwrap();
        let request = Request { center, radius: None, recall: Recall::Allowed };
        Sample { request, key: ApiKey::parse("key").unwrap(), scope: Scope::Everything }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_taken_than_one_in_a_hundred_and_one_in_its_time() {
        let sampling = Sampling::new(Some(Duration::from_mins(1)));
        let mut samples = sampling.samples().unwrap();
        let mut taken_of = |queries: u64| {
            (0..queries).for_each(|_| sampling.offer(Instant::now(), sample));
            std::iter::from_fn(|| samples.try_recv().ok()).count()
        };
        assert_eq!(taken_of(1_000), 0, "it is not time yet");
        advance(Duration::from_mins(1)).await;
        assert_eq!(taken_of(1_000), 1);
        advance(Duration::from_secs(59)).await;
        assert_eq!(taken_of(1_000), 0);
        advance(Duration::from_secs(1)).await;
        assert_eq!(taken_of(1), 1);
        advance(Duration::from_hours(1)).await;
        assert_eq!((taken_of(99), taken_of(1)), (0, 1), "few ask");
        assert!(sampling.samples().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_waits_no_other_is_taken_and_none_ever_where_it_is_off() {
        let sampling = Sampling::new(Some(Duration::from_millis(1)));
        let mut samples = sampling.samples().unwrap();
        advance(Duration::from_secs(1)).await;
        (0..1_000).for_each(|_| sampling.offer(Instant::now(), sample));
        advance(Duration::from_secs(1)).await;
        (0..1_000).for_each(|_| sampling.offer(Instant::now(), sample));
        assert!(samples.try_recv().is_ok() && samples.try_recv().is_err());
        let off = Sampling::new(None);
        advance(Duration::from_hours(1)).await;
        (0..1_000).for_each(|_| off.offer(Instant::now(), sample));
        assert!(off.samples().unwrap().try_recv().is_err());
    }
}
