//! Keeping a tenant's data current: one refresher per tenant, woken by the clock, by an operator, or by a failure
//! that may have passed. Runs of one tenant never overlap.

pub mod aging;
mod ended;
mod failed;
pub mod guard;
pub mod objections;
pub mod progress;
pub mod queue;
pub mod report;
pub mod run;
pub mod saving;
pub mod schedule;
pub mod store;

use crate::metrics::Metrics;
use crate::tenant::Tenant;
use ended::{Ended, Outlook};
use guard::Acceptance;
use progress::{Phase, Progress};
use queue::{Queue, Stopping, Waiting};
use report::{NoReport, Report, Running, Trigger};
use run::{Published, RefreshError, run_apart};
use saving::{OnDisk, Saved};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use store::Store;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// Reports kept for `/admin/runs`.
const KEPT_RUNS: usize = 50;
/// The pause after a first failure; doubled after each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest pause that OZmap can ask for with `Retry-After`.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);
/// How late the clock may be, and a tenth of the time it was waited for, before the watchdog takes its place.
const CLOCK_SLACK: Duration = Duration::from_secs(2);
/// The watchdog never begins a run sooner after another, however short data are to stay fresh.
const LEAST_WATCH: Duration = Duration::from_secs(10);
/// A next time that is further away is looked for again.
const LONGEST_WATCH: Duration = Duration::from_hours(24 * 366);
/// The longest pause while nothing can be answered from memory.
const LONGEST_RETRY_COLD: Duration = Duration::from_secs(4);
/// The longest pause while there are data.
const LONGEST_RETRY_WARM: Duration = Duration::from_mins(1);

#[derive(Default)]
struct State {
    queue: Queue,
    running: Option<Running>,
    reports: VecDeque<Report>,
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

    /// Asks for a run and returns its number.
    ///
    /// One that comes while a run is under way is served by another right after it, for the first may have passed what
    /// has changed since; only the clock is content with the running one.
    pub fn request(&self, trigger: Trigger) -> Result<u64, Stopping> {
        let mut state = self.state();
        if let (Trigger::Schedule, Some(running)) = (trigger, state.running) {
            return Ok(running.id);
        }
        let id = state.queue.request(trigger)?;
        drop(state);
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

    /// Serves requests for runs until it is closed; after a failure tries again by itself, sooner while there are no
    /// data.
    pub async fn keep_refreshing(self: Arc<Self>) {
        let mut failures = 0;
        let mut retry_at = None;
        let mut last_began = Instant::now();
        let patience = self.tenant.settings().freshness.stale_after.max(LEAST_WATCH);
        let mut overdue_at = self.overdue_at();
        loop {
            // An order may have to wait for longer than a retry.
            let waiting = self.state().queue.due();
            let next = waiting.into_iter().chain(retry_at).min();
            tokio::select! {
                () = self.wake.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    if retry_at.is_some_and(|retry_at| retry_at <= Instant::now()) {
                        let _closed = self.request(Trigger::Retry);
                    }
                }
                // On the monotonic clock, which no change of the system's time can hold up.
                () = sleep_until((last_began + patience).min(overdue_at)) => {
                    let _closed = self.request(Trigger::Watchdog);
                }
            }
            if self.state().queue.is_closed() {
                return;
            }
            let Some(run) = self.begin() else { continue };
            last_began = Instant::now();
            let outcome = run_apart(
                Arc::clone(&self.tenant),
                Arc::clone(&self.metrics),
                self.progress.clone(),
                run.acceptance,
            )
            .await;
            let failure = outcome.as_ref().err().filter(|error| self.is_worth_retrying(error));
            failures = if failure.is_some() { failures + 1 } else { 0 };
            retry_at = failure.map(|error| {
                let asked_for = error.retry_after().unwrap_or_default().min(LONGEST_RETRY_AFTER);
                Instant::now() + self.pause_after(failures).max(asked_for)
            });
            // What came due meanwhile was served by this run.
            overdue_at = self.overdue_at();
            let published = outcome.is_ok();
            self.end(run, last_began.elapsed(), outcome);
            if published {
                self.unsaved.notify_one();
            }
        }
    }

    /// When the clock should have come round, and for some time: the system's time was changed under it, or it is stuck.
    fn overdue_at(&self) -> Instant {
        let next = self.tenant.settings().refresh.full.until_next(SystemTime::now());
        // Without a next time, and where it lies years ahead, it is waited for in vain.
        let due = next.unwrap_or(LONGEST_WATCH).min(LONGEST_WATCH);
        Instant::now() + due + due / 10 + CLOCK_SLACK
    }

    /// What was refused by the guard is read again when the clock says so: a whole reading is much to ask of OZmap.
    /// While there is nothing to answer from, sooner.
    fn is_worth_retrying(&self, error: &RefreshError) -> bool {
        match error {
            RefreshError::Refused(_) => self.tenant.data().is_none(),
            other => other.may_pass(),
        }
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let longest = if self.tenant.data().is_some() { LONGEST_RETRY_WARM } else { LONGEST_RETRY_COLD };
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(longest);
        // So that tenants, and proxies, which failed together don't come back together.
        pause.mul_f64(0.9 + 0.2 * fastrand::f64())
    }

    fn begin(&self) -> Option<Running> {
        let mut state = self.state();
        let Waiting { id, trigger, acceptance, .. } = state.queue.take()?;
        let run = Running { id, trigger, acceptance, started_at: SystemTime::now() };
        state.running = Some(run);
        drop(state);
        tracing::info!(tenant = self.tenant.name(), run = id, trigger = trigger.as_str(), "refresh started");
        Some(run)
    }

    fn end(&self, run: Running, took: Duration, outcome: Result<Published, RefreshError>) {
        let tenant = self.tenant.name();
        let outcome = outcome.map_err(|error| {
            if let RefreshError::Refused(objections) = &error {
                for objection in objections.iter() {
                    self.metrics.refresh().rejected(tenant, objection.as_str());
                }
            }
            self.tell_of_failure(run, &error)
        });
        if let Ok(published) = &outcome {
            tracing::info!(
                tenant,
                run = run.id,
                generation = published.generation,
                boxes = published.boxes,
                sellable = published.sellable,
                free_ports = published.free_ports,
                took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "refresh published"
            );
        }
        let result = outcome.as_ref().err().map_or("ok", |failure| failure.kind);
        self.metrics.refresh().ended(tenant, run.trigger.as_str(), result, outcome.is_ok().then_some(took));
        self.progress.send_replace(Progress::at(Phase::Idle));
        let mut state = self.state();
        state.running = None;
        state.reports.push_front(Report { run, took, outcome });
        state.reports.truncate(KEPT_RUNS);
        drop(state);
        self.ended.send_modify(|ended| ended.last = run.id);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
