//! Answers a viability request: from the snapshot, a remembered live answer, or OZmap itself. Whose turn it is says
//! `turn`, beside it.

use super::live::{Found, LiveFailure, Recall};
use super::provenance::{LiveReason, Provenance, Remark, Unavailable, seconds_left};
use super::recheck::Doubted;
use super::sampling::Sample;
use super::turn::{Local, Turn};
use super::{Data, DataState, Tenant};
use crate::config::key::ApiKey;
use crate::metrics::labels::{Recheck, Verdict};
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::answer::render;
use crate::ozmap::wire::pieces::Pieces;
use crate::ozmap::{LiveAnswer, LiveQuery};
use crate::viability::geo::{Point, Radius};
use crate::viability::plant::Scope;
use crate::viability::{Offered, evaluate};
use tokio::time::Instant;

/// A viability request, parsed.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The home to be connected.
    pub center: Point,
    /// As asked for; `None` when the client left it to OZmap's setting.
    pub radius: Option<Radius>,
    /// Whether remembered and indexed answers will do.
    pub recall: Recall,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    /// The key as presented.
    pub key: &'c ApiKey,
    /// What it may see.
    pub scope: &'c Scope,
    /// When the request came: from then on its patience counts.
    pub came: Instant,
}

/// An answer, and how it came about.
#[derive(Debug)]
pub struct Resolved {
    /// Our own JSON, or OZmap's answer as it came.
    pub reply: Reply,
    /// The state of the tenant's data then.
    pub state: DataState,
    /// How it came about.
    pub provenance: Provenance,
}

/// What the client is told.
#[derive(Debug)]
pub enum Reply {
    /// From the snapshot, in OZmap's format.
    Local {
        /// The JSON.
        body: Pieces,
        /// Its verdict.
        viable: bool,
    },
    /// OZmap's own.
    Live(LiveAnswer),
}

impl Reply {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Local { viable: true, .. } | Self::Live(LiveAnswer { viable: Some(true), .. }) => {
                Verdict::Viable
            }
            Self::Local { .. } | Self::Live(LiveAnswer { viable: Some(false), .. }) => Verdict::NotViable,
            Self::Live(LiveAnswer { viable: None, .. }) => Verdict::Refused,
        }
    }
}

/// Nobody can answer this request now.
#[derive(Debug, thiserror::Error)]
#[error("no data that could answer, and no live answer ({})", reason.as_str())]
pub struct NoAnswer {
    /// The state of the tenant's data.
    pub state: DataState,
    /// Why it was OZmap's to answer.
    pub reason: LiveReason,
    /// Why OZmap didn't.
    pub source: LiveFailure,
}

/// A request that is OZmap's to answer.
struct LiveTurn<'d> {
    reason: LiveReason,
    state: DataState,
    /// The snapshot that was there; 0 without one.
    generation: u64,
    /// What the snapshot could say if OZmap doesn't answer.
    otherwise: Option<Local<'d>>,
}

impl Tenant {
    /// Answers a request.
    pub async fn resolve(&self, request: &Request, caller: Caller<'_>) -> Result<Resolved, NoAnswer> {
        let data = self.data();
        let data = data.as_deref();
        let now = Instant::now();
        match self.turn(data, request, caller.scope, now) {
            Turn::Index(local) => {
                self.sampling.offer(now, || sample_of(request, caller));
                Ok(self.answer_locally(&local, now, Remark::None))
            }
            // Apart from the rest: each connection keeps the room of its longest answer for as long as it is open.
            turn => Box::pin(self.answer_with_ozmap(request, caller, data, turn)).await,
        }
    }

    async fn answer_with_ozmap<'d>(
        &self,
        request: &Request,
        caller: Caller<'_>,
        data: Option<&'d Data>,
        turn: Turn<'d>,
    ) -> Result<Resolved, NoAnswer> {
        let now = Instant::now();
        let state = self.state_of(data, now);
        let (reason, otherwise) = match turn {
            Turn::Index(local) => return Ok(self.answer_locally(&local, now, Remark::None)),
            Turn::Recheck(local, doubted) => match self.check(local, doubted, caller).await {
                (local, remark) if local.holds() => return Ok(self.answer_locally(&local, now, remark)),
                _ => (LiveReason::Unreadable, None),
            },
            Turn::Live(reason, otherwise) => (reason, otherwise),
        };
        let generation = data.map_or(0, |data| data.snapshot.generation());
        let otherwise = otherwise.filter(Local::holds);
        self.answer_live(request, caller, LiveTurn { reason, state, generation, otherwise }).await
    }

    /// What memory answers to a sample; `None` where it would not.
    pub fn local_answer(&self, data: &Data, sample: &Sample) -> Option<Pieces> {
        let query = self.local_query(&sample.request)?;
        Some(render(&evaluate(&data.snapshot, &query, &sample.scope, &self.settings.rules)))
    }

    fn answer_locally(&self, local: &Local<'_>, now: Instant, remark: Remark) -> Resolved {
        let reply = Reply::Local { body: render(&local.answer), viable: local.answer.is_viable() };
        Resolved { reply, state: local.state, provenance: self.by_index(local.data, now, remark) }
    }

    /// The answer with these boxes' ports as OZmap says they are, if it says so in time.
    async fn check<'d>(&self, local: Local<'d>, doubted: Doubted, caller: Caller<'_>) -> (Local<'d>, Remark) {
        let within = self.settings.live.deadline.saturating_sub(caller.came.elapsed());
        match self.rechecks.ask(doubted, within).await {
            Ok(checked) => {
                let same =
                    |found: &Offered<'_>| checked.ports_of(found.service_box.id) == found.service_box.ports;
                let is_same = local.answer.boxes.iter().all(same);
                let result = if is_same { Recheck::Same } else { Recheck::Corrected };
                self.metrics.rechecked(self.name(), result, 1);
                let answer = local.answer.with_ports(&self.settings.rules, |id| checked.ports_of(id));
                (Local { answer, ..local }, Remark::Checked)
            }
            Err(why) => {
                self.metrics.rechecked(self.name(), Recheck::Unchecked, 1);
                tracing::debug!(tenant = self.name(), %why, "an answer that stands on last free ports is unchecked");
                (local, Remark::Unchecked)
            }
        }
    }

    async fn answer_live(
        &self,
        request: &Request,
        caller: Caller<'_>,
        turn: LiveTurn<'_>,
    ) -> Result<Resolved, NoAnswer> {
        let LiveTurn { reason, state, generation, otherwise } = turn;
        let live = &self.settings.live;
        let patience = if otherwise.is_some() { live.deadline } else { live.timeout };
        let within = patience.saturating_sub(caller.came.elapsed());
        let query = LiveQuery { center: request.center, radius: request.radius };
        let failure = match self.live.ask(caller.key, query, generation, request.recall, within).await {
            Ok((verdict, found)) => {
                if reason == LiveReason::LastPorts && verdict.answer.viable == Some(false) {
                    self.corrections().suspect();
                }
                let provenance = match found {
                    Found::Loaded => Provenance::Live { reason },
                    Found::Kept => {
                        let age = verdict.said.elapsed();
                        let seconds_left = seconds_left(age, self.settings.live.cache_ttl);
                        Provenance::Remembered { age, seconds_left, reason }
                    }
                };
                return Ok(Resolved { reply: Reply::Live(verdict.answer), state, provenance });
            }
            Err(failure) => failure,
        };
        let unavailable = match &failure {
            // OZmap's word on a foreign key or a bad request counts. Should it refuse the tenant's own key, the
            // operator learns of it by the refresh; the last good data go on selling.
            LiveFailure::Refused(answer) if otherwise.is_none() || *caller.scope != Scope::Everything => {
                let reply = Reply::Live(answer.clone());
                return Ok(Resolved { reply, state, provenance: Provenance::Live { reason } });
            }
            LiveFailure::OutOfBudget | LiveFailure::Crowded => Unavailable::OutOfBudget,
            LiveFailure::Late(_) => Unavailable::Late,
            LiveFailure::Failed(error) if matches!(**error, CallError::Spared) => Unavailable::Spared,
            LiveFailure::Refused(_) | LiveFailure::Failed(_) | LiveFailure::Panicked => Unavailable::Failed,
        };
        match otherwise {
            Some(local) => {
                Ok(self.answer_locally(&local, Instant::now(), Remark::InsteadOfLive(unavailable)))
            }
            None => Err(NoAnswer { state, reason, source: failure }),
        }
    }
}

fn sample_of(request: &Request, caller: Caller<'_>) -> Sample {
    Sample { request: *request, key: caller.key.clone(), scope: caller.scope.clone() }
}
