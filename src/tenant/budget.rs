//! How many calls to OZmap may be made for waiting clients.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A token bucket for the rate, and a limit on calls under way.
pub(super) struct Budget {
    per_second: f64,
    burst: f64,
    bucket: Mutex<Bucket>,
    under_way: Arc<Semaphore>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Leave to make one call; the place is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Leave(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Budget {
    /// One second's worth of calls, at least one, may be made at a stroke.
    pub(super) fn new(per_second: f64, at_once: NonZeroUsize) -> Self {
        Self::with_burst(per_second, per_second.max(1.0), at_once)
    }

    /// So many calls may be made at a stroke; it begins with all of them.
    pub(super) fn with_burst(per_second: f64, burst: f64, at_once: NonZeroUsize) -> Self {
        Self {
            per_second,
            burst,
            bucket: Mutex::new(Bucket { tokens: burst, filled: Instant::now() }),
            under_way: Arc::new(Semaphore::new(at_once.get().min(Semaphore::MAX_PERMITS))),
        }
    }

    /// `None` when the rate is used up or too many calls are under way; nobody ever waits.
    pub(super) fn take(&self) -> Option<Leave> {
        let place = Arc::clone(&self.under_way).try_acquire_owned().ok()?;
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut bucket);
        if bucket.tokens < 1.0 {
            return None;
        }
        bucket.tokens -= 1.0;
        Some(Leave(place))
    }

    /// How many calls could be made at a stroke, were none of them to wait for a place.
    pub(super) fn left(&self) -> f64 {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut bucket);
        bucket.tokens
    }

    fn fill(&self, bucket: &mut Bucket) {
        let now = Instant::now();
        let earned = now.duration_since(bucket.filled).as_secs_f64() * self.per_second;
        bucket.tokens = (bucket.tokens + earned).min(self.burst);
        bucket.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn budget(per_second: f64, at_once: usize) -> Budget {
        Budget::new(per_second, NonZeroUsize::new(at_once).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_a_minute() {
        let budget = budget(2.0, 100);
        let mut taken = 0;
        for _ in 0..6_000 {
            taken += usize::from(budget.take().is_some());
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!((119..=122).contains(&taken), "{taken} calls in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_under_way_are_limited_and_an_ended_one_makes_room() {
        let budget = budget(1_000.0, 2);
        let (first, second) = (budget.take(), budget.take());
        assert!(first.is_some() && second.is_some() && budget.take().is_none());
        drop(first);
        assert!(budget.take().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_below_one_still_lets_one_call_through_at_a_time() {
        let budget = budget(0.1, 4);
        assert!(budget.take().is_some());
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(budget.take().is_none());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(budget.take().is_some());
    }
}
