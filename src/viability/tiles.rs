//! Boxes as a map shows them: tile by tile, one by one where they are few, else gathered.

use super::geo::{Envelope, Point};
use super::plant::{Refusal, ServiceBox};
use super::snapshot::Snapshot;
use std::f64::consts::PI;

/// As many boxes of a tile are shown one by one.
const FEW: usize = 200;
/// Boxes of a tile that are more are gathered in so many squares by so many.
const GRID: usize = 4;

/// A tile of the map in the web's usual projection (spherical Mercator, EPSG:3857): of `2^zoom` by `2^zoom`, counted from
/// the north-west.
///
/// A position on the border of two belongs to the one to the south or the east.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    zoom: u8,
    x: u32,
    y: u32,
}

/// Boxes of a tile.
#[derive(Debug, PartialEq)]
pub enum Shown<'s> {
    /// All of them.
    Boxes(Vec<ServiceBox<&'s str>>),
    /// Too many to be told apart.
    Clusters(Vec<Cluster>),
}

/// Boxes that lie close together, as seen from so far away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// The middle of them.
    pub middle: Point,
    /// How many there are.
    pub boxes: usize,
    /// How many of them can be sold.
    pub sellable: usize,
}

impl Tile {
    /// The largest zoom that any map offers.
    pub const LARGEST_ZOOM: u8 = 22;

    /// `None` where there is no such tile.
    pub fn new(zoom: u8, x: u32, y: u32) -> Option<Self> {
        let side = 1_u32.checked_shl(zoom.into())?;
        (zoom <= Self::LARGEST_ZOOM && x < side && y < side).then_some(Self { zoom, x, y })
    }

    /// What it shows. Goes through all of its boxes: some milliseconds where that is a whole country.
    pub fn show(self, snapshot: &Snapshot) -> Shown<'_> {
        let mut inside = Vec::new();
        snapshot.for_each_in(self.envelope(), |row, position| {
            if let Some((across, down)) = self.place(position) {
                inside.push((row, position, across, down));
            }
        });
        if inside.len() <= FEW {
            return Shown::Boxes(
                inside.into_iter().filter_map(|(row, ..)| snapshot.service_box(row)).collect(),
            );
        }
        let mut squares = [Sum::default(); GRID * GRID];
        for (row, position, across, down) in inside {
            let standing = snapshot.standing(row);
            if let (Some(square), Some(standing)) = (squares.get_mut(square(across, down)), standing) {
                square.add(position, standing.refusal);
            }
        }
        Shown::Clusters(squares.into_iter().filter_map(Sum::cluster).collect())
    }

    /// Bounds that hold all of it, and a little more.
    fn envelope(self) -> Envelope {
        let side = f64::from(1_u32 << self.zoom);
        let (west, east) = (f64::from(self.x) / side, f64::from(self.x + 1) / side);
        let (north, south) = (f64::from(self.y) / side, f64::from(self.y + 1) / side);
        let (spare, lng) = (1e-9, |share: f64| share * 360.0 - 180.0);
        Envelope {
            south: latitude(south) - spare,
            north: latitude(north) + spare,
            west: lng(west) - spare,
            east: lng(east) + spare,
        }
    }

    /// Where a position lies in it, as shares of its width from the west and of its height from the north; `None`: in
    /// another one.
    fn place(self, at: Point) -> Option<(f64, f64)> {
        let side = f64::from(1_u32 << self.zoom);
        let across = share_of_width(at) * side - f64::from(self.x);
        let down = share_of_height(at) * side - f64::from(self.y);
        let inside = 0.0..1.0;
        (inside.contains(&across) && inside.contains(&down)).then_some((across, down))
    }
}

/// From the west; the last meridian is the first one again.
fn share_of_width(at: Point) -> f64 {
    let share = (at.lng() + 180.0) / 360.0;
    if share < 1.0 { share } else { 0.0 }
}

/// From the north; above 1 or below 0 where the map ends, at 85 degrees.
fn share_of_height(at: Point) -> f64 {
    (1.0 - at.lat().to_radians().tan().asinh() / PI) / 2.0
}

/// The latitude at so much of the map's height.
fn latitude(share_from_north: f64) -> f64 {
    (PI * (1.0 - 2.0 * share_from_north)).sinh().atan().to_degrees()
}

/// The number of the square at these shares of a tile.
fn square(across: f64, down: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is from 0 to below 1"
    )]
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let step = |share: f64| (share * GRID as f64) as usize;
    step(down) * GRID + step(across)
}

/// Boxes of one square, added up.
#[derive(Clone, Copy, Default)]
struct Sum {
    lat: f64,
    lng: f64,
    boxes: usize,
    sellable: usize,
}

impl Sum {
    fn add(&mut self, at: Point, refusal: Option<Refusal>) {
        self.lat += at.lat();
        self.lng += at.lng();
        self.boxes += 1;
        self.sellable += usize::from(refusal.is_none());
    }

    fn cluster(self) -> Option<Cluster> {
        let Self { lat, lng, boxes, sellable } = self;
        #[expect(clippy::cast_precision_loss, reason = "far fewer boxes than f64 counts")]
        let number = boxes as f64;
        // Without boxes there is no number to divide by, and no point.
        Some(Cluster { middle: Point::new(lat / number, lng / number)?, boxes, sellable })
    }
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::Plant;
    use super::super::tests::service_box;
    use super::*;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn snapshot(places: &[(f64, f64)]) -> Snapshot {
        let boxes = (1..).zip(places).map(|(number, &(lat, lng))| service_box(number, lat, lng)).collect();
        Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) })
    }

    /// How many boxes it shows, one by one or together.
    fn count(shown: &Shown<'_>) -> usize {
        match shown {
            Shown::Boxes(boxes) => boxes.len(),
            Shown::Clusters(clusters) => clusters.iter().map(|cluster| cluster.boxes).sum(),
        }
    }

    fn tiles(zoom: u8) -> impl Iterator<Item = Tile> {
        let side = 1 << zoom;
        (0..side).flat_map(move |x| (0..side).filter_map(move |y| Tile::new(zoom, x, y)))
    }

    #[test]
    fn florianopolis_lies_where_the_web_has_it() {
        // By the formula of OpenStreetMap's wiki, "Slippy map tilenames".
        let tile = Tile::new(12, 1_495, 2_374).unwrap();
        assert_eq!(count(&tile.show(&snapshot(&[(-27.5969, -48.5495)]))), 1);
        assert_eq!(count(&tile.show(&snapshot(&[(-27.5969, -48.6495)]))), 0);
        let Envelope { south, north, west, east } = tile.envelope();
        let expected = [-27.605_671, -27.527_758, -48.603_516, -48.515_625];
        for (is, expected) in [south, north, west, east].into_iter().zip(expected) {
            assert!((is - expected).abs() < 1e-6, "{is} {expected}");
        }
    }

    #[test]
    fn there_are_as_many_tiles_as_a_zoom_has() {
        assert_eq!(Tile::new(0, 0, 0).map(|tile| tile.zoom), Some(0));
        assert_eq!(Tile::new(0, 1, 0), None);
        assert_eq!(Tile::new(3, 0, 8), None);
        assert_eq!(Tile::new(23, 0, 0), None);
        assert_eq!(Tile::new(255, 0, 0), None);
    }

    #[test]
    fn many_boxes_are_gathered_around_their_middle_with_how_many_can_be_sold() {
        let mut boxes: Vec<_> = (1..=300).map(|number| service_box(number, -27.0, -48.0)).collect();
        boxes[0].ports = None;
        let snapshot = Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) });
        let Shown::Clusters(clusters) = Tile::new(0, 0, 0).unwrap().show(&snapshot) else {
            panic!("gathered")
        };
        let [Cluster { middle, boxes: 300, sellable: 299 }] = clusters[..] else { panic!("{clusters:?}") };
        assert!((middle.lat() + 27.0).abs() < 1e-9 && (middle.lng() + 48.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn every_box_on_the_map_is_in_one_tile_of_each_zoom(
            places in proptest::collection::vec((-85.0_f64..85.0, -180.0_f64..=180.0), 0..400),
            zoom in 0_u8..4,
        ) {
            let snapshot = snapshot(&places);
            let shown: usize = tiles(zoom).map(|tile| count(&tile.show(&snapshot))).sum();
            prop_assert_eq!(shown, places.len());
        }
    }
}
