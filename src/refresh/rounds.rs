//! The refresher at work: run after run, by order, by the clock, and again after a failure.

use super::Refresher;
use super::ledger::Ledger;
use super::plan::{self, Began};
use super::progress::{Phase, Progress};
use super::queue::Waiting;
use super::report::{Report, Running, Trigger};
use super::run::{Kind, Order, Published, RefreshError, run_apart};
use super::trust::Relied;
use crate::metrics::labels::Ending;
use crate::ozmap::pages::Tries;
use crate::tenant::unix_seconds;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep_until};

/// Reports kept for `/admin/runs`, and as many of runs that read changes: these come too often to crowd out the others.
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

impl Refresher {
    /// Serves requests for runs until it is closed, and reads changes as often as is set; after a failure tries again by
    /// itself, sooner while there are no data.
    pub async fn keep_refreshing(self: Arc<Self>) {
        let (mut failures, mut retry) = (0, None);
        let mut began = Began::none_since(Instant::now());
        let mut overdue_at = self.overdue_at();
        let mut ledger = None;
        loop {
            self.next_wish(began, ledger.as_ref(), retry, overdue_at).await;
            if self.state().queue.is_closed() {
                return;
            }
            let Some(run) = self.begin() else { continue };
            began.now(run.kind);
            let started = Instant::now();
            let (remembered, outcome) = run_apart(self.order_of(&run), ledger.take()).await;
            ledger = remembered;
            // What changes would tell is asked again soon anyway.
            if run.kind > Kind::Changes || ledger.is_none() {
                let failure = outcome.as_ref().err().filter(|error| self.is_worth_retrying(error));
                failures = if failure.is_some() { failures + 1 } else { 0 };
                retry = failure
                    .map(|error| Retry { at: Instant::now() + self.pause(failures, error), kind: run.kind });
            }
            if run.kind == Kind::Full {
                // What came due meanwhile was served by this run.
                overdue_at = self.overdue_at();
            }
            let took = started.elapsed();
            if let Ok(published) = &outcome {
                began.succeeded(published.kind, took);
            }
            let is_to_be_saved = outcome.is_ok() && (run.kind > Kind::Changes || self.is_long_unsaved());
            self.end(run, took, outcome, ledger.as_ref());
            if is_to_be_saved {
                self.unsaved.notify_one();
            }
        }
    }

    /// Waits until somebody wishes for a run, or a clock does.
    async fn next_wish(
        &self,
        began: Began,
        ledger: Option<&Ledger>,
        retry: Option<Retry>,
        overdue_at: Instant,
    ) {
        let settings = self.tenant.settings();
        // An order may have to wait for longer than a retry.
        let waiting = self.state().queue.due();
        let corrections = self.tenant.corrections();
        let corrected = corrections.are_waiting().then(|| plan::corrected(began));
        let planned = plan::next(&settings.refresh, ledger, began).into_iter().chain(corrected);
        let planned = planned.min_by_key(|due| due.at);
        // Without reading changes, data are as old as the last run.
        let patience = settings.freshness.stale_after.max(LEAST_WATCH);
        let watched = if settings.refresh.changes.is_none() { began.last() + patience } else { overdue_at };
        tokio::select! {
            () = self.wake.notified() => {}
            () = corrections.arrived() => {}
            () = until(waiting) => {}
            () = until(retry.map(|retry| retry.at)) => self.wish(Trigger::Retry, retry.map(|retry| retry.kind)),
            () = until(planned.map(|due| due.at)) => {
                if let Some(due) = planned {
                    self.wish(due.trigger, Some(due.kind));
                }
            }
            // On the monotonic clock, which no change of the system's time can hold up.
            () = sleep_until(watched.min(overdue_at)) => self.wish(Trigger::Watchdog, Some(Kind::Full)),
        }
    }

    fn wish(&self, trigger: Trigger, kind: Option<Kind>) {
        // A closed queue ends the loop.
        let _closed = self.state().queue.request(trigger, kind.unwrap_or_default());
    }

    fn order_of(&self, run: &Running) -> Order {
        Order {
            tenant: Arc::clone(&self.tenant),
            metrics: Arc::clone(&self.metrics),
            progress: self.progress.clone(),
            kind: run.kind,
            // Through a long outage OZmap is asked no more often than changes are read.
            tries: if self.changes_failed_last() { Tries::One } else { Tries::Several },
            acceptance: run.acceptance,
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

    fn pause(&self, failures: u32, error: &RefreshError) -> Duration {
        let asked_for = error.retry_after().unwrap_or_default().min(LONGEST_RETRY_AFTER);
        self.pause_after(failures).max(asked_for)
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let longest = if self.tenant.data().is_some() { LONGEST_RETRY_WARM } else { LONGEST_RETRY_COLD };
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(longest);
        // So that tenants, and proxies, which failed together don't come back together.
        pause.mul_f64(0.9 + 0.2 * fastrand::f64())
    }

    fn begin(&self) -> Option<Running> {
        let mut state = self.state();
        let Waiting { id, trigger, kind, acceptance, .. } = state.queue.take()?;
        let run = Running { id, trigger, kind, acceptance, started_at: SystemTime::now() };
        state.running = Some(run);
        drop(state);
        if kind > Kind::Changes {
            let (tenant, trigger, kind) = (self.tenant.name(), trigger.as_str(), kind.as_str());
            tracing::info!(tenant, run = id, trigger, kind, "refresh started");
        }
        Some(run)
    }

    fn end(
        &self,
        run: Running,
        took: Duration,
        outcome: Result<Published, RefreshError>,
        ledger: Option<&Ledger>,
    ) {
        let tenant = self.tenant.name();
        let (kind, ending) = match &outcome {
            Ok(published) => (published.kind, Ending::Ok),
            Err(error) => (run.kind, error.ending()),
        };
        self.metrics.refresh().ended_at(tenant, kind.as_str(), ending, unix_seconds(SystemTime::now()));
        let outcome = outcome.map_err(|error| {
            if let RefreshError::Refused(objections) = &error {
                for objection in objections.iter() {
                    self.metrics.refresh().rejected(tenant, objection.as_str());
                }
            }
            self.tell_of_failure(run, &error)
        });
        if let Ok(published) = &outcome {
            self.tell_of_success(run, took, published);
            self.metrics.refresh().took(published.kind.as_str(), took);
        }
        let result = outcome.as_ref().err().map_or("ok", |failure| failure.kind);
        self.metrics.refresh().ended(tenant, run.trigger.as_str(), result);
        let reliance = ledger.map(Ledger::reliance).unwrap_or_default();
        for Relied { list, reliance, .. } in &reliance {
            self.metrics.refresh().relied_on(tenant, list, reliance.as_number());
        }
        self.progress.send_replace(Progress::at(Phase::Idle));
        let mut state = self.state();
        state.running = None;
        state.reliance = reliance;
        state.reports.push_front(Report { run, took, outcome });
        forget_oldest(&mut state.reports, run.kind == Kind::Changes);
        drop(state);
        self.ended.send_modify(|ended| ended.last = run.id);
    }
}

/// A failed run that is to be tried again.
#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    kind: Kind,
}

/// Never comes without a time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Of the runs that are like the newest.
fn forget_oldest(reports: &mut VecDeque<Report>, of_changes: bool) {
    let is_alike = |report: &Report| (report.run.kind == Kind::Changes) == of_changes;
    if reports.iter().filter(|report| is_alike(report)).count() > KEPT_RUNS
        && let Some(oldest) = reports.iter().rposition(is_alike)
    {
        reports.remove(oldest);
    }
}
