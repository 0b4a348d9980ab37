//! The viability answer by plain loops over all boxes: slow on purpose, so that there is nothing to get wrong.

use serde::{Serialize, Serializer};

use crate::keys::Scope;
use crate::network::Network;
use crate::settings::OracleRules;

/// A query that was checked: finite degrees in range, a radius in metres that is not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    pub(crate) radius_m: f64,
}

impl Place {
    /// The reason why such values are refused is for people.
    pub(crate) fn checked(lat: f64, lng: f64, radius_m: f64) -> Result<Self, &'static str> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err("lat must be a number from -90 to 90");
        }
        if !(-180.0..=180.0).contains(&lng) {
            return Err("lng must be a number from -180 to 180");
        }
        if !(radius_m.is_finite() && radius_m >= 0.0) {
            return Err("radius must be a number of metres, 0 or more");
        }
        Ok(Self { lat, lng, radius_m })
    }
}

/// The answer, its keys in OZmap's order.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    viable: bool,
    boxes: Vec<Item>,
    refused_boxes: Vec<Item>,
    properties: [(); 0],
}

#[derive(Debug, Serialize)]
struct Item {
    #[serde(serialize_with = "as_javascript_writes")]
    distance: f64,
    name: String,
    id: String,
    project: String,
    #[serde(serialize_with = "as_javascript_writes")]
    lat: f64,
    #[serde(serialize_with = "as_javascript_writes")]
    lng: f64,
    implanted: bool,
    availability: usize,
    horizontal_condos: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// OZmap is written in JavaScript: whole numbers have no `.0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
fn as_javascript_writes<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees and metres are far below 2^53")]
    let whole = number.trunc() as i64;
    if number.fract() == 0.0 { serializer.serialize_i64(whole) } else { serializer.serialize_f64(*number) }
}

/// Judges every box.
pub(crate) fn answer(network: &Network, scope: &Scope, rules: &OracleRules, place: Place) -> Answer {
    let (mut sellable, mut refused) = (Vec::new(), Vec::new());
    let here = unit_vector(place.lat, place.lng);
    // No point is nearer than its difference in latitude; the millimetre is for rounding.
    let degrees = ((place.radius_m + 0.001) / rules.earth_radius_m).to_degrees();
    for row in &network.boxes {
        if (row.lat - place.lat).abs() > degrees || row.gone || row.draft || !scope.sees(row.project) {
            continue;
        }
        let distance = distance_m(here, unit_vector(row.lat, row.lng), rules.earth_radius_m);
        if distance <= place.radius_m {
            match network.free_ports(row, rules.blocked_ports_are_free) {
                None => refused.push((distance, row, 0, Some("no_service_connector"))),
                Some(0) => refused.push((distance, row, 0, Some("no_free_port"))),
                Some(free) => sellable.push((distance, row, free, None)),
            }
        }
    }
    let items = |mut found: Vec<(f64, _, usize, _)>| {
        found.sort_by(|(near, a, ..): &(f64, &crate::network::BoxRow, _, _), (far, b, ..)| {
            near.total_cmp(far).then(a.id.cmp(&b.id))
        });
        found.truncate(rules.max_boxes);
        found
            .into_iter()
            .map(|(distance, row, availability, reason)| Item {
                distance: (distance * 100.0).round() / 100.0,
                name: row.name.to_string(),
                id: row.id.to_string(),
                project: network.projects[usize::from(row.project)].id.to_string(),
                lat: row.lat,
                lng: row.lng,
                implanted: row.implanted,
                availability,
                horizontal_condos: [],
                reason,
            })
            .collect::<Vec<_>>()
    };
    let (boxes, refused_boxes) = (items(sellable), items(refused));
    Answer { viable: !boxes.is_empty(), boxes, refused_boxes, properties: [] }
}

/// The point on the unit sphere.
pub(crate) fn unit_vector(lat: f64, lng: f64) -> [f64; 3] {
    let (lat_sin, lat_cos) = lat.to_radians().sin_cos();
    let (lng_sin, lng_cos) = lng.to_radians().sin_cos();
    [lat_cos * lng_cos, lat_cos * lng_sin, lat_sin]
}

/// Along the surface, from the chord between the two points.
pub(crate) fn distance_m(a: [f64; 3], b: [f64; 3], earth_radius_m: f64) -> f64 {
    let chord = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    2.0 * earth_radius_m * (chord / 2.0).min(1.0).asin()
}
