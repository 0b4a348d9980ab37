//! Who is on the other end of a connection.

use super::side::Side;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A client or an operator. Prints as its address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// By which listener it came.
    pub(super) side: Side,
    /// Where from.
    pub(super) address: SocketAddr,
}

impl Peer {
    /// Without the port, which is another with every connection.
    pub(super) fn ip(self) -> IpAddr {
        self.address.ip()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
