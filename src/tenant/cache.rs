//! One thin cache over moka, with single flight.
//!
//! moka only keeps finished values. Its own `try_get_with` isn't used: a loader there runs inside the first caller, so
//! that a client that gives up ends the call others wait for, and after some hundred aborted loaders the remaining
//! waiters panic. Here a load runs in a task of its own which nobody's departure can cancel.

use crate::metrics::Metrics;
use moka::notification::RemovalCause;
use moka::sync::Cache;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A value that knows roughly how many bytes it keeps alive.
pub trait Weigh {
    /// Estimated bytes, key included.
    fn bytes(&self) -> usize;
}

/// How much a cache keeps.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// Values of so many bytes together.
    Bytes(u64),
    /// So many values.
    Entries(u64),
}

/// A load that brought no value.
#[derive(Clone, Debug)]
pub enum LoadError<E> {
    /// It failed.
    Failed(E),
    /// It panicked; the panic has been logged where it happened.
    Panicked,
}

/// How a value was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was there.
    Kept,
    /// It was loaded, by this caller's call or by one already under way.
    Loaded,
}

/// What a load hands to everybody who waits for it.
type Outcome<V, E> = Result<V, LoadError<E>>;

/// Loads under way, by key.
type Flights<K, V, E> = Mutex<HashMap<K, watch::Receiver<Option<Outcome<V, E>>>>>;

/// Values by key; a missing one is loaded once, however many ask.
pub struct LoadCache<K, V, E> {
    name: &'static str,
    kept: Cache<K, V>,
    flights: Arc<Flights<K, V, E>>,
    metrics: Arc<Metrics>,
}

impl<K, V, E> LoadCache<K, V, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Weigh + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// An empty cache whose values are dropped after `keep`. `name` is its label in the metrics.
    pub fn new(name: &'static str, room: Room, keep: Duration, metrics: Arc<Metrics>) -> Self {
        let evictions = Arc::clone(&metrics);
        let kept = match room {
            Room::Bytes(bytes) => Cache::builder()
                .max_capacity(bytes)
                .weigher(|_: &K, value: &V| u32::try_from(value.bytes()).unwrap_or(u32::MAX)),
            Room::Entries(entries) => Cache::builder().max_capacity(entries),
        };
        let kept = kept
            .time_to_live(keep)
            .eviction_listener(move |_, _, cause| {
                if matches!(cause, RemovalCause::Expired | RemovalCause::Size) {
                    evictions.cache_eviction(name);
                }
            })
            .build();
        Self { name, kept, flights: Arc::default(), metrics }
    }

    /// What is kept under `key`, however old, without loading.
    pub fn peek(&self, key: &K) -> Option<V> {
        self.kept.get(key)
    }

    /// Estimated bytes of everything kept.
    pub fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.iter().map(|(_, value)| value.bytes() as u64).sum()
    }

    /// The kept value if it is `good` still, else what `load` brings. Concurrent callers of one key share one load.
    ///
    /// Failures aren't kept. The future may be dropped at any time; the load goes on.
    pub async fn get_or_load<F>(
        &self,
        key: K,
        good: impl Fn(&V) -> bool,
        load: impl FnOnce() -> F,
    ) -> Outcome<(V, Found), E>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(value) = self.kept.get(&key).filter(&good) {
            self.metrics.cache_hit(self.name);
            return Ok((value, Found::Kept));
        }
        self.metrics.cache_miss(self.name);
        let mut flight = {
            let mut flights = lock(&self.flights);
            // A flight may have landed between the look-up and the lock.
            if let Some(value) = self.kept.get(&key).filter(&good) {
                return Ok((value, Found::Kept));
            }
            if let Some(flight) = flights.get(&key) {
                flight.clone()
            } else {
                let (land, flight) = watch::channel(None);
                flights.insert(key.clone(), flight.clone());
                self.take_off(key, load(), land);
                flight
            }
        };
        match flight.wait_for(Option::is_some).await {
            Ok(outcome) => match &*outcome {
                Some(outcome) => outcome.clone().map(|value| (value, Found::Loaded)),
                None => Err(LoadError::Panicked),
            },
            // The sender went without a word: the task unwound.
            Err(_gone) => Err(LoadError::Panicked),
        }
    }

    fn take_off<F>(&self, key: K, load: F, land: watch::Sender<Option<Outcome<V, E>>>)
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let kept = self.kept.clone();
        let listed = Listed { flights: Arc::clone(&self.flights), key: key.clone() };
        tokio::spawn(async move {
            let outcome = load.await;
            if let Ok(value) = &outcome {
                kept.insert(key, value.clone());
            }
            // Off the list only after the value is kept: whoever finds no flight finds the value.
            drop(listed);
            land.send_replace(Some(outcome.map_err(LoadError::Failed)));
        });
    }
}

/// Takes a flight off the list when it ends, even by a panic.
struct Listed<K: Hash + Eq, T> {
    flights: Arc<Mutex<HashMap<K, T>>>,
    key: K,
}

impl<K: Hash + Eq, T> Drop for Listed<K, T> {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under the lock can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    impl Weigh for u32 {
        fn bytes(&self) -> usize {
            64
        }
    }

    fn cache() -> Arc<LoadCache<&'static str, u32, &'static str>> {
        let metrics = Arc::new(Metrics::new().unwrap());
        Arc::new(LoadCache::new("test", Room::Bytes(1 << 20), Duration::from_mins(1), metrics))
    }

    #[tokio::test]
    async fn a_thousand_callers_share_one_load_even_if_most_give_up() {
        let (cache, loads, gate) = (cache(), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let callers: Vec<_> = (0..1_000)
            .map(|_| {
                let (cache, loads, gate) = (Arc::clone(&cache), Arc::clone(&loads), Arc::clone(&gate));
                tokio::spawn(async move {
                    let load = || async move {
                        loads.fetch_add(1, Ordering::SeqCst);
                        gate.notified().await;
                        Ok(7)
                    };
                    cache.get_or_load("home", |_| true, load).await
                })
            })
            .collect();
        while loads.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        callers.iter().take(900).for_each(tokio::task::JoinHandle::abort);
        gate.notify_one();
        for caller in callers.into_iter().skip(900) {
            assert_eq!(caller.await.unwrap().unwrap().0, 7);
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_reaches_all_who_wait_and_is_not_kept() {
        let cache = cache();
        let failed = cache.get_or_load("home", |_| true, || async { Err("down") }).await;
        assert!(matches!(failed, Err(LoadError::Failed("down"))));
        let loaded = cache.get_or_load("home", |_| true, || async { Ok(1) }).await;
        assert!(matches!(loaded, Ok((1, Found::Loaded))));
        let kept = cache.get_or_load("home", |_| true, pending).await;
        assert!(matches!(kept, Ok((1, Found::Kept))));
    }

    #[tokio::test]
    async fn a_value_no_longer_good_is_loaded_again() {
        let cache = cache();
        cache.get_or_load("home", |_| true, || async { Ok(1) }).await.unwrap();
        let loaded = cache.get_or_load("home", |_| false, || async { Ok(2) }).await;
        assert!(matches!(loaded, Ok((2, Found::Loaded))));
        assert_eq!(cache.peek(&"home"), Some(2));
    }

    #[tokio::test]
    async fn a_load_that_panics_fails_its_callers_and_frees_its_key() {
        let cache = cache();
        let panicked = cache.get_or_load("home", |_| true, || async { panic!("a bug") }).await;
        assert!(matches!(panicked, Err(LoadError::Panicked)));
        assert!(cache.get_or_load("home", |_| true, || async { Ok(3) }).await.is_ok());
    }
}
