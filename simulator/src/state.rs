//! What all requests share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::task::JoinHandle;

use crate::city;
use crate::faults::{Fault, Faults};
use crate::keys::Keys;
use crate::listing::memo::Memo;
use crate::network::Network;
use crate::settings::Settings;

/// A page of a list that was just rendered.
#[derive(Debug, Clone, Copy)]
pub struct PageEvent {
    /// The list: `boxes`, `splitters`, ….
    pub operation: &'static str,
    /// The page's number as asked for, from 1.
    pub page: u64,
    /// The number of its first row, from 0.
    pub start: usize,
    /// Its rows.
    pub count: usize,
}

/// Called after a page was rendered.
pub(crate) type PageHook = dyn Fn(&PageEvent) + Send + Sync;

pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    network: RwLock<Network>,
    keys: Mutex<Keys>,
    memo: Mutex<Memo>,
    requests: Mutex<BTreeMap<String, u64>>,
    hook: Mutex<Option<Arc<PageHook>>>,
    reads: AtomicU32,
    churn: Mutex<Option<JoinHandle<()>>>,
}

impl State {
    /// Builds the network, which takes some seconds for a million boxes.
    pub(crate) fn new(settings: Settings) -> Self {
        let faults = Faults::new(settings.seed);
        if !settings.latency.is_zero() {
            faults.set("", Fault::Latency(settings.latency));
        }
        if settings.failure_rate > 0.0 {
            faults.set("", Fault::Failure { rate: settings.failure_rate, status: 503 });
        }
        let mut network = city::build(settings.boxes, settings.seed);
        (network.update_times, network.sales) = (settings.update_times, settings.sales);
        Self {
            network: RwLock::new(network),
            keys: Mutex::new(Keys::new(settings.seed)),
            memo: Mutex::default(),
            requests: Mutex::default(),
            hook: Mutex::default(),
            reads: AtomicU32::new(0),
            churn: Mutex::default(),
            faults,
            settings,
        }
    }

    pub(crate) fn network(&self) -> RwLockReadGuard<'_, Network> {
        self.network.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn network_mut(&self) -> RwLockWriteGuard<'_, Network> {
        self.network.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn memo(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn hook(&self) -> MutexGuard<'_, Option<Arc<PageHook>>> {
        self.hook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn churn(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.churn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that no read before had.
    pub(crate) fn next_read(&self) -> u32 {
        self.reads.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn count_request(&self, operation: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for name in [operation, "all"] {
            *requests.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Requests since the start, by operation.
    pub(crate) fn requests(&self) -> BTreeMap<String, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
