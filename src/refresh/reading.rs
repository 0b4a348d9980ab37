//! Reading OZmap's lists for a run: what came is counted, told and remembered.

use super::guard::{self, Legibility};
use super::objections::Objections;
use super::progress::{Phase, Progress};
use super::run::{Kind, Order, RefreshError};
use crate::config::key::ApiKey;
use crate::ozmap::failure::CallError;
use crate::ozmap::pages::{Changes, PageSeen, Reading, Unfit, count_rows, read_all, read_changes};
use crate::ozmap::wire::List;
use crate::ozmap::wire::fault::RowFault;
use crate::ozmap::wire::rows::Row;
use crate::ozmap::wire::time::OzmapTime;
use crate::ozmap::{Client, Lane};
use crate::wording::with_causes;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How often a long reading says in the log how far it is.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// A list that no verdict depends on holds up those that do for so long at the most.
const LONGEST_EXTRA: Duration = Duration::from_mins(3);
/// The same of its changes.
const LONGEST_EXTRA_CHANGES: Duration = Duration::from_secs(10);

/// How a list was read.
pub(super) enum ListRead<R> {
    Whole(Reading<R>),
    Changes(Reading<R>),
    /// Not at all: there is no use in asking, as is known.
    Not,
    /// Not at all, as has turned out.
    Unfit(Unfit),
}

impl<R> ListRead<R> {
    /// Whether the whole list was to be read, and rows of it could not.
    pub(super) fn is_short(&self) -> bool {
        matches!(self, Self::Whole(reading) if !reading.is_whole())
    }

    /// The changed rows, if those were read.
    pub(super) fn changes(&self) -> Option<&Reading<R>> {
        if let Self::Changes(reading) = self { Some(reading) } else { None }
    }
}

/// Reads lists one after the other, keeping count.
pub(super) struct Reader<'r> {
    order: &'r Order,
    last_line: Mutex<Instant>,
    /// Rows that could not be read, by reason.
    pub(super) quarantined: BTreeMap<&'static str, u64>,
    /// How well each list could be read that verdicts depend on.
    pub(super) lists: Vec<Legibility>,
    /// Lists that could not be read, and why that is no matter for the verdicts.
    pub(super) left_out: BTreeMap<&'static str, String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(order: &'r Order) -> Self {
        let last_line = Mutex::new(Instant::now());
        Self { order, last_line, quarantined: BTreeMap::new(), lists: Vec::new(), left_out: BTreeMap::new() }
    }

    /// The whole list.
    pub(super) async fn read<R: Row>(
        &mut self,
        list: List,
        phase: Phase,
    ) -> Result<Reading<R>, RefreshError> {
        self.order.progress.send_replace(Progress::at(phase));
        let (client, key) = (self.client(), self.key());
        let watch = |seen| self.watch(list, seen);
        let reading: Result<Reading<R>, CallError> = read_all(client, key, list, Lane::Refresh, &watch).await;
        let reading = reading.map_err(unread(list))?;
        self.lists.push(legibility(list, &reading));
        self.set_aside(list.path(), &reading.faults);
        self.log_progress(list.path(), "list read");
        Ok(reading)
    }

    /// The whole list, if it can be read in time: no verdict depends on it, so what is held of it stays where it can't.
    pub(super) async fn read_if_possible<R: Row>(&mut self, list: List, phase: Phase) -> Option<Reading<R>> {
        self.order.progress.send_replace(Progress::at(phase));
        let watch = |seen| self.watch(list, seen);
        let reading = read_all(self.client(), self.key(), list, Lane::Refresh, &watch);
        match timeout(LONGEST_EXTRA, reading).await {
            Ok(Ok(reading)) => {
                self.set_aside(list.path(), &reading.faults);
                let objection =
                    guard::illegible(&self.order.tenant.settings().refresh, &legibility(list, &reading));
                if let Some(objection) = objection {
                    self.leave_out(list, objection.to_string());
                    return None;
                }
                self.log_progress(list.path(), "list read");
                Some(reading)
            }
            Ok(Err(error)) => {
                self.leave_out(list, with_causes(&error));
                None
            }
            Err(_elapsed) => {
                self.leave_out(list, too_long(LONGEST_EXTRA));
                None
            }
        }
    }

    /// What has changed in the list, likewise.
    pub(super) async fn read_changes_if_possible<R: Row>(
        &mut self,
        list: List,
        phase: Phase,
        since: Option<OzmapTime>,
    ) -> ListRead<R> {
        match timeout(LONGEST_EXTRA_CHANGES, self.read_changes(list, phase, since)).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                self.leave_out(list, with_causes(&error));
                ListRead::Not
            }
            Err(_elapsed) => {
                self.leave_out(list, too_long(LONGEST_EXTRA_CHANGES));
                ListRead::Not
            }
        }
    }

    /// What has changed in the list since then, where there is use in asking.
    pub(super) async fn read_changes<R: Row>(
        &mut self,
        list: List,
        phase: Phase,
        since: Option<OzmapTime>,
    ) -> Result<ListRead<R>, RefreshError> {
        let Some(since) = since else { return Ok(ListRead::Not) };
        self.order.progress.send_replace(Progress::at(phase));
        let watch = |seen| self.watch(list, seen);
        let changes = read_changes(self.client(), self.key(), list, since, self.order.tries, &watch).await;
        Ok(match changes.map_err(unread(list))? {
            Changes::Rows(reading) => {
                self.set_aside(list.path(), &reading.faults);
                ListRead::Changes(reading)
            }
            Changes::Unfit(why) => ListRead::Unfit(why),
        })
    }

    /// How many rows OZmap counts in the list.
    pub(super) async fn count<R: Row>(&self, list: List) -> Result<u64, RefreshError> {
        count_rows::<R>(self.client(), self.key(), list, self.order.tries).await.map_err(unread(list))
    }

    fn client(&self) -> &'r Client {
        self.order.tenant.client()
    }

    fn key(&self) -> &'r ApiKey {
        &self.order.tenant.settings().key
    }

    fn watch(&self, list: List, seen: PageSeen) {
        self.order.progress.send_modify(|progress| {
            progress.pages += 1;
            progress.rows += seen.rows;
            progress.rows_total = seen.total.or(progress.rows_total);
        });
        let mut last_line = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last_line.elapsed() >= LINE_EVERY {
            *last_line = Instant::now();
            self.log_progress(list.path(), "reading");
        }
    }

    fn log_progress(&self, list: &str, message: &str) {
        let Progress { pages, rows, rows_total, .. } = *self.order.progress.borrow();
        tracing::info!(tenant = self.order.tenant.name(), list, pages, rows, rows_total, "{message}");
    }

    /// An operator has said so: tells what they took upon themselves.
    pub(super) fn override_all(&self, objections: &Objections) -> Vec<String> {
        let tenant = self.order.tenant.name();
        let overridden = objections.iter().map(|objection| {
            let why = objection.to_string();
            tracing::warn!(tenant, why, "published all the same, as ordered with accept_shrink=true");
            self.order.metrics.refresh().overridden(tenant, objection.as_str());
            why
        });
        overridden.collect()
    }

    /// A list that no verdict depends on.
    fn leave_out(&mut self, list: List, why: String) {
        let (tenant, list) = (self.order.tenant.name(), list.path());
        // Told with the full runs: changes are read too often for it.
        if self.order.kind == Kind::Changes {
            tracing::debug!(tenant, list, why, "this list can't be read");
        } else {
            tracing::warn!(
                tenant,
                list,
                why,
                "this list can't be read; what answers tell of it stays as it was"
            );
        }
        self.left_out.insert(list, why);
    }

    pub(super) fn set_aside(&mut self, list: &str, faults: &BTreeMap<RowFault, u64>) {
        for (fault, &rows) in faults {
            tracing::warn!(
                tenant = self.order.tenant.name(),
                list,
                reason = fault.as_str(),
                rows,
                "unreadable rows set aside"
            );
            self.order.metrics.refresh().quarantined(self.order.tenant.name(), fault.as_str(), rows);
            *self.quarantined.entry(fault.as_str()).or_default() += rows;
        }
    }
}

fn legibility<R>(list: List, reading: &Reading<R>) -> Legibility {
    let (read, unreadable) = (reading.rows.len() as u64, reading.faults.values().sum());
    Legibility { list: list.path(), read, unreadable }
}

fn too_long(limit: Duration) -> String {
    format!("it took longer than {}", humantime::format_duration(limit))
}

fn unread(list: List) -> impl Fn(CallError) -> RefreshError {
    move |source| RefreshError::Unread { list: list.path(), source }
}
