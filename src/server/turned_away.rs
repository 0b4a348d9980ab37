//! Counts what is turned away, and tells the log of what an operator can do something about.

use super::address::Address;
use super::frequent::Frequent;
use super::peer::Peer;
use super::rejection::Rejection;
use super::side::Side;
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A flood of them must not become a flood of lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The count of one process.
pub(super) struct TurnedAway {
    metrics: Arc<Metrics>,
    /// What has been told of lately: as many entries as there are reasons, for each listener.
    told: Mutex<HashMap<(Rejection, Side), Told>>,
    /// A reason that had not come up lately has.
    begun: Notify,
}

/// What the log knows of one reason on one listener.
struct Told {
    at: Instant,
    untold: u64,
    from: Frequent,
}

impl Told {
    fn at(at: Instant) -> Self {
        Self { at, untold: 0, from: Frequent::default() }
    }
}

/// A line of the log.
#[derive(Debug, PartialEq)]
struct Line {
    reason: Rejection,
    listener: Side,
    /// How many since the line before.
    requests: u64,
    mostly_from: Option<Address>,
}

impl TurnedAway {
    /// Makes every series, so that the first rejection is a rise and not a beginning.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        for reason in Rejection::ALL {
            metrics.rejected(reason.as_str(), 0);
        }
        Self { metrics, told: Mutex::default(), begun: Notify::new() }
    }

    /// Counts one.
    pub(super) fn count(&self, rejection: Rejection, peer: Peer) {
        self.metrics.rejected(rejection.as_str(), 1);
        if let Some(line) = rejection.limit(peer.side).and_then(|_| self.first(rejection, peer)) {
            line.tell();
        }
    }

    /// Tells for ever of what came after a first line: how many, even if no more come.
    pub(super) async fn keep_telling(&self) {
        loop {
            // What begins meanwhile is due later.
            match self.next_due() {
                Some(due) => sleep_until(due).await,
                None => self.begun.notified().await,
            }
            self.due().iter().for_each(Line::tell);
        }
    }

    /// Tells of what would have been told later.
    pub(super) fn tell_the_rest(&self) {
        let rest: Vec<_> = self.told().drain().filter_map(|(of, told)| Line::next(of, &told)).collect();
        rest.iter().for_each(Line::tell);
    }

    /// A line at once, for the first in a while.
    fn first(&self, reason: Rejection, peer: Peer) -> Option<Line> {
        let (listener, address) = (peer.side, Address::of(peer.ip()));
        match self.told().entry((reason, listener)) {
            Entry::Occupied(mut told) => {
                let told = told.get_mut();
                told.untold += 1;
                told.from.count(address);
                return None;
            }
            Entry::Vacant(free) => free.insert(Told::at(Instant::now())),
        };
        self.begun.notify_one();
        Some(Line { reason, listener, requests: 1, mostly_from: Some(address) })
    }

    /// When the next line may follow.
    fn next_due(&self) -> Option<Instant> {
        self.told().values().map(|told| told.at + LINE_EVERY).min()
    }

    /// The lines that are due. What has not come up again since its last line is forgotten: the next one is a first.
    fn due(&self) -> Vec<Line> {
        let (now, mut lines) = (Instant::now(), Vec::new());
        self.told().retain(|&of, told| {
            if now.duration_since(told.at) < LINE_EVERY {
                return true;
            }
            let line = Line::next(of, told);
            *told = Told::at(now);
            let came_again = line.is_some();
            lines.extend(line);
            came_again
        });
        lines
    }

    fn told(&self) -> MutexGuard<'_, HashMap<(Rejection, Side), Told>> {
        // Nothing under the lock can panic half-way through a change.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// What there is to tell since the last one, if anything.
    fn next((reason, listener): (Rejection, Side), told: &Told) -> Option<Self> {
        let mostly_from = told.from.most();
        (told.untold > 0).then_some(Self { reason, listener, requests: told.untold, mostly_from })
    }

    fn tell(&self) {
        tracing::warn!(
            reason = self.reason.as_str(),
            limit = self.reason.limit(self.listener),
            listener = self.listener.as_str(),
            requests = self.requests,
            mostly_from = self.mostly_from.map(|address| address.to_string()),
            "clients are turned away: a limit is reached, or too much comes"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(last: u8) -> Peer {
        Peer { side: Side::Public, address: SocketAddr::from(([127, 0, 0, last], 9)) }
    }

    fn line(reason: Rejection, requests: u64, last: u8) -> Line {
        Line { reason, listener: Side::Public, requests, mostly_from: Some(Address::of(peer(last).ip())) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_told_of_at_once_and_then_every_ten_seconds_with_all_that_came_between() {
        let turned_away = TurnedAway::new(Arc::new(Metrics::new().unwrap()));
        let begun = Instant::now();
        assert_eq!(turned_away.next_due(), None);
        let (late, many) = (Rejection::QueueTimeout, Rejection::MaxConnections);
        assert_eq!(turned_away.first(late, peer(1)), Some(line(late, 1, 1)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(turned_away.first(many, peer(2)), Some(line(many, 1, 2)));
        for last in [3, 4, 4, 3, 4] {
            assert_eq!(turned_away.first(late, peer(last)), None);
        }
        assert_eq!(turned_away.due(), []);
        assert_eq!(turned_away.next_due(), Some(begun + LINE_EVERY));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(turned_away.due(), [line(late, 5, 4)]);
        assert_eq!(turned_away.first(late, peer(5)), None);
        // Once there are none for ten seconds, the next is told at once again.
        tokio::time::advance(LINE_EVERY).await;
        assert_eq!(turned_away.due(), [line(late, 1, 5)]);
        assert_eq!(turned_away.first(many, peer(6)), Some(line(many, 1, 6)));
        tokio::time::advance(LINE_EVERY).await;
        assert_eq!(turned_away.due(), []);
        assert_eq!(turned_away.next_due(), None);
    }
}
