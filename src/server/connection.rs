//! One client's connection, from the accept to its end.

use super::Service;
use super::access::LastKey;
use super::arrival::{Arrival, Begun};
use super::connections::Place;
use super::peer::Peer;
use super::rejection::Rejection;
use super::router;
use super::spoken::Spoken;
use super::stream::Watched;
use super::tls::Certificates;
use super::visitor::Visitor;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use rustix::net::sockopt;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// Room for a head, and for what waits to be written.
const BUFFER: usize = 16 << 10;
/// What the system holds of answers that a client has not taken. By itself it would grow to megabytes, and the system
/// tells us of progress only when a third of it is free: a slow client would seem to take nothing.
/// The system doubles this. Most answers fit; of 10,000 clients that pipeline the largest and take nothing, each costs a
/// third of the processor time that it did with 128 KiB (`tests/chaos/r10_slow_read`).
const SEND_BUFFER: usize = 32 << 10;
/// The room that a connection keeps for making its answers. A byte more and it takes a kibibyte more of memory, or several.
const MOST_ROOM: usize = 4 << 10;
/// After so many requests, or so long, a connection ends: else clients would never find other instances, and an
/// attacker's connection would never make room.
const MOST_REQUESTS: u32 = 1_000;
const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// How long a client may take.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    /// For a handshake, the head of a request, the time before one.
    pub(super) header: Duration,
    /// Without taking anything of an answer.
    pub(super) write: Duration,
}

/// One connection, and what has come of it so far. Shared, so that a task that waits holds no more than a pointer to it:
/// there may be thousands.
pub(super) struct Connection {
    peer: Peer,
    /// Given back when it ends.
    _place: Place,
    timeouts: Timeouts,
    certificates: Option<Arc<Certificates>>,
    service: Arc<Service>,
    requests: AtomicU32,
    arrival: Arc<Arrival>,
    last_key: LastKey,
}

impl Connection {
    /// Nothing has been read yet.
    pub(super) fn new(
        peer: Peer,
        place: Place,
        timeouts: Timeouts,
        certificates: Option<Arc<Certificates>>,
        service: Arc<Service>,
    ) -> Arc<Self> {
        let (requests, arrival) = (AtomicU32::new(0), Arc::new(Arrival::new()));
        let last_key = LastKey::default();
        Arc::new(Self { peer, _place: place, timeouts, certificates, service, requests, arrival, last_key })
    }

    /// Serves it to its end.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, watcher: Watcher) {
        let stream = match self.begin(stream).await {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%error, "a connection was gone before it began"),
        };
        match &self.certificates {
            None => self.speak(stream, watcher).await,
            // Apart: a connection without TLS needs no room for one with it.
            Some(certificates) => Box::pin(self.speak_in_tls(stream, certificates, watcher)).await,
        }
    }

    /// The socket, accepted by another runtime, as this one serves it.
    async fn begin(&self, stream: TcpStream) -> io::Result<Watched> {
        // Answers are small and written whole: waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER)?;
        let stream = stream.into_std()?;
        let has_sent = stream.peek(&mut [0]).is_ok();
        let stream = TcpStream::from_std(stream)?;
        let arrival = &self.arrival;
        if has_sent {
            // The runtime has yet to learn it, and would tell us at first that there is nothing.
            stream.readable().await?;
        } else {
            arrival.begins_idle();
        }
        Ok(Watched::new(stream, self.timeouts.write, Arc::clone(arrival)))
    }

    async fn speak_in_tls(self: &Arc<Self>, stream: Watched, certificates: &Certificates, watcher: Watcher) {
        match timeout(self.timeouts.header, certificates.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream, watcher).await,
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS with a client");
                self.turned_away(Rejection::Handshake);
            }
            Err(_elapsed) => self.turned_away(Rejection::Handshake),
        }
    }

    async fn speak(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        watcher: Watcher,
    ) {
        let handler = service_fn(|request| {
            let connection = Arc::clone(self);
            // Here, not when its answer is begun: hyper may read on before.
            let Begun { at, waited } = self.begins_request();
            let answering = async move {
                let visitor =
                    Visitor { peer: &connection.peer, last_key: &connection.last_key, came: at, waited };
                let mut response = router::route(&connection.service, visitor, request).await;
                connection.arrival.waits_behind_an_answer();
                if connection.is_over(at) || connection.service.is_stopping() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            };
            debug_assert!(size_of_val(&answering) <= MOST_ROOM, "{}", size_of_val(&answering));
            answering
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeouts.header)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), handler);
        if let Err(error) = watcher.watch(connection).await {
            if let Some(rejection) = self.rejection_of(&error) {
                self.turned_away(rejection);
            }
            tracing::debug!(%error, "connection ended early");
        }
    }

    /// Counts it; who speaks something else than this listener is told how to call it.
    fn turned_away(&self, rejection: Rejection) {
        let speaks = if self.certificates.is_some() { Spoken::Tls } else { Spoken::PlainHttp };
        match self.arrival.spoken() {
            Some(spoken) if spoken != speaks => {
                self.service.turned_away.count_misdialled(rejection, spoken, self.peer);
            }
            _ => self.service.turned_away.count(rejection, self.peer),
        }
    }

    fn begins_request(&self) -> Begun {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.arrival.begins_request()
    }

    fn is_over(&self, now: Instant) -> bool {
        self.requests.load(Ordering::Relaxed) >= MOST_REQUESTS || self.arrival.age(now) >= LONGEST_LIFE
    }

    /// Between two requests, as any keep-alive connection is at its end.
    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0 && !self.arrival.heard()
    }

    /// What we ended a connection for; `None` where the client did, or where it was idle.
    fn rejection_of(&self, error: &hyper::Error) -> Option<Rejection> {
        if error.is_parse_too_large() {
            Some(Rejection::TooLarge)
        } else if error.is_parse() {
            Some(Rejection::Malformed)
        } else if error.is_timeout() {
            (!self.is_idle()).then_some(Rejection::HeaderTimeout)
        } else {
            let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
            cause.filter(|cause| cause.kind() == io::ErrorKind::TimedOut).map(|_| Rejection::WriteTimeout)
        }
    }
}
