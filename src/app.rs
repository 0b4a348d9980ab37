//! The process as a whole: every part built once, in order, and taken down in reverse.

use crate::config::Config;
use crate::metrics::{Metrics, MetricsError};
use crate::ozmap::failure::ClientError;
use crate::refresh::schedule::Schedule;
use crate::refresh::{Refresher, Trigger};
use crate::server::access::AdminToken;
use crate::server::router::Side;
use crate::server::{Drain, Service, serve};
use crate::tenant::{Tenant, Tenants};
use secrecy::ExposeSecret;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_cron_scheduler::JobSchedulerError;

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

/// A running proxy.
pub struct App {
    public_address: SocketAddr,
    admin_address: SocketAddr,
    refreshers: Vec<Arc<Refresher>>,
    schedule: Schedule,
    background: Vec<JoinHandle<()>>,
    listeners: [JoinHandle<Drain>; 2],
    stopping: watch::Sender<bool>,
}

impl App {
    /// Opens both listeners, starts answering and begins the first refreshes. Waits for no OZmap.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::new()?);
        let mut tenants = Vec::new();
        for settings in config.tenants {
            let name = settings.name.to_string();
            let tenant = Tenant::new(settings, Arc::clone(&metrics))
                .map_err(|source| StartError::Client { tenant: name, source })?;
            tenants.push(Arc::new(tenant));
        }
        let refreshers: Vec<_> = tenants
            .iter()
            .map(|tenant| Arc::new(Refresher::new(Arc::clone(tenant), Arc::clone(&metrics))))
            .collect();
        let (stopping, is_stopping) = watch::channel(false);
        let token = config.admin.token.as_ref().map(|token| AdminToken::new(token.expose_secret()));
        let tenants = Tenants::new(tenants);
        let service = Arc::new(Service::new(tenants, refreshers.clone(), metrics, token, is_stopping));

        let (public, public_address) = listen("public", config.server.listen).await?;
        let (admin, admin_address) = listen("admin", config.admin.listen).await?;
        let drain = config.server.drain;
        let listeners = [
            tokio::spawn(serve(public, Side::Public, Arc::clone(&service), drain)),
            tokio::spawn(serve(admin, Side::Admin, service, drain)),
        ];
        let schedule = Schedule::start(&refreshers).await?;
        let background = refreshers
            .iter()
            .map(|refresher| {
                refresher.request(Trigger::Start);
                tokio::spawn(Arc::clone(refresher).keep_refreshing())
            })
            .collect();
        tracing::info!(public = %public_address, admin = %admin_address, "listening");
        Ok(Self { public_address, admin_address, refreshers, schedule, background, listeners, stopping })
    }

    /// Where clients connect: the port that was bound, also if any was asked for.
    pub fn public_address(&self) -> SocketAddr {
        self.public_address
    }

    /// Where operators connect.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// The refreshers, one a tenant: for progress bars.
    pub fn refreshers(&self) -> &[Arc<Refresher>] {
        &self.refreshers
    }

    /// Stops accepting, lets the requests under way end within `server.drain`, then ends everything else.
    pub async fn stop(self) -> Drain {
        self.stopping.send_replace(true);
        self.schedule.stop().await;
        let mut drain = Drain::Complete;
        for listener in self.listeners {
            // A listener that panicked has nothing left to drain.
            if listener.await.unwrap_or(Drain::CutShort) == Drain::CutShort {
                drain = Drain::CutShort;
            }
        }
        for task in self.background {
            task.abort();
        }
        match drain {
            Drain::Complete => tracing::info!("stopped; every request was answered"),
            Drain::CutShort => tracing::warn!("stopped; some requests were cut off by server.drain"),
        }
        drain
    }
}

async fn listen(side: &'static str, listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let fault = |source| StartError::Listen { side, listen, source };
    let listener = TcpListener::bind(listen).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}
