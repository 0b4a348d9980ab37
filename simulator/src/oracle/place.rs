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

    /// How far the point is, if it is in the radius.
    pub(super) fn reaches(&self, rules: &OracleRules, lat: f64, lng: f64) -> Option<f64> {
        // No point is nearer than its difference in latitude; the millimetre is for rounding.
        let degrees = ((self.radius_m + 0.001) / rules.earth_radius_m).to_degrees();
        if (lat - self.lat).abs() > degrees {
            return None;
        }
        let (here, there) = (unit_vector(self.lat, self.lng), unit_vector(lat, lng));
        let distance = distance_m(here, there, rules.earth_radius_m);
        let inside = match rules.boundary {
            Boundary::Inclusive => distance <= self.radius_m,
            Boundary::Exclusive => distance < self.radius_m,
        };
        inside.then_some(distance)
    }
}
