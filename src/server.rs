//! The two listeners: connections in, requests to the router, a graceful end.

pub mod access;
mod admin;
mod body;
mod forward;
mod notes;
mod probes;
mod reply;
pub mod router;
mod viability;

use crate::metrics::Metrics;
use crate::refresh::Refresher;
use crate::tenant::Tenants;
use access::AdminToken;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use router::{RequestIds, Side};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// A client must have sent the head of a request within this time; idle connections are closed after it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a failed accept, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// All that handlers need.
pub struct Service {
    tenants: Tenants,
    refreshers: Vec<Arc<Refresher>>,
    metrics: Arc<Metrics>,
    admin_token: Option<AdminToken>,
    request_ids: RequestIds,
    stopping: watch::Receiver<bool>,
    started: Instant,
}

impl Service {
    /// `stopping` turns true when the process is about to end.
    pub fn new(
        tenants: Tenants,
        refreshers: Vec<Arc<Refresher>>,
        metrics: Arc<Metrics>,
        admin_token: Option<AdminToken>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let (request_ids, started) = (RequestIds::new(), Instant::now());
        Self { tenants, refreshers, metrics, admin_token, request_ids, stopping, started }
    }

    fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    fn refreshers(&self) -> &[Arc<Refresher>] {
        &self.refreshers
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn admin_token(&self) -> Option<AdminToken> {
        self.admin_token
    }

    fn request_ids(&self) -> &RequestIds {
        &self.request_ids
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
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

/// Serves one listener until the process stops, then waits at most `drain` for the requests under way.
pub async fn serve(listener: TcpListener, side: Side, service: Arc<Service>, drain: Duration) -> Drain {
    let connections = GracefulShutdown::new();
    let mut stopping = service.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|&stopping| stopping) => break,
        };
        match accepted {
            Ok((stream, _peer)) => connect(stream, side, &service, &connections),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    match timeout(drain, connections.shutdown()).await {
        Ok(()) => Drain::Complete,
        Err(_elapsed) => Drain::CutShort,
    }
}

fn connect(stream: TcpStream, side: Side, service: &Arc<Service>, connections: &GracefulShutdown) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it began");
        return;
    }
    let service = Arc::clone(service);
    let handler = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(router::route(&service, side, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), handler);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended early");
        }
    });
}
