//! Where a query asks, and what is near enough.

use super::distance::{distance_m, unit_vector};
use crate::settings::rules::{Boundary, OracleRules};

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

/// What lies in the radius of a place.
#[derive(Debug)]
pub(super) struct Circle {
    place: Place,
    centre: [f64; 3],
    earth_radius_m: f64,
    boundary: Boundary,
    /// No point is nearer than its difference in latitude: what differs by more is outside.
    degrees: f64,
}

impl Circle {
    pub(super) fn around(place: Place, rules: &OracleRules) -> Self {
        Self {
            place,
            centre: unit_vector(place.lat, place.lng),
            earth_radius_m: rules.earth_radius_m,
            boundary: rules.boundary,
            // The millimetre is for rounding.
            degrees: ((place.radius_m + 0.001) / rules.earth_radius_m).to_degrees(),
        }
    }

    /// How far the point is, if it is inside.
    pub(super) fn distance_to(&self, lat: f64, lng: f64) -> Option<f64> {
        if (lat - self.place.lat).abs() > self.degrees {
            return None;
        }
        let distance = distance_m(self.centre, unit_vector(lat, lng), self.earth_radius_m);
        let inside = match self.boundary {
            Boundary::Inclusive => distance <= self.place.radius_m,
            Boundary::Exclusive => distance < self.place.radius_m,
        };
        inside.then_some(distance)
    }
}
