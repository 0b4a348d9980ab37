//! Both listeners: opened together, each served by a runtime that the other can't hold up, stopped together.

use super::{Sockets, StartError};
use crate::config::Config;
use crate::config::certificates::TlsFiles;
use crate::metrics::Metrics;
use crate::server::side::Side;
use crate::server::tls::Certificates;
use crate::server::{Door, Drain, Service, Stage};
use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::thread;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Handle};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How many connections may wait in the system to be accepted, if it lets so many: what has no room there is dropped and
/// comes again after a second.
const BACKLOG: u32 = 4_096;

/// Two listeners that are open and not served yet.
pub(super) struct Opened {
    public: Open,
    admin: Open,
}

/// An open listener and how it is to be served.
struct Open {
    listener: net::TcpListener,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    door: Door,
}

/// Two listeners being served.
pub(super) struct Listeners {
    pub(super) public_address: SocketAddr,
    pub(super) admin_address: SocketAddr,
    watches: Vec<JoinHandle<()>>,
    public: oneshot::Receiver<Drain>,
    admin: oneshot::Receiver<Drain>,
}

impl Opened {
    /// Reads the certificates and binds both addresses, or takes the sockets that are open already.
    pub(super) fn open(
        config: &Config,
        sockets: Sockets,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let (server, admin) = (&config.server, &config.admin);
        let handed_over = (sockets.public.is_some(), sockets.admin.is_some());
        let open =
            |side: Side, socket: Option<net::TcpListener>, listen: SocketAddr, tls: &Option<TlsFiles>| {
                let certificates = match tls {
                    Some(files) => Some(Certificates::load(side, files.clone(), Arc::clone(metrics))?),
                    None => None,
                };
                let certificates = certificates.map(Arc::new);
                let fault = |source| StartError::Listen { side: side.as_str(), listen, source };
                let listener = match socket {
                    Some(socket) => inherited(socket),
                    None => bind(listen),
                };
                let listener = listener.map_err(fault)?;
                let address = listener.local_addr().map_err(fault)?;
                let door = Door::new(side, server, certificates.clone());
                Ok::<_, StartError>(Open { listener, address, certificates, door })
            };
        let public = open(Side::Public, sockets.public, server.listen, &server.tls)?;
        let admin = open(Side::Admin, sockets.admin, admin.listen, &admin.tls)?;
        match handed_over {
            (true, false) => tell_apart((Side::Public, &public), (Side::Admin, &admin)),
            (false, true) => tell_apart((Side::Admin, &admin), (Side::Public, &public)),
            (true, true) | (false, false) => {}
        }
        Ok(Self { public, admin })
    }

    /// Those of both.
    pub(super) fn certificates(&self) -> Vec<Arc<Certificates>> {
        [&self.public, &self.admin].into_iter().filter_map(|open| open.certificates.clone()).collect()
    }

    /// Serves clients on this runtime and operators on a thread of their own: they see what is wrong when it is. Clients'
    /// connections are accepted by another.
    pub(super) fn serve(self, service: Arc<Service>) -> Result<Listeners, StartError> {
        let Self { public, admin } = self;
        let (public_address, admin_address) = (public.address, admin.address);
        let certificates = [&public.certificates, &admin.certificates].into_iter().flatten().cloned();
        let watches = certificates.map(|one| tokio::spawn(one.watch())).collect();
        let admin = serve_on_thread("admin", admin, Arc::clone(&service), None);
        let public = serve_on_thread("accept", public, service, Some(Handle::current()));
        Ok(Listeners {
            public_address,
            admin_address,
            watches,
            public: public.map_err(StartError::Thread)?,
            admin: admin.map_err(StartError::Thread)?,
        })
    }
}

impl Listeners {
    /// Closes that of clients; those who are not done by then are cut off.
    pub(super) async fn close_public(&mut self, stage: &watch::Sender<Stage>, by: Instant) -> Drain {
        for watch in self.watches.drain(..) {
            watch.abort();
        }
        stage.send_replace(Stage::ClosingPublic { by });
        // A listener that panicked has nothing left to drain.
        (&mut self.public).await.unwrap_or(Drain::CutShort)
    }

    /// Closes that of operators, who saw how it went with clients.
    pub(super) async fn close_admin(self, stage: &watch::Sender<Stage>, by: Instant) -> Drain {
        stage.send_replace(Stage::ClosingAdmin { by });
        self.admin.await.unwrap_or(Drain::CutShort)
    }
}

/// Who handed over one socket may have meant both: the other would then close with every restart.
fn tell_apart((inherited, one): (Side, &Open), (bound, other): (Side, &Open)) {
    let (inherited, bound) = (inherited.as_str(), bound.as_str());
    tracing::info!(
        inherited, inherited_address = %one.address, bound, bound_address = %other.address,
        "one socket was handed over (by systemd); the other listener was bound by itself, as configured"
    );
}

/// A socket that listens at this address.
fn bind(listen: SocketAddr) -> io::Result<net::TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait until the system has forgotten the connections before it.
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(BACKLOG)?.into_std()
}

/// A socket as its parent has it may block.
fn inherited(socket: net::TcpListener) -> io::Result<net::TcpListener> {
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A thread with a runtime of its own for one listener; tells how it ended. The connections are served there too, or by
/// the runtime given.
fn serve_on_thread(
    name: &'static str,
    open: Open,
    service: Arc<Service>,
    connections: Option<Handle>,
) -> io::Result<oneshot::Receiver<Drain>> {
    let Open { listener, door, .. } = open;
    let (ended, has_ended) = oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        let serve = || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let connections = connections.unwrap_or_else(|| runtime.handle().clone());
            let served = runtime.block_on(async {
                // Registered with the runtime that accepts.
                let listener = TcpListener::from_std(listener)?;
                Ok(door.serve(listener, service, connections).await)
            });
            runtime.shutdown_background();
            served
        };
        let drain = serve().unwrap_or_else(|error: io::Error| {
            tracing::error!(%error, listener = name, "the listener can't be served");
            Drain::CutShort
        });
        // Nobody is there to be told when the process isn't stopping in order.
        let _told = ended.send(drain);
    })?;
    Ok(has_ended)
}
