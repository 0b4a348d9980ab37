//! Faults on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::city::dice::Dice;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The answer waits so long.
    Latency(Duration),
    /// A share (0 to 1) of the requests gets this status, with a JSON message.
    Failure {
        /// 1 means every request.
        rate: f64,
        /// HTTP status.
        status: u16,
    },
    /// The connection closes after so many bytes of the body, although the header promised all of it.
    CutBody {
        /// Bytes as sent, that is after compression.
        after: usize,
    },
    /// No answer comes before the fault is cleared.
    Hang,
    /// This answer comes instead of OZmap's, whatever the key.
    Answer {
        /// HTTP status.
        status: u16,
        /// Value of `Content-Type`.
        content_type: String,
        /// Sent as it is.
        body: String,
    },
}

/// The faults in force; clones share them.
///
/// Paths are given below `/api/v2`: `/boxes` means `/api/v2/boxes…`, the empty string means every request. Where
/// several faults of one sort fit, the one set last counts; faults of different sorts work together.
#[derive(Debug, Clone)]
pub struct Faults {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    active: Vec<Active>,
    dice: Dice,
}

#[derive(Debug)]
struct Active {
    prefix: String,
    fault: Fault,
    /// Requests left to which it happens; `None`: until cleared.
    left: Option<u64>,
}

/// What happens to one request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fate {
    pub(crate) latency: Duration,
    pub(crate) hangs: bool,
    pub(crate) status: Option<u16>,
    pub(crate) cut_after: Option<usize>,
    pub(crate) answer: Option<(u16, String, String)>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let state = Mutex::new(State { active: Vec::new(), dice: Dice::new(seed, 1) });
        Self { shared: Arc::new(Shared { state, changed: Notify::new() }) }
    }

    /// Lets this happen to every request whose path starts with `prefix`; replaces a fault of the same sort and prefix.
    pub fn set(&self, prefix: &str, fault: Fault) {
        self.put(prefix, fault, None);
    }

    /// The same for the next `times` requests only.
    pub fn next(&self, times: u64, prefix: &str, fault: Fault) {
        self.put(prefix, fault, Some(times));
    }

    /// Delays every answer; zero delays none.
    pub fn latency(&self, latency: Duration) {
        self.set("", Fault::Latency(latency));
    }

    /// Fails a share (0 to 1) of all requests with this status.
    pub fn failure_rate(&self, rate: f64, status: u16) {
        self.set("", Fault::Failure { rate, status });
    }

    /// Cuts every body after so many bytes.
    pub fn cut_bodies(&self, after: usize) {
        self.set("", Fault::CutBody { after });
    }

    /// Answers nothing any more.
    pub fn hang(&self) {
        self.set("", Fault::Hang);
    }

    /// Gives this answer to every request whose path starts with `prefix`.
    pub fn answer(&self, prefix: &str, status: u16, content_type: &str, body: &str) {
        let (content_type, body) = (content_type.to_owned(), body.to_owned());
        self.set(prefix, Fault::Answer { status, content_type, body });
    }

    /// Ends all faults, those of the settings too; requests that hang go on.
    pub fn clear(&self) {
        self.state().active.clear();
        self.shared.changed.notify_waiters();
    }

    fn put(&self, prefix: &str, fault: Fault, left: Option<u64>) {
        let prefix = prefix.strip_prefix("/api/v2").unwrap_or(prefix).to_owned();
        let mut state = self.state();
        let same = |other: &Active| {
            other.prefix == prefix && std::mem::discriminant(&other.fault) == std::mem::discriminant(&fault)
        };
        state.active.retain(|other| !same(other));
        state.active.push(Active { prefix, fault, left });
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// Decides about a request to this path (below `/api/v2`) and counts it off.
    pub(crate) fn fate(&self, path: &str) -> Fate {
        let mut fate = Fate::default();
        let mut state = self.state();
        let State { active, dice } = &mut *state;
        for Active { prefix, fault, left } in active.iter_mut() {
            if !path.starts_with(prefix.as_str()) || *left == Some(0) {
                continue;
            }
            *left = left.map(|left| left - 1);
            match fault {
                Fault::Latency(latency) => fate.latency = *latency,
                Fault::Failure { rate, status } => fate.status = dice.chance(*rate).then_some(*status),
                Fault::CutBody { after } => fate.cut_after = Some(*after),
                Fault::Hang => fate.hangs = true,
                Fault::Answer { status, content_type, body } => {
                    fate.answer = Some((*status, content_type.clone(), body.clone()));
                }
            }
        }
        active.retain(|fault| fault.left != Some(0));
        fate
    }

    /// Waits until the faults were cleared.
    pub(crate) async fn cleared(&self) {
        loop {
            let changed = self.shared.changed.notified();
            if self.state().active.is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fault_of_a_sort_counts_and_sorts_add_up() {
        let faults = Faults::new(1);
        faults.latency(Duration::from_secs(1));
        faults.failure_rate(1.0, 503);
        faults.set("/boxes", Fault::Failure { rate: 1.0, status: 500 });
        assert_eq!(faults.fate("/boxes").status, Some(500));
        let elsewhere = faults.fate("/splitters");
        assert_eq!((elsewhere.status, elsewhere.latency), (Some(503), Duration::from_secs(1)));
        faults.clear();
        assert_eq!(faults.fate("/boxes"), Fate::default());
    }

    #[test]
    fn a_counted_fault_ends_by_itself() {
        let faults = Faults::new(1);
        faults.next(2, "/boxes", Fault::CutBody { after: 9 });
        let cuts: Vec<_> =
            ["/boxes", "/projects", "/boxes", "/boxes"].map(|path| faults.fate(path).cut_after).into();
        assert_eq!(cuts, [Some(9), None, Some(9), None]);
    }
}
