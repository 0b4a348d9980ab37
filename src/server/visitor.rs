//! Who sent a request, and when.

use super::access::LastKey;
use super::peer::Peer;
use std::time::Duration;
use tokio::time::Instant;

/// What a request's handlers are told beside the request. Lent, for each connection keeps the room of all that waits for
/// an answer.
#[derive(Clone, Copy)]
pub(super) struct Visitor<'v> {
    /// Who.
    pub(super) peer: &'v Peer,
    /// The OZmap key that the connection's last request presented.
    pub(super) last_key: &'v LastKey,
    /// When its head was read.
    pub(super) came: Instant,
    /// How long its head had been there when a thread read it.
    pub(super) waited: Duration,
}
