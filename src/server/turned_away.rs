//! Counts what is turned away, and tells the log of what an operator can do something about.

use super::rejection::Rejection;
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A flood of them must not become a flood of lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The count of one process.
pub(super) struct TurnedAway {
    metrics: Arc<Metrics>,
    told: Mutex<HashMap<Rejection, Told>>,
}

/// What the log knows of one reason.
struct Told {
    at: Instant,
    untold: u64,
}

impl TurnedAway {
    /// Makes every series, so that the first rejection is a rise and not a beginning.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        for reason in Rejection::ALL {
            metrics.rejected(reason.as_str(), 0);
        }
        Self { metrics, told: Mutex::default() }
    }

    /// Counts one.
    pub(super) fn count(&self, rejection: Rejection) {
        self.metrics.rejected(rejection.as_str(), 1);
        let Some(setting) = rejection.setting() else { return };
        if let Some(requests) = self.to_be_told(rejection) {
            let reason = rejection.as_str();
            tracing::warn!(
                reason,
                setting,
                requests,
                "clients are turned away: a setting keeps them out, or too much comes"
            );
        }
    }

    /// How many to tell of now, if any.
    fn to_be_told(&self, rejection: Rejection) -> Option<u64> {
        let now = Instant::now();
        // Nothing under the lock can panic half-way through a change.
        let mut all_told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(told) = all_told.get_mut(&rejection) else {
            all_told.insert(rejection, Told { at: now, untold: 0 });
            return Some(1);
        };
        told.untold += 1;
        if now.duration_since(told.at) < LINE_EVERY {
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_told_of_at_once_and_then_every_ten_seconds_with_all_that_came_between() {
        let turned_away = TurnedAway::new(Arc::new(Metrics::new().unwrap()));
        assert_eq!(turned_away.to_be_told(Rejection::QueueTimeout), Some(1));
        assert_eq!(turned_away.to_be_told(Rejection::MaxConnections), Some(1));
        assert_eq!(
            [
                turned_away.to_be_told(Rejection::QueueTimeout),
                turned_away.to_be_told(Rejection::QueueTimeout)
            ],
            [None, None]
        );
        tokio::time::advance(LINE_EVERY).await;
        assert_eq!(turned_away.to_be_told(Rejection::QueueTimeout), Some(3));
        assert_eq!(turned_away.to_be_told(Rejection::QueueTimeout), None);
    }
}
