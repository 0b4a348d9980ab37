//! What a caller's key may see: its scope, asked of OZmap once and remembered.

use super::budget::Budget;
use super::cache::{LoadCache, LoadError, Room, Weigh};
use crate::config;
use crate::config::key::{ApiKey, KeyDigest};
use crate::metrics::Metrics;
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::rows::{ProjectRow, Row};
use crate::ozmap::{Client, pages};
use crate::viability::plant::Scope;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Unknown keys that may be checked at a stroke: after a start all of a platform's keys come at once. Beyond it they
/// are checked at the pace of live calls, so that made-up keys cost OZmap no more than that.
const BURST: u8 = 32;
const BURST_AT_ONCE: NonZeroUsize = NonZeroUsize::new(BURST as usize).unwrap();

/// A key whose scope isn't known.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// OZmap doesn't know the key.
    #[error("OZmap rejects this key")]
    Rejected,
    /// OZmap could not be asked, and nothing recent enough is remembered.
    #[error("the rights of this key can't be checked")]
    Unchecked(#[source] Unchecked),
}

/// Why the rights of a key could not be checked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unchecked {
    /// Too many unknown keys at once.
    #[error("too many unknown keys are being checked (live.calls_per_second)")]
    OutOfBudget,
    /// Not within the time a client waits; the check goes on.
    #[error("OZmap has not answered within {}", humantime::format_duration(*.0))]
    Late(Duration),
    /// The call failed.
    #[error(transparent)]
    Failed(Arc<CallError>),
    /// A bug in the check, logged where it happened.
    #[error("the check ended without an answer")]
    Panicked,
}

/// What OZmap said of a key.
#[derive(Clone, Debug)]
enum Verdict {
    Known(Arc<Scope>),
    Rejected,
}

/// A verdict and when it was given.
#[derive(Clone, Debug)]
struct Remembered {
    verdict: Verdict,
    given: Instant,
}

impl Weigh for Remembered {
    fn bytes(&self) -> usize {
        let projects = match &self.verdict {
            Verdict::Known(scope) => scope.projects(),
            Verdict::Rejected => 0,
        };
        // An id in a hash set, then key, time, and the cache's own book-keeping.
        projects * 16 + 200
    }
}

/// The scopes of all keys that have asked lately.
pub struct Scopes {
    own: KeyDigest,
    everything: Arc<Scope>,
    client: Arc<Client>,
    budget: Arc<Budget>,
    remembered: LoadCache<KeyDigest, Remembered, Unchecked>,
    settings: config::Access,
}

impl Scopes {
    /// Nobody has asked yet.
    pub fn new(tenant: &config::Tenant, client: Arc<Client>, metrics: Arc<Metrics>) -> Self {
        let settings = tenant.access.clone();
        let keep = settings.scope_ttl.max(settings.outage_ttl).max(settings.rejected_ttl);
        Self {
            own: tenant.key.digest(),
            everything: Arc::new(Scope::Everything),
            client,
            // A budget of its own: unknown keys must not use up the calls that answer known ones.
            budget: Arc::new(Budget::with_burst(
                tenant.live.calls_per_second,
                f64::from(BURST),
                BURST_AT_ONCE,
            )),
            remembered: LoadCache::new("scopes", Room::Entries(settings.max_keys), keep, metrics),
            settings,
        }
    }

    /// What `key` may see: everything for the tenant's own, for any other the projects that OZmap shows it.
    ///
    /// While OZmap can't be asked, what it said last counts for `access.outage_ttl`.
    pub async fn of(&self, key: &ApiKey, within: Duration) -> Result<Arc<Scope>, AccessError> {
        let digest = key.digest();
        if digest == self.own {
            return Ok(Arc::clone(&self.everything));
        }
        let good = |remembered: &Remembered| {
            let lasts = match remembered.verdict {
                Verdict::Known(_) => self.settings.scope_ttl,
                Verdict::Rejected => self.settings.rejected_ttl,
            };
            remembered.given.elapsed() < lasts
        };
        let check = self.remembered.get_or_load(digest, good, || self.check(key));
        let failure = match timeout(within, check).await {
            Ok(Ok((remembered, _))) => return remembered.verdict.into_scope(),
            Ok(Err(LoadError::Failed(failure))) => failure,
            Ok(Err(LoadError::Panicked)) => Unchecked::Panicked,
            Err(_elapsed) => Unchecked::Late(within),
        };
        match self.remembered.peek(&digest) {
            Some(Remembered { verdict: verdict @ Verdict::Known(_), given })
                if given.elapsed() < self.settings.outage_ttl =>
            {
                verdict.into_scope()
            }
            _ => Err(AccessError::Unchecked(failure)),
        }
    }

    fn check(&self, key: &ApiKey) -> impl Future<Output = Result<Remembered, Unchecked>> + Send + use<> {
        let (client, budget, key) = (Arc::clone(&self.client), Arc::clone(&self.budget), key.clone());
        async move {
            let _leave = budget.take().ok_or(Unchecked::OutOfBudget)?;
            let given = Instant::now();
            let projects = pages::read_all::<ProjectRow>(&client, &key, &|_| ());
            let verdict = match client.unless_spared(projects).await {
                Ok(projects) => {
                    Verdict::Known(Arc::new(Scope::Projects(projects.rows.iter().map(Row::id).collect())))
                }
                Err(CallError::Unauthorized) => Verdict::Rejected,
                Err(error) => return Err(Unchecked::Failed(Arc::new(error))),
            };
            Ok(Remembered { verdict, given })
        }
    }

    /// Estimated bytes of the remembered scopes.
    pub fn cache_bytes(&self) -> u64 {
        self.remembered.bytes()
    }
}

impl Verdict {
    fn into_scope(self) -> Result<Arc<Scope>, AccessError> {
        match self {
            Self::Known(scope) => Ok(scope),
            Self::Rejected => Err(AccessError::Rejected),
        }
    }
}
