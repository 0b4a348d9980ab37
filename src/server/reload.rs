//! A changed configuration, taken into force while running: on SIGHUP or `POST /admin/reload`.
//!
//! What can change without touching a tenant's data or a listener's socket does; everything else is named and waits for
//! a restart, which costs no request where the sockets are inherited and the data are on disk.

use super::access::AdminToken;
use super::rate::RateLimit;
use super::tls::Certificates;
use crate::config::Config;
use crate::config::fault::Fault;
use crate::config::listeners::{Admin, Server};
use crate::config::origins::WebOrigin;
use crate::metrics::Metrics;
use crate::wording::with_causes;
use arc_swap::{ArcSwap, Guard};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// The keys that a reload takes into force.
const APPLIED: [&str; 8] = [
    "admin.hosts",
    "admin.refresh_gap",
    "admin.token_env",
    "admin.token_file",
    "log.filter",
    "server.cors_origins",
    "server.queue_timeout",
    "server.requests_per_second_per_key",
];

/// Why a source can't do what it was asked for.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Where the configuration came from, and what of it lies outside this library.
pub trait ConfigSource: Send + Sync {
    /// Reads it anew; blocks. An error tells every fault with its place, and no secret.
    fn read(&self) -> Result<Config, SourceError>;
    /// Lets the log tell what these directives say.
    fn filter_log(&self, directives: &str) -> Result<(), SourceError>;
}

/// A configuration that was not taken into force: the one before is, whole.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There is nothing to read again.
    #[error("this process was started without a configuration that could be read again")]
    NoSource,
    /// It is not sound.
    #[error("the configuration is not sound, the one before stays in force")]
    Unsound(#[source] SourceError),
    /// The log can't be changed.
    #[error("log.filter")]
    Log(#[source] SourceError),
    /// A bug, logged where it happened.
    #[error("a bug: reading the configuration panicked")]
    Panicked,
}

/// What came of a changed configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// The changed keys that are in force now.
    pub applied: Vec<String>,
    /// The changed keys that a restart will bring into force; of a whole tenant `tenants.<name> (added)` or
    /// `(removed)`.
    pub needs_restart: Vec<String>,
}

/// What reloads have left: for operators who were not there.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    /// What was changed and waits for a restart, as of the last reload that succeeded.
    pub(super) needs_restart: Vec<String>,
    /// How the last one ended, if there was any.
    pub(super) last_reload: Option<LastReload>,
}

/// A reload that ended.
#[derive(Debug)]
pub(super) struct LastReload {
    pub(super) at: SystemTime,
    /// Why nothing was taken into force, with all causes.
    pub(super) error: Option<String>,
}

/// The settings of the listeners that can change while running.
pub(super) struct Current {
    operators: ArcSwap<Operators>,
    clients: ArcSwap<Clients>,
}

/// What clients are held to.
pub(super) struct Clients {
    pub(super) rate: Option<Arc<RateLimit>>,
    pub(super) queue_timeout: Duration,
    pub(super) cors_origins: Vec<WebOrigin>,
}

impl Clients {
    fn new(server: &Server) -> Self {
        let rate = server.requests_per_second_per_key.map(|rate| Arc::new(RateLimit::new(rate)));
        Self { rate, queue_timeout: server.queue_timeout, cors_origins: server.cors_origins.clone() }
    }
}

/// Who may order what.
pub(super) struct Operators {
    pub(super) token: Option<AdminToken>,
    pub(super) hosts: Vec<String>,
    pub(super) refresh_gap: Duration,
}

impl Operators {
    fn new(admin: &Admin) -> Self {
        Self {
            token: admin.token.as_ref().map(|token| AdminToken::new(token.expose_secret())),
            hosts: admin.hosts.clone(),
            refresh_gap: admin.refresh_gap,
        }
    }
}

impl Current {
    /// As configured.
    pub(super) fn new(server: &Server, admin: &Admin) -> Self {
        Self {
            operators: ArcSwap::from_pointee(Operators::new(admin)),
            clients: ArcSwap::from_pointee(Clients::new(server)),
        }
    }

    pub(super) fn operators(&self) -> Arc<Operators> {
        self.operators.load_full()
    }

    pub(super) fn clients(&self) -> Guard<Arc<Clients>> {
        self.clients.load()
    }
}

/// Reads the configuration again when somebody asks, one at a time.
pub(super) struct Reloader {
    source: Option<Arc<dyn ConfigSource>>,
    in_force: Mutex<Config>,
    certificates: Vec<Arc<Certificates>>,
    aftermath: ArcSwap<Aftermath>,
}

impl Reloader {
    /// `config` is in force.
    pub(super) fn new(
        config: Config,
        source: Option<Arc<dyn ConfigSource>>,
        certificates: Vec<Arc<Certificates>>,
    ) -> Self {
        Self { source, in_force: Mutex::new(config), certificates, aftermath: ArcSwap::default() }
    }

    /// What the last reload left.
    pub(super) fn aftermath(&self) -> Arc<Aftermath> {
        self.aftermath.load_full()
    }

    /// All of it or nothing: what can't be used leaves everything as it is.
    pub(super) async fn reload(&self, current: &Current, metrics: &Metrics) -> Result<Reloaded, ReloadError> {
        let mut in_force = self.in_force.lock().await;
        let reloaded = self.take_into_force(&mut in_force, current).await;
        metrics.config_reloaded(reloaded.is_ok());
        let (needs_restart, error) = match &reloaded {
            Ok(Reloaded { applied, needs_restart }) => {
                tracing::info!(applied = applied.join(" "), "configuration reloaded");
                if !needs_restart.is_empty() {
                    tracing::warn!(keys = needs_restart.join(" "), "these changes need a restart");
                }
                (needs_restart.clone(), None)
            }
            Err(error) => {
                let error = with_causes(error);
                tracing::error!(error, "configuration not reloaded");
                (self.aftermath().needs_restart.clone(), Some(error))
            }
        };
        let last_reload = Some(LastReload { at: SystemTime::now(), error });
        self.aftermath.store(Arc::new(Aftermath { needs_restart, last_reload }));
        reloaded
    }

    async fn take_into_force(
        &self,
        in_force: &mut Config,
        current: &Current,
    ) -> Result<Reloaded, ReloadError> {
        let source = self.source.as_ref().ok_or(ReloadError::NoSource)?;
        let reader = Arc::clone(source);
        let read = spawn_blocking(move || reader.read());
        let read = read.await.map_err(|_panicked| ReloadError::Panicked)?;
        let new = read.map_err(ReloadError::Unsound)?;
        let changed = changes(in_force, &new);
        // While the log still tells it: the new filter may be what they warn of.
        warn_of(in_force.new_warnings(&new));
        if in_force.log.filter != new.log.filter {
            source.filter_log(&new.log.filter).map_err(ReloadError::Log)?;
        }
        self.reload_certificates().await;
        current.operators.store(Arc::new(Operators::new(&new.admin)));
        let mut clients = Clients::new(&new.server);
        // A limit that stays the same keeps what it knows of keys.
        if in_force.server.requests_per_second_per_key == new.server.requests_per_second_per_key {
            clients.rate.clone_from(&current.clients().rate);
        }
        current.clients.store(Arc::new(clients));
        in_force.warnings = new.warnings;
        in_force.log.filter = new.log.filter;
        in_force.server.cors_origins = new.server.cors_origins;
        in_force.server.queue_timeout = new.server.queue_timeout;
        in_force.server.requests_per_second_per_key = new.server.requests_per_second_per_key;
        let Admin { token, hosts, refresh_gap, .. } = new.admin;
        in_force.admin = Admin { token, hosts, refresh_gap, ..in_force.admin.clone() };
        let (applied, needs_restart) = changed.into_iter().partition(|key| APPLIED.contains(&key.as_str()));
        Ok(Reloaded { applied, needs_restart })
    }

    /// Whatever comes of it is told where it happens: files that changed since the configuration was read leave the
    /// certificates before in force.
    async fn reload_certificates(&self) {
        let certificates = self.certificates.clone();
        let reloading = spawn_blocking(move || {
            for certificates in certificates {
                let _told = certificates.reload();
            }
        });
        // A panic is logged where it happens.
        let _ended = reloading.await;
    }
}

/// Tells the log what of a sound configuration may not have been meant.
pub fn warn_of<'w>(warnings: impl IntoIterator<Item = &'w Fault>) {
    for warning in warnings {
        tracing::warn!(%warning, "the configuration may not say what was meant");
    }
}

/// The changed keys, and instead of all those of a tenant that came or went the tenant once.
fn changes(old: &Config, new: &Config) -> BTreeSet<String> {
    let mut changed = old.changed_keys(new);
    for (here, there, what) in [(new, old, "added"), (old, new, "removed")] {
        let only_here =
            here.tenants.iter().filter(|tenant| there.tenants.iter().all(|one| one.name != tenant.name));
        for tenant in only_here {
            let section = format!("tenants.{}.", tenant.name);
            changed.retain(|key| !key.starts_with(&section));
            changed.insert(format!("tenants.{} ({what})", tenant.name));
        }
    }
    changed
}
