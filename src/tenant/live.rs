//! Calls to OZmap for a waiting client: within a budget, one at a time for one question, remembered for a moment.

use super::budget::Budget;
use super::cache::{Begun, LoadCache, LoadError, Room, Weigh};
use crate::config;
use crate::config::key::{ApiKey, KeyDigest};
use crate::metrics::Metrics;
use crate::metrics::labels::LiveResult;
use crate::ozmap::failure::CallError;
use crate::ozmap::{Client, LiveAnswer, LiveQuery};
use crate::wording::rounded;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Why a live call brought no verdict.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LiveFailure {
    /// The tenant's budget for live calls is used up.
    #[error("no live call is left in the budget (live.calls_per_second, live.calls_at_once)")]
    OutOfBudget,
    /// As many requests as may already wait for this tenant's OZmap.
    #[error("too many requests wait for OZmap (server.max_in_flight)")]
    Crowded,
    /// Not within the time a client waits; the call goes on and its answer will be remembered.
    #[error("OZmap has not answered within {}", rounded(*.0))]
    Late(Duration),
    /// OZmap refuses this client: its own words.
    #[error("OZmap refuses the request ({})", .0.status)]
    Refused(LiveAnswer),
    /// The call failed.
    #[error(transparent)]
    Failed(Arc<CallError>),
    /// A bug in the call, logged where it happened.
    #[error("the live call ended without an answer")]
    Panicked,
}

impl LiveFailure {
    /// The word for it in metrics.
    fn result(&self) -> LiveResult {
        match self {
            Self::OutOfBudget => LiveResult::OutOfBudget,
            Self::Crowded => LiveResult::Crowded,
            Self::Late(_) => LiveResult::Late,
            Self::Refused(_) => LiveResult::Refused,
            Self::Failed(error) if matches!(**error, CallError::Spared) => LiveResult::Spared,
            Self::Failed(_) | Self::Panicked => LiveResult::Failed,
        }
    }
}

/// A verdict by OZmap itself.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What OZmap said.
    pub answer: LiveAnswer,
    /// When it was said.
    pub said: Instant,
}

impl Weigh for Verdict {
    fn bytes(&self) -> usize {
        // Key, header, and the cache's own book-keeping.
        self.answer.body.len() + 300
    }
}

/// How a verdict was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was remembered.
    Kept,
    /// OZmap was asked.
    Loaded,
}

/// Whether a remembered answer will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Yes, within `live.cache_ttl`.
    Allowed,
    /// No: the client sent `Cache-Control: no-cache`.
    Forbidden,
}

/// What an answer was an answer to. Holds the generation, so that a refresh outdates everything remembered before it,
/// and the caller's key, so that nobody is shown what another may see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    generation: u64,
    key: KeyDigest,
    lat: u64,
    lng: u64,
    radius: Option<u64>,
}

/// The live calls of one tenant.
pub struct LiveCalls {
    client: Arc<Client>,
    budget: Arc<Budget>,
    waiting: Arc<Semaphore>,
    remembered: LoadCache<Question, Verdict, LiveFailure>,
    remember: Duration,
    give_up: Duration,
    metrics: Arc<Metrics>,
}

impl LiveCalls {
    /// No call is made yet. `budget` is for these and others that are made for a waiting client; `waiting` has a place for each request that may wait for OZmap.
    pub(super) fn new(
        settings: &config::Live,
        client: Arc<Client>,
        budget: Arc<Budget>,
        waiting: Arc<Semaphore>,
        metrics: Arc<Metrics>,
    ) -> Self {
        metrics.live_limit(client.tenant(), settings.calls_per_second);
        Self {
            client,
            budget,
            waiting,
            remembered: LoadCache::new(
                "live",
                Room::Bytes(settings.cache_bytes),
                settings.cache_ttl,
                Arc::clone(&metrics),
            ),
            remember: settings.cache_ttl,
            give_up: settings.timeout,
            metrics,
        }
    }

    /// OZmap's verdict, remembered or fresh, if it comes `within` this time.
    pub async fn ask(
        &self,
        key: &ApiKey,
        query: LiveQuery,
        generation: u64,
        recall: Recall,
        within: Duration,
    ) -> Result<(Verdict, Found), LiveFailure> {
        let asked = self.ask_uncounted(key, query, generation, recall, within).await;
        let result = match &asked {
            Ok((_, Found::Kept)) => return asked,
            Ok((_, Found::Loaded)) => LiveResult::Answered,
            Err(failure) => failure.result(),
        };
        self.metrics.live_question(self.client.tenant(), result, 1);
        asked
    }

    async fn ask_uncounted(
        &self,
        key: &ApiKey,
        query: LiveQuery,
        generation: u64,
        recall: Recall,
        within: Duration,
    ) -> Result<(Verdict, Found), LiveFailure> {
        let question = Question {
            generation,
            key: key.digest(),
            lat: query.center.lat().to_bits(),
            lng: query.center.lng().to_bits(),
            radius: query.radius.map(|radius| radius.metres().to_bits()),
        };
        let good = |verdict: &Verdict| recall == Recall::Allowed && verdict.said.elapsed() < self.remember;
        let call = || {
            let (client, budget) = (Arc::clone(&self.client), Arc::clone(&self.budget));
            let (key, give_up) = (key.clone(), self.give_up);
            async move {
                let _leave = budget.take().ok_or(LiveFailure::OutOfBudget)?;
                let said = Instant::now();
                let answer = client.unless_spared(client.viability(&key, query, give_up)).await;
                let answer = answer.map_err(|error| LiveFailure::Failed(Arc::new(error)))?;
                if answer.viable.is_none() {
                    return Err(LiveFailure::Refused(answer));
                }
                Ok(Verdict { answer, said })
            }
        };
        if let Some(verdict) = self.remembered.kept(&question, good) {
            return Ok((verdict, Found::Kept));
        }
        // Before the call begins: who finds no place costs OZmap nothing.
        let _place = self.waiting.try_acquire().or(Err(LiveFailure::Crowded))?;
        let flight = match self.remembered.begin(question, good, call) {
            Begun::Kept(verdict) => return Ok((verdict, Found::Kept)),
            Begun::Loading(flight) => flight,
        };
        match timeout(within, flight.landed()).await {
            Ok(Ok(verdict)) => Ok((verdict, Found::Loaded)),
            Ok(Err(LoadError::Failed(failure))) => Err(failure),
            Ok(Err(LoadError::Panicked)) => Err(LiveFailure::Panicked),
            Err(_elapsed) => Err(LiveFailure::Late(within)),
        }
    }

    /// OZmap's answer by now, for nobody who waits: not remembered, and within the budget, which is `None` where it is used up.
    pub(super) async fn ask_aside(
        &self,
        key: &ApiKey,
        query: LiveQuery,
    ) -> Option<Result<LiveAnswer, CallError>> {
        let _leave = self.budget.take()?;
        Some(self.client.unless_spared(self.client.viability(key, query, self.give_up)).await)
    }

    /// How many calls the budget has left for now.
    pub(super) fn calls_left(&self) -> f64 {
        self.budget.left()
    }

    /// Estimated bytes of the remembered answers.
    pub fn cache_bytes(&self) -> u64 {
        self.remembered.bytes()
    }
}
