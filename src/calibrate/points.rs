//! Where OZmap is asked: points that tell hypotheses apart, the same ones for the same network and seed.

mod ground;

use super::survey::Survey;
use crate::viability::Rules;
use crate::viability::geo::{Point, Radius};
use crate::viability::ports::ConnectorKind;
use ground::Ground;
use std::collections::HashSet;

/// A question to OZmap and to ourselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// The home.
    pub center: Point,
    /// Why it was chosen.
    pub aim: Aim,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    /// So far.
    Within(Radius),
    /// No farther than 0 metres. What is searched is wider, for no radius is 0.
    Exactly { searched: Radius },
}

impl Probe {
    /// Everything within a radius.
    pub fn around(center: Point, radius: Radius) -> Self {
        Self { center, aim: Aim::Box, reach: Reach::Within(radius) }
    }

    /// Only what hangs exactly there, at a distance of 0 by every formula: that is in reach if the edge of the radius is.
    pub fn exactly_at(center: Point, searched: Radius) -> Self {
        Self { center, aim: Aim::Exact, reach: Reach::Exactly { searched } }
    }

    fn aimed(self, aim: Aim) -> Self {
        Self { aim, ..self }
    }

    /// The radius that OZmap is asked for.
    pub fn metres(&self) -> f64 {
        match self.reach {
            Reach::Within(radius) => radius.metres(),
            Reach::Exactly { .. } => 0.0,
        }
    }

    /// Whether it asks for a radius of 0 metres, which an OZmap may refuse or take for none.
    pub fn is_exact(&self) -> bool {
        matches!(self.reach, Reach::Exactly { .. })
    }

    /// A radius that holds all that it is about.
    pub fn searched(&self) -> Radius {
        match self.reach {
            Reach::Within(radius) | Reach::Exactly { searched: radius } => radius,
        }
    }

    /// The query, for whoever wants to ask it again.
    pub fn query(&self) -> String {
        format!("lat={}&lng={}&radius={}", self.center.lat(), self.center.lng(), self.metres())
    }
}

/// Why a point was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// A box with a free port.
    Box,
    /// One without.
    Full,
    /// One whose only free ports are blocked.
    Blocked,
    /// One that holds connectors of a kind that doesn't count here, and seldom others.
    Kind(ConnectorKind),
    /// A draft.
    Draft,
    /// One that holds nothing for clients.
    Empty,
    /// More boxes than some maximum.
    Crowd,
    /// A box between the same radius on two spheres.
    Edge,
    /// A box at distance 0, and a radius of 0.
    Exact,
    /// A box farther away than its project allows.
    Drop,
    /// A box whose only free ports lead to homes without client.
    Vacant,
    /// A box with a home without client.
    Home,
    /// A box in a gated community.
    Community,
    /// Boxes at one place.
    Shared,
    /// No box.
    Nowhere,
}

impl Aim {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Box => "a box",
            Self::Full => "a full box",
            Self::Blocked => "a box with blocked ports only",
            Self::Kind(ConnectorKind::Splitter) => "a box with splitters",
            Self::Kind(ConnectorKind::Connector) => "a box with connectors",
            Self::Kind(ConnectorKind::Fusion) => "a box with fusions",
            Self::Kind(ConnectorKind::Switch) => "a box with switches",
            Self::Draft => "a draft",
            Self::Empty => "a box without connectors",
            Self::Crowd => "many boxes",
            Self::Edge => "a box at the edge",
            Self::Exact => "a box at distance 0",
            Self::Drop => "a long drop",
            Self::Vacant => "a box with ports of homes only",
            Self::Home => "a home without client",
            Self::Community => "a gated community",
            Self::Shared => "boxes at one place",
            Self::Nowhere => "no box",
        }
    }

    /// More points of it tell nothing more.
    fn most(self) -> usize {
        match self {
            Self::Nowhere => 3,
            Self::Exact => 8,
            Self::Shared => 10,
            _ => usize::MAX,
        }
    }
}

/// How many points, and which of all that would do.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// How many.
    pub points: usize,
    /// Another seed chooses others.
    pub seed: u64,
}

/// Candidates that are looked at for one point.
const TRIES: usize = 40;
/// Points close to where nothing hangs, and to whatever else an aim wants, each in its turn; what is still missing then is
/// taken at boxes.
const AIMS: [Aim; 14] = [
    Aim::Box,
    Aim::Crowd,
    Aim::Full,
    Aim::Edge,
    Aim::Exact,
    Aim::Blocked,
    Aim::Draft,
    Aim::Empty,
    Aim::Drop,
    Aim::Vacant,
    Aim::Home,
    Aim::Community,
    Aim::Shared,
    Aim::Nowhere,
];

/// Chooses points, each aim in its turn, so that few points serve all of them. Fewer than asked for only where there is no
/// box.
pub(super) fn choose(survey: &Survey, rules: &Rules, choice: Choice) -> Vec<Probe> {
    let mut ground = Ground::of(survey, rules, choice.seed);
    let others = survey.kinds().filter(|kind| !rules.service_connectors.count(*kind)).map(Aim::Kind);
    let mut queues: Vec<_> = AIMS.into_iter().chain(others).map(|aim| Queue::new(aim, &mut ground)).collect();
    let (mut probes, mut seen) = (Vec::new(), HashSet::new());
    while probes.len() < choice.points {
        let before = probes.len();
        for queue in &mut queues {
            let next = queue.next(&mut ground);
            // A query is its text: what reads alike is asked once.
            probes.extend(next.filter(|probe| seen.insert(probe.query())));
        }
        if probes.len() == before {
            break;
        }
    }
    probes.truncate(choice.points);
    probes
}

/// Boxes that an aim may want, in an order of chance.
struct Queue {
    aim: Aim,
    boxes: Vec<usize>,
    at: usize,
    taken: usize,
}

impl Queue {
    fn new(aim: Aim, ground: &mut Ground<'_>) -> Self {
        Self { aim, boxes: ground.wanted(aim), at: 0, taken: 0 }
    }

    fn next(&mut self, ground: &mut Ground<'_>) -> Option<Probe> {
        if self.taken >= self.aim.most() {
            return None;
        }
        for _ in 0..TRIES {
            if self.at == self.boxes.len() && self.aim == Aim::Box {
                // From elsewhere they are other points.
                self.at = 0;
            }
            let chosen = *self.boxes.get(self.at)?;
            self.at += 1;
            if let Some(probe) = ground.probe(self.aim, chosen, self.taken) {
                self.taken += 1;
                return Some(probe.aimed(self.aim));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::hypotheses::Hypothesis;
    use crate::calibrate::projection;
    use crate::calibrate::tests::{rules, survey};
    use crate::viability::geo::Earth;

    const CHOICE: Choice = Choice { points: 150, seed: 1 };

    #[test]
    fn the_same_network_and_seed_choose_the_same_points_each_once() {
        let survey = survey();
        let queries = |seed| -> Vec<_> {
            let probes = choose(&survey, &rules(), Choice { seed, ..CHOICE });
            probes.iter().map(Probe::query).collect()
        };
        let first = queries(1);
        assert_eq!(first, queries(1));
        assert_ne!(first, queries(2));
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), 150);
        assert!(choose(&Survey::default(), &rules(), CHOICE).is_empty());
    }

    #[test]
    fn no_radius_is_larger_than_the_proxy_answers() {
        let most = Radius::new(120.0).unwrap();
        let narrow = Rules { max_radius: most, default_radius: None, ..rules() };
        let probes = choose(&survey(), &narrow, CHOICE);
        assert_eq!(probes.len(), 150);
        assert!(probes.iter().all(|probe| probe.metres() <= most.metres()));
    }

    #[test]
    fn what_is_kept_around_the_points_answers_as_the_whole_does() {
        let whole = survey();
        let probes = choose(&whole, &rules(), Choice { points: 20, seed: 3 });
        let near = whole.around(&probes[..3]);
        assert!(near.boxes() < whole.boxes());
        let (near, whole) = (near.snapshot(&rules()), whole.snapshot(&rules()));
        let hypothesis = Hypothesis::configured(&rules());
        for probe in &probes[..3] {
            let answers = [&near, &whole].map(|snapshot| projection::answer(snapshot, probe, &hypothesis));
            assert_eq!(answers[0], answers[1], "{}", probe.query());
        }
    }

    #[test]
    fn the_box_at_the_edge_is_inside_on_one_sphere_only() {
        let survey = survey();
        let probes = choose(&survey, &rules(), CHOICE);
        let snapshot = survey.snapshot(&rules());
        let mut edges = 0;
        for probe in probes.iter().filter(|probe| probe.aim == Aim::Edge) {
            let found = [6_371_000.0, 6_378_100.0, 6_378_137.0].map(|metres| {
                let rules = Rules { earth: Earth::new(metres).unwrap(), ..rules() };
                projection::judged(&snapshot, probe, &Hypothesis::configured(&rules)).boxes.len()
            });
            assert_ne!(found[0], found[2], "{}", probe.query());
            edges += 1;
        }
        assert!(edges > 5, "{edges}");
    }
}
