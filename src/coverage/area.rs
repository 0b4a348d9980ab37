//! The ground from where a free port is within a radius: a disc around each box that can be sold, melted together.

use crate::viability::Rules;
use crate::viability::geo::{Earth, Point, Radius};
use crate::viability::plant::MaximumDrop;
use crate::viability::snapshot::Snapshot;
use ::geo::algorithm::unary_union;
use ::geo::orient::{Direction, Orient};
use ::geo::{Coord, LineString, MultiPolygon, Polygon};
use std::collections::HashMap;
use std::f64::consts::TAU;

/// Corners of a disc, which lie at the radius: its edges are at most an eight hundredth of it inside. No ground is claimed
/// that is beyond.
const CORNERS: u32 = 64;
/// Parts of a degree to which corners are written: a tenth of a metre.
const PRECISION: f64 = 1e6;
/// Degrees, some kilometres: the side of a square whose boxes are melted first.
const SQUARE: f64 = 0.05;

/// The ground around the boxes that can be sold.
#[derive(Clone, Debug)]
pub struct Area {
    radius: Radius,
    boxes: usize,
    ground: MultiPolygon<f64>,
}

impl Area {
    /// Of all boxes that can be sold, as far as their projects allow a drop to be, where that counts. Gated communities are
    /// not considered: the ground is that of distances alone.
    ///
    /// Takes seconds for hundreds of thousands of boxes.
    pub fn of(snapshot: &Snapshot, radius: Radius, rules: &Rules) -> Self {
        let sellable = snapshot.boxes().filter(|one| one.refusal().is_none());
        let places: Vec<(Point, Radius)> = sellable
            .filter_map(|one| {
                let longest = snapshot.projects().get(&one.project).copied().unwrap_or_default();
                Some((one.position, reach(radius, longest, rules)?))
            })
            .collect();
        let melted = |places: Vec<(Point, Radius)>| {
            let discs: Vec<_> =
                places.into_iter().map(|(place, reach)| disc(place, reach, rules.earth)).collect();
            unary_union(&discs)
        };
        let parts: Vec<_> = squares(&places).map(melted).collect();
        let ground = unary_union(&parts).orient(Direction::Default);
        Self { radius, boxes: places.len(), ground }
    }

    /// How far from a box it goes.
    pub fn radius(&self) -> Radius {
        self.radius
    }

    /// How many boxes it lies around.
    pub fn boxes(&self) -> usize {
        self.boxes
    }

    /// Its polygons as GeoJSON has them: each an outer ring, counter-clockwise, and its holes; longitude first.
    pub fn coordinates(&self) -> Vec<Vec<Vec<[f64; 2]>>> {
        let rounded = |value: f64| (value * PRECISION).round() / PRECISION;
        let ring = |line: &LineString<f64>| line.coords().map(|at| [rounded(at.x), rounded(at.y)]).collect();
        let polygon =
            |one: &Polygon<f64>| std::iter::once(one.exterior()).chain(one.interiors()).map(ring).collect();
        self.ground.iter().map(polygon).collect()
    }
}

/// How far from a box a home may be; `None` where nobody could read what its project allows.
fn reach(radius: Radius, longest: MaximumDrop, rules: &Rules) -> Option<Radius> {
    match longest {
        _ if !rules.maximum_drop => Some(radius),
        MaximumDrop::Unlimited => Some(radius),
        MaximumDrop::Metres(longest) => Some(if longest < radius { longest } else { radius }),
        MaximumDrop::Unknown => None,
    }
}

/// Boxes that hang in the same square of a grid: melted first, they leave few corners for the whole.
fn squares(places: &[(Point, Radius)]) -> impl Iterator<Item = Vec<(Point, Radius)>> {
    let mut squares: HashMap<(u64, u64), Vec<(Point, Radius)>> = HashMap::new();
    for place in places {
        let steps = |degrees: f64| (degrees / SQUARE).floor().to_bits();
        squares.entry((steps(place.0.lat()), steps(place.0.lng()))).or_default().push(*place);
    }
    squares.into_values()
}

/// A regular polygon whose corners lie at the radius (haversine's destination; E. Williams, Aviation Formulary, "lat/lon given
/// radial and distance").
fn disc(around: Point, radius: Radius, earth: Earth) -> Polygon<f64> {
    let angle = radius.metres() / earth.radius_metres();
    let (lat, lng) = (around.lat().to_radians(), around.lng().to_radians());
    let corner = |number: u32| {
        let bearing = -TAU * f64::from(number) / f64::from(CORNERS);
        let north = (lat.sin() * angle.cos() + lat.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0);
        let east = (bearing.sin() * angle.sin() * lat.cos()).atan2(angle.cos() - lat.sin() * north);
        Coord { x: (lng + east).to_degrees(), y: north.asin().to_degrees() }
    };
    Polygon::new((0..CORNERS).map(corner).collect(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viability::plant::{Evidence, ObjectId, ServiceBox, Stage};
    use crate::viability::ports::Ports;
    use crate::viability::snapshot::Plant;
    use crate::viability::tests::rules;
    use ::geo::Contains;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn service_box(number: u8, lat: f64, lng: f64, free: u32) -> ServiceBox {
        ServiceBox {
            id: ObjectId::from_bytes([number; 12]),
            name: "CTO".into(),
            project: ObjectId::from_bytes([0; 12]),
            position: Point::new(lat, lng).unwrap(),
            stage: Stage::Implanted,
            ports: Some(Ports { total: 8, free }),
            evidence: Evidence::Whole,
        }
    }

    fn signed_area(ring: &[[f64; 2]]) -> f64 {
        ring.windows(2).map(|pair| pair[0][0] * pair[1][1] - pair[1][0] * pair[0][1]).sum()
    }

    proptest! {
        #[test]
        fn a_place_is_inside_where_a_free_port_is_within_the_radius(
            places in proptest::collection::vec((0..200_i32, 0..200_i32, 0_u32..3), 1..40),
            asked in proptest::collection::vec((-20..220_i32, -20..220_i32), 40),
            metres in 50.0_f64..400.0,
            drop in proptest::option::of(50.0_f64..400.0),
        ) {
            let place = |steps: (i32, i32)| (-27.0 + f64::from(steps.0) * 1e-4, -48.5 + f64::from(steps.1) * 1e-4);
            let boxes: Vec<_> = (1..).zip(&places).map(|(number, &(north, east, free))| {
                let (lat, lng) = place((north, east));
                service_box(number, lat, lng, free)
            }).collect();
            let free: Vec<_> = boxes.iter().filter(|one| one.refusal().is_none()).map(|one| one.position).collect();
            let rules = Rules { maximum_drop: drop.is_some(), ..rules() };
            let earth = rules.earth;
            let longest = drop.map_or(MaximumDrop::Unlimited, |drop| MaximumDrop::Metres(Radius::new(drop).unwrap()));
            let projects = [(boxes[0].project, longest)].into();
            let snapshot = Snapshot::build(1, Plant { projects, boxes, ..Plant::empty(UNIX_EPOCH) });
            let area = Area::of(&snapshot, Radius::new(metres).unwrap(), &rules);
            let metres = drop.map_or(metres, |drop| metres.min(drop));
            prop_assert_eq!(area.boxes(), free.len());
            for steps in asked {
                let (lat, lng) = place(steps);
                let at = Point::new(lat, lng).unwrap();
                let nearest = free.iter().map(|&to| earth.distance(at, to)).fold(f64::INFINITY, f64::min);
                let is_inside = area.ground.contains(&Coord { x: lng, y: lat });
                // Never beyond the radius; short of it by what the corners cut off.
                if nearest > metres + 0.01 {
                    prop_assert!(!is_inside, "{nearest} of {metres}");
                } else if nearest < metres * 0.9987 {
                    prop_assert!(is_inside, "{nearest} of {metres}");
                }
            }
            for polygon in area.coordinates() {
                for (number, ring) in polygon.iter().enumerate() {
                    prop_assert_eq!(ring.first(), ring.last());
                    prop_assert_eq!(signed_area(ring) > 0.0, number == 0);
                }
            }
        }
    }
}
