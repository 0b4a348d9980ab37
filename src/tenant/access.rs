//! What a caller's key may see: its scope, asked of OZmap once and remembered.

use super::budget::Budget;
use super::cache::{Begun, LoadCache, LoadError, Marks, Room, Weigh};
use crate::config;
use crate::config::key::{ApiKey, KeyDigest};
use crate::metrics::Metrics;
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{ProjectRow, Row};
use crate::ozmap::{Client, Lane, pages};
use crate::viability::plant::{ObjectId, Scope};
use crate::wording::rounded;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Unknown keys that may be checked at a stroke: after a start all of a platform's keys come at once. Beyond it they
/// are checked at the pace of live calls, so that made-up keys cost OZmap no more than that.
const BURST: u8 = 32;
const BURST_AT_ONCE: NonZeroUsize = NonZeroUsize::new(BURST as usize).unwrap();
/// Known keys that are checked again at a time. They need no rate: each comes up once in `access.scope_ttl`.
const RECHECKS_AT_ONCE: usize = 8;
/// A check that takes longer is given up: OZmap trickles.
const LONGEST_CHECK: Duration = Duration::from_mins(1);
/// After a check of a known key failed, what is remembered counts for so long without another try.
const AFTER_FAILED_CHECK: Duration = Duration::from_secs(30);

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
    /// As many requests as may already wait for this tenant's OZmap.
    #[error("too many requests wait for OZmap (server.max_in_flight)")]
    Crowded,
    /// Not within the time a client waits; the check goes on.
    #[error("OZmap has not answered within {}", rounded(*.0))]
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
    /// It lists no project, or some that can't be read or aren't shown: perhaps the key has no rights, perhaps OZmap is not itself.
    Unsure,
    Rejected,
}

/// A verdict and when it was given.
#[derive(Clone, Debug)]
struct Remembered {
    verdict: Verdict,
    /// How old it was at some moment of the monotonic clock.
    aged: (Duration, Instant),
}

impl Remembered {
    fn age(&self) -> Duration {
        let (age, then) = self.aged;
        age + then.elapsed()
    }
}

/// What a key may see, for the time when this process has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownScope {
    /// Stands for the key.
    pub key: KeyDigest,
    /// The projects that OZmap showed it.
    pub projects: HashSet<ObjectId>,
    /// When.
    pub given: SystemTime,
}

impl Weigh for Remembered {
    fn bytes(&self) -> usize {
        let projects = match &self.verdict {
            Verdict::Known(scope) => scope.projects(),
            Verdict::Unsure | Verdict::Rejected => 0,
        };
        // An id in a hash set, then key, time, and the cache's own book-keeping.
        projects * 16 + 200
    }
}

/// Whether a key has been known already when it is checked.
#[derive(Clone, Copy)]
enum Standing {
    Unknown,
    Known,
}

/// The scopes of all keys that have asked lately.
pub struct Scopes {
    own: KeyDigest,
    everything: Arc<Scope>,
    client: Arc<Client>,
    budget: Arc<Budget>,
    rechecks: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    remembered: LoadCache<KeyDigest, Remembered, Unchecked>,
    failed_lately: Marks<KeyDigest>,
    settings: config::Access,
}

impl Scopes {
    /// Nobody has asked yet. `waiting` has a place for each request that may wait for OZmap.
    pub fn new(
        tenant: &config::Tenant,
        client: Arc<Client>,
        waiting: Arc<Semaphore>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let settings = tenant.access.clone();
        let keep = settings.scope_ttl.max(settings.outage_ttl).max(settings.rejected_ttl);
        Self {
            own: tenant.key.digest(),
            everything: Arc::new(Scope::Everything),
            client,
            // A budget of its own: unknown keys must not use up the calls that answer known ones, nor those that
            // check known ones again.
            budget: Arc::new(Budget::with_burst(
                tenant.live.calls_per_second,
                f64::from(BURST),
                BURST_AT_ONCE,
            )),
            rechecks: Arc::new(Semaphore::new(RECHECKS_AT_ONCE)),
            waiting,
            remembered: LoadCache::new("scopes", Room::Entries(settings.max_keys), keep, metrics),
            failed_lately: Marks::new(settings.max_keys, AFTER_FAILED_CHECK),
            settings,
        }
    }

    /// What `key` may see: everything for the tenant's own, for any other the projects that OZmap shows it.
    ///
    /// A scope older than `access.scope_ttl` still answers once more as long, while it is checked again in the
    /// background; then requests wait for the check, and no longer than `until`. While OZmap can't be asked it counts
    /// for `access.outage_ttl`.
    pub async fn of(&self, key: &ApiKey, until: Instant) -> Result<Arc<Scope>, AccessError> {
        let digest = key.digest();
        if digest == self.own {
            return Ok(Arc::clone(&self.everything));
        }
        let outdated = self.outdated(&digest);
        if let Some((scope, _)) = &outdated
            && self.failed_lately.is_set(&digest)
        {
            return Ok(Arc::clone(scope));
        }
        let good = |remembered: &Remembered| remembered.age() < self.lasts(&remembered.verdict);
        if let Some(remembered) = self.remembered.kept(&digest, good) {
            return remembered.verdict.into_scope();
        }
        match outdated {
            Some((scope, age)) if age < self.settings.scope_ttl * 2 => {
                // The check goes on by itself.
                let _check = self.remembered.begin(digest, good, || self.check(key, Standing::Known));
                Ok(scope)
            }
            Some((scope, _)) => {
                match Box::pin(self.checked(digest, until, || self.check(key, Standing::Known))).await {
                    Err(AccessError::Unchecked(_)) => {
                        self.failed_lately.set(digest);
                        Ok(scope)
                    }
                    told => told,
                }
            }
            None => Box::pin(self.checked(digest, until, || self.check(key, Standing::Unknown))).await,
        }
    }

    /// Waits for a check, until then.
    async fn checked<F>(
        &self,
        digest: KeyDigest,
        until: Instant,
        check: impl FnOnce() -> F,
    ) -> Result<Arc<Scope>, AccessError>
    where
        F: Future<Output = Result<Remembered, Unchecked>> + Send + 'static,
    {
        // Before the check begins: who finds no place costs OZmap nothing.
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(AccessError::Unchecked(Unchecked::Crowded));
        };
        let good = |remembered: &Remembered| remembered.age() < self.lasts(&remembered.verdict);
        let within = until.saturating_duration_since(Instant::now());
        let failure = match self.remembered.begin(digest, good, check) {
            Begun::Kept(remembered) => return remembered.verdict.into_scope(),
            Begun::Loading(check) => match timeout(within, check.landed()).await {
                Ok(Ok(remembered)) => return remembered.verdict.into_scope(),
                Ok(Err(LoadError::Failed(failure))) => failure,
                Ok(Err(LoadError::Panicked)) => Unchecked::Panicked,
                Err(_elapsed) => Unchecked::Late(within),
            },
        };
        Err(AccessError::Unchecked(failure))
    }

    /// A scope that has to be checked again and may count meanwhile, and its age.
    fn outdated(&self, digest: &KeyDigest) -> Option<(Arc<Scope>, Duration)> {
        let remembered = self.remembered.peek(digest)?;
        let (age, verdict) = (remembered.age(), remembered.verdict);
        let is_outdated = age >= self.lasts(&verdict) && age < self.settings.outage_ttl;
        match verdict {
            Verdict::Known(scope) if is_outdated => Some((scope, age)),
            Verdict::Known(_) | Verdict::Unsure | Verdict::Rejected => None,
        }
    }

    fn lasts(&self, verdict: &Verdict) -> Duration {
        match verdict {
            Verdict::Known(_) => self.settings.scope_ttl,
            Verdict::Unsure | Verdict::Rejected => self.settings.rejected_ttl,
        }
    }

    fn check(
        &self,
        key: &ApiKey,
        standing: Standing,
    ) -> impl Future<Output = Result<Remembered, Unchecked>> + Send + use<> {
        let (client, budget, key) = (Arc::clone(&self.client), Arc::clone(&self.budget), key.clone());
        let (rechecks, failed_lately) = (Arc::clone(&self.rechecks), self.failed_lately.clone());
        async move {
            // Held until the check has ended. The semaphore is never closed.
            let _leave = match standing {
                Standing::Unknown => (Some(budget.take().ok_or(Unchecked::OutOfBudget)?), None),
                Standing::Known => (None, rechecks.acquire_owned().await.ok()),
            };
            let given = Instant::now();
            let projects = async {
                let reading = timeout(
                    LONGEST_CHECK,
                    pages::read_all::<ProjectRow>(&client, &key, List::Projects, Lane::Waiting, &|_| ()),
                );
                reading.await.unwrap_or(Err(CallError::TimedOut))
            };
            let verdict = match client.unless_spared(projects).await {
                Ok(projects) if projects.rows.is_empty() || !projects.is_whole() => Verdict::Unsure,
                Ok(projects) => {
                    Verdict::Known(Arc::new(Scope::Projects(projects.rows.iter().map(Row::id).collect())))
                }
                Err(CallError::Unauthorized | CallError::Status { status: 403, .. }) => Verdict::Rejected,
                Err(error) if error.is_outage() || matches!(error, CallError::Spared) => {
                    failed_lately.set(key.digest());
                    return Err(Unchecked::Failed(Arc::new(error)));
                }
                // It answers, and what it says is no list of projects: what it said before counts no more.
                Err(_) => Verdict::Unsure,
            };
            Ok(Remembered { verdict, aged: (Duration::ZERO, given) })
        }
    }

    /// What is known of keys and still of use.
    pub fn known(&self) -> Vec<KnownScope> {
        let now = SystemTime::now();
        let known = self.remembered.entries().into_iter().filter_map(|(key, remembered)| {
            let age = Some(remembered.age()).filter(|&age| age < self.settings.outage_ttl)?;
            match &remembered.verdict {
                Verdict::Known(scope) => {
                    let Scope::Projects(projects) = &**scope else { return None };
                    Some(KnownScope { key, projects: projects.clone(), given: now.checked_sub(age)? })
                }
                Verdict::Unsure | Verdict::Rejected => None,
            }
        });
        known.collect()
    }

    /// Goes on with what an earlier process knew. What was given in the future says that a clock is wrong, and not
    /// how long a key that has been revoked since would live on: such keys are checked anew.
    pub fn restore(&self, known: Vec<KnownScope>) {
        for KnownScope { key, projects, given } in known {
            let Ok(age) = given.elapsed() else { continue };
            if age < self.settings.outage_ttl {
                let verdict = Verdict::Known(Arc::new(Scope::Projects(projects)));
                self.remembered.keep(key, Remembered { verdict, aged: (age, Instant::now()) });
            }
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
            Self::Unsure => Ok(Arc::new(Scope::Unsure)),
            Self::Rejected => Err(AccessError::Rejected),
        }
    }
}
