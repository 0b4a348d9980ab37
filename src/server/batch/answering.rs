//! The answer of a batch on its way out: as much is made as the client takes, and a piece more.

use super::Refused;
use bytes::Bytes;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// Pieces that may wait to be sent.
const WAITING: usize = 2;

/// What becomes of a batch, piece by piece.
pub(super) enum Piece {
    /// Rows with their answers.
    Rows(Bytes),
    /// All of it has been answered.
    End,
    /// It can't go on. As the first piece it is the answer.
    Failed(Refused),
}

/// Where the pieces come from.
pub(super) type Pieces = mpsc::Sender<Piece>;

/// A batch can't be answered to its end.
#[derive(Debug, thiserror::Error)]
#[error("a batch was broken off")]
pub(in super::super) struct BrokenOff(#[source] Refused);

/// The pieces as a body. Dropped with its connection, which ends the batch.
pub(in super::super) struct Answering {
    first: Option<Bytes>,
    is_whole: bool,
    pieces: mpsc::Receiver<Piece>,
}

/// Both ends.
pub(super) fn channel() -> (Pieces, Begins) {
    let (sender, pieces) = mpsc::channel(WAITING);
    (sender, Begins(pieces))
}

/// An answer of which nothing is known yet.
pub(super) struct Begins(mpsc::Receiver<Piece>);

impl Begins {
    /// Waits for the first piece.
    pub(super) async fn begun(mut self) -> Result<Answering, Refused> {
        match self.0.recv().await {
            Some(Piece::Rows(first)) => Ok(Answering { first: Some(first), is_whole: false, pieces: self.0 }),
            Some(Piece::End) => Ok(Answering { first: None, is_whole: true, pieces: self.0 }),
            Some(Piece::Failed(refused)) => Err(refused),
            None => Err(Refused::Panicked),
        }
    }
}

impl Answering {
    /// The next piece; `None`: that was all.
    pub(in super::super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.is_whole {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Rows(rows)) => Some(Ok(rows)),
            Some(Piece::End) => {
                self.is_whole = true;
                None
            }
            Some(Piece::Failed(refused)) => Some(Err(BrokenOff(refused))),
            None => Some(Err(BrokenOff(Refused::Panicked))),
        })
    }
}
