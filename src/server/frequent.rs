//! Which address comes most often, found with a few counters however many come.

use super::address::Address;

/// Addresses counted at a time.
const COUNTED: usize = 16;

/// Counts addresses by the rule of Metwally and others ("Space-Saving", 2005): one that has no counter takes over that of
/// the one seen least, so that nobody who comes more often than one time in [`COUNTED`] is ever without.
#[derive(Default)]
pub(super) struct Frequent(Vec<Counter>);

struct Counter {
    address: Address,
    /// No more often than this did it come,
    count: u64,
    /// and no less often than this less: what it took over.
    others: u64,
}

impl Frequent {
    /// It came once more.
    pub(super) fn count(&mut self, address: Address) {
        if let Some(counter) = self.0.iter_mut().find(|counter| counter.address == address) {
            counter.count += 1;
        } else if self.0.len() < COUNTED {
            self.0.push(Counter { address, count: 1, others: 0 });
        } else if let Some(least) = self.0.iter_mut().min_by_key(|counter| counter.count) {
            *least = Counter { address, count: least.count + 1, others: least.count };
        }
    }

    /// The one that certainly came more often than all others of these `all` together; `None` if none did.
    pub(super) fn most_of(&self, all: u64) -> Option<Address> {
        let is_most = |counter: &&Counter| (counter.count - counter.others) * 2 > all;
        self.0.iter().find(is_most).map(|counter| counter.address)
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
        assert_eq!(frequent.most_of(0), None);
        for number in 0..10_000 {
            frequent.count(address(if number % 3 > 0 { 7 } else { 1_000 + number }));
        }
        assert_eq!(frequent.most_of(10_000), Some(address(7)));
        assert_eq!(frequent.0.len(), COUNTED);
        // Where all come alike, or one of them only more often than each other, nobody is accused.
        for often in [1, 4] {
            let mut alike = Frequent::default();
            for number in 0..10_000 {
                alike.count(address(if number % 10 < often { 7 } else { number }));
                assert_eq!(alike.most_of(10_000), None);
            }
        }
    }
}
