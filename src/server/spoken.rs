//! What a client speaks, told from its first bytes: who calls the wrong way is to be told from other noise.

use std::sync::atomic::{AtomicU8, Ordering};

/// The record that opens a TLS connection (RFC 8446, 5.1). No method of HTTP begins with such a byte.
const HANDSHAKE: u8 = 22;
/// What opens plain HTTP: the methods that programs use, and the preface of HTTP/2.
const METHODS: [&[u8]; 10] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"PATCH ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"TRACE ",
    b"PRI ",
];

/// A protocol that one listener speaks and another doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spoken {
    /// HTTP without TLS.
    PlainHttp,
    /// TLS, whatever is spoken in it.
    Tls,
}

impl Spoken {
    /// Of the bytes that came first; `None`: neither.
    fn first(bytes: &[u8]) -> Option<Self> {
        if bytes.first() == Some(&HANDSHAKE) {
            Some(Self::Tls)
        } else if METHODS.iter().any(|method| bytes.starts_with(method)) {
            Some(Self::PlainHttp)
        } else {
            None
        }
    }
}

/// What was spoken first on one connection.
#[derive(Default)]
pub(super) struct Opening(AtomicU8);

impl Opening {
    const SILENT: u8 = 0;
    const OTHER: u8 = 1;
    const PLAIN_HTTP: u8 = 2;
    const TLS: u8 = 3;

    /// These bytes came; the first ones count.
    pub(super) fn hear(&self, bytes: &[u8]) {
        if self.0.load(Ordering::Relaxed) == Self::SILENT {
            let heard = match Spoken::first(bytes) {
                None => Self::OTHER,
                Some(Spoken::PlainHttp) => Self::PLAIN_HTTP,
                Some(Spoken::Tls) => Self::TLS,
            };
            self.0.store(heard, Ordering::Relaxed);
        }
    }

    /// `None`: nothing yet, or neither.
    pub(super) fn spoken(&self) -> Option<Spoken> {
        match self.0.load(Ordering::Relaxed) {
            Self::PLAIN_HTTP => Some(Spoken::PlainHttp),
            Self::TLS => Some(Spoken::Tls),
            _ => None,
        }
    }
}
