//! The R-tree over box positions: the only place that knows rstar.

use super::geo::{Envelope, Point};
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};

/// Finds the rows whose position lies in an envelope. Rows are numbered in the order they were given.
///
/// The tree stands on degrees, not on metres: a query gives it padded envelopes ([`super::geo::Earth::envelopes`])
/// and measures what comes back. A [`Point`] is finite, so rstar's comparisons can't meet a NaN.
pub(super) struct Index {
    tree: RTree<GeomWithData<[f64; 2], u32>>,
}

impl Index {
    /// Builds the packed tree in one go.
    pub(super) fn build(positions: impl Iterator<Item = Point>) -> Self {
        let entries =
            (0..).zip(positions).map(|(row, at)| GeomWithData::new([at.lng(), at.lat()], row)).collect();
        Self { tree: RTree::bulk_load(entries) }
    }

    /// The rows inside `envelope`, edges included, in no particular order.
    pub(super) fn rows_in(&self, envelope: Envelope) -> impl Iterator<Item = u32> {
        let corners = AABB::from_corners([envelope.west, envelope.south], [envelope.east, envelope.north]);
        self.tree.locate_in_envelope(corners).map(|entry| entry.data)
    }
}
