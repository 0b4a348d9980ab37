//! A network to measure with: towns of street blocks, spread over a country, the same for every run.
#![allow(dead_code, reason = "each benchmark takes what it needs")]
#![allow(clippy::allow_attributes, reason = "in some of them nothing is left over")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::time::UNIX_EPOCH;
use viability_proxy::viability::geo::{Earth, Point, Radius};
use viability_proxy::viability::plant::{Evidence, ObjectId, Ports, ServiceBox, Stage};
use viability_proxy::viability::snapshot::Plant;
use viability_proxy::viability::{Query, Rules};

/// How closely boxes stand.
#[derive(Clone, Copy)]
pub(crate) enum Density {
    /// A city: 200 a square kilometre.
    Dense,
    /// A village: 20.
    Sparse,
}

impl Density {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
        }
    }

    fn per_square_metre(self) -> f64 {
        match self {
            Self::Dense => 200e-6,
            Self::Sparse => 20e-6,
        }
    }
}

const METRES_PER_DEGREE: f64 = 111_195.0;
/// The size of the largest towns.
const TOWN: usize = 4_000;
const PROJECTS: usize = 400;

/// So many boxes, in the order of their ids, which is none in space.
pub(crate) fn boxes(count: usize, density: Density) -> Vec<ServiceBox> {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let towns = count.div_ceil(TOWN);
    let centres: Vec<_> =
        (0..towns).map(|_| (dice.random_range(-30.0..0.0), dice.random_range(-60.0..-40.0))).collect();
    let side = (count as f64 / towns as f64 / density.per_square_metre()).sqrt() / METRES_PER_DEGREE;
    (0..count)
        .map(|number| {
            let town = dice.random_range(0..towns);
            let (lat, lng): (f64, f64) = centres[town];
            let within = |dice: &mut ChaCha8Rng| dice.random_range(-side / 2.0..side / 2.0);
            let (lat, lng) = (lat + within(&mut dice), lng + within(&mut dice) / lat.to_radians().cos());
            let ports = (number % 20 != 0).then(|| Ports {
                total: 8,
                free: if number % 8 == 0 { 0 } else { dice.random_range(1..=8) },
            });
            ServiceBox {
                id: id(number),
                name: format!("CTO-{town:04}-{number:07}").into(),
                project: id(usize::MAX - town % PROJECTS),
                position: Point::new(rounded(lat), rounded(lng)).expect("a place in Brazil"),
                stage: if number % 25 == 0 { Stage::Draft } else { Stage::Implanted },
                ports,
                evidence: Evidence::Whole,
            }
        })
        .collect()
}

/// As OZmap's maps give them.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

fn id(number: usize) -> ObjectId {
    let mut bytes = [0x5d; 12];
    bytes[4..].copy_from_slice(&(number as u64).to_be_bytes());
    ObjectId::from_bytes(bytes)
}

/// These boxes as a refresh has them.
pub(crate) fn plant(boxes: Vec<ServiceBox>) -> Plant {
    let projects: HashSet<_> = boxes.iter().map(|one| one.project).collect();
    Plant { read_at: UNIX_EPOCH, projects, boxes, unplaced: 0 }
}

/// Homes near boxes, each another place in the country.
pub(crate) fn queries(boxes: &[ServiceBox], metres: f64, count: usize) -> Vec<Query> {
    let mut dice = ChaCha8Rng::seed_from_u64(2);
    let radius = Radius::new(metres).expect("a radius");
    let near = 80.0 / METRES_PER_DEGREE;
    (0..count)
        .map(|_| {
            let at = boxes[dice.random_range(0..boxes.len())].position;
            let (lat, lng) =
                (at.lat() + dice.random_range(-near..near), at.lng() + dice.random_range(-near..near));
            Query { center: Point::new(lat, lng).expect("a place in Brazil"), radius }
        })
        .collect()
}

/// Those of an installation as it comes.
pub(crate) fn rules() -> Rules {
    Rules {
        default_radius: None,
        max_radius: Radius::new(2_000.0).expect("a radius"),
        max_boxes: NonZeroUsize::new(100).expect("not 0"),
        blocked_ports_are_free: false,
        earth: Earth::new(6_378_100.0).expect("the Earth"),
    }
}

/// The networks to measure: all of them, or in a smoke run (`--test`) a small one.
pub(crate) fn sizes(all: &[usize]) -> Vec<usize> {
    if is_smoke_run() { vec![1_000] } else { all.to_vec() }
}

/// Whether it is only to be seen that the benchmarks run.
pub(crate) fn is_smoke_run() -> bool {
    std::env::args().any(|argument| argument == "--test")
}
