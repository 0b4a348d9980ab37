//! The two listeners: connections in, requests to the router, a graceful end.

pub mod access;
mod address;
mod admin;
mod arrival;
mod arriving;
mod batch;
mod body;
mod connection;
pub mod connections;
mod cors;
mod forward;
mod framing;
mod frequent;
mod lockout;
mod notes;
mod operator;
mod panics;
mod peer;
mod rate;
mod rejection;
pub mod reload;
mod reply;
pub mod router;
pub mod side;
mod spoken;
mod stopped;
mod stream;
pub mod tls;
mod turned_away;
pub mod viability;
mod visitor;

use crate::canary::Canary;
use crate::config::Config;
use crate::config::listeners::Server;
use crate::metrics::Metrics;
use crate::refresh::Refresher;
use crate::tenant::selection::Tenants;
use access::LastKey;
use batch::Batches;
use connection::{Connection, Timeouts};
use connections::{Caps, Places};
use hyper::HeaderMap;
use hyper_util::server::graceful::GracefulShutdown;
use lockout::Lockout;
use peer::Peer;
use reload::{Aftermath, ConfigSource, Current, Operators, ReloadError, Reloaded, Reloader};
use router::RequestIds;
use side::Side;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tls::Certificates;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use turned_away::TurnedAway;

/// The pauses after failed accepts, which are mostly for want of file descriptors: the first, doubled up to the last.
const ACCEPT_PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));
/// A connection at rest is not closed at the very beginning of a stop, but told so with its next answer: else a request
/// that is on its way would be lost.
const FAREWELL: Duration = Duration::from_millis(500);

/// All that handlers need.
pub struct Service {
    tenants: Tenants,
    refreshers: Vec<Arc<Refresher>>,
    canaries: Vec<Arc<Canary>>,
    metrics: Arc<Metrics>,
    batches: Batches,
    current: Arc<Current>,
    reloader: Arc<Reloader>,
    lockout: Lockout,
    turned_away: TurnedAway,
    request_ids: RequestIds,
    stage: watch::Receiver<Stage>,
    started: Instant,
}

/// What a [`Service`] is made of.
pub struct Parts {
    /// Who can be asked about.
    pub tenants: Tenants,
    /// What operators can refresh.
    pub refreshers: Vec<Arc<Refresher>>,
    /// What compares their answers with OZmap's.
    pub canaries: Vec<Arc<Canary>>,
    /// What Prometheus sees.
    pub metrics: Arc<Metrics>,
    /// What is in force.
    pub config: Config,
    /// Where it can be read again, if it can.
    pub source: Option<Arc<dyn ConfigSource>>,
    /// The listeners' certificates.
    pub certificates: Vec<Arc<Certificates>>,
    /// Where the rows of batches are judged.
    pub batches: Handle,
    /// How far the process is on its way out.
    pub stage: watch::Receiver<Stage>,
}

impl Service {
    /// Of its parts.
    pub fn new(parts: Parts) -> Self {
        let Parts { tenants, refreshers, canaries, metrics, config, source, certificates, batches, stage } =
            parts;
        tls::register(&metrics);
        for side in [Side::Public, Side::Admin] {
            metrics.connections(side.as_str(), 0);
        }
        metrics.config_reloaded(true);
        Self {
            tenants,
            refreshers,
            canaries,
            turned_away: TurnedAway::new(Arc::clone(&metrics)),
            batches: Batches { runtime: batches, metrics: Arc::clone(&metrics) },
            metrics,
            current: Arc::new(Current::new(&config.server, &config.admin)),
            reloader: Arc::new(Reloader::new(config, source, certificates)),
            lockout: Lockout::default(),
            request_ids: RequestIds::new(),
            stage,
            started: Instant::now(),
        }
    }

    /// Reads the configuration again and takes into force what can be; logs what came of it.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let (reloader, current) = (Arc::clone(&self.reloader), Arc::clone(&self.current));
        let metrics = Arc::clone(&self.metrics);
        // In a task of its own: an operator who hangs up leaves nothing half done.
        let reloading = tokio::spawn(async move { reloader.reload(&current, &metrics).await });
        reloading.await.unwrap_or(Err(ReloadError::Panicked))
    }

    /// Tells the log for ever how many are turned away.
    pub async fn keep_telling_of_rejections(self: Arc<Self>) {
        self.turned_away.keep_telling().await;
    }

    /// Tells the log of those turned away that it would have told of later.
    pub fn tell_of_the_last_rejections(&self) {
        self.turned_away.tell_the_rest();
    }

    fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    fn canaries(&self) -> &[Arc<Canary>] {
        &self.canaries
    }

    fn refreshers(&self) -> &[Arc<Refresher>] {
        &self.refreshers
    }

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn operators(&self) -> Arc<Operators> {
        self.current.operators()
    }

    fn aftermath(&self) -> Arc<Aftermath> {
        self.reloader.aftermath()
    }

    fn lockout(&self) -> &Lockout {
        &self.lockout
    }

    /// Whether the key in these headers may ask now; if not, when it may.
    fn within_rate(&self, headers: &HeaderMap, last_key: &LastKey) -> Result<(), Duration> {
        let clients = self.current.clients();
        let Some(rate) = &clients.rate else { return Ok(()) };
        last_key.presented(headers).map_or(Ok(()), |key| rate.take(key.digest()))
    }

    /// Whether a client that has waited so long for a thread is likely to be there still.
    fn is_in_time(&self, waited: Duration) -> bool {
        waited <= self.current.clients().queue_timeout
    }

    fn request_ids(&self) -> &RequestIds {
        &self.request_ids
    }

    fn is_stopping(&self) -> bool {
        *self.stage.borrow() > Stage::Serving
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// How far a process is on its way out; a later one counts as those before it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It isn't.
    Serving,
    /// It serves, and says that it will end.
    Leaving,
    /// Clients' requests under way end until then, no other begins.
    ClosingPublic {
        /// Who isn't done by then is cut off.
        by: Instant,
    },
    /// Operators', too, after all clients have gone.
    ClosingAdmin {
        /// Who isn't done by then is cut off.
        by: Instant,
    },
}

impl Stage {
    /// Until when requests under way on this side may end; `None` while others may begin.
    fn end_of(self, side: Side) -> Option<Instant> {
        match (self, side) {
            (Self::ClosingPublic { by }, Side::Public) | (Self::ClosingAdmin { by }, _) => Some(by),
            (Self::ClosingPublic { .. }, Side::Admin) | (Self::Serving | Self::Leaving, _) => None,
        }
    }
}

/// How a listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// Every request under way was answered.
    Complete,
    /// The deadline came first.
    CutShort,
}

/// One listener and what it lets in.
pub struct Door {
    side: Side,
    certificates: Option<Arc<Certificates>>,
    caps: Caps,
    timeouts: Timeouts,
}

impl Door {
    /// With the limits of this side.
    pub fn new(side: Side, server: &Server, certificates: Option<Arc<Certificates>>) -> Self {
        let caps = match side {
            Side::Public => Caps::public(server.max_connections, server.max_connections_per_address),
            Side::Admin => Caps::ADMIN,
        };
        let timeouts = Timeouts { header: server.header_timeout, write: server.write_timeout };
        Self { side, certificates, caps, timeouts }
    }

    /// Accepts until its stage has come, then waits for the requests under way for as long as that allows.
    ///
    /// The connections are served by `runtime`. Where that is another one than this runs on, no number of them that
    /// are busy there keeps a new one waiting in the system's queue, which drops what it has no room for.
    pub async fn serve(self, listener: TcpListener, service: Arc<Service>, runtime: Handle) -> Drain {
        let Self { side, certificates, caps, timeouts } = self;
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Places::new(caps, side, Arc::clone(&service.metrics)));
        let mut stage = service.stage.clone();
        let mut pause = None;
        let by = loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                closing = stage.wait_for(|stage| stage.end_of(side).is_some()) => {
                    break closing.ok().and_then(|stage| stage.end_of(side)).unwrap_or_else(Instant::now);
                }
            };
            let (stream, peer) = match accepted {
                Ok((stream, address)) => (stream, Peer { side, address }),
                Err(error) => {
                    let next = after_failed_accept(&error, side, pause);
                    if let Some(next) = next {
                        sleep(next).await;
                        pause = Some(next);
                    }
                    continue;
                }
            };
            pause = None;
            match places.take(peer.ip()) {
                Ok(place) => {
                    let service = Arc::clone(&service);
                    let connection = Connection::new(peer, place, timeouts, certificates.clone(), service);
                    runtime.spawn(connection.serve(stream, graceful.watcher()));
                }
                // Dropped, and so closed: an answer would cost what the limit is to save.
                Err(rejection) => service.turned_away.count(rejection, peer),
            }
        };
        drop(listener);
        // Everybody may have left by then.
        let _left = timeout_at(by.min(Instant::now() + FAREWELL), places.empty()).await;
        match timeout_at(by, graceful.shutdown()).await {
            Ok(()) => Drain::Complete,
            Err(_elapsed) => Drain::CutShort,
        }
    }
}

/// How long to wait before the next accept; `None` where only this one connection failed.
fn after_failed_accept(error: &io::Error, side: Side, last: Option<Duration>) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return None;
    }
    let (first, longest) = ACCEPT_PAUSES;
    let Some(last) = last else {
        // Once for each row of failures.
        tracing::warn!(%error, listener = side.as_str(), "connections can't be accepted; trying on");
        return Some(first);
    };
    Some((last * 2).min(longest))
}
