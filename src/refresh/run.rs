//! One refresh: read everything, judge and index it, publish it by one swap.

use super::guard::{self, Acceptance, Legibility};
use super::objections::Objections;
use super::progress::{Phase, Progress};
use crate::metrics::Metrics;
use crate::ozmap::Lane;
use crate::ozmap::assemble::{Assembled, Sample, Unlisted, assemble};
use crate::ozmap::failure::CallError;
use crate::ozmap::pages::{PageSeen, Reading, read_all};
use crate::ozmap::wire::fault::RowFault;
use crate::ozmap::wire::rows::{BoxRow, ProjectRow, Row, SplitterRow};
use crate::tenant::{Data, Tenant};
use crate::viability::snapshot::{Plant, Snapshot};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

/// How often a long reading says in the log how far it is.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// A reading that takes longer is given up: OZmap trickles.
const LONGEST_READING: Duration = Duration::from_mins(15);
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

/// What a refresh read and published.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Published {
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
    /// Boxes listed no more in which splitters still stand, kept until the next refresh for OZmap to judge.
    pub unlisted: u64,
    /// Boxes not listed this time either, or believed lost as ordered: gone, though splitters still stand in them.
    pub gone: u64,
    /// What spoke against it and was overridden by whoever ordered it.
    pub overridden: Vec<String>,
}

/// Reads the tenant's plant and publishes it, if the guard lets it.
pub async fn refresh(
    tenant: &Tenant,
    metrics: &Metrics,
    progress: &watch::Sender<Progress>,
    acceptance: Acceptance,
) -> Result<Published, RefreshError> {
    let (read_at, read) = (SystemTime::now(), Instant::now());
    let reader = Reader { tenant, metrics, progress, quarantined: BTreeMap::new(), lists: Vec::new() };
    let reading = async {
        let (reader, projects) = reader.read::<ProjectRow>(Phase::Projects).await?;
        let (reader, boxes) = reader.read::<BoxRow>(Phase::Boxes).await?;
        let (reader, splitters) = reader.read::<SplitterRow>(Phase::Splitters).await?;
        Ok::<_, RefreshError>((reader, projects, boxes, splitters))
    };
    let (reader, projects, boxes, splitters) =
        timeout(LONGEST_READING, reading).await.map_err(|_elapsed| RefreshError::TooSlow)??;

    progress.send_replace(Progress::at(Phase::Building));
    let held = tenant.data();
    let generation = held.as_ref().map_or(1, |data| data.snapshot.generation() + 1);
    let rules = tenant.settings().rules.clone();
    let splitter_count = splitters.rows.iter().filter(|splitter| splitter.serves_clients).count() as u64;
    let started = Instant::now();
    let before = held.clone();
    let unlisted = match acceptance {
        Acceptance::Guarded => Unlisted::Doubted,
        Acceptance::AsRead => Unlisted::Believed,
    };
    let built = spawn_blocking(move || {
        let projects = projects.rows.iter().map(Row::id).collect();
        let before = before.as_deref().map(|data| &data.snapshot);
        let Assembled { boxes, unplaced, unlisted, gone } =
            assemble(boxes, &splitters, before, unlisted, &rules);
        let plant = Plant { read_at, projects, boxes, unplaced: unplaced.boxes };
        (Snapshot::build(generation, plant), Conspicuous { unplaced, unlisted, gone })
    });
    // A panic there is a bug of ours: the refresher reports it.
    let (snapshot, conspicuous) = built.await.map_err(|_panicked| RefreshError::Panicked)?;
    metrics.index_built(started.elapsed());
    let compared = held.as_ref().map(|data| &data.snapshot);
    let objections = guard::check(&tenant.settings().refresh, compared, &snapshot, &reader.lists);
    drop(held);
    let overridden = match (objections, acceptance) {
        (None, _) => Vec::new(),
        (Some(objections), Acceptance::AsRead) if !objections.are_final() => reader.override_all(&objections),
        (Some(objections), _) => {
            free(snapshot);
            return Err(objections.into());
        }
    };
    conspicuous.tell(tenant.name());

    let census = snapshot.census();
    let published = Published {
        generation,
        projects: snapshot.projects().len() as u64,
        boxes: census.boxes(),
        sellable: census.sellable,
        free_ports: census.free_ports,
        splitters: splitter_count,
        quarantined: reader.quarantined,
        unlisted: conspicuous.unlisted.boxes,
        gone: conspicuous.gone.boxes,
        overridden,
    };
    if let Some(old) = tenant.publish(snapshot, read) {
        retire(old);
    }
    Ok(published)
}

/// Boxes that somebody should look after in OZmap.
struct Conspicuous {
    unplaced: Sample,
    unlisted: Sample,
    gone: Sample,
}

impl Conspicuous {
    fn tell(&self, tenant: &str) {
        for (sample, message) in [
            (
                &self.unplaced,
                "boxes can't be read or are counted and not shown, nor is known where they hang: until they are, OZmap is asked wherever no free port is found",
            ),
            (
                &self.unlisted,
                "OZmap lists boxes no more in which splitters still stand: until the next refresh, OZmap is asked where one of them could matter",
            ),
            (&self.gone, "OZmap lists boxes no more, though splitters still stand in them: they are gone"),
        ] {
            let Sample { boxes, examples } = sample;
            if *boxes > 0 {
                let some = examples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                tracing::warn!(tenant, boxes, some, "{message}");
            }
        }
    }
}

/// Frees data that answer no more. Who lets go of them last frees them: not one of those who still ask OZmap with them.
fn retire(old: Arc<Data>) {
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
fn free<T: Send + 'static>(boxes: T) {
    drop(spawn_blocking(move || drop(boxes)));
}

/// Reads lists one after the other, keeping count.
struct Reader<'r> {
    tenant: &'r Tenant,
    metrics: &'r Metrics,
    progress: &'r watch::Sender<Progress>,
    quarantined: BTreeMap<&'static str, u64>,
    lists: Vec<Legibility>,
}

impl Reader<'_> {
    async fn read<R: Row>(mut self, phase: Phase) -> Result<(Self, Reading<R>), RefreshError> {
        self.progress.send_replace(Progress::at(phase));
        let last_line = Mutex::new(Instant::now());
        let watch = |seen: PageSeen| {
            self.progress.send_modify(|progress| {
                progress.pages += 1;
                progress.rows += seen.rows;
                progress.rows_total = seen.total.or(progress.rows_total);
            });
            let mut last_line = last_line.lock().unwrap_or_else(PoisonError::into_inner);
            if last_line.elapsed() >= LINE_EVERY {
                *last_line = Instant::now();
                self.log_progress(R::LIST.path(), "reading");
            }
        };
        let reading: Result<Reading<R>, CallError> =
            read_all(self.tenant.client(), &self.tenant.settings().key, Lane::Refresh, &watch).await;
        let reading = reading.map_err(|source| RefreshError::Unread { list: R::LIST.path(), source })?;
        self.lists.push(Legibility {
            list: R::LIST.path(),
            read: reading.rows.len() as u64,
            unreadable: reading.faults.values().sum(),
        });
        self.set_aside(R::LIST.path(), &reading.faults);
        self.log_progress(R::LIST.path(), "list read");
        Ok((self, reading))
    }

    fn log_progress(&self, list: &str, message: &str) {
        let Progress { pages, rows, rows_total, .. } = *self.progress.borrow();
        tracing::info!(tenant = self.tenant.name(), list, pages, rows, rows_total, "{message}");
    }

    /// An operator has said so: tells what they took upon themselves.
    fn override_all(&self, objections: &Objections) -> Vec<String> {
        let tenant = self.tenant.name();
        let overridden = objections.iter().map(|objection| {
            let why = objection.to_string();
            tracing::warn!(tenant, why, "published all the same, as ordered with accept_shrink=true");
            self.metrics.refresh().overridden(tenant, objection.as_str());
            why
        });
        overridden.collect()
    }

    fn set_aside(&mut self, list: &str, faults: &BTreeMap<RowFault, u64>) {
        for (fault, &rows) in faults {
            tracing::warn!(
                tenant = self.tenant.name(),
                list,
                reason = fault.as_str(),
                rows,
                "unreadable rows set aside"
            );
            self.metrics.refresh().quarantined(self.tenant.name(), fault.as_str(), rows);
            *self.quarantined.entry(fault.as_str()).or_default() += rows;
        }
    }
}

/// Runs a refresh in a task of its own, so that a panic ends the run and not the refresher.
pub async fn run_apart(
    tenant: Arc<Tenant>,
    metrics: Arc<Metrics>,
    progress: watch::Sender<Progress>,
    acceptance: Acceptance,
) -> Result<Published, RefreshError> {
    // A set ends its tasks when it is dropped: a process that stops leaves no run behind.
    let mut run = JoinSet::new();
    run.spawn(async move { refresh(&tenant, &metrics, &progress, acceptance).await });
    run.join_next().await.and_then(Result::ok).unwrap_or(Err(RefreshError::Panicked))
}
