//! Straight lines over a sphere.

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
