//! One run: what it reads, what it tells, and how it fails. The readings themselves are in `full` and `partial`.

use super::drift::News;
use super::guard::Acceptance;
use super::ledger::Ledger;
use super::objections::Objections;
use super::progress::Progress;
use super::trust::Drift;
use super::{full, partial};
use crate::metrics::Metrics;
use crate::metrics::labels::Ending;
use crate::ozmap::failure::CallError;
use crate::ozmap::pages::Tries;
use crate::tenant::{Data, Tenant};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

/// A reading that takes longer is given up: OZmap trickles.
pub(super) const LONGEST_READING: Duration = Duration::from_mins(15);
/// How soon it is seen that nobody holds old data any more: a live call, which may, takes longer.
const SOON: Duration = Duration::from_millis(100);

/// A refresh that published nothing; the data that were there go on answering.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// A list could not be read to its end.
    #[error("reading {list} of OZmap failed")]
    Unread {
        /// Which list.
        list: &'static str,
        /// What went wrong.
        source: CallError,
    },
    /// The lists arrive too slowly to be ever done.
    #[error("reading OZmap's lists took longer than {}", humantime::format_duration(LONGEST_READING))]
    TooSlow,
    /// What was read is not to be believed.
    #[error("what was read is refused")]
    Refused(#[from] Objections),
    /// A bug, logged where it happened.
    #[error("the refresh ended by a panic")]
    Panicked,
}

impl RefreshError {
    /// The word for it in metrics and reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unread { source, .. } => source.as_str(),
            Self::TooSlow => "timeout",
            Self::Refused(_) => "refused",
            Self::Panicked => "panicked",
        }
    }

    /// How it ended, as far as it has to be told whether things go well.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Refused(_) => Ending::Refused,
            Self::Unread { .. } | Self::TooSlow | Self::Panicked => Ending::Failed,
        }
    }

    /// What an operator can do about it, if there is anything beside what the error says.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Unread { source, .. } => source.remedy(),
            Self::TooSlow | Self::Refused(_) | Self::Panicked => None,
        }
    }

    /// Whether trying again soon can help: a rejected key stays rejected until somebody acts.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Unread { source: CallError::Unauthorized, .. })
    }

    /// The pause that OZmap asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unread { source, .. } => source.retry_after(),
            Self::TooSlow | Self::Refused(_) | Self::Panicked => None,
        }
    }
}

/// What a run reads. The larger serves who wants a smaller one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What has changed in every list.
    Changes,
    /// All splitters (and homes, where ports of those count), and what has changed in the other lists.
    Splitters,
    /// All lists.
    #[default]
    Full,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Changes, Self::Splitters, Self::Full];

    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Splitters => "splitters",
            Self::Full => "full",
        }
    }
}

/// What a refresh read and published.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Published {
    /// What was read. All lists, where splitters alone turned out not to be enough.
    pub kind: Kind,
    /// Boxes that were changed, added or deleted; `None` where the snapshot was built anew.
    pub changed: Option<u64>,
    /// What the changes read before had missed, by list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub drift: BTreeMap<&'static str, Drift>,
    /// The snapshot's number.
    pub generation: u64,
    /// Projects that the tenant's key may see.
    pub projects: u64,
    /// Boxes in the snapshot, of every state.
    pub boxes: u64,
    /// Boxes that can be sold.
    pub sellable: u64,
    /// Free ports of those.
    pub free_ports: u64,
    /// Service splitters read.
    pub splitters: u64,
    /// Rows that could not be read and were set aside, by reason.
    pub quarantined: BTreeMap<&'static str, u64>,
    /// Lists that could not be read and on which no verdict depends: what answers tell of them stays as it was.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<&'static str, String>,
    /// Homes without client in the snapshot, where they are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub homes: u64,
    /// Gated communities in the snapshot.
    #[serde(skip_serializing_if = "is_zero")]
    pub communities: u64,
    /// Boxes listed no more in which splitters still stand, kept until the next refresh for OZmap to judge.
    pub unlisted: u64,
    /// Boxes not listed this time either, or believed lost as ordered: gone, though splitters still stand in them.
    pub gone: u64,
    /// What spoke against it and was overridden by whoever ordered it.
    pub overridden: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What one run has to do with.
#[derive(Clone)]
pub(super) struct Order {
    /// Whose lists.
    pub(super) tenant: Arc<Tenant>,
    /// What is counted.
    pub(super) metrics: Arc<Metrics>,
    /// Where it tells how far it is.
    pub(super) progress: watch::Sender<Progress>,
    /// What it reads.
    pub(super) kind: Kind,
    /// How often each page of changes is tried.
    pub(super) tries: Tries,
    /// Whether the guard has a say.
    pub(super) acceptance: Acceptance,
}

impl Order {
    /// What changes read before had missed is counted; that they can't be relied on is told.
    pub(super) fn tell_of_drift(&self, News { drift, distrust }: &News) {
        let tenant = self.tenant.name();
        for (list, drift) in drift {
            for (kind, rows) in drift.kinds() {
                self.metrics.refresh().drifted(tenant, list, kind, rows);
            }
        }
        let every = humantime::format_duration(self.tenant.settings().refresh.fallback);
        for (list, why) in distrust {
            tracing::error!(
                tenant,
                list,
                "OZmap's changes can't be relied on: {why}; the whole list is read every {every} from now on (refresh.fallback)"
            );
        }
    }
}

/// How a run ended, and what is remembered for the next one; `None`: it has to read all lists.
pub(super) type Ended = (Option<Ledger>, Result<Published, RefreshError>);

/// Runs in a task of its own, so that a panic ends the run and not the refresher.
pub(super) async fn run_apart(order: Order, ledger: Option<Ledger>) -> Ended {
    // A set ends its tasks when it is dropped: a process that stops leaves no run behind.
    let mut run = JoinSet::new();
    run.spawn(async move {
        match ledger {
            Some(ledger) if order.kind < Kind::Full => partial::run(&order, ledger).await,
            ledger => full::run(&order, ledger).await,
        }
    });
    run.join_next().await.and_then(Result::ok).unwrap_or((None, Err(RefreshError::Panicked)))
}

/// Frees data that answer no more. Who lets go of them last frees them: not one of those who still ask OZmap with them.
pub(super) fn retire(old: Arc<Data>) {
    let free_last = async move {
        // Nobody can take hold of them any more.
        while Arc::strong_count(&old) > 1 {
            sleep(SOON).await;
        }
        free(old);
    };
    drop(tokio::spawn(free_last));
}

/// Freeing a million boxes takes a while: not on a thread that answers.
pub(super) fn free<T: Send + 'static>(boxes: T) {
    drop(spawn_blocking(move || drop(boxes)));
}
