//! Which columns of a table tell a home.

use super::fault::Unreadable;

/// The columns that a row is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Degrees north.
    pub lat: usize,
    /// Degrees east.
    pub lng: usize,
    /// Metres.
    pub radius: Option<usize>,
}

/// What the columns are called, where it isn't as usual.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// That of the latitude.
    pub lat: Option<String>,
    /// That of the longitude.
    pub lng: Option<String>,
    /// That of the radius.
    pub radius: Option<String>,
}

const LAT: [&str; 3] = ["lat", "latitude", "latitud"];
const LNG: [&str; 5] = ["lng", "lon", "long", "longitude", "longitud"];
const RADIUS: [&str; 4] = ["radius", "radiusm", "raio", "raiom"];

impl Columns {
    /// Found by these names, or by those in use, in any case, with accents or without.
    pub fn find(titles: &[String], names: &Names) -> Result<Self, Unreadable> {
        let find = |name: Option<&String>, usual: &[&str], column| {
            let name = name.map(|name| plain(name));
            let is_meant = |title: &str| match &name {
                Some(name) => title == name,
                None => usual.contains(&title),
            };
            let mut found =
                titles.iter().map(|title| plain(title)).zip(0..).filter(|(title, _)| is_meant(title));
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(Unreadable::TwoColumns { column }),
                (Some((_, at)), None) => Ok(at),
                (None, None) => Err(Unreadable::NoColumn { column }),
            }
        };
        let radius = match find(names.radius.as_ref(), &RADIUS, "radius") {
            Err(Unreadable::NoColumn { .. }) if names.radius.is_none() => None,
            found => Some(found?),
        };
        let lat = find(names.lat.as_ref(), &LAT, "lat")?;
        Ok(Self { lat, lng: find(names.lng.as_ref(), &LNG, "lng")?, radius })
    }
}

/// A title by its letters and digits alone, small and without accents.
fn plain(title: &str) -> String {
    let letters = title.chars().flat_map(char::to_lowercase).map(|letter| match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        letter => letter,
    });
    letters.filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str, names: &Names) -> Result<(usize, usize, Option<usize>), Unreadable> {
        let titles: Vec<_> = header.split(';').map(str::to_owned).collect();
        Columns::find(&titles, names).map(|found| (found.lat, found.lng, found.radius))
    }

    #[test]
    fn columns_are_found_by_what_people_call_them() {
        let usual = Names::default();
        for header in [
            "lat;lng;radius",
            "Latitude;Longitude;Raio",
            " LATITUDE ;Lon;RAIO (m)",
            "\"Látitude\";long;raio_m",
        ] {
            assert_eq!(find(header, &usual), Ok((0, 1, Some(2))), "{header}");
        }
        assert_eq!(find("id;longitude;endereço;latitude", &usual), Ok((3, 1, None)));
        assert_eq!(find("id;lat", &usual), Err(Unreadable::NoColumn { column: "lng" }));
        assert_eq!(find("lat;lon;Longitude", &usual), Err(Unreadable::TwoColumns { column: "lng" }));
    }

    #[test]
    fn columns_that_are_named_count_before_the_usual_ones() {
        let names = Names {
            lat: Some("Coord Y".to_owned()),
            lng: Some("coord x".to_owned()),
            radius: Some("alcance".to_owned()),
        };
        assert_eq!(find("lat;Coord X;COORD_Y;Alcance", &names), Ok((2, 1, Some(3))));
        assert_eq!(find("Coord X;COORD_Y", &names), Err(Unreadable::NoColumn { column: "radius" }));
    }
}
