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
