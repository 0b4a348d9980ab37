//! Who answers a viability request: the snapshot, a remembered live answer, or OZmap itself. All of it is in
//! [`Tenant::resolve`].

use super::live::{Found, LiveFailure, Recall};
use super::{Data, DataState, Tenant};
use crate::config::WhenExpired;
use crate::config::key::ApiKey;
use crate::metrics::labels::{Source, Verdict};
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::answer::render;
use crate::ozmap::wire::pieces::Pieces;
use crate::ozmap::{LiveAnswer, LiveQuery};
use crate::viability::geo::{Point, Radius};
use crate::viability::plant::Scope;
use crate::viability::{Answer, Query, evaluate};
use std::time::Duration;
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

/// How an answer came about.
#[derive(Clone, Copy, Debug)]
pub enum Provenance {
    /// By the snapshot.
    Index {
        /// How long ago its data were read.
        age: Duration,
        /// Seconds until they are stale; negative since then.
        seconds_left: i64,
        /// Why it answered although OZmap should have.
        instead_of_live: Option<Unavailable>,
    },
    /// By OZmap, a moment ago, to the same question.
    Remembered {
        /// How long ago.
        age: Duration,
        /// Seconds until it is asked again.
        seconds_left: i64,
        /// Why OZmap was asked.
        reason: LiveReason,
    },
    /// By OZmap, now.
    Live {
        /// Why OZmap was asked.
        reason: LiveReason,
    },
}

impl Provenance {
    /// Who answered.
    pub fn source(&self) -> Source {
        match self {
            Self::Index { .. } => Source::Index,
            Self::Remembered { .. } => Source::Cache,
            Self::Live { .. } => Source::Live,
        }
    }
}

/// Why a request is OZmap's to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveReason {
    /// No snapshot yet.
    Cold,
    /// The data are stale.
    Stale,
    /// The data are expired and expired data are refused.
    Expired,
    /// The client sent `Cache-Control: no-cache`.
    NoCache,
    /// No radius given and none configured, or one above the maximum.
    Radius,
    /// The key may see projects which the tenant's own key, and so the snapshot, doesn't; or what it may see is
    /// unsure.
    Scope,
    /// Nothing in reach can be sold, and a box in reach could not be read.
    Unreadable,
}

impl LiveReason {
    /// The word for it in headers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::NoCache => "no-cache",
            Self::Radius => "radius",
            Self::Scope => "scope",
            Self::Unreadable => "unreadable",
        }
    }

    /// RFC 9211's word for why a request was forwarded.
    pub fn forwarded(self) -> &'static str {
        match self {
            Self::Cold | Self::Scope | Self::Unreadable => "miss",
            Self::Stale | Self::Expired => "stale",
            Self::NoCache => "request",
            Self::Radius => "bypass",
        }
    }
}

/// Seconds from `age` to `limit`, negative beyond it.
fn seconds_left(age: Duration, limit: Duration) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    seconds(limit) - seconds(age)
}

/// Why OZmap did not answer though it was its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The budget for live calls is used up, or the places of those who wait for one.
    OutOfBudget,
    /// Not within the client's patience.
    Late,
    /// OZmap has just failed again and again and is spared.
    Spared,
    /// The call failed.
    Failed,
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

/// What the snapshot says.
struct Local<'d> {
    data: &'d Data,
    state: DataState,
    answer: Answer<'d>,
    /// Whether the snapshot holds all that the caller may see.
    coverage: Coverage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Coverage {
    Whole,
    Part,
}

impl Local<'_> {
    /// Whether its verdict holds: a box with a free port is one whatever else there is, but "not viable" can only be
    /// said by who sees everything.
    fn holds(&self) -> bool {
        self.answer.is_viable() || (self.coverage == Coverage::Whole && self.answer.is_certain())
    }
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
    /// Answers a request: THE decision.
    pub async fn resolve(&self, request: &Request, caller: Caller<'_>) -> Result<Resolved, NoAnswer> {
        let data = self.data();
        let data = data.as_deref();
        let now = Instant::now();
        let state = self.state_of(data, now);
        let refuse_expired = self.settings.freshness.when_expired == WhenExpired::Refuse;
        let local = data.zip(self.local_query(request)).map(|(data, query)| {
            let covered = caller.scope.lies_within(data.snapshot.projects());
            let answer = evaluate(&data.snapshot, &query, caller.scope, &self.settings.rules);
            Local { data, state, answer, coverage: if covered { Coverage::Whole } else { Coverage::Part } }
        });

        let (reason, otherwise) = match (state, local) {
            (DataState::Absent, _) => (LiveReason::Cold, None),
            (DataState::Expired, _) if refuse_expired => (LiveReason::Expired, None),
            (_, None) => (LiveReason::Radius, None),
            (_, local) if request.recall == Recall::Forbidden => (LiveReason::NoCache, local),
            (_, Some(local)) if local.coverage == Coverage::Part => (LiveReason::Scope, Some(local)),
            (_, Some(local)) if !local.holds() => (LiveReason::Unreadable, None),
            (DataState::Stale | DataState::Expired, local) => (LiveReason::Stale, local),
            (DataState::Fresh, Some(local)) => return Ok(self.answer_locally(&local, now, None)),
        };
        let generation = data.map_or(0, |data| data.snapshot.generation());
        let otherwise = otherwise.filter(Local::holds);
        // Apart from the rest: each connection keeps the room of its longest answer for as long as it is open.
        Box::pin(self.answer_live(request, caller, LiveTurn { reason, state, generation, otherwise })).await
    }

    /// The query that the snapshot would answer; `None` when only OZmap knows the radius or allows it.
    fn local_query(&self, request: &Request) -> Option<Query> {
        let radius = request.radius.or(self.settings.rules.default_radius)?;
        (radius <= self.settings.rules.max_radius).then_some(Query { center: request.center, radius })
    }

    fn answer_locally(
        &self,
        local: &Local<'_>,
        now: Instant,
        instead_of_live: Option<Unavailable>,
    ) -> Resolved {
        let reply = Reply::Local { body: render(&local.answer), viable: local.answer.is_viable() };
        let age = local.data.age(now);
        let seconds_left = seconds_left(age, self.settings.freshness.stale_after);
        Resolved {
            reply,
            state: local.state,
            provenance: Provenance::Index { age, seconds_left, instead_of_live },
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
            Some(local) => Ok(self.answer_locally(&local, Instant::now(), Some(unavailable))),
            None => Err(NoAnswer { state, reason, source: failure }),
        }
    }
}
