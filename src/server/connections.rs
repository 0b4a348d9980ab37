//! How many connections may be open, of all and of each address.

use super::address::Address;
use super::rejection::Rejection;
use super::side::Side;
use crate::metrics::Metrics;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Operators, probes and Prometheus are few, but a script may order a hundred things at once.
const ADMIN_CONNECTIONS: Caps = Caps { all: 128, per_address: 112 };
/// File descriptors for OZmap, files, the runtime and the log.
const OTHER_DESCRIPTORS: usize = 64;

/// The most connections of one listener.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    all: usize,
    per_address: usize,
}

impl Caps {
    /// For operators: what the public does can't fill it.
    pub(super) const ADMIN: Self = ADMIN_CONNECTIONS;

    /// As configured, and so that descriptors are left for everything else: connections without an answer help nobody.
    ///
    /// Raises the process's limit of open files as far as the system lets it, where that is too low.
    pub(super) fn public(all: NonZeroUsize, per_address: NonZeroUsize) -> Self {
        let wanted = all.get();
        let affordable = most_connections(open_files(descriptors_for(wanted)));
        if affordable < wanted {
            tracing::warn!(
                max_connections = wanted,
                in_force = affordable,
                "the limit of open files (ulimit -n) is too low for server.max_connections: raise it"
            );
        }
        Self { all: wanted.min(affordable), per_address: per_address.get() }
    }
}

/// How many file descriptors a process needs for so many connections of clients, and for everything else.
pub fn descriptors_for(connections: usize) -> usize {
    connections.saturating_add(ADMIN_CONNECTIONS.all + OTHER_DESCRIPTORS)
}

/// Connections that leave enough of so many descriptors, and a quarter of them at least.
pub fn most_connections(descriptors: usize) -> usize {
    descriptors.saturating_sub(ADMIN_CONNECTIONS.all + OTHER_DESCRIPTORS).max(descriptors / 4)
}

/// How many descriptors this process may have: as many as it needs, if the system lets it.
fn open_files(needed: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let count =
        |limit: Option<u64>| limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if count(current) >= needed {
        return count(current);
    }
    let raised = needed.min(count(maximum));
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised as u64), maximum }) {
        Ok(()) => raised,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files can't be raised");
            count(current)
        }
    }
}

/// The places of one listener.
pub(super) struct Places {
    caps: Caps,
    side: Side,
    taken: Mutex<Taken>,
    left: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// No entry is 0, so that it is never longer than `all`.
    by_address: HashMap<Address, usize>,
}

impl Places {
    /// All of them free.
    pub(super) fn new(caps: Caps, side: Side, metrics: Arc<Metrics>) -> Self {
        Self { caps, side, taken: Mutex::default(), left: Notify::new(), metrics }
    }

    /// A place for a connection from this address, if one is free.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Rejection> {
        let address = Address::of(peer);
        let mut taken = self.taken();
        if taken.all >= self.caps.all {
            return Err(Rejection::MaxConnections);
        }
        let of_address = taken.by_address.get(&address).copied().unwrap_or_default();
        if of_address >= self.caps.per_address {
            return Err(Rejection::MaxConnectionsPerAddress);
        }
        taken.all += 1;
        taken.by_address.insert(address, of_address + 1);
        drop(taken);
        self.metrics.connections(self.side.as_str(), 1);
        Ok(Place { places: Arc::clone(self), address })
    }

    /// Comes when no place is taken; nobody may take one meanwhile.
    pub(super) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.taken().all == 0 {
                return;
            }
            left.await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing under the lock can panic half-way through a change.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave for one connection; free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    address: Address,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        drop(taken);
        // Waits for nobody; a permit left behind costs one more look.
        self.places.left.notify_one();
        self.places.metrics.connections(self.places.side.as_str(), -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_address_and_given_back() {
        let caps = Caps { all: 3, per_address: 2 };
        let places = Arc::new(Places::new(caps, Side::Public, Arc::new(Metrics::new().unwrap())));
        let take = |last: u8| places.take(IpAddr::from([127, 0, 0, last]));
        let (first, second) = (take(1).ok().unwrap(), take(1).ok().unwrap());
        assert_eq!(take(1).err(), Some(Rejection::MaxConnectionsPerAddress));
        let third = take(2).ok().unwrap();
        assert_eq!(take(3).err(), Some(Rejection::MaxConnections));
        drop(first);
        assert!(take(1).is_ok());
        drop((second, third));
        assert!(places.taken().by_address.is_empty() && places.taken().all == 0);
    }

    #[test]
    fn descriptors_are_left_for_ozmap_operators_and_files() {
        assert_eq!(most_connections(256), 64);
        assert_eq!(most_connections(20_000), 19_808);
        assert_eq!(most_connections(descriptors_for(20_000)), 20_000);
        assert_eq!(most_connections(64), 16);
    }
}
