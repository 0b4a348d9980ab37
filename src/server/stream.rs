//! A client's socket, watched: who takes nothing of an answer is cut off, and a last answer is not lost on closing.

use super::arrival::Arrival;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// What a client still sends when we close is read for so long, and so many bytes of it: closing a socket with unread
/// bytes resets it, and the reset can overtake the answer that tells the client what it did wrong.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;
/// So much is written before the system is asked how much of it the client has taken: less than it has room for when
/// it says that it has some, and enough that most answers go without being asked for.
const UNASKED: usize = 16 << 10;

/// One client's socket.
pub(super) struct Watched {
    stream: TcpStream,
    write_timeout: Duration,
    /// Bytes given to the system since it was last asked.
    unasked: usize,
    /// Runs while the client takes nothing.
    blocked: Option<Pin<Box<Sleep>>>,
    closing: Option<Closing>,
    arrival: Arc<Arrival>,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    discarded: usize,
}

impl Watched {
    /// Tells `arrival` of whatever the client sends.
    pub(super) fn new(stream: TcpStream, write_timeout: Duration, arrival: Arc<Arrival>) -> Self {
        Self { stream, write_timeout, unasked: 0, blocked: None, closing: None, arrival }
    }

    /// Comes when the system has room again: a third of what it may hold for a client.
    ///
    /// An answer that the system holds is as good as sent to hyper, which then begins the next: who asks for many at once
    /// and takes none would get a second one made and kept.
    fn poll_taken(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, unasked, .. } = self;
        if *unasked < UNASKED {
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(stream.poll_write_ready(context))?;
            match stream.try_io(Interest::WRITABLE, || has_room(stream)) {
                // The runtime remembers an earlier time.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                asked => {
                    *unasked = 0;
                    return Poll::Ready(asked);
                }
            }
        }
    }

    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.unasked += bytes;
        }
        self.within_timeout(context, written)
    }

    /// Passes on what writing gave, unless the client has taken nothing for too long.
    fn within_timeout<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.arrival.waits_behind_an_answer();
            self.blocked = None;
            return written;
        }
        let timeout = self.write_timeout;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(blocked.as_mut().poll(context));
        // What lies in the system's buffers is dropped with the socket: it would be kept for a client that never takes it.
        // Should that fail, the system gives up by itself, later.
        let _kept = self.stream.set_zero_linger();
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of the answer")))
    }
}

/// Whether the system would take more: it has sent a third of what it may hold, and the client has said so.
fn has_room(stream: &TcpStream) -> io::Result<()> {
    let mut asked = [PollFd::new(stream, PollFlags::OUT)];
    match retry_on_intr(|| poll(&mut asked, Some(&Timespec::default())))? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        // Or it is broken: the next write tells.
        _ => Ok(()),
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, arrival, .. } = &mut *self;
        arrival.poll_read(Pin::new(stream), context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let taken = self.poll_taken(context);
        self.within_timeout(context, taken)
    }

    /// Says that nothing more comes, then reads and forgets what the client still sends.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closing, .. } = &mut *self;
        if closing.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let closing =
            closing.get_or_insert_with(|| Closing { deadline: Box::pin(sleep(LINGER)), discarded: 0 });
        let mut room = [0; 4096];
        while closing.discarded < LINGER_BYTES && closing.deadline.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => closing.discarded += buffer.filled().len(),
                // The client has closed too, or is gone.
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
