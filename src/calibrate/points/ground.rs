//! The network that points are chosen in.

use super::{Aim, Probe};
use crate::calibrate::survey::Survey;
use crate::ozmap::splitters::PortsByBox;
use crate::ozmap::wire::rows::BoxRow;
use crate::viability::geo::{Point, Radius};
use crate::viability::homes::HomeRules;
use crate::viability::plant::{Evidence, MaximumDrop, ObjectId, Projects, Scope, Stage};
use crate::viability::ports::ServiceConnectors;
use crate::viability::snapshot::Snapshot;
use crate::viability::{Answer, Doubt, Query, Rules, evaluate};
use std::collections::{HashMap, HashSet};
use std::f64::consts::TAU;
use std::num::NonZeroUsize;

/// Metres of a degree of latitude.
const DEGREE: f64 = 111_195.0;
/// Metres from the box that a point is about.
const DISTANCES: [f64; 7] = [0.0, 4.0, 15.0, 40.0, 80.0, 130.0, 260.0];
/// Metres; those above the configured maximum are left out.
const RADII: [f64; 6] = [150.0, 50.0, 100.0, 300.0, 500.0, 1_000.0];
/// Numbers of boxes that people set as a maximum in OZmap.
const MAXIMA: [usize; 5] = [10, 20, 25, 50, 100];
/// Spheres between which a box may lie, by their radii in metres.
const SPHERES: [(f64, f64); 2] = [(6_378_100.0, 6_371_000.0), (6_378_137.0, 6_378_100.0)];
/// The box at the edge is the last of so many at most, so that no maximum cuts it off.
const BEFORE_EDGE: usize = 8;
/// Metres between two boxes that tell one from the other however distances are rounded.
const APART: f64 = 0.05;

pub(super) struct Ground<'s> {
    survey: &'s Survey,
    rules: Rules,
    max_boxes: usize,
    snapshot: Snapshot,
    /// By the configured rules.
    ports: PortsByBox,
    /// If blocked ports were free.
    with_blocked: PortsByBox,
    /// If those of homes without client were.
    with_vacant: PortsByBox,
    /// Boxes with homes that have no client.
    homes: HashSet<ObjectId>,
    projects: Projects,
    dice: fastrand::Rng,
}

impl<'s> Ground<'s> {
    pub(super) fn of(survey: &'s Survey, rules: &Rules, seed: u64) -> Self {
        let everything = Rules { max_boxes: NonZeroUsize::MAX, list_refused: true, ..rules.clone() };
        let blocked_too = Rules { blocked_ports_are_free: true, ..everything.clone() };
        let homes = HomeRules { ports_are_free: true, ..rules.homes };
        let vacant_too = Rules { homes, ..everything.clone() };
        let vacant = survey.homes.iter().flatten().filter_map(|row| row.vacant.as_ref());
        Self {
            survey,
            max_boxes: rules.max_boxes.get(),
            snapshot: survey.snapshot(&everything),
            ports: survey.ports(&everything),
            with_blocked: survey.ports(&blocked_too),
            with_vacant: survey.ports(&vacant_too),
            homes: vacant.filter_map(|vacant| vacant.in_box).collect(),
            projects: survey.projects.iter().map(|one| (one.id, one.maximum_drop)).collect(),
            rules: everything,
            dice: fastrand::Rng::with_seed(seed),
        }
    }

    /// The boxes that an aim may be about, shuffled.
    pub(super) fn wanted(&mut self, aim: Aim) -> Vec<usize> {
        let of_kind = match aim {
            Aim::Kind(kind) => {
                let alone = ServiceConnectors::new([kind]).unwrap_or_default();
                self.survey.ports(&Rules { service_connectors: alone, ..self.rules.clone() })
            }
            _ => PortsByBox::default(),
        };
        let shared = if aim == Aim::Shared { self.places() } else { HashMap::new() };
        let is_wanted = |&(_, row): &(usize, &BoxRow)| {
            let free = |ports: &PortsByBox| ports.get(&row.id).is_some_and(|ports| ports.free > 0);
            let is_draft = row.stage == Stage::Draft;
            match aim {
                Aim::Draft => is_draft,
                _ if is_draft => false,
                Aim::Full => self.ports.contains_key(&row.id) && !free(&self.with_blocked),
                Aim::Blocked => !free(&self.ports) && free(&self.with_blocked),
                Aim::Kind(_) => of_kind.contains_key(&row.id),
                Aim::Empty => !self.ports.contains_key(&row.id),
                Aim::Vacant => !free(&self.ports) && free(&self.with_vacant),
                Aim::Home => self.homes.contains(&row.id),
                Aim::Community => self.survey.is_in_a_community(row.position),
                Aim::Shared => shared.get(&key(row.position)).is_some_and(|boxes| *boxes > 1),
                Aim::Exact => free(&self.ports) && is_short(row.position),
                Aim::Drop => free(&self.ports) && self.longest(row.project).is_some(),
                Aim::Box | Aim::Crowd | Aim::Edge | Aim::Nowhere => free(&self.ports),
            }
        };
        let rows = self.survey.boxes.iter().enumerate();
        let mut wanted: Vec<_> = rows.filter(is_wanted).map(|(at, _)| at).collect();
        self.dice.shuffle(&mut wanted);
        wanted
    }

    /// A point that is about this box; the `turn`-th of its aim. `None` where it would tell nothing.
    pub(super) fn probe(&mut self, aim: Aim, chosen: usize, turn: usize) -> Option<Probe> {
        let row = self.survey.boxes.get(chosen)?;
        let (id, at, project) = (row.id, row.position, row.project);
        let probe = match aim {
            Aim::Crowd => self.crowd(at, turn)?,
            Aim::Edge => self.edge(at, turn)?,
            Aim::Exact => self.exact(at)?,
            Aim::Drop => self.long_drop(id, at, project)?,
            Aim::Nowhere => Probe::around(self.beside(at, 30_000.0)?, self.radius(turn)?),
            _ => {
                let radius = self.radius(turn)?;
                let far = DISTANCES.get(self.dice.usize(..DISTANCES.len())).copied()?;
                let far = far.min(radius.metres() * 0.9);
                Probe::around(self.beside(at, far)?, radius)
            }
        };
        self.is_sure(&probe).then_some(probe)
    }

    fn crowd(&mut self, at: Point, turn: usize) -> Option<Probe> {
        let center = self.beside(at, 30.0)?;
        let found = self.ask(center, self.rules.max_radius);
        let maxima: Vec<_> = MAXIMA.into_iter().chain([self.max_boxes]).collect();
        let most = maxima.get(turn % maxima.len()).copied()?;
        let last = found.boxes.get(most + 1)?.distance;
        let beyond = found.boxes.get(most + 2).map_or(last + 1.0, |next| next.distance);
        (beyond - last > APART).then_some(())?;
        let radius = Radius::new(hundredths(f64::midpoint(last, beyond)))?;
        Some(Probe::around(center, radius))
    }

    fn edge(&mut self, at: Point, turn: usize) -> Option<Probe> {
        let center = self.beside(at, 60.0)?;
        let found = self.ask(center, self.rules.max_radius);
        let last = found.boxes.len().min(BEFORE_EDGE).checked_sub(1)?;
        let distance = found.boxes.get(last)?.distance;
        let (one, other) = SPHERES.get(turn % SPHERES.len()).copied()?;
        let between = distance / self.rules.earth.radius_metres() * f64::midpoint(one, other);
        // A tenth of a millimetre is less than the spheres leave between them at this distance.
        let radius = Radius::new((between * 1e4).round() / 1e4)?;
        (distance > 100.0 && radius <= self.rules.max_radius).then(|| Probe::around(center, radius))
    }

    /// With another box near by: if OZmap takes a radius of 0 for none, that shows.
    fn exact(&self, at: Point) -> Option<Probe> {
        let near = Radius::new(100.0)?;
        let found = self.ask(at, near);
        let others = found.boxes.iter().any(|found| found.distance > 1.0);
        others.then(|| Probe::exactly_at(at, near))
    }

    fn long_drop(&mut self, id: ObjectId, at: Point, project: ObjectId) -> Option<Probe> {
        let longest = self.longest(project)?;
        let center = self.beside(at, longest * 1.03 + 2.0)?;
        let radius = Radius::new(hundredths(longest * 1.1 + 10.0))?;
        let found = self.ask(center, radius);
        let listed = found.boxes.iter().take(self.max_boxes);
        let is_among = listed.map(|found| found.service_box.id).any(|other| other == id);
        (is_among && radius <= self.rules.max_radius).then(|| Probe::around(center, radius))
    }

    /// Metres that a project allows, if it says.
    fn longest(&self, project: ObjectId) -> Option<f64> {
        match self.projects.get(&project)? {
            MaximumDrop::Metres(longest) => Some(longest.metres()),
            MaximumDrop::Unlimited | MaximumDrop::Unknown => None,
        }
    }

    /// Whether all that is in reach was read whole: where it wasn't, the proxy asks OZmap.
    fn is_sure(&self, probe: &Probe) -> bool {
        let found = self.ask(probe.center, probe.searched());
        let offered = found.boxes.iter().map(|found| found.service_box.evidence);
        let refused = found.refused.iter().map(|found| found.service_box.evidence);
        found.doubt == Doubt::None && offered.chain(refused).all(|evidence| evidence == Evidence::Whole)
    }

    fn ask(&self, center: Point, radius: Radius) -> Answer<'_> {
        evaluate(&self.snapshot, &Query { center, radius }, &Scope::Everything, &self.rules)
    }

    /// Those that are usual, one after the other.
    fn radius(&self, turn: usize) -> Option<Radius> {
        let usual = self.rules.default_radius.map(Radius::metres);
        let radii = usual.into_iter().chain(RADII).filter_map(Radius::new);
        let radii: Vec<_> = radii.filter(|radius| *radius <= self.rules.max_radius).collect();
        radii.get(turn % radii.len().max(1)).copied().or(Some(self.rules.max_radius))
    }

    /// So many metres away in some direction, written with seven decimals.
    fn beside(&mut self, at: Point, metres: f64) -> Option<Point> {
        if metres == 0.0 {
            return Some(at);
        }
        let (east, north) = (self.dice.f64() * TAU).sin_cos();
        let degree_of_lng = DEGREE * at.lat().to_radians().cos();
        let written = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Point::new(
            written(at.lat() + north * metres / DEGREE),
            written(at.lng() + east * metres / degree_of_lng),
        )
    }

    /// How many boxes hang at one place.
    fn places(&self) -> HashMap<[u64; 2], u32> {
        let mut places = HashMap::new();
        for position in self.survey.positions() {
            *places.entry(key(position)).or_default() += 1;
        }
        places
    }
}

fn key(position: Point) -> [u64; 2] {
    [position.lat().to_bits(), position.lng().to_bits()]
}

fn hundredths(metres: f64) -> f64 {
    (metres * 100.0).round() / 100.0
}

/// Whether any reader takes its digits for the same number: what has more of them is rounded one way or the other.
fn is_short(position: Point) -> bool {
    let is_short = |degrees: f64| ((degrees * 1e9).round() / 1e9).to_bits() == degrees.to_bits();
    [position.lat(), position.lng()].into_iter().all(is_short)
}
