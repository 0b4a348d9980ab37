//! Where answers agree and where not, as a drawing.

use crate::calibrate::points::Aim;
use crate::calibrate::{Calibration, Judged};
use crate::picture::{DEGREE, Escaped, Frame, heading};
use crate::viability::geo::Point;
use std::cmp::Reverse;
use std::fmt::Write;

/// Boxes that are drawn: more would be a grey page of megabytes.
const MOST_BOXES: usize = 20_000;
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
    let drawn = [boxes(&frame, calibration), points(&frame, town), legend(town.len() - differ, differ)];
    Some(frame.figure(&drawn.concat()))
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
}
