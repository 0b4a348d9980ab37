//! Which address comes most often, found with a few counters however many come.

use super::address::Address;

/// Addresses counted at a time.
const COUNTED: usize = 16;

/// Counts addresses by the rule of Metwally and others ("Space-Saving", 2005): one that has no counter takes over that of
/// the one seen least, so that nobody who comes more often than one time in [`COUNTED`] is ever without.
#[derive(Default)]
pub(super) struct Frequent(Vec<(Address, u64)>);

impl Frequent {
    /// It came once more.
    pub(super) fn count(&mut self, address: Address) {
        if let Some((_, count)) = self.0.iter_mut().find(|(counted, _)| *counted == address) {
            *count += 1;
        } else if self.0.len() < COUNTED {
            self.0.push((address, 1));
        } else if let Some(least) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            *least = (address, least.1 + 1);
        }
    }

    /// The one that came most often; `None` if none did.
    pub(super) fn most(&self) -> Option<Address> {
        self.0.iter().max_by_key(|(_, count)| *count).map(|(address, _)| *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn who_comes_most_often_is_found_among_any_number_of_others() {
        let address = |number: u16| {
            let [high, low] = number.to_be_bytes();
            Address::of(IpAddr::from([127, 1, high, low]))
        };
        let mut frequent = Frequent::default();
        assert_eq!(frequent.most(), None);
        for number in 0..10_000 {
            frequent.count(address(if number % 10 == 9 { 7 } else { 1_000 + number }));
        }
        assert_eq!(frequent.most(), Some(address(7)));
        assert_eq!(frequent.0.len(), COUNTED);
    }
}
