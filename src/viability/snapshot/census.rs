//! How many boxes of which kind.

use super::super::plant::{Evidence, Refusal, ServiceBox};

/// How many boxes of which kind a snapshot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Boxes that can be sold.
    pub sellable: u64,
    /// Boxes refused, in the order of [`Refusal::OF_BOXES`].
    pub refused: [u64; Refusal::OF_BOXES.len()],
    /// Free ports of the boxes that can be sold.
    pub free_ports: u64,
    /// Ports of service splitters in all boxes, free or taken.
    pub service_ports: u64,
    /// Boxes that OZmap lists no more, among those refused.
    pub unlisted: u64,
}

impl Census {
    /// All boxes.
    pub fn boxes(&self) -> u64 {
        self.sellable + self.refused.iter().sum::<u64>()
    }

    /// Those that OZmap lists.
    pub fn listed(&self) -> u64 {
        self.boxes() - self.unlisted
    }

    pub(super) fn take(boxes: &[ServiceBox]) -> Self {
        let mut census = Self::default();
        for one in boxes {
            census.gain(one);
        }
        census
    }

    pub(super) fn gain<Name>(&mut self, one: &ServiceBox<Name>) {
        self.change(one, |count, by| *count += by);
    }

    /// Of a box that was counted.
    pub(super) fn lose<Name>(&mut self, one: &ServiceBox<Name>) {
        self.change(one, |count, by| *count -= by);
    }

    fn change<Name>(&mut self, one: &ServiceBox<Name>, change: impl Fn(&mut u64, u64)) {
        change(&mut self.unlisted, u64::from(one.evidence == Evidence::Unlisted));
        change(&mut self.service_ports, one.ports.map_or(0, |ports| u64::from(ports.total)));
        match one.refusal() {
            None => {
                change(&mut self.sellable, 1);
                change(&mut self.free_ports, u64::from(one.free_ports()));
            }
            Some(refusal) => change(&mut self.refused[refusal as usize], 1),
        }
    }
}
