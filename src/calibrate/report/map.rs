//! Where answers agree and where not, as a drawing.

use super::{Escaped, heading};
use crate::calibrate::points::Aim;
use crate::calibrate::{Calibration, Judged};
use crate::viability::geo::Point;
use std::cmp::Reverse;
use std::fmt::Write;

/// Its size in its own units.
const WIDTH: f64 = 960.0;
const HIGHEST: f64 = 560.0;
const LOWEST: f64 = 240.0;
/// Around the outermost points.
const MARGIN: f64 = 40.0;
/// Boxes that are drawn: more would be a grey page of megabytes.
const MOST_BOXES: usize = 20_000;
/// Metres of a degree of latitude.
const DEGREE: f64 = 111_195.0;
/// Metres across, at the least: a single point has no extent.
const LEAST_EXTENT: f64 = 400.0;

/// Metres between towns: a drawing of both would show neither.
const BETWEEN_TOWNS: f64 = 8_000.0;
/// Drawings, at the most: those where most differs.
const MOST_MAPS: usize = 8;

pub(super) fn section(calibration: &Calibration) -> String {
    let mut towns = towns(&calibration.points);
    // Where nothing hangs and nothing differs there is nothing to be seen.
    towns.retain(|town| town.iter().any(|point| !point.fits || point.probe.aim != Aim::Nowhere));
    let differ = |town: &[&Judged]| town.iter().filter(|point| !point.fits).count();
    towns.sort_by_key(|town| (Reverse(differ(town)), Reverse(town.len())));
    let more = towns.len().saturating_sub(MOST_MAPS);
    towns.truncate(MOST_MAPS);
    let maps: Vec<_> = towns.iter().filter_map(|town| map(town, differ(town), calibration)).collect();
    let title = if calibration.points.iter().all(|point| point.fits) {
        heading("Where OZmap was asked", "Onde o OZmap foi consultado")
    } else {
        heading("Where answers differ as configured", "Onde as respostas diferem com a configuração atual")
    };
    let more = if more > 0 {
        format!("<p>{more} more places are not drawn: less differs there.</p>\n")
    } else {
        String::new()
    };
    format!("{title}{}{more}", maps.concat())
}

/// Points in groups that lie together.
fn towns(points: &[Judged]) -> Vec<Vec<&Judged>> {
    let mut left: Vec<_> = points.iter().collect();
    let mut towns = Vec::new();
    while let Some(first) = left.pop() {
        let mut town = vec![first];
        let mut reached = 0;
        while let Some(from) = town.get(reached).map(|point| point.probe.center) {
            town.extend(
                left.extract_if(.., |point| metres_between(from, point.probe.center) < BETWEEN_TOWNS),
            );
            reached += 1;
        }
        towns.push(town);
    }
    towns
}

fn metres_between(one: Point, other: Point) -> f64 {
    let (north, east) = (one.lat() - other.lat(), one.lng() - other.lng());
    north.hypot(east * one.lat().to_radians().cos()) * DEGREE
}

fn map(town: &[&Judged], differ: usize, calibration: &Calibration) -> Option<String> {
    let frame = Frame::around(town.iter().map(|point| point.probe.center))?;
    let (lat, lng) = frame.middle;
    let height = frame.height;
    let told = format!("Around {lat:.3}, {lng:.3}");
    Some(format!(
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{told}\">\n{}{}{}{}</svg>\n<figcaption>{told}</figcaption>\n</figure>\n",
        boxes(&frame, calibration),
        points(&frame, town),
        scale(&frame),
        legend(town.len() - differ, differ),
    ))
}

/// Equirectangular: degrees of longitude as long as they are in the middle.
struct Frame {
    middle: (f64, f64),
    per_metre: f64,
    height: f64,
}

impl Frame {
    fn around(points: impl Iterator<Item = Point>) -> Option<Self> {
        let points: Vec<_> = points.collect();
        let first = points.first()?;
        let (mut south, mut north, mut west, mut east) = (first.lat(), first.lat(), first.lng(), first.lng());
        for point in &points {
            (south, north) = (south.min(point.lat()), north.max(point.lat()));
            (west, east) = (west.min(point.lng()), east.max(point.lng()));
        }
        let middle = (f64::midpoint(south, north), f64::midpoint(west, east));
        let across = ((east - west) * DEGREE * middle.0.to_radians().cos()).max(LEAST_EXTENT);
        let along = ((north - south) * DEGREE).max(LEAST_EXTENT / 2.0);
        let per_metre = ((WIDTH - 2.0 * MARGIN) / across).min((HIGHEST - 2.0 * MARGIN) / along);
        let height = (along * per_metre + 2.0 * MARGIN).max(LOWEST);
        Some(Self { middle, per_metre, height })
    }

    fn place(&self, point: Point) -> (f64, f64) {
        let (lat, lng) = self.middle;
        let east = (point.lng() - lng) * DEGREE * lat.to_radians().cos();
        let north = (point.lat() - lat) * DEGREE;
        (WIDTH / 2.0 + east * self.per_metre, self.height / 2.0 - north * self.per_metre)
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        (0.0..=WIDTH).contains(&x) && (0.0..=self.height).contains(&y)
    }
}

fn boxes(frame: &Frame, calibration: &Calibration) -> String {
    let places = calibration.near.positions().map(|position| frame.place(position));
    let mut text = String::from("<g class=\"box\">\n");
    for (x, y) in places.filter(|place| frame.holds(*place)).take(MOST_BOXES) {
        let _written = writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.5\"/>");
    }
    text + "</g>\n"
}

/// Those that differ last, so that none is hidden.
fn points(frame: &Frame, town: &[&Judged]) -> String {
    let mut points = town.to_vec();
    points.sort_by_key(|point| !point.fits);
    let mut text = String::new();
    for point in points {
        let (x, y) = frame.place(point.probe.center);
        let told = format!("{}: {}", point.probe.aim.as_str(), point.probe.query());
        let _written = writeln!(text, "<g>{}<title>{}</title></g>", symbol(x, y, point.fits), Escaped(told));
    }
    text
}

/// A ring where answers agree, a filled triangle where they don't.
fn symbol(x: f64, y: f64, fits: bool) -> String {
    if fits {
        format!("<circle class=\"same\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>")
    } else {
        format!("<path class=\"differs\" d=\"M{x:.1} {:.1}l8 14h-16z\"/>", y - 8.0)
    }
}

/// A bar of a round number of metres.
fn scale(frame: &Frame) -> String {
    let metres = round_below(WIDTH / 4.0 / frame.per_metre);
    let (length, y) = (metres * frame.per_metre, frame.height - 16.0);
    let told = if metres >= 1_000.0 { format!("{} km", metres / 1_000.0) } else { format!("{metres} m") };
    format!(
        "<path class=\"scale\" d=\"M16 {:.1}v8h{length:.1}v-8\"/>\n<text x=\"{:.1}\" y=\"{:.1}\">{told}</text>\n",
        y - 8.0,
        24.0 + length,
        y,
    )
}

/// 1, 2 or 5 and zeros.
fn round_below(metres: f64) -> f64 {
    let power = 10_f64.powf(metres.max(1.0).log10().floor());
    [5.0, 2.0].into_iter().map(|times| times * power).find(|round| *round <= metres).unwrap_or(power)
}

fn legend(same: usize, differ: usize) -> String {
    format!(
        "{}<text x=\"32\" y=\"24\">same: {same}</text>\n{}<text x=\"152\" y=\"24\">differs: {differ}</text>\n",
        symbol(20.0, 20.0, true),
        symbol(140.0, 20.0, false),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::points::Probe;
    use crate::calibrate::tests::point;
    use crate::viability::geo::Radius;
    use bytes::Bytes;

    #[test]
    fn north_is_up_east_is_right_and_a_metre_is_as_long_in_both() {
        let frame = Frame::around([point(-27.0, -48.0), point(-27.01, -47.99)].into_iter()).unwrap();
        let middle = frame.place(point(-27.005, -47.995));
        assert!((middle.0 - WIDTH / 2.0).abs() < 1e-6 && (middle.1 - frame.height / 2.0).abs() < 1e-6);
        let north = frame.place(point(-27.004, -47.995));
        let east = frame.place(point(-27.005, -47.995 + 0.001 / 27.005_f64.to_radians().cos()));
        assert!(north.1 < middle.1 && east.0 > middle.0);
        assert!(((middle.1 - north.1) - (east.0 - middle.0)).abs() < 1e-6);
        for corner in [point(-27.0, -48.0), point(-27.01, -47.99)] {
            assert!(frame.holds(frame.place(corner)));
        }
    }

    #[test]
    fn each_town_is_drawn_by_itself() {
        let judged = |lat: f64, lng: f64| Judged {
            probe: Probe::around(point(lat, lng), Radius::new(150.0).unwrap()),
            answer: Bytes::new(),
            fits: true,
            fits_best: true,
        };
        // Neighbours of neighbours lie in one town; the last is far from all.
        let points = [(-27.0, -48.0), (-27.1, -48.0), (-27.05, -48.0), (-16.0, -49.0)]
            .map(|(lat, lng)| judged(lat, lng));
        let sizes: Vec<_> = towns(&points).iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 3]);
    }

    #[test]
    fn a_scale_is_of_round_metres() {
        for (metres, round) in [(1.0, 1.0), (4.9, 2.0), (7.0, 5.0), (130.0, 100.0), (260_000.0, 200_000.0)] {
            assert!((round_below(metres) - round).abs() < 1e-9, "{metres}");
        }
    }
}
