//! Places to ask for.

use super::town::METRES_PER_DEGREE;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use viability_proxy::viability::Query;
use viability_proxy::viability::geo::{Point, Radius};
use viability_proxy::viability::plant::ServiceBox;

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
