//! The body of an answer.

use super::batch::answering::{Answering, BrokenOff};
use crate::ozmap::PassedBody;
use crate::ozmap::failure::CallError;
use crate::ozmap::wire::pieces::Pieces;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;

/// A body at hand, or one that streams through.
pub(super) enum Body {
    /// Ours, whole.
    AtHand(Pieces),
    /// OZmap's, as it comes.
    Passed {
        /// The stream.
        body: PassedBody,
        /// Its place among the forwarded requests, free when the stream has ended.
        #[expect(dead_code, reason = "held for its drop")]
        place: OwnedSemaphorePermit,
    },
    /// The rows of a batch, as they are answered.
    Batch(Answering),
}

/// Why a body ends before it is whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// OZmap's does.
    #[error(transparent)]
    Passed(#[from] CallError),
    /// A batch can't go on.
    #[error(transparent)]
    Batch(#[from] BrokenOff),
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::AtHand(pieces) => Poll::Ready(pieces.take().map(|piece| Ok(Frame::data(piece)))),
            Self::Passed { body, .. } => {
                Pin::new(body).poll_frame(context).map(|frame| frame.map(|frame| Ok(frame?)))
            }
            Self::Batch(answering) => {
                answering.poll(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece?))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::AtHand(pieces) => pieces.left() == 0,
            Self::Passed { body, .. } => body.is_end_stream(),
            Self::Batch(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::AtHand(pieces) => SizeHint::with_exact(pieces.left() as u64),
            Self::Passed { body, .. } => body.size_hint(),
            Self::Batch(_) => SizeHint::default(),
        }
    }
}
