//! A network to measure with: towns of street blocks, spread over a country, the same for every run.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::UNIX_EPOCH;
use viability_proxy::viability::geo::Point;
use viability_proxy::viability::plant::{Evidence, MaximumDrop, ObjectId, ServiceBox, Stage};
use viability_proxy::viability::ports::Ports;
use viability_proxy::viability::snapshot::Plant;

/// Boxes on a square metre of a city: 200 a square kilometre.
pub(crate) const CITY: f64 = 200e-6;
pub(crate) const METRES_PER_DEGREE: f64 = 111_195.0;
/// The size of the largest towns.
const TOWN: usize = 4_000;
const PROJECTS: usize = 400;

/// So many boxes, so many of them on a square metre, in the order of their ids, which is none in space.
pub(crate) fn boxes(count: usize, density: f64) -> Vec<ServiceBox> {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let towns = count.div_ceil(TOWN);
    let centres: Vec<_> =
        (0..towns).map(|_| (dice.random_range(-30.0..0.0), dice.random_range(-60.0..-40.0))).collect();
    let side = (count as f64 / towns as f64 / density).sqrt() / METRES_PER_DEGREE;
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
    let projects = boxes.iter().map(|one| (one.project, MaximumDrop::Unlimited)).collect();
    Plant { projects, boxes, ..Plant::empty(UNIX_EPOCH) }
}
