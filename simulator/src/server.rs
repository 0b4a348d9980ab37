//! Sockets and connections.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::api;
use crate::state::State;

/// Serves until the task is ended, and every connection with it.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Mostly for want of file descriptors: some connection has to end first.
            connections.join_next().await;
            continue;
        };
        // A connection that refuses the option will fail by itself.
        let _set = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        let handler = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(api::handle(state, request).await) }
        });
        connections.spawn(async move {
            // How a client leaves is its own affair.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), handler).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
