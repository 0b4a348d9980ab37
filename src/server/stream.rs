//! A client's socket, watched: who takes nothing of an answer is cut off, and a last answer is not lost on closing.

use super::arrival::Arrival;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// What a client still sends when we close is read for so long, and so many bytes of it: closing a socket with unread
/// bytes resets it, and the reset can overtake the answer that tells the client what it did wrong.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// One client's socket.
pub(super) struct Watched {
    stream: TcpStream,
    write_timeout: Duration,
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
        Self { stream, write_timeout, blocked: None, closing: None, arrival }
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
        self.within_timeout(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_timeout(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.within_timeout(context, flushed)
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
