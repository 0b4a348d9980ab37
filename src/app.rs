//! The process as a whole: every part built once, in order, and taken down in reverse.

mod background;
mod listeners;

use crate::canary::Canary;
use crate::config::Config;
use crate::metrics::{Metrics, MetricsError};
use crate::ozmap::failure::ClientError;
use crate::refresh::Refresher;
use crate::refresh::report::Trigger;
use crate::refresh::schedule::Schedule;
use crate::refresh::store::Store;
use crate::server::reload::{ConfigSource, ReloadError, Reloaded, warn_of};
use crate::server::tls::TlsError;
use crate::server::{Drain, Parts, Service, Stage};
use crate::tenant::Tenant;
use crate::tenant::selection::Tenants;
use background::Background;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use listeners::{Listeners, Opened};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_cron_scheduler::JobSchedulerError;

/// A process that is told to end doesn't wait longer for its disk.
const LONGEST_SAVING: Duration = Duration::from_secs(10);
/// For answers to operators who waited until the end of `server.drain`.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The process can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can't be listened on.
    #[error("{listen}: the {side} listener can't be opened; is the port taken?")]
    Listen {
        /// Which of the two.
        side: &'static str,
        /// The address asked for.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A listener's certificates can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Each listener has a thread of its own, and so have refreshes and batches.
    #[error("a thread can't be started")]
    Thread(#[source] io::Error),
    /// A tenant's OZmap client can't be set up.
    #[error("tenant {tenant}: the OZmap client can't be set up")]
    Client {
        /// Whose.
        tenant: String,
        /// Why.
        source: ClientError,
    },
    /// The metrics contradict each other.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The clock of the refreshes can't be started.
    #[error("the refresh schedule can't be started")]
    Schedule(#[from] JobSchedulerError),
}

/// What a process brings to its proxy beside the configuration.
#[derive(Default)]
pub struct Surroundings {
    /// Where the configuration can be read again.
    pub source: Option<Arc<dyn ConfigSource>>,
    /// Sockets that are open already: they count before `server.listen` and `admin.listen`.
    pub sockets: Sockets,
    /// Where refreshes run; by default on threads of their own, which stand back.
    pub refreshes: Option<Handle>,
}

/// Listening sockets inherited from whoever started the process.
#[derive(Debug, Default)]
pub struct Sockets {
    /// For clients.
    pub public: Option<TcpListener>,
    /// For operators.
    pub admin: Option<TcpListener>,
}

/// A running proxy.
pub struct App {
    service: Arc<Service>,
    refreshers: Vec<Arc<Refresher>>,
    schedule: Schedule,
    tasks: Vec<JoinHandle<()>>,
    /// Ends with it.
    _background: Background,
    /// Likewise.
    _batches: Background,
    listeners: Listeners,
    stage: watch::Sender<Stage>,
    shutdown_delay: Duration,
    drain: Duration,
}

impl App {
    /// Opens both listeners, starts answering and begins the first refreshes. Waits for no OZmap.
    pub async fn start(config: Config, surroundings: Surroundings) -> Result<Self, StartError> {
        warn_of(&config.warnings);
        let metrics = Arc::new(Metrics::new()?);
        let opened = Opened::open(&config, surroundings.sockets, &metrics)?;
        let mut tenants = Vec::new();
        for settings in config.tenants.clone() {
            let name = settings.name.to_string();
            let tenant = Tenant::new(settings, config.server.max_in_flight, Arc::clone(&metrics))
                .map_err(|source| StartError::Client { tenant: name, source })?;
            tenants.push(Arc::new(tenant));
        }
        let refreshers: Vec<_> = tenants
            .iter()
            .map(|tenant| {
                let store = config.snapshot_directory.as_deref();
                let store = store.map(|directory| Store::new(directory, tenant.settings()));
                Arc::new(Refresher::new(Arc::clone(tenant), Arc::clone(&metrics), store))
            })
            .collect();
        let canaries: Vec<_> = refreshers
            .iter()
            .map(|refresher| Arc::new(Canary::new(Arc::clone(refresher), Arc::clone(&metrics))))
            .collect();
        join_all(refreshers.iter().map(|refresher| refresher.restore())).await;
        let batches = Background::start("batch").map_err(StartError::Thread)?;
        let (stage, its_stage) = watch::channel(Stage::Serving);
        let (shutdown_delay, drain) = (config.server.shutdown_delay, config.server.drain);
        let service = Arc::new(Service::new(Parts {
            tenants: Tenants::new(tenants),
            refreshers: refreshers.clone(),
            canaries: canaries.clone(),
            metrics,
            config,
            source: surroundings.source,
            certificates: opened.certificates(),
            batches: batches.handle().clone(),
            stage: its_stage,
        }));
        let listeners = opened.serve(Arc::clone(&service))?;
        let schedule = Schedule::start(&refreshers).await?;
        let background = match surroundings.refreshes {
            Some(handle) => Background::on(handle),
            None => Background::start("refresh").map_err(StartError::Thread)?,
        };
        let telling = tokio::spawn(Arc::clone(&service).keep_telling_of_rejections());
        let refreshing = refreshers.iter().flat_map(|refresher| {
            let _closed = refresher.request(Trigger::Start);
            let refreshing = background.handle().spawn(Arc::clone(refresher).keep_refreshing());
            let saving = background.handle().spawn(Arc::clone(refresher).keep_saving());
            [refreshing, saving, tokio::spawn(Arc::clone(refresher).keep_telling_of_age())]
        });
        let comparing = canaries.into_iter().map(|canary| background.handle().spawn(canary.keep_comparing()));
        let tasks = refreshing.chain(comparing).chain([telling]).collect();
        tracing::info!(public = %listeners.public_address, admin = %listeners.admin_address, "listening");
        Ok(Self {
            service,
            refreshers,
            schedule,
            tasks,
            _background: background,
            _batches: batches,
            listeners,
            stage,
            shutdown_delay,
            drain,
        })
    }

    /// Where clients connect: the port that was bound, also if any was asked for.
    pub fn public_address(&self) -> SocketAddr {
        self.listeners.public_address
    }

    /// Where operators connect.
    pub fn admin_address(&self) -> SocketAddr {
        self.listeners.admin_address
    }

    /// Reads the configuration and the certificates again. What is not sound leaves those before in force, which is an
    /// error and logged.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        self.service.reload().await
    }

    /// The refreshers, one a tenant: for progress bars.
    pub fn refreshers(&self) -> &[Arc<Refresher>] {
        &self.refreshers
    }

    /// Announces the end for `server.shutdown_delay`, stops accepting, lets the requests under way end within
    /// `server.drain`, then ends everything else: a second later, and ten more if the disk is slow.
    pub async fn stop(self) -> Drain {
        let Self {
            service, refreshers, schedule, tasks, mut listeners, stage, shutdown_delay, drain, ..
        } = self;
        stage.send_replace(Stage::Leaving);
        sleep(shutdown_delay).await;
        schedule.stop().await;
        for refresher in &refreshers {
            refresher.close();
        }
        let by = Instant::now() + drain;
        let public = listeners.close_public(&stage, by).await;
        let (admin, is_closed) = {
            let (closed, is_closed) = oneshot::channel::<()>();
            let closing = listeners.close_admin(&stage, by + LAST_WORDS);
            (closing.inspect(|_| drop(closed)), is_closed)
        };
        let giving_up = async {
            // Operators may wait for a run under way until then, and are told that it ends.
            let _closed = timeout_at(by, is_closed).await;
            // On a busy machine that may take a while, and the answers to operators none.
            let _ended = timeout_at(by + LAST_WORDS / 2, end(tasks)).await;
            for refresher in &refreshers {
                refresher.give_up();
            }
        };
        let (admin, ()) = join(admin, giving_up).await;
        service.tell_of_the_last_rejections();
        let saving = join_all(refreshers.iter().map(|refresher| refresher.save_before_the_end()));
        if timeout(LONGEST_SAVING, saving).await.is_err() {
            tracing::warn!("the disk is too slow to write what came since the last snapshot");
        }
        let drain = match (public, admin) {
            (Drain::Complete, Drain::Complete) => Drain::Complete,
            (Drain::CutShort, _) | (_, Drain::CutShort) => Drain::CutShort,
        };
        match drain {
            Drain::Complete => tracing::info!("stopped; every request was answered"),
            Drain::CutShort => tracing::warn!("stopped; some requests were cut off by server.drain"),
        }
        drain
    }
}

/// Ends tasks; none begins anything more then.
async fn end(tasks: Vec<JoinHandle<()>>) {
    for task in &tasks {
        task.abort();
    }
    // How each ended makes no difference.
    drop(join_all(tasks).await);
}
