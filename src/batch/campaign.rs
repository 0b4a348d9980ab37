//! The picture of a campaign: which of its homes can be connected, and where.

use crate::metrics::labels::RowResult;
use crate::picture::{self, Escaped, Frame, heading};
use crate::viability::geo::Point;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::SystemTime;

/// Drawings, at the most: those of most homes.
const MOST_MAPS: usize = 8;
/// Degrees: homes in squares of this size that touch lie in one town. A drawing of two towns would show neither.
const SQUARE: f64 = 0.05;
/// What lies nearer than that on a drawing, in its own units, is drawn once.
const NEAR: f64 = 2.0;

/// A home of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    /// Where it is.
    pub center: Point,
    /// What was said of it.
    pub result: RowResult,
}

/// The order of the legend, and of drawing: what can't be connected is hidden by nothing that can.
const SHOWN: [RowResult; 3] = [RowResult::Viable, RowResult::NotViable, RowResult::Unknown];

/// The page. `unreadable` rows are nowhere.
pub fn page(name: &str, homes: &[Home], unreadable: u64, at: SystemTime) -> String {
    let count = |result: RowResult| homes.iter().filter(|home| home.result == result).count();
    let [viable, not_viable, unknown] = SHOWN.map(count);
    let seconds = humantime::format_rfc3339_seconds(at).to_string();
    let minute = seconds.get(..16).unwrap_or_default().replace('T', " ");
    // Never rounded up: 100 % are all.
    let share = |count: usize| (count as f64 * 100.0 / homes.len().max(1) as f64).floor();
    let name = Escaped(name);
    let mut towns = towns(homes);
    towns.sort_by_key(|town| Reverse(town.len()));
    let more = towns.len().saturating_sub(MOST_MAPS);
    towns.truncate(MOST_MAPS);
    let maps: String = towns.iter().filter_map(|town| map(town)).collect();
    let more = if more > 0 {
        format!(
            "<p>{more} more places are not drawn: they have fewer addresses. <span lang=\"pt-BR\">Mais {more} lugares, com menos endereços, não são desenhados.</span></p>\n"
        )
    } else {
        String::new()
    };
    let body = format!(
        "<header class=\"safe\">\n<p>{name}, {minute} UTC, viability-proxy {}</p>\n\
         <h1>{:.0} % of {} addresses can be connected <span lang=\"pt-BR\">{:.0} % de {} endereços podem ser conectados</span></h1>\n\
         <ul>\n<li>viable <span lang=\"pt-BR\">viáveis</span>: {viable}</li>\n<li>not viable <span lang=\"pt-BR\">inviáveis</span>: {not_viable}</li>\n\
         <li>unknown <span lang=\"pt-BR\">sem resposta</span>: {unknown}</li>\n<li>rows that can't be read <span lang=\"pt-BR\">linhas ilegíveis</span>: {unreadable}</li>\n</ul>\n</header>\n\
         {}{maps}{more}",
        env!("CARGO_PKG_VERSION"),
        share(viable),
        homes.len(),
        share(viable),
        homes.len(),
        heading("Where they are", "Onde ficam"),
    );
    picture::page(&name.to_string(), &body)
}

/// Homes in groups that lie together.
fn towns(homes: &[Home]) -> Vec<Vec<Home>> {
    let mut squares: BTreeMap<(i32, i32), Vec<Home>> = BTreeMap::new();
    for home in homes {
        squares.entry(square_of(home.center)).or_default().push(*home);
    }
    let mut towns = Vec::new();
    while let Some((first, homes)) = squares.pop_first() {
        let (mut town, mut reached) = (homes, vec![first]);
        while let Some((north, east)) = reached.pop() {
            for beside in (-1..=1).flat_map(|up| (-1..=1).map(move |right| (north + up, east + right))) {
                if let Some(homes) = squares.remove(&beside) {
                    town.extend(homes);
                    reached.push(beside);
                }
            }
        }
        towns.push(town);
    }
    towns
}

#[expect(clippy::cast_possible_truncation, reason = "at most 3,600 squares either way")]
fn square_of(point: Point) -> (i32, i32) {
    ((point.lat() / SQUARE).floor() as i32, (point.lng() / SQUARE).floor() as i32)
}

fn map(town: &[Home]) -> Option<String> {
    let frame = Frame::around(town.iter().map(|home| home.center))?;
    let mut drawn = String::new();
    for (result, at) in SHOWN.into_iter().zip([20.0, 160.0, 320.0]) {
        let of_these = town.iter().filter(|home| home.result == result);
        let places: BTreeSet<_> = of_these.clone().map(|home| spot(frame.place(home.center))).collect();
        for (x, y) in places {
            drawn += &symbol(f64::from(x) * NEAR, f64::from(y) * NEAR, result);
        }
        let (word, count) = (result.as_str().replace('_', " "), of_these.count());
        let _written = writeln!(
            drawn,
            "{}<text x=\"{}\" y=\"24\">{word}: {count}</text>",
            symbol(at, 20.0, result),
            at + 12.0
        );
    }
    Some(frame.figure(&drawn))
}

#[expect(clippy::cast_possible_truncation, reason = "a drawing is some hundred units wide and high")]
fn spot((x, y): (f64, f64)) -> (i32, i32) {
    ((x / NEAR).round() as i32, (y / NEAR).round() as i32)
}

/// Told apart by their shapes too.
fn symbol(x: f64, y: f64, result: RowResult) -> String {
    match result {
        RowResult::Viable => format!("<circle class=\"viable\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"4\"/>\n"),
        RowResult::NotViable => format!("<path class=\"differs\" d=\"M{x:.0} {:.0}l5 9h-10z\"/>\n", y - 5.0),
        RowResult::Unknown | RowResult::Error => {
            format!("<path class=\"unknown\" d=\"M{:.0} {:.0}h8v8h-8z\"/>\n", x - 4.0, y - 4.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(lat: f64, lng: f64, result: RowResult) -> Home {
        Home { center: Point::new(lat, lng).unwrap(), result }
    }

    #[test]
    fn each_town_is_drawn_by_itself_and_what_lies_together_once() {
        let mut homes = vec![home(-16.0, -49.0, RowResult::Viable), home(-27.001, -48.0, RowResult::Unknown)];
        homes.extend(vec![home(-27.0, -48.0, RowResult::NotViable); 1_000]);
        homes.push(home(-27.04, -48.04, RowResult::Viable));
        let sizes: Vec<_> = towns(&homes).iter().map(Vec::len).collect();
        assert_eq!(sizes, [1_002, 1]);
        let page = page("<Campanha>", &homes, 7, SystemTime::UNIX_EPOCH);
        assert_eq!(page.matches("<svg").count(), 2);
        // Two drawings have a legend each.
        assert_eq!(page.matches("class=\"differs\"").count(), 2 + 1);
        assert!(
            page.contains("<title>&lt;Campanha&gt;</title>") && page.contains(">not viable: 1000</text>")
        );
        assert!(page.contains("linhas ilegíveis</span>: 7</li>"), "{page}");
    }

    #[test]
    fn a_campaign_without_a_home_has_a_page() {
        let page = page("none", &[], 0, SystemTime::UNIX_EPOCH);
        assert!(page.contains("0 % of 0 addresses") && !page.contains("<svg"));
    }
}
