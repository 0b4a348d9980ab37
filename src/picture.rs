//! Pages that ask nobody for anything and can be sent to a colleague, and drawings of places on them.

use crate::viability::geo::Point;
use std::fmt::{self, Display, Write};

const STYLE: &str = include_str!("picture/page.css");

/// The width of a drawing in its own units.
pub const WIDTH: f64 = 960.0;
const HIGHEST: f64 = 560.0;
const LOWEST: f64 = 240.0;
/// Around the outermost points.
const MARGIN: f64 = 40.0;
/// Metres of a degree of latitude.
pub const DEGREE: f64 = 111_195.0;
/// Metres across, at the least: a single point has no extent.
const LEAST_EXTENT: f64 = 400.0;

/// A page: its title, as it may be shown in HTML, and what stands on it.
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n<main>\n{body}</main>\n</html>\n"
    )
}

/// Text that may hold anything, inside of HTML.
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        text.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// A heading in both languages.
pub fn heading(english: &str, portuguese: &str) -> String {
    format!("<h2>{english} <span lang=\"pt-BR\">{portuguese}</span></h2>\n")
}

/// Where places lie on a drawing. Equirectangular: degrees of longitude as long as they are in the middle.
pub struct Frame {
    middle: (f64, f64),
    per_metre: f64,
    height: f64,
}

impl Frame {
    /// One that holds all of them; `None` where there are none.
    pub fn around(mut points: impl Iterator<Item = Point>) -> Option<Self> {
        let first = points.next()?;
        let (mut south, mut north, mut west, mut east) = (first.lat(), first.lat(), first.lng(), first.lng());
        for point in points {
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

    /// Where a place is drawn.
    pub fn place(&self, point: Point) -> (f64, f64) {
        let (lat, lng) = self.middle;
        let east = (point.lng() - lng) * DEGREE * lat.to_radians().cos();
        let north = (point.lat() - lat) * DEGREE;
        (WIDTH / 2.0 + east * self.per_metre, self.height / 2.0 - north * self.per_metre)
    }

    /// Whether that is on the drawing.
    pub fn holds(&self, (x, y): (f64, f64)) -> bool {
        (0.0..=WIDTH).contains(&x) && (0.0..=self.height).contains(&y)
    }

    /// The drawing: what is put on it, with a scale, and a line below that tells where it is.
    pub fn figure(&self, drawn: &str) -> String {
        let ((lat, lng), height) = (self.middle, self.height);
        let told = format!("Around {lat:.3}, {lng:.3}");
        format!(
            "<figure>\n<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{told}\">\n{drawn}{}</svg>\n<figcaption>{told}</figcaption>\n</figure>\n",
            self.scale(),
        )
    }

    /// A bar of a round number of metres.
    fn scale(&self) -> String {
        let metres = round_below(WIDTH / 4.0 / self.per_metre);
        let (length, y) = (metres * self.per_metre, self.height - 16.0);
        let told = if metres >= 1_000.0 { format!("{} km", metres / 1_000.0) } else { format!("{metres} m") };
        format!(
            "<path class=\"scale\" d=\"M16 {:.1}v8h{length:.1}v-8\"/>\n<text x=\"{:.1}\" y=\"{:.1}\">{told}</text>\n",
            y - 8.0,
            24.0 + length,
            y,
        )
    }
}

/// 1, 2 or 5 and zeros.
fn round_below(metres: f64) -> f64 {
    let power = 10_f64.powf(metres.max(1.0).log10().floor());
    [5.0, 2.0].into_iter().map(|times| times * power).find(|round| *round <= metres).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lat: f64, lng: f64) -> Point {
        Point::new(lat, lng).unwrap()
    }

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
    fn a_scale_is_of_round_metres() {
        for (metres, round) in [(1.0, 1.0), (4.9, 2.0), (7.0, 5.0), (130.0, 100.0), (260_000.0, 200_000.0)] {
            assert!((round_below(metres) - round).abs() < 1e-9, "{metres}");
        }
    }

    #[test]
    fn nothing_of_a_name_is_html() {
        let name = "<script>alert('1')</script> & \"co\"";
        assert_eq!(
            Escaped(name).to_string(),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;co&quot;"
        );
    }
}
