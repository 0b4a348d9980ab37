//! Gated communities: OZmap's "horizontal condominiums".

use super::super::fault::RowFault;
use super::super::place::row_id;
use super::super::reference::Reference;
use super::{About, Row, id_of, parse};
use crate::viability::communities::{Community, Outline, Ring};
use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

impl Row for Community {
    /// `polygon` is GeoJSON's, or, as OZmap's own SDK declares it, a polygon with the corners of its outer ring only. One
    /// that is null or has no corners contains nothing: it isn't drawn yet. A row without any tells nothing.
    fn decode(json: &str) -> Result<Self, RowFault> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
            #[serde(borrow)]
            name: Option<Cow<'a, str>>,
            #[serde(default)]
            project: Reference,
            #[serde(default, deserialize_with = "told")]
            polygon: Told,
        }
        let raw: Raw<'_> = parse(json)?;
        let outline = match raw.polygon {
            Told::Nothing | Told::Polygon(RawPolygon { coordinates: None }) => {
                return Err(RowFault::NoOutline);
            }
            Told::Undrawn => Outline::default(),
            Told::Polygon(RawPolygon { coordinates: Some(coordinates) }) => coordinates.outline()?,
        };
        if raw.project == Reference::Unreadable {
            return Err(RowFault::BadProject);
        }
        Ok(Self {
            id: row_id(raw.id.as_deref())?,
            name: raw.name.unwrap_or_default().into(),
            project: raw.project.id(),
            outline,
        })
    }

    fn id(&self) -> ObjectId {
        self.id
    }

    /// Itself.
    fn about(json: &str) -> About {
        id_of(json).map_or(About::AnyBox, About::Box)
    }
}

#[derive(Deserialize)]
struct RawPolygon {
    coordinates: Option<Coordinates>,
}

/// What a row says of its polygon.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    /// Null.
    Undrawn,
    Polygon(RawPolygon),
}

fn told<'de, D: Deserializer<'de>>(json: D) -> Result<Told, D::Error> {
    let polygon: Option<RawPolygon> = Deserialize::deserialize(json)?;
    Ok(polygon.map_or(Told::Undrawn, Told::Polygon))
}

/// `[lng, lat]`.
type Corner = [f64; 2];

/// However deep they are nested.
#[derive(Deserialize)]
#[serde(untagged)]
enum Coordinates {
    Ring(Vec<Corner>),
    Polygon(Vec<Vec<Corner>>),
    MultiPolygon(Vec<Vec<Vec<Corner>>>),
}

impl Coordinates {
    fn outline(self) -> Result<Outline, RowFault> {
        let polygons = match self {
            Self::Ring(ring) => vec![vec![ring]],
            Self::Polygon(rings) => vec![rings],
            Self::MultiPolygon(polygons) => polygons,
        };
        let polygons = polygons.into_iter().map(|rings| rings.into_iter().map(points).collect());
        Ok(Outline::new(polygons.collect::<Result<_, _>>()?))
    }
}

fn points(ring: Vec<Corner>) -> Result<Ring, RowFault> {
    ring.into_iter().map(|[lng, lat]| Point::new(lat, lng).ok_or(RowFault::BadPosition)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(polygon: &str) -> String {
        format!(
            r#"{{"id":"5dc06d1275fc7d0006732521","name":"Jardins","project":"5d51a87046cbe700148328bf","polygon":{polygon}}}"#
        )
    }

    #[test]
    fn corners_are_read_however_deep_they_are_nested() {
        let corners = "[[-48.0,-27.0],[-47.9,-27.0],[-47.9,-26.9],[-48.0,-27.0]]";
        let outlines =
            [corners.to_owned(), format!("[{corners}]"), format!("[[{corners}]]")].map(|coordinates| {
                Community::decode(&row(&format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#)))
                    .unwrap()
                    .outline
            });
        let ring = [(-27.0, -48.0), (-27.0, -47.9), (-26.9, -47.9), (-27.0, -48.0)];
        let ring = ring.map(|(lat, lng)| Point::new(lat, lng).unwrap()).to_vec();
        assert_eq!(outlines, [(); 3].map(|()| Outline::new(vec![vec![ring.clone()]])));
        for nothing in ["null", r#"{"coordinates":[]}"#] {
            assert_eq!(Community::decode(&row(nothing)).unwrap().outline.polygons().concat().concat(), []);
        }
    }

    #[test]
    fn a_community_that_cant_be_read_tells_which_it_is() {
        let id = ObjectId::parse("5dc06d1275fc7d0006732521").unwrap();
        for (bad, fault) in [
            (r#"{"coordinates":[[-48.0,-97.0]]}"#, RowFault::BadPosition),
            (r#"{"coordinates":[["a","b"]]}"#, RowFault::Malformed),
            (r#"{"coordinates":[-48.0,-27.0]}"#, RowFault::Malformed),
            ("7", RowFault::Malformed),
            ("{}", RowFault::NoOutline),
            (r#"{"coordinates":null}"#, RowFault::NoOutline),
        ] {
            assert_eq!(Community::decode(&row(bad)).unwrap_err(), fault, "{bad}");
            assert_eq!(Community::about(&row(bad)), About::Box(id));
        }
        let homeless = row("null").replace("5d51a87046cbe700148328bf", "x");
        assert_eq!(Community::decode(&homeless).unwrap_err(), RowFault::BadProject);
        let silent = row("null").replace(r#","polygon":null"#, "");
        assert_eq!(Community::decode(&silent).unwrap_err(), RowFault::NoOutline);
        let lone = row("null").replace(r#""project":"5d51a87046cbe700148328bf","#, "");
        assert_eq!(Community::decode(&lone).unwrap().project, None);
    }
}
