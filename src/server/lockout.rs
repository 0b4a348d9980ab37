//! Guessing the admin token is slow.
//!
//! By address, not for all: nobody can lock the operators out from elsewhere. While an address is locked out even the
//! right token is refused there, else a guess would cost nothing; so a program on an operator's own machine can keep
//! that machine out, for as long as it goes on guessing. Nobody waits longer than [`LONGEST`].

use super::address::Address;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Wrong tokens that cost nothing: somebody mistyped.
const FREE: u32 = 5;
/// The pause after the first one beyond; doubled after each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);
/// An address without a wrong token for so long begins anew.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);
/// Addresses remembered; the one quiet for longest makes room.
const ADDRESSES: usize = 1_024;

/// The wrong tokens of every address, of late.
#[derive(Default)]
pub(super) struct Lockout(Mutex<HashMap<Address, Wrong>>);

struct Wrong {
    count: u32,
    last: Instant,
}

impl Wrong {
    fn pause(&self) -> Duration {
        match self.count.checked_sub(FREE) {
            None | Some(0) => Duration::ZERO,
            Some(beyond) => FIRST.saturating_mul(2_u32.saturating_pow(beyond - 1)).min(LONGEST),
        }
    }
}

impl Lockout {
    /// How long this address is still locked out; `None`: it isn't.
    pub(super) fn left(&self, peer: IpAddr) -> Option<Duration> {
        let wrong = self.wrong();
        let of_peer = wrong.get(&Address::of(peer))?;
        of_peer.pause().checked_sub(of_peer.last.elapsed()).filter(|left| !left.is_zero())
    }

    /// A wrong token came from this address, which is locked out for so long now, if it is.
    pub(super) fn wrong_token(&self, peer: IpAddr) -> Option<Duration> {
        let (address, now) = (Address::of(peer), Instant::now());
        let mut wrong = self.wrong();
        if wrong.len() >= ADDRESSES && !wrong.contains_key(&address) {
            let quietest = wrong.iter().min_by_key(|(_, of_peer)| of_peer.last).map(|(address, _)| *address);
            quietest.map(|quietest| wrong.remove(&quietest));
        }
        let of_peer = wrong.entry(address).or_insert(Wrong { count: 0, last: now });
        let forgotten = now.duration_since(of_peer.last) > FORGOTTEN_AFTER;
        of_peer.count = if forgotten { 1 } else { of_peer.count.saturating_add(1) };
        of_peer.last = now;
        Some(of_peer.pause()).filter(|pause| !pause.is_zero())
    }

    /// The right token came from this address.
    pub(super) fn right_token(&self, peer: IpAddr) {
        self.wrong().remove(&Address::of(peer));
    }

    fn wrong(&self) -> MutexGuard<'_, HashMap<Address, Wrong>> {
        // Nothing under the lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn peer(number: u16) -> IpAddr {
        let [high, low] = number.to_be_bytes();
        IpAddr::from([127, 1, high, low])
    }

    #[tokio::test(start_paused = true)]
    async fn r24_the_pause_grows_with_every_wrong_token_and_ends() {
        let lockout = Lockout::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            lockout.wrong_token(peer(1));
            let left = lockout.left(peer(1)).unwrap_or_default();
            pauses.push(left.as_secs());
            advance(left).await;
            assert_eq!(lockout.left(peer(1)), None);
        }
        assert_eq!(pauses, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(lockout.left(peer(2)), None);
        lockout.right_token(peer(1));
        lockout.wrong_token(peer(1));
        assert_eq!(lockout.left(peer(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn r24_what_is_remembered_is_bounded_and_passes() {
        let lockout = Lockout::default();
        for number in 0..5_000 {
            lockout.wrong_token(peer(number));
        }
        assert_eq!(lockout.wrong().len(), ADDRESSES);
        for _ in 0..6 {
            lockout.wrong_token(peer(1));
        }
        assert!(lockout.left(peer(1)).is_some());
        advance(FORGOTTEN_AFTER + Duration::from_secs(1)).await;
        lockout.wrong_token(peer(1));
        assert_eq!(lockout.left(peer(1)), None);
    }
}
