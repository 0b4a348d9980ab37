//! Positions, distances and the envelopes that hold every position within a distance.

use super::angle::{asin, sin};
use std::f64::consts::FRAC_PI_2;

/// As a share, in radians or in degrees: far above what rounding in distances can amount to, far below the distance
/// between two boxes.
const SPARE: f64 = 1e-9;

/// A position on Earth in decimal degrees: finite, latitude -90..=90, longitude -180..=180.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    lat: f64,
    lng: f64,
}

impl Point {
    /// `None` unless both are finite and in range.
    pub fn new(lat: f64, lng: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng)).then_some(Self { lat, lng })
    }

    /// Degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east.
    pub fn lng(self) -> f64 {
        self.lng
    }
}

/// A search radius in metres: finite, above 0, at most half way round the Earth.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Radius(f64);

impl Radius {
    /// The largest radius that can mean anything: half of the Earth's circumference, in metres.
    pub const LARGEST_METRES: f64 = 20_040_000.0;

    /// `None` unless `metres` is finite, above 0 and at most [`Self::LARGEST_METRES`].
    pub fn new(metres: f64) -> Option<Self> {
        (metres > 0.0 && metres <= Self::LARGEST_METRES).then_some(Self(metres))
    }

    /// The radius in metres.
    pub fn metres(self) -> f64 {
        self.0
    }
}

/// The sphere on which distances are measured.
///
/// OZmap stands on MongoDB, whose spherical queries use 6 378 100 m; whether OZmap does is an assumption,
/// therefore a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earth {
    radius_metres: f64,
}

impl Earth {
    /// `None` unless the radius lies between 6 and 7 thousand kilometres: anything else is a mistyped setting.
    pub fn new(radius_metres: f64) -> Option<Self> {
        (6_000_000.0..=7_000_000.0).contains(&radius_metres).then_some(Self { radius_metres })
    }

    /// The sphere's radius in metres.
    pub fn radius_metres(self) -> f64 {
        self.radius_metres
    }

    /// Metres in a straight line over the ground, by the haversine formula.
    pub fn distance(self, from: Point, to: Point) -> f64 {
        self.arc(Haversine::from(from).to(to))
    }

    /// What lies within `radius` of `center`.
    pub fn circle(self, center: Point, radius: Radius, boundary: Boundary) -> Circle {
        let half_angle = radius.metres() / self.radius_metres / 2.0;
        let reach =
            if half_angle < FRAC_PI_2 { half_angle.sin().powi(2) * (1.0 + SPARE) } else { f64::INFINITY };
        Circle { earth: self, haversine: Haversine::from(center), radius, boundary, reach }
    }

    fn arc(self, haversine: f64) -> f64 {
        // Rounding can lift it a hair above 1 for antipodes and put it a hair below 0 at a pole: neither has an angle.
        2.0 * self.radius_metres * asin(haversine.clamp(0.0, 1.0).sqrt())
    }

    /// One or two envelopes that together hold every point within `radius` of `center`, with a little to spare.
    ///
    /// Two when the circle crosses the antimeridian. Where it reaches a pole every longitude can be inside.
    pub fn envelopes(self, center: Point, radius: Radius) -> Envelopes {
        let angle = radius.metres() / self.radius_metres * (1.0 + SPARE) + SPARE;
        let pad_lat = angle.to_degrees();
        let (south, north) = (center.lat - pad_lat, center.lat + pad_lat);
        if south <= -90.0 || north >= 90.0 {
            return Envelopes::one(south, north, -180.0, 180.0);
        }
        // The widest longitude of a circle on a sphere: sin(dlng) = sin(angle) / cos(lat). No pole lies inside here,
        // therefore angle < 90° - |lat| and the quotient stays below 1 but for rounding.
        let pad_lng = (angle.sin() / center.lat.to_radians().cos()).min(1.0).asin().to_degrees() + SPARE;
        let (west, east) = (center.lng - pad_lng, center.lng + pad_lng);
        if west < -180.0 {
            Envelopes::two(south, north, (-180.0, east), (west + 360.0, 180.0))
        } else if east > 180.0 {
            Envelopes::two(south, north, (west, 180.0), (-180.0, east - 360.0))
        } else {
            Envelopes::one(south, north, west, east)
        }
    }
}

/// The haversine of the angle to other positions, as far as it depends on one end only.
#[derive(Clone, Copy, Debug)]
struct Haversine {
    from: Point,
    sin_lat: f64,
    cos_lat: f64,
}

impl Haversine {
    fn from(from: Point) -> Self {
        let (sin_lat, cos_lat) = from.lat.to_radians().sin_cos();
        Self { from, sin_lat, cos_lat }
    }

    /// Of the angle between both positions: the square of the sine of half of it.
    fn to(self, to: Point) -> f64 {
        let (north, east) = ((to.lat - self.from.lat).to_radians(), (to.lng - self.from.lng).to_radians());
        let (half_north, half_east) = (sin(north / 2.0), sin(east / 2.0));
        // cos(a + b), for the other latitude is this one and the difference; cos(b) = 1 - 2 sin²(b / 2).
        let along = half_north * half_north;
        let cos_lat = self.cos_lat - 2.0 * along * self.cos_lat - self.sin_lat * sin(north);
        along + self.cos_lat * cos_lat * half_east * half_east
    }
}

/// Whether what lies at exactly the radius is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boundary {
    /// It is (assumed of OZmap).
    #[default]
    Inclusive,
    /// It isn't.
    Exclusive,
}

impl Boundary {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Inclusive, Self::Exclusive];

    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inclusive => "inclusive",
            Self::Exclusive => "exclusive",
        }
    }

    fn holds(self, distance: f64, radius: f64) -> bool {
        match self {
            Self::Inclusive => distance <= radius,
            Self::Exclusive => distance < radius,
        }
    }
}

/// Everything within a radius of a position.
#[derive(Clone, Copy, Debug)]
pub struct Circle {
    earth: Earth,
    haversine: Haversine,
    radius: Radius,
    boundary: Boundary,
    /// Whose haversine is larger is outside; who is not is measured to the end.
    reach: f64,
}

impl Circle {
    /// How far from the centre a position is, in metres, as [`Earth::distance`] tells; `None` if that is outside.
    pub fn distance(&self, to: Point) -> Option<f64> {
        let haversine = self.haversine.to(to);
        if haversine > self.reach {
            return None;
        }
        Some(self.earth.arc(haversine))
            .filter(|distance| self.boundary.holds(*distance, self.radius.metres()))
    }
}

/// Bounds in degrees, edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// Lowest latitude.
    pub south: f64,
    /// Highest latitude.
    pub north: f64,
    /// Lowest longitude.
    pub west: f64,
    /// Highest longitude.
    pub east: f64,
}

impl Envelope {
    /// Around one position alone.
    pub fn of(at: Point) -> Self {
        Self { south: at.lat, north: at.lat, west: at.lng, east: at.lng }
    }

    /// With this position inside, too.
    #[must_use]
    pub fn around(self, at: Point) -> Self {
        Self {
            south: self.south.min(at.lat),
            north: self.north.max(at.lat),
            west: self.west.min(at.lng),
            east: self.east.max(at.lng),
        }
    }

    /// Whether a position lies inside.
    pub fn holds(&self, at: Point) -> bool {
        (self.south..=self.north).contains(&at.lat) && (self.west..=self.east).contains(&at.lng)
    }
}

/// One envelope, or two where the circle crosses the antimeridian; they never overlap.
#[derive(Clone, Copy, Debug)]
pub struct Envelopes {
    first: Envelope,
    beyond_antimeridian: Option<Envelope>,
}

impl Envelopes {
    fn one(south: f64, north: f64, west: f64, east: f64) -> Self {
        Self { first: Envelope { south, north, west, east }, beyond_antimeridian: None }
    }

    fn two(south: f64, north: f64, near: (f64, f64), far: (f64, f64)) -> Self {
        let strip = |(west, east)| Envelope { south, north, west, east };
        Self { first: strip(near), beyond_antimeridian: Some(strip(far)) }
    }

    /// The envelopes in turn.
    pub fn iter(self) -> impl Iterator<Item = Envelope> {
        std::iter::once(self.first).chain(self.beyond_antimeridian)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn point(lat: f64, lng: f64) -> Point {
        Point::new(lat, lng).unwrap()
    }

    fn earth() -> Earth {
        Earth::new(6_378_100.0).unwrap()
    }

    #[test]
    fn what_is_not_on_earth_is_no_point() {
        for (lat, lng) in
            [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)]
        {
            assert_eq!(Point::new(lat, lng), None, "{lat} {lng}");
        }
        assert!(Point::new(-90.0, 180.0).is_some());
    }

    #[test]
    fn a_radius_is_positive_and_finite() {
        for metres in [0.0, -1.0, f64::NAN, f64::INFINITY, 20_040_001.0] {
            assert_eq!(Radius::new(metres), None, "{metres}");
        }
        assert_eq!(Radius::new(150.0).map(Radius::metres), Some(150.0));
    }

    #[test]
    fn distances_agree_with_arcs_known_by_heart() {
        let quarter = 6_378_100.0 * PI / 2.0;
        assert!((earth().distance(point(0.0, 0.0), point(90.0, 0.0)) - quarter).abs() < 1e-6);
        assert!((earth().distance(point(0.0, -90.0), point(0.0, 90.0)) - 2.0 * quarter).abs() < 1e-6);
        assert!(
            (earth().distance(point(0.0, 179.999), point(0.0, -179.999)) - quarter * 0.002 / 90.0).abs()
                < 1e-6
        );
        assert!(earth().distance(point(90.0, 10.0), point(90.0, -120.0)) < 1e-6);
        assert_eq!(earth().distance(point(-27.5, -48.5), point(-27.5, -48.5)).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_circle_over_the_antimeridian_has_two_envelopes_and_one_over_a_pole_all_longitudes() {
        let radius = Radius::new(1_000.0).unwrap();
        assert_eq!(earth().envelopes(point(0.0, 179.999), radius).iter().count(), 2);
        assert_eq!(earth().envelopes(point(0.0, -179.999), radius).iter().count(), 2);
        let polar: Vec<_> = earth().envelopes(point(-89.999, 20.0), radius).iter().collect();
        assert_eq!(polar.len(), 1);
        assert!(polar[0].west <= -180.0 && polar[0].east >= 180.0 && polar[0].south <= -90.0);
    }
}
