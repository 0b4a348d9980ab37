//! The rules of viability, pure: no I/O, no clock, no async.

mod angle;
pub mod communities;
pub mod explain;
pub mod geo;
pub mod homes;
mod index;
mod placed;
pub mod plant;
pub mod ports;
pub mod snapshot;
pub mod tiles;

use communities::{Community, CommunityRules, Nearby};
use geo::{Boundary, Circle, Earth, Envelopes, Point, Radius};
use homes::{Home, HomeRules};
use placed::Near;
use plant::{MaximumDrop, ObjectId, Refusal, Scope, ServiceBox};
use ports::{Ports, ServiceConnectors};
use snapshot::{Snapshot, Standing};
use std::num::NonZeroUsize;

/// A question: which boxes lie within `radius` of `center`?
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// The home to be connected.
    pub center: Point,
    /// "OzMap Raio".
    pub radius: Radius,
}

/// OZmap's own settings for viability, mirrored.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The radius of a query that names none; without it such a query is OZmap's to answer.
    pub default_radius: Option<Radius>,
    /// Queries above it are OZmap's to answer.
    pub max_radius: Radius,
    /// Whether a box at exactly the radius is in reach.
    pub boundary: Boundary,
    /// The most boxes an answer lists, the most refused ones and the most homes: the nearest of each.
    pub max_boxes: NonZeroUsize,
    /// Whether boxes that can't be sold are listed at all.
    pub list_refused: bool,
    /// What counts as a service connector (documented; OZmap lets it be chosen).
    pub service_connectors: ServiceConnectors,
    /// Whether a blocked port without fibre counts as free.
    pub blocked_ports_are_free: bool,
    /// Whether a home is refused that is farther from a box than the box's project allows.
    pub maximum_drop: bool,
    /// The sphere on which distances are measured.
    pub earth: Earth,
    /// What of homes counts.
    pub homes: HomeRules,
    /// What of gated communities counts.
    pub communities: CommunityRules,
}

impl Rules {
    /// Why a box at this distance isn't offered, if its project's maximum drop is why.
    fn refusal_of_drop(&self, longest: MaximumDrop, distance: f64) -> Option<Refusal> {
        if !self.maximum_drop {
            return None;
        }
        match longest {
            MaximumDrop::Unlimited => None,
            MaximumDrop::Metres(longest) => (distance > longest.metres()).then_some(Refusal::DropTooLong),
            MaximumDrop::Unknown => Some(Refusal::Unreadable),
        }
    }
}

/// The boxes within the radius of a query, nearest first, those at one distance by id.
///
/// Small: a connection keeps room for several.
#[derive(Debug, Default, PartialEq)]
pub struct Answer<'s> {
    /// Boxes that can be sold.
    pub boxes: Box<[Offered<'s>]>,
    /// Boxes that can't, each with its reason; drafts are never among them.
    pub refused: Box<[Refused<'s>]>,
    /// What stands around the boxes; `None` where no rule asks for it.
    pub around: Option<Box<Around<'s>>>,
    /// What could not be read and may change the verdict.
    pub doubt: Doubt,
}

/// What else an answer tells.
#[derive(Debug, Default, PartialEq)]
pub struct Around<'s> {
    /// The homes without client, where they are listed.
    pub homes: Vec<&'s Home>,
    /// Gated communities that may contain a box and that the caller may see, where they are listed.
    pub communities: Nearby<'s>,
}

/// What could not be read and may change a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing.
    #[default]
    None,
    /// Boxes, in reach for all that is known: they may make a home viable that isn't otherwise.
    Boxes,
    /// Gated communities that decide: each may contain the home, or any of the boxes.
    Communities,
}

impl Doubt {
    /// This, or the other where there is none.
    fn or(self, other: Self) -> Self {
        if self == Self::None { other } else { self }
    }
}

impl<'s> Answer<'s> {
    /// Whether the home can be connected: a box with a free port is in reach.
    pub fn is_viable(&self) -> bool {
        !self.boxes.is_empty()
    }

    /// Whether the verdict follows from what was read.
    pub fn is_certain(&self) -> bool {
        match self.doubt {
            Doubt::None => true,
            Doubt::Boxes => self.is_viable(),
            Doubt::Communities => false,
        }
    }

    /// The communities to be listed with a box: those that contain it, by id.
    pub fn communities_of(&self, service_box: &ServiceBox<&str>) -> impl Iterator<Item = &'s Community> {
        self.around.iter().flat_map(|around| around.communities.around(service_box.position))
    }

    /// The homes to be listed, the nearest first.
    pub fn homes(&self) -> impl Iterator<Item = &'s Home> {
        self.around.iter().flat_map(|around| around.homes.iter().copied())
    }

    /// With the ports of its boxes as they are by now. A box that has none free any more is refused.
    #[must_use]
    pub fn with_ports(mut self, rules: &Rules, ports: impl Fn(ObjectId) -> Option<Ports>) -> Self {
        let (mut boxes, mut refused) = (self.boxes.into_vec(), self.refused.into_vec());
        boxes.retain_mut(|found| {
            found.service_box.ports = ports(found.service_box.id);
            let Offered { distance, service_box } = *found;
            match service_box.refusal() {
                None => return true,
                // It may have more ports than these.
                Some(Refusal::Unreadable) => self.doubt = self.doubt.or(Doubt::Boxes),
                Some(reason) => refused.push(Refused { distance, service_box, reason }),
            }
            false
        });
        refused.sort_unstable_by_key(|one| (one.distance.to_bits(), one.service_box.id));
        refused.truncate(if rules.list_refused { rules.max_boxes.get() } else { 0 });
        self.boxes = boxes.into_boxed_slice();
        self.refused = refused.into_boxed_slice();
        self
    }
}

/// A box that can be sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offered<'s> {
    /// From the query's centre, in metres, unrounded.
    pub distance: f64,
    /// The box.
    pub service_box: ServiceBox<&'s str>,
}

/// A box in reach that can't be sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refused<'s> {
    /// From the query's centre, in metres, unrounded.
    pub distance: f64,
    /// The box.
    pub service_box: ServiceBox<&'s str>,
    /// Why not.
    pub reason: Refusal,
}

/// Judges a query: what OZmap would show a caller with this scope.
///
/// Each list is cut to [`Rules::max_boxes`] by itself, so that refused boxes never push out one that can be sold.
pub fn evaluate<'s>(snapshot: &'s Snapshot, query: &Query, scope: &Scope, rules: &Rules) -> Answer<'s> {
    let reach = Reach::of(query, rules);
    let communities = rules.communities.are_read().then(|| snapshot.communities_near(reach.envelopes));
    let mut found = snapshot.within(&reach.circle, reach.envelopes);
    if let Some(near) = communities.clone().filter(|_| rules.communities.decide) {
        let home = near.of_home(query.center);
        found.retain(|near| snapshot.position(near.row).is_some_and(|at| home.may_be_served_from(at)));
    }
    let Judged { boxes, refused, unreadable } = judge(snapshot, found, scope, rules);
    let boxes = nearest(boxes, |near| snapshot.id(near.row), rules.max_boxes);
    let refused = nearest(refused, |near| snapshot.id(near.row), rules.max_boxes);
    let offered = |(near, ()): (Near, ())| {
        Some(Offered { distance: near.distance, service_box: snapshot.service_box(near.row)? })
    };
    let refused_for = |(near, reason): (Near, Refusal)| {
        Some(Refused { distance: near.distance, service_box: snapshot.service_box(near.row)?, reason })
    };
    Answer {
        boxes: all_of(boxes, offered).into_boxed_slice(),
        refused: all_of(refused, refused_for).into_boxed_slice(),
        around: around(snapshot, communities, &reach, scope, rules),
        doubt: if rules.communities.decide && snapshot.communities().unreadable() > 0 {
            Doubt::Communities
        } else if unreadable > 0 {
            Doubt::Boxes
        } else {
            Doubt::None
        },
    }
}

/// Where a query looks.
struct Reach {
    circle: Circle,
    envelopes: Envelopes,
}

impl Reach {
    fn of(query: &Query, rules: &Rules) -> Self {
        let Query { center, radius } = *query;
        Self {
            circle: rules.earth.circle(center, radius, rules.boundary),
            envelopes: rules.earth.envelopes(center, radius),
        }
    }
}

/// Boxes in reach that a caller may see, by what becomes of them; drafts in none of both lists.
struct Judged {
    boxes: Vec<(Near, ())>,
    refused: Vec<(Near, Refusal)>,
    unreadable: u64,
}

fn judge(snapshot: &Snapshot, found: Vec<Near>, scope: &Scope, rules: &Rules) -> Judged {
    let (mut boxes, mut refused) = (Vec::with_capacity(found.len().min(rules.max_boxes.get())), Vec::new());
    let mut unreadable = snapshot.unplaced();
    // All of them before the first is judged: so the processor fetches several rows at a time.
    let standing = all_of(found, |near| Some((near, snapshot.standing(near.row)?)));
    for (near, Standing { project, maximum_drop, refusal }) in standing {
        let refusal = refusal.or_else(|| rules.refusal_of_drop(maximum_drop, near.distance));
        match refusal {
            _ if !scope.holds(project) => {}
            None => boxes.push((near, ())),
            Some(Refusal::Draft) => {}
            Some(Refusal::Unreadable) => unreadable += 1,
            Some(reason) if rules.list_refused => refused.push((near, reason)),
            Some(_) => {}
        }
    }
    Judged { boxes, refused, unreadable }
}

/// What is listed beside boxes, if anything is.
fn around<'s>(
    snapshot: &'s Snapshot,
    communities: Option<Nearby<'s>>,
    reach: &Reach,
    scope: &Scope,
    rules: &Rules,
) -> Option<Box<Around<'s>>> {
    let seen = |community: &Community| scope.holds_any(community.project);
    let communities = communities.filter(|_| rules.communities.listed).map(|near| near.only(seen));
    let homes = rules.homes.listed.then(|| homes(snapshot, reach, scope, rules));
    if communities.is_none() && homes.is_none() {
        return None;
    }
    let (homes, communities) = (homes.unwrap_or_default(), communities.unwrap_or_default());
    Some(Box::new(Around { homes, communities }))
}

/// The nearest homes without client that a caller may see.
fn homes<'s>(snapshot: &'s Snapshot, reach: &Reach, scope: &Scope, rules: &Rules) -> Vec<&'s Home> {
    let mut found = snapshot.homes_within(&reach.circle, reach.envelopes);
    found.retain(|(_, home)| scope.holds_any(home.project));
    found.sort_unstable_by_key(|(distance, home)| (distance.to_bits(), home.id));
    found.truncate(rules.max_boxes.get());
    found.into_iter().map(|(_, home)| home).collect()
}

/// The nearest of them in order.
fn nearest<Why: Copy>(
    mut found: Vec<(Near, Why)>,
    id: impl Fn(&Near) -> Option<ObjectId>,
    at_most: NonZeroUsize,
) -> Vec<(Near, Why)> {
    let nearer = |(a, _): &(Near, Why), (b, _): &(Near, Why)| {
        // The bits of numbers that aren't negative are in the order of the numbers.
        a.distance.to_bits().cmp(&b.distance.to_bits()).then_with(|| id(a).cmp(&id(b)))
    };
    if found.len() > at_most.get() {
        found.select_nth_unstable_by(at_most.get(), nearer);
        found.truncate(at_most.get());
    }
    found.sort_unstable_by(nearer);
    found
}

/// What becomes of them, into room for all.
fn all_of<From, To>(found: Vec<From>, into: impl FnMut(From) -> Option<To>) -> Vec<To> {
    let mut all = Vec::with_capacity(found.len());
    all.extend(found.into_iter().filter_map(into));
    all
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use plant::{Evidence, Projects, Stage};
    use proptest::prelude::*;
    use snapshot::{Census, Plant};
    use std::collections::HashSet;
    use std::time::UNIX_EPOCH;

    pub(crate) fn rules() -> Rules {
        Rules {
            default_radius: Radius::new(150.0),
            max_radius: Radius::new(2_000.0).unwrap(),
            boundary: Boundary::Inclusive,
            max_boxes: NonZeroUsize::new(100).unwrap(),
            list_refused: true,
            service_connectors: ServiceConnectors::default(),
            blocked_ports_are_free: false,
            maximum_drop: false,
            earth: Earth::new(6_378_100.0).unwrap(),
            homes: HomeRules::default(),
            communities: CommunityRules::default(),
        }
    }

    fn id(number: usize) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    pub(super) fn service_box(number: usize, lat: f64, lng: f64) -> ServiceBox {
        ServiceBox {
            id: id(number),
            name: format!("CTO {number}").into(),
            project: id(900 + number % 2),
            position: Point::new(lat, lng).unwrap(),
            stage: Stage::Implanted,
            ports: Some(Ports { total: 8, free: 3 }),
            evidence: Evidence::Whole,
        }
    }

    fn snapshot(boxes: Vec<ServiceBox>) -> Snapshot {
        Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) })
    }

    fn query(lat: f64, lng: f64, metres: f64) -> Query {
        Query { center: Point::new(lat, lng).unwrap(), radius: Radius::new(metres).unwrap() }
    }

    fn ids(answer: &Answer<'_>) -> Vec<ObjectId> {
        answer.boxes.iter().map(|found| found.service_box.id).collect()
    }

    #[test]
    fn boxes_come_nearest_first_and_those_at_one_place_by_id() {
        let boxes = vec![
            service_box(4, -27.001, -48.0),
            service_box(3, -27.0, -48.0),
            service_box(2, -27.0005, -48.0),
            service_box(1, -27.0005, -48.0),
        ];
        let snapshot = snapshot(boxes);
        let answer = evaluate(&snapshot, &query(-27.0, -48.0, 150.0), &Scope::Everything, &rules());
        assert_eq!(ids(&answer), [3, 1, 2, 4].map(id));
        assert!(answer.is_viable());
    }

    #[test]
    fn full_boxes_and_boxes_without_splitter_are_refused_and_drafts_unmentioned() {
        let boxes = vec![
            ServiceBox { ports: Some(Ports { total: 8, free: 0 }), ..service_box(1, -27.0, -48.0) },
            ServiceBox { ports: None, ..service_box(2, -27.0001, -48.0) },
            ServiceBox { stage: Stage::Draft, ..service_box(3, -27.0, -48.0) },
        ];
        let snapshot = snapshot(boxes);
        let answer = evaluate(&snapshot, &query(-27.0, -48.0, 150.0), &Scope::Everything, &rules());
        assert!(!answer.is_viable());
        let reasons: Vec<_> =
            answer.refused.iter().map(|found| (found.service_box.id, found.reason)).collect();
        assert_eq!(reasons, [(id(1), Refusal::NoFreePort), (id(2), Refusal::NoServiceConnector)]);
        let census =
            Census { sellable: 0, refused: [1, 1, 1, 0], free_ports: 0, service_ports: 16, unlisted: 0 };
        assert_eq!(snapshot.census(), census);
    }

    #[test]
    fn a_home_beyond_its_projects_maximum_drop_is_refused_where_that_counts() {
        let home = query(-27.0, -48.0, 150.0);
        let far = service_box(1, -27.001, -48.0);
        let distance = rules().earth.distance(home.center, far.position);
        let judge = |maximum_drop, longest| {
            let projects = Projects::from([(far.project, longest)]);
            let boxes = vec![far.clone()];
            let snapshot = Snapshot::build(1, Plant { projects, boxes, ..Plant::empty(UNIX_EPOCH) });
            let answer = evaluate(&snapshot, &home, &Scope::Everything, &Rules { maximum_drop, ..rules() });
            (answer.is_viable(), answer.refused.first().map(|refused| refused.reason), answer.doubt)
        };
        let metres = |metres| MaximumDrop::Metres(Radius::new(metres).unwrap());
        let (offered, too_long) =
            ((true, None, Doubt::None), (false, Some(Refusal::DropTooLong), Doubt::None));
        assert_eq!(judge(true, metres(distance)), offered, "at exactly this distance");
        assert_eq!(judge(true, metres(distance.next_down())), too_long);
        assert_eq!(judge(false, metres(1.0)), offered);
        assert_eq!(judge(true, MaximumDrop::Unlimited), offered);
        assert_eq!(judge(true, MaximumDrop::Unknown), (false, None, Doubt::Boxes), "OZmap has to say");
        assert_eq!(judge(false, MaximumDrop::Unknown), offered);
    }

    #[test]
    fn a_box_that_may_have_more_ports_than_were_checked_is_neither_offered_nor_refused() {
        let checked = |evidence| {
            let snapshot = snapshot(vec![ServiceBox { evidence, ..service_box(1, -27.0, -48.0) }]);
            let answer = evaluate(&snapshot, &query(-27.0, -48.0, 150.0), &Scope::Everything, &rules());
            assert!(answer.is_viable() && answer.is_certain());
            let answer = answer.with_ports(&rules(), |_| Some(Ports { total: 8, free: 0 }));
            (answer.is_viable(), answer.refused.len(), answer.is_certain())
        };
        assert_eq!(checked(Evidence::Whole), (false, 1, true));
        assert_eq!(checked(Evidence::Partial), (false, 0, false), "OZmap has to say");
    }

    #[test]
    fn each_list_is_cut_to_the_nearest_by_itself() {
        let mut boxes: Vec<_> = (0..6).map(|n| service_box(n, -27.0 - n as f64 * 1e-4, -48.0)).collect();
        for full in boxes.iter_mut().take(3) {
            full.ports = Some(Ports { total: 8, free: 0 });
        }
        let (snapshot, rules) =
            (snapshot(boxes), Rules { max_boxes: NonZeroUsize::new(2).unwrap(), ..rules() });
        let answer = evaluate(&snapshot, &query(-27.0, -48.0, 150.0), &Scope::Everything, &rules);
        assert_eq!(ids(&answer), [3, 4].map(id));
        assert_eq!(answer.refused.len(), 2);
    }

    #[test]
    fn a_scope_shows_boxes_of_its_projects_only() {
        let snapshot = snapshot((0..6).map(|n| service_box(n, -27.0, -48.0)).collect());
        let ask = |scope| ids(&evaluate(&snapshot, &query(-27.0, -48.0, 1.0), &scope, &rules()));
        assert_eq!(ask(Scope::Projects([id(900)].into())), [0, 2, 4].map(id));
        assert_eq!(ask(Scope::Projects(HashSet::new())), []);
    }

    /// Positions crowded where spherical geometry bites: poles, antimeridian, and one Brazilian town.
    fn positions() -> impl Strategy<Value = (f64, f64)> {
        prop_oneof![
            (-90.0..=90.0, -180.0..=180.0),
            (89.9..=90.0, -180.0..=180.0),
            (-90.0..=-89.9, -180.0..=180.0),
            (-90.0..=90.0, 179.95..=180.0),
            (-90.0..=90.0, -180.0..=-179.95),
            (-27.6..=-27.5, -48.6..=-48.5),
            Just((90.0, 0.0)),
            Just((-90.0, 180.0)),
            Just((0.0, 180.0)),
            Just((0.0, -180.0)),
        ]
    }

    /// Independent of `Earth::distance`: the chord between unit vectors.
    fn chord_distance(earth: Earth, a: Point, b: Point) -> f64 {
        let vector = |p: Point| {
            let ((sin_lat, cos_lat), (sin_lng, cos_lng)) =
                (p.lat().to_radians().sin_cos(), p.lng().to_radians().sin_cos());
            [cos_lat * cos_lng, cos_lat * sin_lng, sin_lat]
        };
        let (a, b) = (vector(a), vector(b));
        let chord = (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt();
        2.0 * earth.radius_metres() * (chord / 2.0).min(1.0).asin()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_index_finds_what_a_plain_loop_finds(
            places in prop::collection::vec(positions(), 1..120),
            center in positions(),
            metres in prop_oneof![1.0..2_000.0, 1.0..200_000.0, 1.0..20_000_000.0],
        ) {
            let boxes: Vec<_> = places.iter().enumerate().map(|(n, &(lat, lng))| service_box(n, lat, lng)).collect();
            let rules = Rules { max_boxes: NonZeroUsize::MAX, ..rules() };
            let query = query(center.0, center.1, metres);
            // Near the edge the two formulas may differ by rounding: there either result is right.
            let measured: Vec<_> = boxes.iter().map(|b| chord_distance(rules.earth, query.center, b.position)).collect();
            let snapshot = snapshot(boxes);
            let found: HashSet<_> = ids(&evaluate(&snapshot, &query, &Scope::Everything, &rules)).into_iter().collect();
            for (n, distance) in measured.into_iter().enumerate() {
                if (distance - metres).abs() > 1e-6 * metres.max(1.0) {
                    prop_assert_eq!(found.contains(&id(n)), distance < metres, "box {} at {} of {}", n, distance, metres);
                }
            }
        }

        #[test]
        fn a_box_at_exactly_the_radius_is_inside(center in positions(), place in positions()) {
            let rules = rules();
            let only = service_box(1, place.0, place.1);
            let center = Point::new(center.0, center.1).unwrap();
            let distance = rules.earth.distance(center, only.position);
            let snapshot = snapshot(vec![only]);
            let finds = |metres| Radius::new(metres).map(|radius| {
                evaluate(&snapshot, &Query { center, radius }, &Scope::Everything, &rules).is_viable()
            });
            prop_assert_ne!(finds(distance), Some(false));
            prop_assert_ne!(finds(distance.next_down()), Some(true));
        }
    }
}
