//! Both listeners: opened together, each served by a runtime that the other can't hold up, stopped together.

use super::{Sockets, StartError};
use crate::config::Config;
use crate::config::listeners::TlsFiles;
use crate::metrics::Metrics;
use crate::server::router::Side;
use crate::server::tls::Certificates;
use crate::server::{Door, Drain, Service, Stage};
use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::thread;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Two listeners that are open and not served yet.
pub(super) struct Opened {
    public: Open,
    admin: Open,
}

/// An open listener and how it is to be served.
struct Open {
    listener: TcpListener,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    door: Door,
}

/// Two listeners being served.
pub(super) struct Listeners {
    pub(super) public_address: SocketAddr,
    pub(super) admin_address: SocketAddr,
    watches: Vec<JoinHandle<()>>,
    public: JoinHandle<Drain>,
    admin: oneshot::Receiver<Drain>,
}

impl Opened {
    /// Reads the certificates and binds both addresses, or takes the sockets that are open already.
    pub(super) async fn open(
        config: &Config,
        sockets: Sockets,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let (server, admin) = (&config.server, &config.admin);
        let open = async |side: Side,
                          socket: Option<net::TcpListener>,
                          listen: SocketAddr,
                          tls: &Option<TlsFiles>| {
            let certificates = match tls {
                Some(files) => Some(Certificates::load(side, files.clone(), Arc::clone(metrics))?),
                None => None,
            };
            let certificates = certificates.map(Arc::new);
            let fault = |source| StartError::Listen { side: side.as_str(), listen, source };
            let listener = match socket {
                Some(socket) => inherited(socket),
                None => TcpListener::bind(listen).await,
            };
            let listener = listener.map_err(fault)?;
            let address = listener.local_addr().map_err(fault)?;
            let door = Door::new(side, server, certificates.clone());
            Ok::<_, StartError>(Open { listener, address, certificates, door })
        };
        Ok(Self {
            public: open(Side::Public, sockets.public, server.listen, &server.tls).await?,
            admin: open(Side::Admin, sockets.admin, admin.listen, &admin.tls).await?,
        })
    }

    /// Those of both.
    pub(super) fn certificates(&self) -> Vec<Arc<Certificates>> {
        [&self.public, &self.admin].into_iter().filter_map(|open| open.certificates.clone()).collect()
    }

    /// Serves clients on this runtime, operators on a thread of their own: they see what is wrong when it is.
    pub(super) fn serve(self, service: Arc<Service>) -> Result<Listeners, StartError> {
        let Self { public, admin } = self;
        let (public_address, admin_address) = (public.address, admin.address);
        let certificates = [public.certificates, admin.certificates].into_iter().flatten();
        let watches = certificates.map(|one| tokio::spawn(one.watch())).collect();
        let ended = serve_on_thread(admin.listener, admin.door, Arc::clone(&service))
            .map_err(StartError::AdminThread)?;
        Ok(Listeners {
            public_address,
            admin_address,
            watches,
            public: tokio::spawn(public.door.serve(public.listener, service)),
            admin: ended,
        })
    }
}

impl Listeners {
    /// Closes that of clients and waits for it to drain, then that of operators, who see how it goes.
    pub(super) async fn close(self, stage: &watch::Sender<Stage>) -> Drain {
        for watch in self.watches {
            watch.abort();
        }
        stage.send_replace(Stage::ClosingPublic);
        // A listener that panicked has nothing left to drain.
        let public = self.public.await.unwrap_or(Drain::CutShort);
        stage.send_replace(Stage::ClosingAdmin);
        let admin = self.admin.await.unwrap_or(Drain::CutShort);
        if (public, admin) == (Drain::Complete, Drain::Complete) { Drain::Complete } else { Drain::CutShort }
    }
}

/// A socket as its parent has it may block.
fn inherited(socket: net::TcpListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

/// A thread with a runtime of its own for one listener; tells how it ended.
fn serve_on_thread(
    listener: TcpListener,
    door: Door,
    service: Arc<Service>,
) -> io::Result<oneshot::Receiver<Drain>> {
    let listener = listener.into_std()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (ended, has_ended) = oneshot::channel();
    thread::Builder::new().name("admin".to_owned()).spawn(move || {
        let serving = async {
            // Registered with the runtime that it will be served by.
            let listener = TcpListener::from_std(listener)?;
            Ok::<_, io::Error>(door.serve(listener, service).await)
        };
        let drain = runtime.block_on(serving).unwrap_or_else(|error| {
            tracing::error!(%error, "the admin listener can't be served");
            Drain::CutShort
        });
        runtime.shutdown_background();
        // Nobody is there to be told when the process isn't stopping in order.
        let _told = ended.send(drain);
    })?;
    Ok(has_ended)
}
