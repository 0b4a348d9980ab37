//! Gated communities: OZmap's "horizontal condominiums".

use super::super::fault::RowFault;
use super::super::place::row_id;
use super::super::reference::Reference;
use super::{About, Row, id_of, parse};
use crate::viability::communities::{Community, Outline, Ring};
use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use serde::Deserialize;
use std::borrow::Cow;

impl Row for Community {
    /// `polygon` is GeoJSON's, or, as OZmap's own SDK declares it, a polygon with the corners of its outer ring only. One
    /// that is null or has no corners contains nothing.
    fn decode(json: &str) -> Result<Self, RowFault> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
            #[serde(borrow)]
            name: Option<Cow<'a, str>>,
            #[serde(default)]
            project: Reference,
            polygon: Option<RawPolygon>,
        }
        #[derive(Deserialize)]
        struct RawPolygon {
            coordinates: Option<Coordinates>,
        }
        let raw: Raw<'_> = parse(json)?;
        let coordinates = raw.polygon.and_then(|polygon| polygon.coordinates);
        Ok(Self {
            id: row_id(raw.id.as_deref())?,
            name: raw.name.unwrap_or_default().into(),
            project: raw.project.id().ok_or(RowFault::BadProject)?,
            outline: coordinates.map(Coordinates::outline).transpose()?.unwrap_or_default(),
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
        for nothing in ["null", "{}", r#"{"coordinates":null}"#, r#"{"coordinates":[]}"#] {
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
        ] {
            assert_eq!(Community::decode(&row(bad)).unwrap_err(), fault, "{bad}");
            assert_eq!(Community::about(&row(bad)), About::Box(id));
        }
        let homeless = row("null").replace("5d51a87046cbe700148328bf", "x");
        assert_eq!(Community::decode(&homeless).unwrap_err(), RowFault::BadProject);
    }
}
