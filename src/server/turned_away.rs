//! Counts what is turned away, and tells the log of what an operator can do something about.

use super::address::Address;
use super::frequent::Frequent;
use super::peer::Peer;
use super::rejection::Rejection;
use super::side::Side;
use super::spoken::Spoken;
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
    /// What has been told of lately: a few entries for each listener.
    told: Mutex<HashMap<Matter, Told>>,
    /// A matter that had not come up lately has.
    begun: Notify,
}

/// What clients were turned away for: each has lines of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Matter {
    listener: Side,
    reason: Rejection,
    cause: Cause,
}

/// What an operator can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cause {
    /// This setting.
    Setting(&'static str),
    /// Clients speak this, and the listener doesn't.
    Misdialled(Spoken),
}

/// What the log knows of one matter.
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
    matter: Matter,
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
        if let Some(setting) = rejection.setting(peer.side) {
            self.note(rejection, Cause::Setting(setting), peer);
        }
    }

    /// Counts one that spoke what this listener doesn't.
    pub(super) fn count_misdialled(&self, rejection: Rejection, spoken: Spoken, peer: Peer) {
        self.metrics.rejected(rejection.as_str(), 1);
        self.note(rejection, Cause::Misdialled(spoken), peer);
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
        let rest: Vec<_> =
            self.told().drain().filter_map(|(matter, told)| Line::next(matter, &told)).collect();
        rest.iter().for_each(Line::tell);
    }

    fn note(&self, reason: Rejection, cause: Cause, peer: Peer) {
        if let Some(line) = self.first(Matter { listener: peer.side, reason, cause }, peer) {
            line.tell();
        }
    }

    /// A line at once, for the first in a while.
    fn first(&self, matter: Matter, peer: Peer) -> Option<Line> {
        let address = Address::of(peer.ip());
        match self.told().entry(matter) {
            Entry::Occupied(mut told) => {
                let told = told.get_mut();
                told.untold += 1;
                told.from.count(address);
                return None;
            }
            Entry::Vacant(free) => free.insert(Told::at(Instant::now())),
        };
        self.begun.notify_one();
        Some(Line { matter, requests: 1, mostly_from: Some(address) })
    }

    /// When the next line may follow.
    fn next_due(&self) -> Option<Instant> {
        self.told().values().map(|told| told.at + LINE_EVERY).min()
    }

    /// The lines that are due. What has not come up again since its last line is forgotten: the next one is a first.
    fn due(&self) -> Vec<Line> {
        let (now, mut lines) = (Instant::now(), Vec::new());
        self.told().retain(|&matter, told| {
            if now.duration_since(told.at) < LINE_EVERY {
                return true;
            }
            let line = Line::next(matter, told);
            *told = Told::at(now);
            let came_again = line.is_some();
            lines.extend(line);
            came_again
        });
        lines
    }

    fn told(&self) -> MutexGuard<'_, HashMap<Matter, Told>> {
        // Nothing under the lock can panic half-way through a change.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// What there is to tell since the last one, if anything.
    fn next(matter: Matter, told: &Told) -> Option<Self> {
        let mostly_from = told.from.most_of(told.untold);
        (told.untold > 0).then_some(Self { matter, requests: told.untold, mostly_from })
    }

    fn tell(&self) {
        let Matter { listener, reason, cause } = self.matter;
        let setting = match cause {
            Cause::Setting(setting) => Some(setting),
            Cause::Misdialled(_) => None,
        };
        tracing::warn!(
            reason = reason.as_str(),
            setting,
            listener = listener.as_str(),
            requests = self.requests,
            mostly_from = self.mostly_from.map(|address| address.to_string()),
            "clients are turned away: {}",
            cause.text(listener)
        );
    }
}

impl Cause {
    /// What happened, and what to do.
    fn text(self, listener: Side) -> String {
        let section = listener.section();
        match self {
            Self::Setting(_) => "a setting keeps them out, or too much comes".to_owned(),
            Self::Misdialled(Spoken::PlainHttp) => format!(
                "they speak plain HTTP and this listener speaks TLS: call https://, or take tls_cert_file out of {section}"
            ),
            Self::Misdialled(Spoken::Tls) => {
                format!("they speak TLS and tls_cert_file is not set for {section}: set it, or call http://")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(last: u8) -> Peer {
        Peer { side: Side::Public, address: SocketAddr::from(([127, 0, 0, last], 9)) }
    }

    const LATE: Matter = matter(Rejection::QueueTimeout);
    const MANY: Matter = matter(Rejection::MaxConnections);

    const fn matter(reason: Rejection) -> Matter {
        Matter { listener: Side::Public, reason, cause: Cause::Setting("a.setting") }
    }

    fn line(matter: Matter, requests: u64, last: u8) -> Line {
        Line { matter, requests, mostly_from: Some(Address::of(peer(last).ip())) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_told_of_at_once_and_then_every_ten_seconds_with_all_that_came_between() {
        let turned_away = TurnedAway::new(Arc::new(Metrics::new().unwrap()));
        let begun = Instant::now();
        assert_eq!(turned_away.next_due(), None);
        assert_eq!(turned_away.first(LATE, peer(1)), Some(line(LATE, 1, 1)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(turned_away.first(MANY, peer(2)), Some(line(MANY, 1, 2)));
        for last in [3, 4, 4, 3, 4] {
            assert_eq!(turned_away.first(LATE, peer(last)), None);
        }
        assert_eq!(turned_away.due(), []);
        assert_eq!(turned_away.next_due(), Some(begun + LINE_EVERY));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(turned_away.due(), [line(LATE, 5, 4)]);
        assert_eq!(turned_away.first(LATE, peer(5)), None);
        // Once there are none for ten seconds, the next is told at once again.
        tokio::time::advance(LINE_EVERY).await;
        assert_eq!(turned_away.due(), [line(LATE, 1, 5)]);
        assert_eq!(turned_away.first(MANY, peer(6)), Some(line(MANY, 1, 6)));
        tokio::time::advance(LINE_EVERY).await;
        assert_eq!(turned_away.due(), []);
        assert_eq!(turned_away.next_due(), None);
    }
}
