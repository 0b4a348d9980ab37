//! Asking OZmap for the splitters of boxes whose last free ports an answer stands on, before it is given.
//!
//! Within the budget of live calls, one call for the same boxes, with the tenant's own key: what comes corrects the data
//! for everybody.

use super::budget::Budget;
use super::cache::{Begun, LoadCache, LoadError, Room, Weigh};
use crate::config;
use crate::config::key::ApiKey;
use crate::metrics::Metrics;
use crate::ozmap::Client;
use crate::ozmap::failure::CallError;
use crate::ozmap::pages::read_standing_in;
use crate::ozmap::wire::rows::SplitterRow;
use crate::viability::Rules;
use crate::viability::plant::ObjectId;
use crate::viability::ports::{ConnectorKind, Ports};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};

/// Sets of boxes that are remembered.
const REMEMBERED: u64 = 10_000;
/// Corrections that wait for the next run; beyond it the data are read again anyway.
const MOST_CORRECTIONS: usize = 1_000;

/// The boxes that are asked for, with their ports as they are held, in the order of their ids.
pub(super) type Doubted = Vec<(ObjectId, Option<Ports>)>;

/// What splitters of some boxes say by now.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    ports: Arc<HashMap<ObjectId, Ports>>,
    said: Instant,
}

impl Checked {
    /// `None`: no service splitter stands in it.
    pub(super) fn ports_of(&self, id: ObjectId) -> Option<Ports> {
        self.ports.get(&id).copied()
    }
}

impl Weigh for Checked {
    fn bytes(&self) -> usize {
        self.ports.len() * 24 + 200
    }
}

/// Why nothing came of asking.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unchecked {
    #[error("no live call is left in the budget (live.calls_per_second, live.calls_at_once)")]
    OutOfBudget,
    #[error("too many requests wait for OZmap (server.max_in_flight)")]
    Crowded,
    #[error("OZmap has not answered in time")]
    Late,
    #[error(transparent)]
    Failed(Arc<CallError>),
    #[error("the call ended without an answer")]
    Panicked,
}

/// Service connectors of each kind that counts, those of a kind in the order of their ids.
pub type Connectors = Vec<(ConnectorKind, Vec<SplitterRow>)>;

/// The service connectors of some boxes, all of them, as they are by now.
#[derive(Debug, Default)]
pub struct Correction {
    /// The boxes.
    pub boxes: Vec<ObjectId>,
    /// The connectors that stand in them.
    pub connectors: Connectors,
}

/// What rechecks have found to be other than it is held, for the next run of the refresher.
#[derive(Default)]
pub struct Corrections {
    waiting: Mutex<Vec<Correction>>,
    arrived: Notify,
}

impl Corrections {
    /// Comes when there is one.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Whether some wait.
    pub fn are_waiting(&self) -> bool {
        !self.lock().is_empty()
    }

    /// Hands them out, the oldest first.
    pub fn take(&self) -> Vec<Correction> {
        std::mem::take(&mut *self.lock())
    }

    /// Takes back what could not be used, for the next run.
    pub fn give_back(&self, unused: Vec<Correction>) {
        let mut waiting = self.lock();
        let newer = std::mem::replace(&mut *waiting, unused);
        waiting.extend(newer);
    }

    /// OZmap said something else, without saying why: what has changed is read soon.
    pub(super) fn suspect(&self) {
        self.add(Correction::default());
    }

    fn add(&self, correction: Correction) {
        let mut waiting = self.lock();
        if waiting.len() < MOST_CORRECTIONS {
            waiting.push(correction);
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Correction>> {
        // Nothing under the lock can panic half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rechecks of one tenant.
pub(super) struct Rechecks {
    client: Arc<Client>,
    key: ApiKey,
    rules: Rules,
    budget: Arc<Budget>,
    waiting: Arc<Semaphore>,
    remembered: LoadCache<Vec<ObjectId>, Checked, Unchecked>,
    remember: Duration,
    give_up: Duration,
    corrections: Arc<Corrections>,
}

impl Rechecks {
    /// No call is made yet. `budget` is that of live calls; `waiting` has a place for each request that may wait for OZmap.
    pub(super) fn new(
        tenant: &config::Tenant,
        client: Arc<Client>,
        budget: Arc<Budget>,
        waiting: Arc<Semaphore>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let remember = tenant.live.recheck_after;
        Self {
            client,
            key: tenant.key.clone(),
            rules: tenant.rules.clone(),
            budget,
            waiting,
            remembered: LoadCache::new("rechecks", Room::Entries(REMEMBERED), remember, metrics),
            remember,
            give_up: tenant.live.timeout,
            corrections: Arc::default(),
        }
    }

    /// What it found.
    pub(super) fn corrections(&self) -> &Corrections {
        &self.corrections
    }

    /// The ports of these boxes by now, if they come `within` this time; the call goes on beyond it, and corrects the data.
    pub(super) async fn ask(&self, doubted: Doubted, within: Duration) -> Result<Checked, Unchecked> {
        let boxes: Vec<_> = doubted.iter().map(|(id, _)| *id).collect();
        let good = |checked: &Checked| checked.said.elapsed() < self.remember;
        if let Some(checked) = self.remembered.kept(&boxes, good) {
            return Ok(checked);
        }
        // Before the call begins: who finds no place costs OZmap nothing.
        let _place = self.waiting.try_acquire().or(Err(Unchecked::Crowded))?;
        let flight = match self.remembered.begin(boxes, good, || self.call(doubted)) {
            Begun::Kept(checked) => return Ok(checked),
            Begun::Loading(flight) => flight,
        };
        match timeout(within, flight.landed()).await {
            Ok(Ok(checked)) => Ok(checked),
            Ok(Err(LoadError::Failed(failure))) => Err(failure),
            Ok(Err(LoadError::Panicked)) => Err(Unchecked::Panicked),
            Err(_elapsed) => Err(Unchecked::Late),
        }
    }

    /// What stands in a box by now, remembered by nobody; `None`: no call is left in the budget.
    pub(super) async fn read_now(&self, in_box: ObjectId) -> Option<Result<Connectors, CallError>> {
        let _leave = self.budget.take()?;
        let boxes = [in_box];
        let read = read(&self.client, &self.key, &self.rules, &boxes, self.give_up);
        Some(self.client.unless_spared(read).await)
    }

    fn call(&self, doubted: Doubted) -> impl Future<Output = Result<Checked, Unchecked>> + Send + use<> {
        let (client, key, budget) = (Arc::clone(&self.client), self.key.clone(), Arc::clone(&self.budget));
        let (rules, give_up) = (self.rules.clone(), self.give_up);
        let corrections = Arc::clone(&self.corrections);
        async move {
            let _leave = budget.take().ok_or(Unchecked::OutOfBudget)?;
            let said = Instant::now();
            let boxes: Vec<_> = doubted.iter().map(|(id, _)| *id).collect();
            let connectors = client.unless_spared(read(&client, &key, &rules, &boxes, give_up)).await;
            let connectors = connectors.map_err(|error| Unchecked::Failed(Arc::new(error)))?;
            let mut ports: HashMap<ObjectId, Ports> = HashMap::new();
            for splitter in connectors.iter().flat_map(|(_, rows)| rows) {
                if let Some(parent) = splitter.parent {
                    ports.entry(parent).or_default().add(Ports::of(splitter.outputs, &rules));
                }
            }
            if doubted.iter().any(|(id, held)| ports.get(id) != held.as_ref()) {
                corrections.add(Correction { boxes, connectors });
            }
            Ok(Checked { ports: Arc::new(ports), said })
        }
    }
}

/// What stands in these boxes, of each kind that counts.
async fn read(
    client: &Client,
    key: &ApiKey,
    rules: &Rules,
    boxes: &[ObjectId],
    give_up: Duration,
) -> Result<Connectors, CallError> {
    let mut connectors = Vec::new();
    for kind in rules.service_connectors.kinds() {
        connectors.push((kind, read_standing_in(client, key, kind, boxes, give_up).await?));
    }
    Ok(connectors)
}
