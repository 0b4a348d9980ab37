//! The body of a request: read and forgotten, or passed on as it comes; within limits either way.

use super::rejection::Rejection;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// OZmap's SDK sends `{}` with a GET; nobody needs more.
const MOST_IGNORED: usize = 64 << 10;
/// The most that is passed on: OZmap takes pictures, no films.
const MOST_PASSED: u64 = 64 << 20;
/// How long the next part of a body may take, and all of one that is forgotten.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a body that is passed on may take: it holds one of few places (`forwards_at_once`).
const LONGEST_PASSING: Duration = Duration::from_mins(2);

/// A body that can't be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyFault {
    /// Beyond its limit.
    #[error(
        "the body is too large: a GET may have 64 KiB, which are ignored, what is passed on to OZmap 64 MiB"
    )]
    TooLarge,
    /// It broke off, or its frame makes no sense.
    #[error("the request's body broke off")]
    Broken,
    /// It did not come in time.
    #[error("the request's body did not come in time")]
    Late,
}

impl BodyFault {
    /// How it is counted.
    pub(super) fn rejection(self) -> Rejection {
        match self {
            Self::TooLarge => Rejection::TooLarge,
            Self::Broken => Rejection::Malformed,
            Self::Late => Rejection::BodyTimeout,
        }
    }
}

/// Reads a body nobody looks at, so that the connection can go on.
pub(super) async fn read_and_ignore(body: Incoming) -> Result<(), BodyFault> {
    if body.is_end_stream() {
        return Ok(());
    }
    // Refused before a client that asks first (`Expect: 100-continue`) begins to send it.
    if body.size_hint().lower() > MOST_IGNORED as u64 {
        return Err(BodyFault::TooLarge);
    }
    match timeout(PATIENCE, Limited::new(body, MOST_IGNORED).collect()).await {
        Ok(Ok(_ignored)) => Ok(()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Ok(Err(_broken)) => Err(BodyFault::Broken),
        Err(_elapsed) => Err(BodyFault::Late),
    }
}

/// A body on its way to OZmap.
pub(super) struct Arriving {
    body: Incoming,
    passed: u64,
    last: Instant,
    begun: Instant,
    alarm: Pin<Box<Sleep>>,
    fault: Fault,
}

/// What went wrong with a body, for whoever gave it away.
#[derive(Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<BodyFault>>>);

impl Fault {
    /// What went wrong, if anything did.
    pub(super) fn get(&self) -> Option<BodyFault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arriving {
    /// Refuses at once what says itself that it is too large.
    pub(super) fn new(body: Incoming) -> Result<(Self, Fault), BodyFault> {
        if body.size_hint().lower() > MOST_PASSED {
            return Err(BodyFault::TooLarge);
        }
        let (fault, now) = (Fault::default(), Instant::now());
        let arriving = Self {
            body,
            passed: 0,
            last: now,
            begun: now,
            alarm: Box::pin(sleep(PATIENCE)),
            fault: fault.clone(),
        };
        Ok((arriving, fault))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.last = Instant::now();
                self.passed += frame.data_ref().map_or(0, |data| data.len() as u64);
                if self.passed > MOST_PASSED {
                    return Poll::Ready(Some(Err(BodyFault::TooLarge)));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_broken))) => Poll::Ready(Some(Err(BodyFault::Broken))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let due = (self.last + PATIENCE).min(self.begun + LONGEST_PASSING);
                if self.alarm.deadline() != due {
                    self.alarm.as_mut().reset(due);
                }
                self.alarm.as_mut().poll(context).map(|()| Some(Err(BodyFault::Late)))
            }
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let polled = self.poll(context);
        if let Poll::Ready(Some(Err(fault))) = &polled {
            *self.fault.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(*fault);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Empty;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response, StatusCode};
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// Takes the body as `/ignored` or `/passed` says; the status tells how it ended.
    async fn take(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let ignored = request.uri().path() == "/ignored";
        let body = request.into_body();
        let taken = if ignored {
            read_and_ignore(body).await
        } else {
            match Arriving::new(body) {
                Ok((body, fault)) => {
                    let collected = body.collect().await.map(drop);
                    assert_eq!(fault.get(), collected.err(), "whoever gave the body away knows as well");
                    collected
                }
                Err(fault) => Err(fault),
            }
        };
        let status = match taken {
            Ok(()) => StatusCode::OK,
            Err(BodyFault::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Err(BodyFault::Broken) => StatusCode::BAD_REQUEST,
            Err(BodyFault::Late) => StatusCode::REQUEST_TIMEOUT,
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        Ok(response)
    }

    /// Sends a head, then a byte of the body each `pause`; the answer's status.
    async fn drip(path: &str, length: usize, pause: Duration) -> String {
        let (client, server) = duplex(64);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(server), service_fn(take)));
        let (mut answer, mut body) = tokio::io::split(client);
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let sending = tokio::spawn(async move {
            body.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..length {
                sleep(pause).await;
                let _gone = body.write_all(b"a").await;
            }
        });
        let mut status = [0; 12];
        answer.read_exact(&mut status).await.unwrap();
        sending.abort();
        String::from_utf8(status.to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_come_in_time() {
        let second = Duration::from_secs(1);
        assert_eq!(drip("/ignored", 5, second).await, "HTTP/1.1 200");
        assert_eq!(drip("/ignored", 50, second).await, "HTTP/1.1 408");
        assert_eq!(drip("/passed", 50, second).await, "HTTP/1.1 200");
        assert_eq!(drip("/passed", 5, second * 11).await, "HTTP/1.1 408");
        assert_eq!(drip("/passed", 500, second).await, "HTTP/1.1 408");
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_not_waited_for() {
        assert_eq!(drip("/ignored", MOST_IGNORED + 1, PATIENCE).await, "HTTP/1.1 413");
        assert_eq!(drip("/passed", (64 << 20) + 1, PATIENCE).await, "HTTP/1.1 413");
    }
}
