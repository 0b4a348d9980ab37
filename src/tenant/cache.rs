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

/// What came of looking for a value.
pub enum Begun<V, E> {
    /// It was there.
    Kept(V),
    /// It is being loaded, by this caller's call or by one already under way.
    Loading(Flight<V, E>),
}

/// A load under way.
pub struct Flight<V, E>(watch::Receiver<Option<Outcome<V, E>>>);

impl<V: Clone, E: Clone> Flight<V, E> {
    /// What it brings. Who stops waiting doesn't stop the load.
    pub async fn landed(mut self) -> Outcome<V, E> {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(LoadError::Panicked)),
            // The sender went without a word: the task unwound.
            Err(_gone) => Err(LoadError::Panicked),
        }
    }
}

/// What a load hands to everybody who waits for it.
pub type Outcome<V, E> = Result<V, LoadError<E>>;

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
        metrics.register_cache(name);
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

    /// Keeps a value that was loaded elsewhere.
    pub fn keep(&self, key: K, value: V) {
        self.kept.insert(key, value);
    }

    /// Everything kept.
    pub fn entries(&self) -> Vec<(K, V)> {
        self.kept.run_pending_tasks();
        self.kept.iter().map(|(key, value)| ((*key).clone(), value)).collect()
    }

    /// Estimated bytes of everything kept.
    pub fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.iter().map(|(_, value)| value.bytes() as u64).sum()
    }

    /// What is kept under `key` if it is `good` still.
    pub fn kept(&self, key: &K, good: impl Fn(&V) -> bool) -> Option<V> {
        let value = self.kept.get(key).filter(good)?;
        self.metrics.cache_hit(self.name);
        Some(value)
    }

    /// The kept value if it is `good` still, else the load of a new one: one already under way, or `load`.
    ///
    /// Failures aren't kept. A load goes on whether anybody waits for it or not.
    pub fn begin<F>(&self, key: K, good: impl Fn(&V) -> bool, load: impl FnOnce() -> F) -> Begun<V, E>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let found = self.begin_uncounted(key, good, load);
        match found {
            Begun::Kept(_) => self.metrics.cache_hit(self.name),
            Begun::Loading(_) => self.metrics.cache_miss(self.name),
        }
        found
    }

    fn begin_uncounted<F>(&self, key: K, good: impl Fn(&V) -> bool, load: impl FnOnce() -> F) -> Begun<V, E>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let kept = |key: &K| self.kept.get(key).filter(&good);
        if let Some(value) = kept(&key) {
            return Begun::Kept(value);
        }
        let mut flights = lock(&self.flights);
        // A flight may have landed between the look-up and the lock.
        if let Some(value) = kept(&key) {
            return Begun::Kept(value);
        }
        if let Some(flight) = flights.get(&key) {
            return Begun::Loading(Flight(flight.clone()));
        }
        let (land, flight) = watch::channel(None);
        flights.insert(key.clone(), flight.clone());
        drop(flights);
        self.take_off(key, load(), land);
        Begun::Loading(Flight(flight))
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

/// Keys that are remembered for a while, and nothing else of them.
#[derive(Clone)]
pub struct Marks<K>(Cache<K, ()>);

impl<K: Hash + Eq + Send + Sync + 'static> Marks<K> {
    /// No key is marked; a mark lasts for `keep`, where there is room for it.
    pub fn new(entries: u64, keep: Duration) -> Self {
        Self(Cache::builder().max_capacity(entries).time_to_live(keep).build())
    }

    /// Marks a key.
    pub fn set(&self, key: K) {
        self.0.insert(key, ());
    }

    /// Whether a key is marked.
    pub fn is_set(&self, key: &K) -> bool {
        self.0.contains_key(key)
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

    /// As a caller does who waits as long as it takes.
    async fn get<F>(
        cache: &LoadCache<&'static str, u32, &'static str>,
        good: impl Fn(&u32) -> bool,
        load: impl FnOnce() -> F,
    ) -> Outcome<(u32, &'static str), &'static str>
    where
        F: Future<Output = Result<u32, &'static str>> + Send + 'static,
    {
        match cache.begin("home", good, load) {
            Begun::Kept(value) => Ok((value, "kept")),
            Begun::Loading(flight) => flight.landed().await.map(|value| (value, "loaded")),
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
                    get(&cache, |_| true, load).await
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
        let failed = get(&cache, |_| true, || async { Err("down") }).await;
        assert!(matches!(failed, Err(LoadError::Failed("down"))));
        let loaded = get(&cache, |_| true, || async { Ok(1) }).await;
        assert!(matches!(loaded, Ok((1, "loaded"))));
        let kept = get(&cache, |_| true, pending).await;
        assert!(matches!(kept, Ok((1, "kept"))));
    }

    #[tokio::test]
    async fn a_value_no_longer_good_is_loaded_again() {
        let cache = cache();
        get(&cache, |_| true, || async { Ok(1) }).await.unwrap();
        let loaded = get(&cache, |_| false, || async { Ok(2) }).await;
        assert!(matches!(loaded, Ok((2, "loaded"))));
        assert_eq!(cache.peek(&"home"), Some(2));
    }

    #[tokio::test]
    async fn a_load_that_panics_fails_its_callers_and_frees_its_key() {
        let cache = cache();
        let panicked = get(&cache, |_| true, || async { panic!("a bug") }).await;
        assert!(matches!(panicked, Err(LoadError::Panicked)));
        assert!(get(&cache, |_| true, || async { Ok(3) }).await.is_ok());
    }
}
