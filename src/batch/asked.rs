//! What a row asks.

use super::fault::{Problem, RowFault};
use crate::viability::geo::{Point, Radius};
use std::borrow::Cow;

/// A home, and how far from it boxes may hang.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// The home.
    pub center: Point,
    /// `None`: as it is set for the tenant.
    pub radius: Option<Radius>,
}

impl Asked {
    /// Of a row's three cells, as they were written. An empty one is as good as none.
    pub fn read(lat: &str, lng: &str, radius: &str) -> Result<Self, RowFault> {
        // In a row with decimal commas a point parts thousands, or nobody knows: `1.500` is no metre and a half.
        if (has_comma(lat) || has_comma(lng)) && radius.contains('.') {
            return Err(RowFault::Radius(Problem::NotANumber));
        }
        let lat = decimal(lat).map_err(RowFault::Lat)?;
        let lng = decimal(lng).map_err(RowFault::Lng)?;
        // Each by itself, so that the one is named that is wrong.
        Point::new(lat, 0.0).ok_or(RowFault::Lat(Problem::OutOfRange))?;
        let center = Point::new(lat, lng).ok_or(RowFault::Lng(Problem::OutOfRange))?;
        let radius = match decimal(radius) {
            Err(Problem::Missing) => None,
            read => {
                let metres = read.map_err(RowFault::Radius)?;
                Some(Radius::new(metres).ok_or(RowFault::Radius(Problem::OutOfRange))?)
            }
        };
        Ok(Self { center, radius })
    }
}

/// Whether a number is written with a comma, as in Portuguese.
pub(super) fn has_comma(text: &str) -> bool {
    text.contains(',') && !text.contains('.')
}

/// A decimal number with a point or, as in Portuguese, a comma; no separators of thousands, for `1.234` has one or has none.
fn decimal(text: &str) -> Result<f64, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::Missing);
    }
    let text: Cow<'_, str> = if has_comma(text) { text.replace(',', ".").into() } else { text.into() };
    // Rust's own parser also takes "inf" and "nan": those are no numbers here.
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let value: f64 = if plain { text.parse().ok() } else { None }.ok_or(Problem::NotANumber)?;
    if value.is_finite() { Ok(value) } else { Err(Problem::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_point_or_comma_and_nothing_else_is_one() {
        for (text, value) in [("-27.5", -27.5), (" -27,5 ", -27.5), ("+1e2", 100.0), ("0", 0.0), (",5", 0.5)]
        {
            assert_eq!(decimal(text), Ok(value), "{text}");
        }
        for (text, problem) in [
            ("", Problem::Missing),
            (" \t", Problem::Missing),
            ("1.234,5", Problem::NotANumber),
            ("1,234,5", Problem::NotANumber),
            ("inf", Problem::NotANumber),
            ("NaN", Problem::NotANumber),
            ("27°", Problem::NotANumber),
            ("0x10", Problem::NotANumber),
            ("=1+1", Problem::NotANumber),
            ("1\x002", Problem::NotANumber),
            ("1e999", Problem::OutOfRange),
        ] {
            assert_eq!(decimal(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |lat, lng, radius| Asked::read(lat, lng, radius).unwrap_err().code();
        assert_eq!(fault("", "-48", ""), "missing_lat");
        assert_eq!(fault("-27", "x", ""), "bad_lng");
        assert_eq!(fault("-91", "-48", ""), "lat_out_of_range");
        assert_eq!(fault("-27", "181", ""), "lng_out_of_range");
        assert_eq!(fault("-27", "-48", "0"), "radius_out_of_range");
        assert_eq!(fault("-27", "-48", "far"), "bad_radius");
        assert_eq!(Asked::read("-27", "-48", " ").unwrap().radius, None);
        assert_eq!(fault("-27,5", "-48,5", "1.500"), "bad_radius");
        assert_eq!(Asked::read("-27.5", "-48.5", "1.5").unwrap().radius, Radius::new(1.5));
        assert_eq!(Asked::read("-27", "-48", "1,5").unwrap().radius, Radius::new(1.5));
    }
}
