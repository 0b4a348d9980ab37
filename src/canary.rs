//! Whether answers from memory are OZmap's: a small sample of them is asked of OZmap, in the background, and compared.
//!
//! A difference may be one of time: somebody sold the port since the data were read. So it is looked at again after what
//! has changed was read. What is left is a difference of rules, or data that reading changes doesn't mend.

use crate::metrics::Metrics;
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::difference::{Difference, differences};
use crate::refresh::Refresher;
use crate::refresh::report::Trigger;
use crate::tenant::Tenant;
use crate::tenant::resolve::Request;
use crate::tenant::sampling::Sample;
use crate::viability::geo::Radius;
use crate::viability::plant::Scope;
use crate::wording::with_causes;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Differences that are kept for operators.
const KEPT: usize = 20;
/// How long a run that a difference begins is waited for.
const PATIENCE: Duration = Duration::from_mins(5);
/// After a difference that reading changes didn't mend none is begun for so long: a difference of rules would else cost
/// OZmap one for each sample.
const NO_USE: Duration = Duration::from_mins(10);

/// How a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both say the same.
    Same,
    /// They did not, and do since the changes were read.
    Stale,
    /// They do not.
    Differs,
    /// OZmap didn't answer.
    Error,
}

impl Verdict {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Same, Self::Stale, Self::Differs, Self::Error];

    /// The word for it in metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Stale => "stale",
            Self::Differs => "differs",
            Self::Error => "error",
        }
    }
}

/// A query whose answers differed.
#[derive(Clone, Debug)]
pub struct Finding {
    /// When it was asked.
    pub at: SystemTime,
    /// Stale, or differs.
    pub verdict: Verdict,
    /// Where, to some hundred metres: it is somebody's home.
    pub near: String,
    /// The radius that was asked for, in metres.
    pub radius: Option<f64>,
    /// What has probably come between, or why it stays.
    pub cause: &'static str,
    /// In what they differed.
    pub differences: Vec<Difference>,
    /// The number of the snapshot that answered.
    pub generation: u64,
    /// How old its data were.
    pub age: Duration,
}

/// What comparing has come to.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// How many comparisons ended how, in the order of [`Verdict::ALL`].
    pub counts: [u64; Verdict::ALL.len()],
    /// When the last one ended.
    pub last: Option<SystemTime>,
    /// The last differences, newest first.
    pub differences: VecDeque<Finding>,
}

/// Compares the samples of one tenant.
pub struct Canary {
    tenant: Arc<Tenant>,
    refresher: Arc<Refresher>,
    metrics: Arc<Metrics>,
    findings: Mutex<Findings>,
    no_use_until: Mutex<Option<Instant>>,
}

/// Why a question is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// It was drawn.
    Sample,
    /// An operator wants it: what was found of other questions doesn't count, nor does this of others.
    Order,
}

/// Both answers to one question, compared.
#[derive(Debug)]
pub struct Compared {
    /// How it ended.
    pub verdict: Verdict,
    /// In what they differed, and why.
    pub finding: Option<Finding>,
    /// OZmap's answer, the last one.
    pub at_ozmap: Bytes,
}

/// Why nothing was compared.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotCompared {
    /// Nothing was read yet.
    #[error("there are no data to compare with")]
    NoData,
    /// It isn't memory's to answer: the radius.
    #[error("there is no answer from memory to compare with")]
    NotFromMemory,
    /// No call is left in the budget.
    #[error("OZmap was not asked: the budget for live calls is used up")]
    NotAsked,
    /// It refuses this key or question.
    #[error("OZmap refuses the question")]
    Refused,
    /// It didn't answer.
    #[error("OZmap did not answer")]
    Failed(#[source] Arc<CallError>),
}

/// What was answered here, and by which data.
struct Said {
    body: Vec<u8>,
    generation: u64,
    age: Duration,
}

impl Canary {
    /// One at rest; [`Self::keep_comparing`] makes it work.
    pub fn new(refresher: Arc<Refresher>, metrics: Arc<Metrics>) -> Self {
        let tenant = Arc::clone(refresher.tenant());
        for verdict in Verdict::ALL {
            metrics.compared(tenant.name(), verdict.as_str(), 0);
        }
        Self { tenant, refresher, metrics, findings: Mutex::default(), no_use_until: Mutex::default() }
    }

    /// Whose samples it compares.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What it has found.
    pub fn findings(&self) -> Findings {
        self.lock().clone()
    }

    /// Compares samples as they come, one after the other, for ever.
    pub async fn keep_comparing(self: Arc<Self>) {
        let Some(mut samples) = self.tenant.samples() else { return };
        while let Some(sample) = samples.recv().await {
            match self.compare(&sample, Occasion::Sample).await {
                // The next will do as well.
                Err(
                    NotCompared::NoData
                    | NotCompared::NotFromMemory
                    | NotCompared::NotAsked
                    | NotCompared::Refused,
                ) => {}
                Ok(Compared { verdict, finding, .. }) => self.note(verdict, finding),
                Err(NotCompared::Failed(error)) => {
                    tracing::debug!(
                        tenant = self.tenant.name(),
                        error = with_causes(&*error),
                        "a sample was not compared"
                    );
                    self.note(Verdict::Error, None);
                }
            }
        }
    }

    /// Compares one question for who runs this, who sees all that the tenant's own key does. It isn't counted.
    pub async fn compare_now(&self, request: &Request) -> Result<Compared, NotCompared> {
        let key = self.tenant.settings().key.clone();
        let sample = Sample { request: *request, key, scope: Scope::Everything };
        self.compare(&sample, Occasion::Order).await
    }

    async fn compare(&self, sample: &Sample, occasion: Occasion) -> Result<Compared, NotCompared> {
        if self.tenant.data().is_none() {
            return Err(NotCompared::NoData);
        }
        let said = self.said(sample).ok_or(NotCompared::NotFromMemory)?;
        let at_ozmap = self.ask(sample).await?;
        let first = differences(&said.body, &at_ozmap);
        if first.is_empty() {
            return Ok(Compared { verdict: Verdict::Same, finding: None, at_ozmap });
        }
        let finding = |verdict, cause, differences, at_ozmap| {
            let center = sample.request.center;
            let near = format!("{:.3}, {:.3}", center.lat(), center.lng());
            let radius = sample.request.radius.map(Radius::metres);
            let (generation, age) = (said.generation, said.age);
            let at = SystemTime::now();
            let finding = Finding { at, verdict, near, radius, cause, differences, generation, age };
            Compared { verdict, finding: Some(finding), at_ozmap }
        };
        if occasion == Occasion::Sample && self.is_of_no_use() {
            return Ok(finding(Verdict::Differs, "as before", first, at_ozmap));
        }
        self.read_changes().await;
        if self.is_mended(sample, &at_ozmap) {
            return Ok(finding(Verdict::Stale, what_came_between(&first), first, at_ozmap));
        }
        // Perhaps it is OZmap's answer that is old by now.
        let again = self.ask(sample).await?;
        let left = self.said(sample).map(|said| differences(&said.body, &again)).unwrap_or_default();
        if left.is_empty() {
            return Ok(finding(Verdict::Stale, what_came_between(&first), first, again));
        }
        if occasion == Occasion::Sample {
            *self.no_use_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + NO_USE);
        }
        Ok(finding(Verdict::Differs, "reading what has changed didn't mend it", left, again))
    }

    /// What this process answers by now.
    fn said(&self, sample: &Sample) -> Option<Said> {
        let data = self.tenant.data()?;
        let mut pieces = self.tenant.local_answer(&data, sample)?;
        let body = std::iter::from_fn(|| pieces.take()).flatten().collect();
        Some(Said { body, generation: data.snapshot.generation(), age: data.age(Instant::now()) })
    }

    async fn ask(&self, sample: &Sample) -> Result<Bytes, NotCompared> {
        let answered = self.tenant.ask_live(sample).await.ok_or(NotCompared::NotAsked)?;
        let answer = answered.map_err(|error| NotCompared::Failed(Arc::new(error)))?;
        if answer.viable.is_some() { Ok(answer.body) } else { Err(NotCompared::Refused) }
    }

    fn is_mended(&self, sample: &Sample, at_ozmap: &[u8]) -> bool {
        self.said(sample).is_some_and(|said| differences(&said.body, at_ozmap).is_empty())
    }

    async fn read_changes(&self) {
        if let Ok(run) = self.refresher.request_changes(Trigger::Canary) {
            // However it ended, what the data say then counts.
            let _report = self.refresher.report_of(run, PATIENCE).await;
        }
    }

    fn is_of_no_use(&self) -> bool {
        let until = *self.no_use_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn note(&self, verdict: Verdict, finding: Option<Finding>) {
        let tenant = self.tenant.name();
        self.metrics.compared(tenant, verdict.as_str(), 1);
        if let Some(Finding { near, differences, cause, generation, .. }) = &finding {
            let (first, of) = (differences.first().map(ToString::to_string), differences.len());
            if verdict == Verdict::Differs {
                tracing::warn!(tenant, near, first, of, cause, generation, "an answer differs from OZmap's");
            } else {
                tracing::info!(
                    tenant,
                    near,
                    first,
                    of,
                    cause,
                    generation,
                    "an answer was older than OZmap's"
                );
            }
        }
        let mut findings = self.lock();
        findings.last = Some(SystemTime::now());
        if let Some(count) = findings.counts.get_mut(verdict as usize) {
            *count += 1;
        }
        if let Some(finding) = finding {
            findings.differences.push_front(finding);
        }
        findings.differences.truncate(KEPT);
    }

    fn lock(&self) -> MutexGuard<'_, Findings> {
        // Nothing under the lock can panic half-way through a change.
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What explains a difference that reading changes has mended.
fn what_came_between(differences: &[Difference]) -> &'static str {
    let told = differences.iter().find(|one| !matches!(one, Difference::Verdict { .. }));
    match told {
        Some(Difference::OfferedHere { refused_by_ozmap: Some(_), .. }) => "the last port was sold since",
        Some(Difference::OfferedHere { refused_by_ozmap: None, .. }) => {
            "the box was moved, deleted or made a draft since"
        }
        Some(Difference::OfferedByOzmap { refused_here: Some(_), .. }) => "a port was freed since",
        Some(Difference::OfferedByOzmap { refused_here: None, .. }) => "the box was added or moved since",
        Some(Difference::Field { field, here, at_ozmap, .. }) if field == "availability" => {
            if here.as_f64() > at_ozmap.as_f64() { "a port was sold since" } else { "a port was freed since" }
        }
        Some(Difference::Field { field, .. }) if ["distance", "lat", "lng"].contains(&field.as_str()) => {
            "the box was moved since"
        }
        _ => "it was edited since",
    }
}
