//! A packed R-tree over positions: built once, never changed, about two bytes a box above the positions.
//!
//! Rows lie along a Hilbert curve, so that neighbours on the ground are neighbours in memory. Every [`LEAF`] rows in a
//! row share one box of bounds, every [`FANOUT`] of these another, up to a single one. A query goes down where the
//! bounds overlap its envelope, and reads positions only at the bottom.

use super::geo::{Envelope, Point};

/// Rows below one box of bounds: their latitudes fill a cache line, their longitudes another.
const LEAF: usize = 8;
/// Boxes of bounds in one node, compared side by side.
const FANOUT: usize = 16;
/// As many nodes, of all levels and leaves, as most queries go through.
const FEW: usize = 64;

/// Finds the rows whose position lies in an envelope.
///
/// The tree stands on degrees, not on metres: a query gives it padded envelopes ([`super::geo::Earth::envelopes`])
/// and measures what comes back.
pub(super) struct Index {
    leaves: Box<[Leaf]>,
    /// From the bottom up; the last has one node. None without positions.
    levels: Vec<Box<[Node]>>,
}

/// The bounds of up to [`FANOUT`] children. Rounded outwards: half the memory, and no row is lost.
struct Node {
    south: [f32; FANOUT],
    west: [f32; FANOUT],
    north: [f32; FANOUT],
    east: [f32; FANOUT],
}

/// Up to [`LEAF`] positions in degrees; what is left of the last one is nowhere.
struct Leaf {
    lat: [f64; LEAF],
    lng: [f64; LEAF],
}

#[derive(Clone, Copy)]
struct Bounds {
    south: f32,
    west: f32,
    north: f32,
    east: f32,
}

impl Index {
    /// The order in which rows with these positions should lie: `order[n]` is the one to come `n`th.
    pub(super) fn order(positions: impl ExactSizeIterator<Item = Point>) -> Vec<u32> {
        let mut keyed: Vec<(u64, u32)> = positions.map(Self::along_curve).zip(0..).collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// How far along a Hilbert curve over the whole Earth a position lies, in steps of some metres (D. Hilbert, 1891; the
    /// descent from the largest square to the smallest, turning with the curve).
    pub(super) fn along_curve(at: Point) -> u64 {
        const BITS: u32 = 24;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^24 - 1")]
        let scaled = |part: f64| (part * f64::from((1_u32 << BITS) - 1)) as u32;
        let (mut x, mut y) = (scaled((at.lng() + 180.0) / 360.0), scaled((at.lat() + 90.0) / 180.0));
        let mut along = 0;
        for bit in (0..BITS).rev() {
            let (right, upper) = (x >> bit & 1, y >> bit & 1);
            along = along << 2 | u64::from((3 * right) ^ upper);
            if upper == 0 {
                if right == 1 {
                    (x, y) = (!x, !y);
                }
                (x, y) = (y, x);
            }
        }
        along
    }

    /// Over rows in this order: in another than [`Index::order`] gives it finds the same, slowly.
    pub(super) fn build(positions: &[Point]) -> Self {
        let mut levels = Vec::new();
        let mut bounds: Vec<Bounds> = positions.chunks(LEAF).map(Bounds::of_positions).collect();
        while !bounds.is_empty() {
            let level: Box<[Node]> = bounds.chunks(FANOUT).map(Node::of).collect();
            let is_top = level.len() == 1;
            bounds = if is_top { Vec::new() } else { bounds.chunks(FANOUT).map(Bounds::around).collect() };
            levels.push(level);
        }
        Self { leaves: positions.chunks(LEAF).map(Leaf::of).collect(), levels }
    }

    /// Where a row is.
    pub(super) fn position(&self, row: u32) -> Option<Point> {
        let (leaf, place) = (row as usize / LEAF, row as usize % LEAF);
        let leaf = self.leaves.get(leaf)?;
        // Beyond the last there is none.
        Point::new(leaf.lat[place], leaf.lng[place])
    }

    /// Shows `visit` every row inside `envelope`, edges included, in no particular order.
    ///
    /// Level by level, not branch by branch: what lies side by side on one level is fetched from memory side by side.
    pub(super) fn for_each_in(&self, envelope: Envelope, mut visit: impl FnMut(u32, Point)) {
        let wanted = Bounds::of_envelope(envelope);
        // Of each level in turn the nodes to look into, in the end the leaves.
        let mut nodes = Vec::with_capacity(FEW);
        nodes.extend((!self.levels.is_empty()).then_some(0));
        let mut begin = 0;
        for level in self.levels.iter().rev() {
            let end = nodes.len();
            for at in begin..end {
                let number = nodes[at];
                let children = level.get(number).map_or(0, |node| node.overlapping(wanted));
                nodes.extend(ones(children).map(|child| number * FANOUT + child));
            }
            begin = end;
        }
        // First all that lies in the envelope, without a branch: so the processor fetches several leaves at a time.
        let leaves = &nodes[begin..];
        let mut inside = Vec::with_capacity(leaves.len());
        inside.extend(
            leaves.iter().map(|&number| self.leaves.get(number).map_or(0, |leaf| leaf.inside(&envelope))),
        );
        for (&number, places) in leaves.iter().zip(inside) {
            for place in ones(places) {
                // There are no more rows than `order` could number.
                #[expect(clippy::cast_possible_truncation, reason = "rows are numbered by u32")]
                let row = (number * LEAF + place) as u32;
                self.position(row).into_iter().for_each(|position| visit(row, position));
            }
        }
    }
}

impl Leaf {
    fn of(positions: &[Point]) -> Self {
        let mut leaf = Self { lat: [f64::NAN; LEAF], lng: [f64::NAN; LEAF] };
        for (place, position) in positions.iter().enumerate().take(LEAF) {
            leaf.lat[place] = position.lat();
            leaf.lng[place] = position.lng();
        }
        leaf
    }

    /// A bit for each position inside, the first one's the lowest.
    fn inside(&self, envelope: &Envelope) -> u32 {
        let mut inside = 0;
        for place in 0..LEAF {
            let holds = u32::from(self.lat[place] >= envelope.south)
                & u32::from(self.lat[place] <= envelope.north)
                & u32::from(self.lng[place] >= envelope.west)
                & u32::from(self.lng[place] <= envelope.east);
            inside |= holds << place;
        }
        inside
    }
}

/// The places of the bits that are set, lowest first.
fn ones(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (place < u32::BITS).then_some(place as usize)
    })
}

impl Node {
    fn of(children: &[Bounds]) -> Self {
        // Nothing overlaps these.
        let mut node = Self {
            south: [f32::INFINITY; FANOUT],
            west: [f32::INFINITY; FANOUT],
            north: [f32::NEG_INFINITY; FANOUT],
            east: [f32::NEG_INFINITY; FANOUT],
        };
        for (lane, child) in children.iter().enumerate().take(FANOUT) {
            node.south[lane] = child.south;
            node.west[lane] = child.west;
            node.north[lane] = child.north;
            node.east[lane] = child.east;
        }
        node
    }

    /// A bit for each child that overlaps, the first child's the lowest.
    fn overlapping(&self, wanted: Bounds) -> u32 {
        let mut overlapping = 0;
        for lane in 0..FANOUT {
            // No branches: the compiler makes few instructions of all sixteen.
            let overlaps = u32::from(self.south[lane] <= wanted.north)
                & u32::from(self.north[lane] >= wanted.south)
                & u32::from(self.west[lane] <= wanted.east)
                & u32::from(self.east[lane] >= wanted.west);
            overlapping |= overlaps << lane;
        }
        overlapping
    }
}

impl Bounds {
    const NOTHING: Self =
        Self { south: f32::INFINITY, west: f32::INFINITY, north: f32::NEG_INFINITY, east: f32::NEG_INFINITY };

    fn of_envelope(envelope: Envelope) -> Self {
        Self {
            south: below(envelope.south),
            west: below(envelope.west),
            north: above(envelope.north),
            east: above(envelope.east),
        }
    }

    fn of_positions(positions: &[Point]) -> Self {
        positions.iter().fold(Self::NOTHING, |bounds, at| {
            let (lat, lng) = (at.lat(), at.lng());
            bounds.and(Self::of_envelope(Envelope { south: lat, north: lat, west: lng, east: lng }))
        })
    }

    fn around(all: &[Self]) -> Self {
        all.iter().fold(Self::NOTHING, |bounds, &one| bounds.and(one))
    }

    fn and(self, other: Self) -> Self {
        Self {
            south: self.south.min(other.south),
            west: self.west.min(other.west),
            north: self.north.max(other.north),
            east: self.east.max(other.east),
        }
    }
}

/// The nearest single-precision number that isn't above.
#[expect(clippy::cast_possible_truncation, reason = "put right after")]
fn below(degrees: f64) -> f32 {
    let near = degrees as f32;
    if f64::from(near) > degrees { near.next_down() } else { near }
}

/// The nearest single-precision number that isn't below.
#[expect(clippy::cast_possible_truncation, reason = "put right after")]
fn above(degrees: f64) -> f32 {
    let near = degrees as f32;
    if f64::from(near) < degrees { near.next_up() } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_curve_goes_from_neighbour_to_neighbour() {
        // Every square of a grid of 64 by 64, in the order of the curve.
        let middle = |n: u32, span: f64| (f64::from(n) + 0.5) / 64.0 * span - span / 2.0;
        let squares: Vec<_> = (0..64).flat_map(|x| (0..64).map(move |y| (x, y))).collect();
        let positions = squares.iter().map(|&(x, y)| Point::new(middle(y, 180.0), middle(x, 360.0)).unwrap());
        let order = Index::order(positions.collect::<Vec<_>>().into_iter());
        for step in order.windows(2) {
            let [(x, y), (next_x, next_y)] = [step[0], step[1]].map(|row| squares[row as usize]);
            assert_eq!(x.abs_diff(next_x) + y.abs_diff(next_y), 1, "{x} {y} to {next_x} {next_y}");
        }
    }

    proptest! {
        #[test]
        fn bounds_are_rounded_outwards(degrees in -180.0..=180.0) {
            prop_assert!(f64::from(below(degrees)) <= degrees && f64::from(above(degrees)) >= degrees);
        }

        #[test]
        fn what_is_in_an_envelope_is_found_in_any_order_and_nothing_else(
            places in prop::collection::vec((-90.0..=90.0, -180.0..=180.0), 0..2_000),
            (south, north) in (-90.0..=90.0, -90.0..=90.0),
            (west, east) in (-180.0..=180.0, -180.0..=180.0),
            sorted in any::<bool>(),
        ) {
            let points: Vec<_> = places.iter().map(|&(lat, lng)| Point::new(lat, lng).unwrap()).collect();
            let order = if sorted { Index::order(points.iter().copied()) } else { (0..).take(points.len()).collect() };
            let index = Index::build(&order.iter().map(|&row| points[row as usize]).collect::<Vec<_>>());
            let envelope = Envelope { south, north, west, east };
            let mut found = Vec::new();
            index.for_each_in(envelope, |row, _| found.push(order[row as usize]));
            found.sort_unstable();
            let inside: Vec<_> = (0..).zip(&points).filter(|(_, at)| envelope.holds(**at)).map(|(row, _)| row).collect();
            prop_assert_eq!(found, inside);
        }
    }
}
