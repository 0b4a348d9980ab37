//! One OZmap account: its data, its budget, its callers. Nothing of one tenant can reach another.

pub mod access;
mod budget;
pub mod cache;
pub mod explain;
pub mod live;
pub mod memory;
pub mod provenance;
pub mod recheck;
pub mod resolve;
pub mod sampling;
pub mod selection;
mod turn;

use crate::config;
use crate::config::key::ApiKey;
pub use crate::metrics::labels::DataState;
use crate::metrics::queries::{BatchRows, Queries};
use crate::metrics::{IndexSample, Metrics};
use crate::ozmap::failure::{CallError, ClientError};
use crate::ozmap::{Client, LiveAnswer, LiveQuery};
use crate::viability::plant::{ObjectId, Refusal, Scope};
use crate::viability::snapshot::Snapshot;
use access::{AccessError, KnownScope, Scopes};
use arc_swap::ArcSwapOption;
use budget::Budget;
use live::LiveCalls;
use recheck::{Connectors, Corrections, Rechecks};
use sampling::{Sample, Sampling};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// One OZmap account and all that is known of it.
pub struct Tenant {
    settings: config::Tenant,
    client: Arc<Client>,
    data: ArcSwapOption<Data>,
    live: LiveCalls,
    rechecks: Rechecks,
    sampling: Sampling,
    scopes: Scopes,
    forwards: Arc<Semaphore>,
    batches: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    queries: Queries,
    batch_rows: BatchRows,
}

/// A moment, by both clocks: the system's tells people, the monotonic one counts.
#[derive(Clone, Copy, Debug)]
pub struct AsOf {
    /// By the system's clock.
    pub time: SystemTime,
    /// By the monotonic clock.
    pub instant: Instant,
}

impl AsOf {
    /// Now.
    pub fn now() -> Self {
        Self { time: SystemTime::now(), instant: Instant::now() }
    }

    /// The earlier of both.
    #[must_use]
    pub fn or_earlier(self, other: Self) -> Self {
        if other.instant < self.instant { other } else { self }
    }
}

/// The snapshot that answers now, and as of when its data are known to be so.
pub struct Data {
    /// What was read.
    pub snapshot: Arc<Snapshot>,
    read_at: SystemTime,
    /// How old they were at some moment of the monotonic clock.
    aged: (Duration, Instant),
}

impl Data {
    /// When the reading began that told them so last, by the system's clock.
    pub fn read_at(&self) -> SystemTime {
        self.read_at
    }

    /// How long before `now` the reading of the data began.
    pub fn age(&self, now: Instant) -> Duration {
        let (age, then) = self.aged;
        age + now.saturating_duration_since(then)
    }
}

impl Tenant {
    /// A tenant without data; asks OZmap nothing yet.
    ///
    /// At most `max_waiting` of its requests wait for its OZmap at a time. What is answered from memory waits for
    /// nobody, and a tenant whose OZmap is slow takes no other's places.
    pub fn new(
        settings: config::Tenant,
        max_waiting: NonZeroUsize,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ClientError> {
        let client = Arc::new(Client::new(&settings, Arc::clone(&metrics))?);
        let waiting = Arc::new(Semaphore::new(max_waiting.get().min(Semaphore::MAX_PERMITS)));
        let budget = Arc::new(Budget::new(settings.live.calls_per_second, settings.live.calls_at_once));
        Ok(Self {
            live: LiveCalls::new(
                &settings.live,
                Arc::clone(&client),
                Arc::clone(&budget),
                Arc::clone(&waiting),
                Arc::clone(&metrics),
            ),
            rechecks: Rechecks::new(
                &settings,
                Arc::clone(&client),
                budget,
                Arc::clone(&waiting),
                Arc::clone(&metrics),
            ),
            sampling: Sampling::new(settings.canary.every),
            scopes: Scopes::new(&settings, Arc::clone(&client), waiting, Arc::clone(&metrics)),
            forwards: Arc::new(Semaphore::new(settings.forwards_at_once.get().min(Semaphore::MAX_PERMITS))),
            batches: Arc::new(Semaphore::new(settings.batch.at_once as usize)),
            data: ArcSwapOption::empty(),
            client,
            queries: metrics.queries_of(settings.name.as_str()),
            batch_rows: metrics.batch_rows_of(settings.name.as_str()),
            settings,
            metrics,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.settings.name.as_str()
    }

    /// Its configuration.
    pub fn settings(&self) -> &config::Tenant {
        &self.settings
    }

    /// Counts its viability queries.
    pub fn queries(&self) -> &Queries {
        &self.queries
    }

    /// Its OZmap.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// What was found to be other than it is held, for who refreshes.
    pub fn corrections(&self) -> &Corrections {
        self.rechecks.corrections()
    }

    /// Queries that memory has answered, a few of them; once.
    pub fn samples(&self) -> Option<Receiver<Sample>> {
        self.sampling.samples()
    }

    /// Asks OZmap what was sampled, with the caller's own key; `None`: no call is left in the budget.
    pub async fn ask_live(&self, sample: &Sample) -> Option<Result<LiveAnswer, CallError>> {
        let query = LiveQuery { center: sample.request.center, radius: sample.request.radius };
        self.live.ask_aside(&sample.key, query).await
    }

    /// Places for requests that are passed through.
    pub fn forwards(&self) -> &Arc<Semaphore> {
        &self.forwards
    }

    /// Places for batches.
    pub fn batches(&self) -> &Arc<Semaphore> {
        &self.batches
    }

    /// Counts what became of rows of batches.
    pub fn batch_rows(&self) -> &BatchRows {
        &self.batch_rows
    }

    /// The data that answer now.
    pub fn data(&self) -> Option<Arc<Data>> {
        self.data.load_full()
    }

    /// Replaces the data that answer, for everybody at once; returns the old, to be dropped where nobody waits.
    pub fn publish(&self, snapshot: Arc<Snapshot>, read: AsOf) -> Option<Arc<Data>> {
        let aged = (Duration::ZERO, read.instant);
        self.data.swap(Some(Arc::new(Data { snapshot, read_at: read.time, aged })))
    }

    /// The data that answer were read again, and are as they were. Only for who publishes: nobody else may meanwhile.
    pub fn confirm(&self, read: AsOf) {
        if let Some(data) = self.data() {
            let aged = (Duration::ZERO, read.instant);
            let snapshot = Arc::clone(&data.snapshot);
            self.data.store(Some(Arc::new(Data { snapshot, read_at: read.time, aged })));
        }
    }

    /// Lets data answer that an earlier process has read; their age is what the system's clock says. Data from the
    /// future are as good as new, and the log says that a clock is wrong. `scopes` are those of other keys.
    pub fn restore(&self, snapshot: Snapshot, scopes: Vec<KnownScope>) {
        self.scopes.restore(scopes);
        let age = snapshot.read_at().elapsed().unwrap_or_else(|ahead| {
            let ahead = ahead.duration().as_secs();
            tracing::warn!(
                tenant = self.name(),
                seconds = ahead,
                "the stored data are from the future; check the clock"
            );
            Duration::ZERO
        });
        let read_at = snapshot.read_at();
        let data = Data { snapshot: Arc::new(snapshot), read_at, aged: (age, Instant::now()) };
        self.data.store(Some(Arc::new(data)));
    }

    /// What the holder of `key` may see, as OZmap says. While there are data nobody waits long to learn it, counted
    /// from when the request came.
    pub async fn scope_of(&self, key: &ApiKey, came: Instant) -> Result<Arc<Scope>, AccessError> {
        let live = &self.settings.live;
        let patience = if self.data.load().is_some() { live.deadline } else { live.timeout };
        self.scopes.of(key, came + patience).await
    }

    /// What is known of the rights of keys beside its own.
    pub fn known_scopes(&self) -> Vec<KnownScope> {
        self.scopes.known()
    }

    /// What the age of `data` means by this tenant's settings.
    pub fn state_of(&self, data: Option<&Data>, now: Instant) -> DataState {
        let freshness = &self.settings.freshness;
        match data.map(|data| data.age(now)) {
            None => DataState::Absent,
            Some(age) if age > freshness.max_stale => DataState::Expired,
            Some(age) if age > freshness.stale_after => DataState::Stale,
            Some(_) => DataState::Fresh,
        }
    }

    /// How long the age of `data` goes on meaning what it does now; `None` where it can get no worse.
    pub fn state_lasts(&self, data: &Data, now: Instant) -> Option<Duration> {
        let age = data.age(now);
        let limits = [self.settings.freshness.stale_after, self.settings.freshness.max_stale];
        limits.into_iter().find_map(|limit| limit.checked_sub(age))
    }

    /// Sets the gauges of its snapshot and its breaker.
    pub fn observe(&self) {
        self.metrics.set_breaker(self.name(), self.client.breaker().state().as_number());
        let Some(data) = self.data() else { return };
        let census = data.snapshot.census();
        let refused =
            Refusal::OF_BOXES.iter().zip(census.refused).map(|(refusal, count)| (refusal.as_str(), count));
        let others = [("sellable", census.sellable), ("unplaced", data.snapshot.unplaced())];
        let boxes: Vec<_> = others.into_iter().chain(refused).collect();
        self.metrics.set_index(IndexSample {
            tenant: self.name(),
            boxes: &boxes,
            free_ports: census.free_ports,
            read_at: unix_seconds(data.read_at()),
        });
    }

    /// How many calls for waiting clients could be made at a stroke by now.
    pub fn live_calls_left(&self) -> f64 {
        self.live.calls_left()
    }

    /// The service connectors that stand in a box by now, of each kind that counts, as OZmap tells its own key; `None`: no
    /// call is left in the budget.
    pub async fn read_connectors(&self, in_box: ObjectId) -> Option<Result<Connectors, CallError>> {
        self.rechecks.read_now(in_box).await
    }

    /// Estimated bytes of its caches: live answers, access scopes.
    pub fn cache_bytes(&self) -> (u64, u64) {
        (self.live.cache_bytes(), self.scopes.cache_bytes())
    }
}

/// Whole seconds since 1970; 0 for a clock set before.
pub fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
