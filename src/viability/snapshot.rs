//! One tenant's plant as of one refresh: immutable, replaced as a whole.

use super::geo::{Earth, Point, Radius};
use super::index::Index;
use super::plant::{ObjectId, Refusal, ServiceBox};
use std::collections::HashSet;
use std::time::SystemTime;

/// What a refresh read, before it is indexed.
#[derive(Debug)]
pub struct Plant {
    /// When the reading began: nothing in here is older.
    pub read_at: SystemTime,
    /// Every project the tenant's key may see, with boxes or without.
    pub projects: HashSet<ObjectId>,
    /// The boxes, each id once.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that are not among these, for nobody could read where they hang: that may be anywhere.
    pub unplaced: u64,
}

/// An indexed [`Plant`] with its number. Never changes once built.
pub struct Snapshot {
    generation: u64,
    plant: Plant,
    index: Index,
    census: Census,
}

/// How many boxes of which kind a snapshot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Boxes that can be sold.
    pub sellable: u64,
    /// Boxes refused, in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// Free ports of the boxes that can be sold.
    pub free_ports: u64,
    /// Ports of service splitters in all boxes, free or taken.
    pub service_ports: u64,
}

impl Census {
    /// All boxes.
    pub fn boxes(&self) -> u64 {
        self.sellable + self.refused.iter().sum::<u64>()
    }

    fn take(boxes: &[ServiceBox]) -> Self {
        let mut census = Self::default();
        for service_box in boxes {
            census.service_ports += service_box.ports.map_or(0, |ports| u64::from(ports.total));
            match service_box.refusal() {
                None => {
                    census.sellable += 1;
                    census.free_ports += u64::from(service_box.free_ports());
                }
                Some(refusal) => census.refused[refusal as usize] += 1,
            }
        }
        census
    }
}

impl Snapshot {
    /// Sorts and indexes a plant; takes about half a second for a million boxes, so never on a thread that answers.
    pub fn build(generation: u64, mut plant: Plant) -> Self {
        plant.boxes.sort_unstable_by_key(|service_box| service_box.id);
        let index = Index::build(plant.boxes.iter().map(|service_box| service_box.position));
        let census = Census::take(&plant.boxes);
        Self { generation, plant, index, census }
    }

    /// The number of the refresh that made it, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the reading of its data began.
    pub fn read_at(&self) -> SystemTime {
        self.plant.read_at
    }

    /// Every project the tenant's key may see.
    pub fn projects(&self) -> &HashSet<ObjectId> {
        &self.plant.projects
    }

    /// The boxes in the order of their ids.
    pub fn boxes(&self) -> &[ServiceBox] {
        &self.plant.boxes
    }

    /// Boxes that it lacks because nobody could read where they hang.
    pub fn unplaced(&self) -> u64 {
        self.plant.unplaced
    }

    /// How many boxes of which kind.
    pub fn census(&self) -> Census {
        self.census
    }

    /// Every box in the circle, and some around it: to be measured by the caller.
    pub(super) fn near(
        &self,
        center: Point,
        radius: Radius,
        earth: Earth,
    ) -> impl Iterator<Item = &ServiceBox> {
        let rows = earth.envelopes(center, radius).iter().flat_map(|envelope| self.index.rows_in(envelope));
        rows.filter_map(|row| self.plant.boxes.get(row as usize))
    }
}
