//! Keeping a tenant's data current: one refresher per tenant, woken by the clock, by an operator, or by a failure
//! that may have passed. Runs of one tenant never overlap.

pub mod aging;
pub mod drift;
mod ended;
mod full;
pub mod guard;
mod homes;
mod ledger;
pub mod objections;
mod outcome;
mod partial;
mod plan;
pub mod progress;
pub mod queue;
mod reading;
pub mod report;
mod rounds;
pub mod run;
pub mod saving;
pub mod schedule;
pub mod store;
mod trust;

use crate::metrics::Metrics;
use crate::metrics::refresh::RefreshWords;
use crate::ozmap::wire::List;
use crate::ozmap::wire::fault::RowFault;
use crate::tenant::Tenant;
use ended::{Ended, Outlook};
use guard::Acceptance;
use objections::Objection;
use progress::{Phase, Progress};
use queue::{Queue, Stopping};
use report::{NoReport, Report, Running, Trigger};
use run::Kind;
use saving::{OnDisk, Saved};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use trust::Drift;
pub use trust::{Reliance, Relied};

#[derive(Default)]
struct State {
    queue: Queue,
    running: Option<Running>,
    reports: VecDeque<Report>,
    /// How far the changes of each list can be relied on; none before the first run.
    reliance: Vec<Relied>,
}

/// Refreshes one tenant, one run at a time.
pub struct Refresher {
    tenant: Arc<Tenant>,
    metrics: Arc<Metrics>,
    store: Option<Store>,
    state: Mutex<State>,
    wake: Notify,
    /// Data were published that are not on disk yet.
    unsaved: Notify,
    saved: Mutex<Option<Saved>>,
    on_disk: Mutex<Option<OnDisk>>,
    progress: watch::Sender<Progress>,
    ended: watch::Sender<Ended>,
}

impl Refresher {
    /// A refresher at rest; [`Self::keep_refreshing`] makes it work.
    pub fn new(tenant: Arc<Tenant>, metrics: Arc<Metrics>, store: Option<Store>) -> Self {
        register(&tenant, &metrics);
        Self {
            tenant,
            metrics,
            store,
            state: Mutex::default(),
            wake: Notify::new(),
            unsaved: Notify::new(),
            saved: Mutex::default(),
            on_disk: Mutex::default(),
            progress: watch::Sender::new(Progress::at(Phase::Idle)),
            ended: watch::Sender::default(),
        }
    }

    /// Whose data it refreshes.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Asks for a run that reads all lists, and returns its number.
    ///
    /// One that comes while a run is under way is served by another right after it, for the first may have passed what
    /// has changed since; only the clock is content with the running one.
    pub fn request(&self, trigger: Trigger) -> Result<u64, Stopping> {
        let mut state = self.state();
        if let (Trigger::Schedule, Some(running)) = (trigger, state.running)
            && running.kind == Kind::Full
        {
            return Ok(running.id);
        }
        let id = state.queue.request(trigger, Kind::Full)?;
        drop(state);
        self.wake.notify_one();
        Ok(id)
    }

    /// Asks for a run that reads what has changed, and returns its number: the next one that begins, whatever it reads.
    pub fn request_changes(&self, trigger: Trigger) -> Result<u64, Stopping> {
        let id = self.state().queue.request(trigger, Kind::Changes)?;
        self.wake.notify_one();
        Ok(id)
    }

    /// Asks for a run as an operator does: it begins `gap` after the last one that was ordered did, at the earliest.
    ///
    /// Orders that come sooner share the run that waits, so that none is refused and none sees data from before it;
    /// but not with those that want it otherwise: [`Acceptance::AsRead`] is the word of who gave it, for one run.
    pub fn order(&self, acceptance: Acceptance, gap: Duration) -> Result<u64, Stopping> {
        let id = self.state().queue.order(acceptance, gap)?;
        self.wake.notify_one();
        Ok(id)
    }

    /// Lets the run under way end and begins no other: orders that wait for theirs are given up, and told so.
    pub fn close(&self) {
        let mut state = self.state();
        let given_up = state.queue.close();
        let last_begun = state.queue.last_begun();
        drop(state);
        let orders: u64 = given_up.iter().map(|waiting| waiting.orders).sum();
        if orders > 0 {
            let tenant = self.tenant.name();
            tracing::warn!(
                tenant,
                orders,
                "ordered refreshes are given up: the process stops before they begin"
            );
        }
        self.ended.send_modify(|ended| ended.outlook = Outlook::Closed { last_begun });
        self.wake.notify_one();
    }

    /// Tells who waits for the run under way that it will not end: nothing runs any more.
    pub fn give_up(&self) {
        if let Some(Running { id: run, trigger, .. }) = self.running() {
            let (tenant, trigger) = (self.tenant.name(), trigger.as_str());
            tracing::warn!(tenant, run, trigger, "refresh given up: the process stops before it ended");
        }
        let last_begun = self.state().queue.last_begun();
        self.ended.send_modify(|ended| ended.outlook = Outlook::GivenUp { last_begun });
    }

    /// The run under way, if any.
    pub fn running(&self) -> Option<Running> {
        self.state().running
    }

    /// How far the run under way has come; it changes with every page.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// The last runs, newest first.
    pub fn reports(&self) -> Vec<Report> {
        self.state().reports.iter().cloned().collect()
    }

    /// How far the changes of each list can be relied on.
    pub fn reliance(&self) -> Vec<Relied> {
        self.state().reliance.clone()
    }

    /// The report of a run, once it has ended within this time.
    pub async fn report_of(&self, id: u64, within: Duration) -> Result<Report, NoReport> {
        let mut ended = self.ended.subscribe();
        let over = ended.wait_for(|ended| ended.verdict_on(id).is_some());
        let Ok(Ok(seen)) = timeout(within, over).await else { return Err(NoReport::NotYet) };
        let verdict = seen.verdict_on(id);
        drop(seen);
        verdict.ok_or(NoReport::NotYet)??;
        self.state().reports.iter().find(|report| report.run.id == id).cloned().ok_or(NoReport::NotYet)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a tenant's series of refreshes.
fn register(tenant: &Tenant, metrics: &Metrics) {
    let lists = List::read_by(&tenant.settings().rules);
    // The others are read as they are, with the whole plant.
    let of_changes = |list: &&List| !matches!(list, List::Projects | List::Communities);
    metrics.refresh().register(
        tenant.name(),
        &RefreshWords {
            triggers: Trigger::ALL.iter().map(|trigger| trigger.as_str()).collect(),
            kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
            objections: &Objection::WORDS,
            faults: RowFault::ALL.iter().map(|fault| fault.as_str()).collect(),
            lists: lists.iter().filter(of_changes).map(|list| list.path()).collect(),
            drifts: Drift::default().kinds().iter().map(|(kind, _)| *kind).collect(),
            writes: &saving::WRITES,
            loads: &saving::LOADS,
        },
    );
}
