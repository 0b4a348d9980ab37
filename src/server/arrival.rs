//! How long what a client sent has waited for a thread to read it.
//!
//! Under overload the connections that have something to read stand in the runtime's queue, where nothing of ours sees
//! them. So each is woken through here, and the time of the first call since its last read is kept: what a request
//! lost before its head was read counts, and who has waited too long can be turned away instead of being answered when
//! nobody waits any more.

use super::spoken::{Opening, Spoken};
use futures_util::task::AtomicWaker;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

/// What comes in on one connection, and when.
pub(super) struct Arrival {
    accepted: Instant,
    /// Microseconds since `accepted`, and one; 0: nothing waits.
    since: AtomicU64,
    /// Whether the client has sent anything since its last request.
    heard: AtomicBool,
    opening: Opening,
    reader: AtomicWaker,
}

/// A request that has been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// When.
    pub(super) at: Instant,
    /// How long it had waited.
    pub(super) waited: Duration,
}

impl Arrival {
    /// A connection accepted now: its first bytes may be there.
    pub(super) fn new() -> Self {
        Self {
            accepted: Instant::now(),
            since: AtomicU64::new(1),
            heard: AtomicBool::new(false),
            opening: Opening::default(),
            reader: AtomicWaker::new(),
        }
    }

    /// Nothing is there yet.
    pub(super) fn begins_idle(&self) {
        self.since.store(0, Ordering::Relaxed);
    }

    /// Reads from the connection's socket, to be woken through here when there is nothing to read yet.
    pub(super) fn poll_read(
        self: &Arc<Self>,
        socket: Pin<&mut impl AsyncRead>,
        context: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Before the read: what is woken from then on belongs to the next.
        let since = self.since.swap(0, Ordering::Relaxed);
        self.reader.register(context.waker());
        let before = buffer.filled().len();
        let read = socket.poll_read(&mut Context::from_waker(&Waker::from(Arc::clone(self))), buffer);
        if buffer.filled().len() > before {
            self.opening.hear(&buffer.filled()[before..]);
            self.since.store(since, Ordering::Relaxed);
            self.heard.store(true, Ordering::Relaxed);
        }
        read
    }

    /// A request has been read.
    pub(super) fn begins_request(&self) -> Begun {
        self.heard.store(false, Ordering::Relaxed);
        let at = Instant::now();
        let waited = match self.since.swap(0, Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_micros(self.micros(at).saturating_sub(since)),
        };
        Begun { at, waited }
    }

    /// An answer is under way: a request that came meanwhile waits for that, not for a thread.
    pub(super) fn waits_behind_an_answer(&self) {
        if self.since.load(Ordering::Relaxed) != 0 {
            self.since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Whether the client has sent anything since its last request.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// What the client spoke first, if that is known.
    pub(super) fn spoken(&self) -> Option<Spoken> {
        self.opening.spoken()
    }

    /// How long ago it was accepted.
    pub(super) fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.accepted)
    }

    fn now(&self) -> u64 {
        self.micros(Instant::now())
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(self.age(at).as_micros()).unwrap_or(u64::MAX - 1) + 1
    }
}

impl Wake for Arrival {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // The first call since the last read counts.
        let _earlier = self.since.compare_exchange(0, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        self.reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arrival: &Arc<Arrival>, mut socket: impl AsyncRead + Unpin) -> bool {
        let mut room = [0; 100];
        let mut buffer = ReadBuf::new(&mut room);
        arrival.poll_read(Pin::new(&mut socket), &Context::from_waker(Waker::noop()), &mut buffer).is_ready()
    }

    /// Something is there to be read.
    fn read_something(arrival: &Arc<Arrival>) {
        assert!(read(arrival, b"GET / HTTP/1.1".as_slice()));
    }

    /// A socket with nothing to read, whose end wakes nobody.
    struct Silent;

    impl AsyncRead for Silent {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    fn read_in_vain(arrival: &Arc<Arrival>) {
        assert!(!read(arrival, Silent));
    }

    fn wake(arrival: &Arc<Arrival>) {
        Waker::from(Arc::clone(arrival)).wake();
    }

    async fn pass(milliseconds: u64) {
        tokio::time::advance(Duration::from_millis(milliseconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_waited_since_its_last_bytes_were_there() {
        let arrival = Arc::new(Arrival::new());
        pass(5).await;
        read_something(&arrival);
        assert_eq!(
            arrival.begins_request().waited,
            Duration::from_millis(5),
            "since the connection was accepted"
        );
        // Idle: no wait.
        read_in_vain(&arrival);
        pass(1_000).await;
        wake(&arrival);
        pass(7).await;
        wake(&arrival);
        read_something(&arrival);
        assert!(arrival.heard());
        assert_eq!(arrival.begins_request().waited, Duration::from_millis(7));
        assert!(!arrival.heard());
        // A head in two parts: the client's own time between them doesn't count.
        wake(&arrival);
        read_something(&arrival);
        read_in_vain(&arrival);
        pass(1_000).await;
        wake(&arrival);
        pass(3).await;
        read_something(&arrival);
        assert_eq!(arrival.begins_request().waited, Duration::from_millis(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_behind_another_has_not_waited_for_a_thread_meanwhile() {
        let arrival = Arc::new(Arrival::new());
        read_something(&arrival);
        assert_eq!(arrival.begins_request().waited, Duration::ZERO);
        read_in_vain(&arrival);
        wake(&arrival);
        read_something(&arrival);
        pass(800).await;
        arrival.waits_behind_an_answer();
        pass(2).await;
        assert_eq!(arrival.begins_request().waited, Duration::from_millis(2));
        // Both were read at once.
        arrival.waits_behind_an_answer();
        assert_eq!(arrival.begins_request().waited, Duration::ZERO);
    }
}
