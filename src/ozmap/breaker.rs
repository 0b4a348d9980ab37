//! Sparing clients the wait for an OZmap that has just failed again and again.
//!
//! After five failures in a row calls for waiting clients are refused at once. After a pause exactly one is
//! let through to try; should it fail too, the pause doubles. Refreshes go on by themselves, with pauses of their own.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;
/// The pause before the first try.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before a try.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The breaker of one tenant's OZmap.
pub struct Breaker {
    tenant: String,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Calls pass.
    Closed { failures: u32 },
    /// None passes before this moment.
    Open { until: Instant, pause: Duration },
    /// One is under way to try.
    Trying,
}

/// A breaker as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// The next call, or the one under way, decides.
    HalfOpen,
    /// Calls are refused.
    Open,
}

impl BreakerState {
    /// The word for it on status pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }

    /// The number for it in the gauge.
    pub fn as_number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// How a call went, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// OZmap answered, be it with a refusal.
    Answered,
    /// OZmap is not well.
    Failed,
}

/// Leave to make one call. Dropped without an outcome, the call counts as never made.
pub(super) struct Admitted<'b> {
    breaker: &'b Breaker,
    /// The pause that a try ended; `None`: the breaker was closed.
    tries_after: Option<Duration>,
    settled: bool,
}

impl Breaker {
    /// A closed one.
    pub(super) fn new(tenant: String) -> Self {
        Self { tenant, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// What it is now.
    pub fn state(&self) -> BreakerState {
        match *self.lock() {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until, .. } if Instant::now() < until => BreakerState::Open,
            State::Open { .. } | State::Trying => BreakerState::HalfOpen,
        }
    }

    /// Leave to call, or `None` while OZmap is spared.
    pub(super) fn admit(&self) -> Option<Admitted<'_>> {
        let mut state = self.lock();
        let tries_after = match *state {
            State::Closed { .. } => None,
            State::Open { until, pause } if Instant::now() >= until => {
                *state = State::Trying;
                Some(pause)
            }
            State::Open { .. } | State::Trying => return None,
        };
        Some(Admitted { breaker: self, tries_after, settled: false })
    }

    fn settle(&self, tries_after: Option<Duration>, outcome: Outcome) {
        let mut state = self.lock();
        let next = match (*state, tries_after, outcome) {
            // A call that began before the breaker opened tells nothing of now.
            (State::Open { .. } | State::Trying, None, _) => return,
            (_, _, Outcome::Answered) => State::Closed { failures: 0 },
            (_, Some(pause), Outcome::Failed) => open_for(pause.saturating_mul(2).min(LONGEST_PAUSE)),
            (State::Closed { failures }, None, Outcome::Failed) if failures + 1 < FAILURES => {
                State::Closed { failures: failures + 1 }
            }
            (State::Closed { .. }, None, Outcome::Failed) => open_for(FIRST_PAUSE),
        };
        let before = std::mem::replace(&mut *state, next);
        drop(state);
        match (before, next) {
            (State::Closed { .. }, State::Open { .. }) => {
                tracing::warn!(
                    tenant = self.tenant,
                    failures = FAILURES,
                    "OZmap fails again and again; live calls are refused until a try succeeds"
                );
            }
            (State::Trying, State::Closed { .. }) => {
                tracing::info!(tenant = self.tenant, "OZmap answers again; live calls pass");
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Half of the pause is fixed, so that OZmap is never tried more often; half is chance, so that proxies don't try it
/// in step.
fn open_for(pause: Duration) -> State {
    State::Open { until: Instant::now() + pause.mul_f64(0.5 + 0.5 * fastrand::f64()), pause }
}

impl Admitted<'_> {
    pub(super) fn settle(mut self, outcome: Outcome) {
        self.settled = true;
        self.breaker.settle(self.tries_after, outcome);
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if let (false, Some(pause)) = (self.settled, self.tries_after) {
            // Somebody gave up a try half-way: the next caller may try.
            *self.breaker.lock() = State::Open { until: Instant::now(), pause };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn breaker() -> Breaker {
        Breaker::new("demo".to_owned())
    }

    fn call(breaker: &Breaker, outcome: Outcome) -> bool {
        breaker.admit().map(|admitted| admitted.settle(outcome)).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_only() {
        let breaker = breaker();
        for _ in 1..FAILURES {
            assert!(call(&breaker, Outcome::Failed));
        }
        assert!(call(&breaker, Outcome::Answered));
        for _ in 0..FAILURES {
            assert_eq!(breaker.state(), BreakerState::Closed);
            assert!(call(&breaker, Outcome::Failed));
        }
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!call(&breaker, Outcome::Answered));
    }

    #[tokio::test(start_paused = true)]
    async fn exactly_one_call_tries_and_decides() {
        let breaker = breaker();
        (0..FAILURES).for_each(|_| assert!(call(&breaker, Outcome::Failed)));
        advance(FIRST_PAUSE).await;
        let trying = breaker.admit().expect("a try after the pause");
        assert!(breaker.admit().is_none(), "a second try beside the first");
        trying.settle(Outcome::Failed);
        assert!(breaker.admit().is_none(), "a try right after one that failed");
        advance(FIRST_PAUSE * 2).await;
        drop(breaker.admit().expect("a try after the doubled pause"));
        let trying = breaker.admit().expect("a try that was given up is no try");
        trying.settle(Outcome::Answered);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_of_failures_costs_at_most_a_try_in_thirty_seconds() {
        let breaker = breaker();
        let mut calls = 0;
        for _ in 0..24 * 60 * 60 {
            calls += u32::from(call(&breaker, Outcome::Failed));
            advance(Duration::from_secs(1)).await;
        }
        assert!(calls <= 24 * 60 * 2 + FAILURES + 10, "{calls}");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_from_before_it_opened_tell_nothing() {
        let breaker = breaker();
        let early = breaker.admit().unwrap();
        (0..FAILURES).for_each(|_| assert!(call(&breaker, Outcome::Failed)));
        early.settle(Outcome::Answered);
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
