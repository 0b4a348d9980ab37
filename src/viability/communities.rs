//! Gated communities ("condomínios horizontais"): what they contain, and who may serve into them.

use super::geo::{Envelope, Envelopes, Point};
use super::plant::ObjectId;
use ::geo::{Coord, Intersects, LineString, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};
use smol_str::SmolStr;

/// What of gated communities counts: OZmap's own settings, mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommunityRules {
    /// Whether answers list the communities that contain a box.
    pub listed: bool,
    /// Whether a home in communities is served only by boxes in one of them, and any other only by boxes in none.
    pub decide: bool,
}

impl CommunityRules {
    /// Whether communities matter at all.
    pub fn are_read(self) -> bool {
        self.listed || self.decide
    }
}

/// A gated community.
#[derive(Clone, Debug, PartialEq)]
pub struct Community {
    /// OZmap's id.
    pub id: ObjectId,
    /// Its name.
    pub name: SmolStr,
    /// The project it belongs to; where OZmap doesn't tell, only who sees everything may be shown it.
    pub project: Option<ObjectId>,
    /// What it contains.
    pub outline: Outline,
}

/// The ground of a community: polygons, each a ring around it and rings around its holes. Degrees are taken as flat, as its
/// plan is drawn; one without corners contains nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline(MultiPolygon<f64>);

impl Default for Outline {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// The corners of one closed line; whether the first is there once more at the end doesn't matter.
pub type Ring = Vec<Point>;

impl Outline {
    /// Of polygons, each its outer ring and then its holes.
    pub fn new(polygons: Vec<Vec<Ring>>) -> Self {
        let line = |ring: Ring| -> LineString<f64> { ring.into_iter().map(coordinates).collect() };
        let polygon = |rings: Vec<Ring>| {
            let mut rings = rings.into_iter().map(line);
            rings.next().map(|outer| Polygon::new(outer, rings.collect()))
        };
        Self(polygons.into_iter().filter_map(polygon).collect())
    }

    /// Its polygons, as [`Self::new`] takes them.
    pub fn polygons(&self) -> Vec<Vec<Ring>> {
        // They were points when they came.
        let ring =
            |line: &LineString<f64>| line.coords().filter_map(|at| Point::new(at.y, at.x)).collect::<Ring>();
        let rings = |polygon: &Polygon<f64>| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
        };
        self.0.iter().map(rings).collect()
    }

    /// Whether a position lies inside, edge included (assumed: MongoDB's `$geoIntersects` has it so).
    fn holds(&self, at: Point) -> bool {
        self.0.intersects(&coordinates(at))
    }
}

fn coordinates(at: Point) -> Coord<f64> {
    Coord { x: at.lng(), y: at.lat() }
}

/// All communities of a tenant, found by place.
#[derive(Debug, Default)]
pub struct Communities {
    /// In the order of their ids.
    all: Vec<Community>,
    tree: RTree<Bounds>,
    /// How many there are that could not be read.
    unreadable: u64,
}

/// The bounds of a community, which stands there in the list of all.
#[derive(Debug)]
struct Bounds {
    envelope: AABB<[f64; 2]>,
    at: usize,
}

impl RTreeObject for Bounds {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl Communities {
    /// Each id once; `unreadable` says how many are missing.
    pub fn new(mut all: Vec<Community>, unreadable: u64) -> Self {
        all.sort_unstable_by_key(|community| community.id);
        let bounds = all.iter().enumerate().filter_map(|(at, community)| {
            let corners = community.outline.0.iter().flat_map(|polygon| polygon.exterior().coords());
            let corners: Vec<_> = corners.map(|corner| [corner.x, corner.y]).collect();
            (!corners.is_empty()).then(|| Bounds { envelope: AABB::from_points(&corners), at })
        });
        let tree = RTree::bulk_load(bounds.collect());
        Self { all, tree, unreadable }
    }

    /// Those that could be read, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Community> {
        self.all.iter()
    }

    /// The one with this id.
    pub fn get(&self, id: ObjectId) -> Option<&Community> {
        let at = self.all.binary_search_by_key(&id, |community| community.id).ok()?;
        self.all.get(at)
    }

    /// How many there are that could not be read: they may contain any place.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Whether any of them contains a place.
    pub fn contain(&self, at: Point) -> bool {
        let here = AABB::from_point([at.lng(), at.lat()]);
        let mut near = self.tree.locate_in_envelope_intersecting(&here);
        near.any(|bounds| self.all.get(bounds.at).is_some_and(|community| community.outline.holds(at)))
    }

    /// All that can contain a place within the envelopes.
    pub(super) fn near(&self, envelopes: Envelopes) -> Nearby<'_> {
        let mut found: Vec<usize> = envelopes.iter().flat_map(|one| self.numbers_in(one)).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.all.get(at)).collect()
    }

    /// All that can contain a place within an envelope, in no particular order.
    pub fn in_envelope(&self, envelope: Envelope) -> impl Iterator<Item = &Community> {
        self.numbers_in(envelope).filter_map(|at| self.all.get(at))
    }

    fn numbers_in(&self, Envelope { south, north, west, east }: Envelope) -> impl Iterator<Item = usize> {
        let bounds = AABB::from_corners([west, south], [east, north]);
        self.tree
            .locate_in_envelope_intersecting(&bounds)
            .map(|found| found.at)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// The communities that can contain a place near a query, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nearby<'s>(Vec<&'s Community>);

/// In the order of their ids.
impl<'s> FromIterator<&'s Community> for Nearby<'s> {
    fn from_iter<C: IntoIterator<Item = &'s Community>>(communities: C) -> Self {
        Self(communities.into_iter().collect())
    }
}

impl<'s> Nearby<'s> {
    /// Those that contain a place.
    pub fn around(&self, at: Point) -> impl Iterator<Item = &'s Community> {
        self.0.iter().copied().filter(move |community| community.outline.holds(at))
    }

    /// Those of them that are wanted.
    pub(super) fn only(mut self, wanted: impl Fn(&Community) -> bool) -> Self {
        self.0.retain(|community| wanted(community));
        self
    }

    /// Who may be served from where, for a home at this place.
    pub(super) fn of_home(self, home: Point) -> Home<'s> {
        let around = self.around(home).map(|community| community.id).collect();
        Home { near: self, around }
    }
}

/// A home, by the communities that contain it.
pub(super) struct Home<'s> {
    near: Nearby<'s>,
    around: Vec<ObjectId>,
}

impl Home<'_> {
    /// Whether a box may serve it: both are in one community, or each in none (documented: "consider condominiums").
    pub(super) fn may_be_served_from(&self, at: Point) -> bool {
        let mut there = self.near.around(at).peekable();
        if self.around.is_empty() {
            return there.peek().is_none();
        }
        there.any(|community| self.around.contains(&community.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::geo::{Earth, Radius};
    use super::*;
    use proptest::prelude::*;

    fn ring(corners: &[(f64, f64)]) -> Ring {
        corners.iter().map(|&(lat, lng)| Point::new(lat, lng).unwrap()).collect()
    }

    fn square(lat: f64, lng: f64, side: f64) -> Ring {
        ring(&[(lat, lng), (lat, lng + side), (lat + side, lng + side), (lat + side, lng)])
    }

    fn community(number: u32, outline: Outline) -> Community {
        let id = ObjectId::parse(&format!("{number:024x}")).unwrap();
        Community { id, name: "Jardins".into(), project: Some(id), outline }
    }

    fn around(communities: &Communities, lat: f64, lng: f64) -> Vec<ObjectId> {
        let at = Point::new(lat, lng).unwrap();
        let earth = Earth::new(6_378_100.0).unwrap();
        let near = communities.near(earth.envelopes(at, Radius::new(150.0).unwrap()));
        near.around(at).map(|community| community.id).collect()
    }

    #[test]
    fn a_place_is_in_what_surrounds_it_and_not_in_a_hole_and_on_the_edge_it_is_in() {
        let with_hole = vec![square(-27.0, -48.0, 0.01), square(-26.996, -47.996, 0.002)];
        let apart = vec![square(-27.0, -47.9, 0.01)];
        let all = vec![
            community(
                2,
                Outline::new(vec![square(-27.0, -48.0, 0.01)].into_iter().map(|ring| vec![ring]).collect()),
            ),
            community(1, Outline::new(vec![with_hole, apart])),
            community(3, Outline::new(vec![])),
            community(4, Outline::new(vec![vec![vec![]]])),
        ];
        let communities = Communities::new(all, 0);
        let ids = |numbers: &[u32]| {
            numbers.iter().map(|&n| community(n, Outline::default()).id).collect::<Vec<_>>()
        };
        assert_eq!(around(&communities, -26.999, -47.999), ids(&[1, 2]));
        assert_eq!(around(&communities, -26.995, -47.995), ids(&[2]), "in the hole");
        assert_eq!(around(&communities, -26.995, -47.895), ids(&[1]), "its other part");
        assert_eq!(around(&communities, -27.0, -47.995), ids(&[1, 2]), "on the edge");
        assert_eq!(around(&communities, -27.02, -48.0), ids(&[]));
    }

    #[test]
    fn who_is_in_a_community_is_served_from_there_and_who_is_in_none_from_outside() {
        let all = vec![
            community(1, Outline::new(vec![vec![square(-27.0, -48.0, 0.01)]])),
            community(2, Outline::new(vec![vec![square(-27.0, -48.005, 0.01)]])),
        ];
        let communities = Communities::new(all, 0);
        let (one, both, two, none) =
            ((-26.995, -47.993), (-26.995, -47.998), (-26.995, -48.003), (-26.995, -48.02));
        let served = |home: (f64, f64), from: (f64, f64)| {
            let [home, from] = [home, from].map(|(lat, lng)| Point::new(lat, lng).unwrap());
            let reach = Earth::new(6_378_100.0).unwrap().envelopes(home, Radius::new(5_000.0).unwrap());
            communities.near(reach).of_home(home).may_be_served_from(from)
        };
        for (home, from) in [(one, both), (both, one), (both, two), (none, none), (one, one)] {
            assert!(served(home, from), "{home:?} {from:?}");
        }
        for (home, from) in [(one, two), (two, one), (none, one), (one, none), (none, both)] {
            assert!(!served(home, from), "{home:?} {from:?}");
        }
    }

    proptest! {
        #[test]
        fn an_outline_is_what_its_polygons_say(
            polygons in prop::collection::vec(prop::collection::vec(prop::collection::vec((-90.0..=90.0, -180.0..=180.0), 4..9), 1..3), 0..3)
        ) {
            // Closed, as they are given back.
            let closed = |ring: &Vec<(f64, f64)>| { let mut ring = ring.clone(); ring.push(ring[0]); self::ring(&ring) };
            let polygons: Vec<Vec<Ring>> = polygons.iter().map(|rings| rings.iter().map(closed).collect()).collect();
            prop_assert_eq!(Outline::new(polygons.clone()).polygons(), polygons);
        }
    }
}
