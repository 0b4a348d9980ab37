//! A long text in pieces, each freed as soon as it is sent: of what a slow client leaves untaken only the rest is kept.

use bytes::Bytes;
use std::collections::VecDeque;

/// Two of them are one write of a connection's buffer; most answers are one piece.
const PIECE: usize = 8 << 10;

/// Text that can be appended to at the end and taken from the front.
#[derive(Debug, Default)]
pub struct Pieces {
    full: VecDeque<Bytes>,
    last: Vec<u8>,
}

impl Pieces {
    /// Empty, with room for so much, or for the first piece of it.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { full: VecDeque::new(), last: Vec::with_capacity(bytes.min(PIECE)) }
    }

    /// Appends some text: to the last piece where that has room for all of it, else to a new one. What is longer than a piece
    /// is one by itself.
    pub fn push(&mut self, text: &[u8]) {
        if !self.last.is_empty() && self.last.len() + text.len() > PIECE {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(text.len().max(PIECE)));
            self.full.push_back(full.into());
        }
        self.last.extend_from_slice(text);
    }

    /// The next piece; `None` when all have been taken.
    pub fn take(&mut self) -> Option<Bytes> {
        let next = self.full.pop_front();
        next.or_else(|| (!self.last.is_empty()).then(|| std::mem::take(&mut self.last).into()))
    }

    /// Bytes not taken yet.
    pub fn left(&self) -> usize {
        self.full.iter().map(Bytes::len).sum::<usize>() + self.last.len()
    }
}

impl<B: Into<Bytes>> From<B> for Pieces {
    fn from(whole: B) -> Self {
        let whole = whole.into();
        Self { full: if whole.is_empty() { VecDeque::new() } else { [whole].into() }, last: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_taken_in_order_and_no_piece_is_longer_than_one(
            words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5_000), 0..20), expected in 0..20_000_usize,
        ) {
            let mut pieces = Pieces::with_capacity(expected);
            for word in &words {
                pieces.push(word);
            }
            let whole = words.concat();
            let mut taken = Vec::new();
            while let Some(piece) = pieces.take() {
                prop_assert!((1..=PIECE).contains(&piece.len()));
                taken.extend_from_slice(&piece);
                prop_assert_eq!(taken.len() + pieces.left(), whole.len());
            }
            prop_assert_eq!(taken, whole);
            prop_assert_eq!(pieces.left(), 0);
        }
    }
}
