//! Where a row says that a box is.

use super::fault::RowFault;
use super::reference::Reference;
use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// The part of a box's row without which nobody can tell whom it concerns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The box.
    pub id: ObjectId,
    /// Its project.
    pub project: ObjectId,
    /// Where it hangs.
    pub position: Point,
}

/// Degrees (some ten metres) between two tellings of one place: OZmap may round one of them.
const SAME_PLACE: f64 = 1e-4;

/// The fields that place a box.
#[derive(Deserialize)]
pub(super) struct RawPlace<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) project: Reference,
    #[serde(default, deserialize_with = "coordinates")]
    pub(super) coords: Option<(f64, f64)>,
    pub(super) lat: Option<f64>,
    pub(super) lng: Option<f64>,
}

/// `[lng, lat]`; none is told by null, an empty list or one of nulls.
pub(super) fn coordinates<'de, D: Deserializer<'de>>(json: D) -> Result<Option<(f64, f64)>, D::Error> {
    let list: Option<Vec<Option<f64>>> = Deserialize::deserialize(json)?;
    match list.as_deref() {
        None | Some([] | [None, None]) => Ok(None),
        Some(&[Some(lng), Some(lat)]) => Ok(Some((lng, lat))),
        Some(_) => Err(D::Error::custom("coordinates are two numbers")),
    }
}

impl RawPlace<'_> {
    /// Its place, if it can be right.
    pub(super) fn read(&self) -> Result<Place, RowFault> {
        let position = self.position()?;
        let id = row_id(self.id.as_deref())?;
        let project = self.project.id().ok_or(RowFault::BadProject)?;
        Ok(Place { id, project, position })
    }

    /// Where it is, if that can be right.
    pub(super) fn position(&self) -> Result<Point, RowFault> {
        // `coords` is [lng, lat]; `lat` and `lng` repeat it, and are null where it wasn't selected.
        let (lng, lat) = match (self.coords, self.lng, self.lat) {
            (Some(coords), ..) => coords,
            (None, Some(lng), Some(lat)) => (lng, lat),
            (None, None, None) => return Err(RowFault::NoPosition),
            // Half a place is somewhere.
            (None, ..) => return Err(RowFault::BadPosition),
        };
        let position = Point::new(lat, lng).ok_or(RowFault::BadPosition)?;
        // Which of them is right nobody can tell, and the wrong one sells ports of another street.
        let elsewhere =
            |told: Option<f64>, here: f64| told.is_some_and(|told| (told - here).abs() > SAME_PLACE);
        if elsewhere(self.lat, lat) || elsewhere(self.lng, lng) {
            return Err(RowFault::PositionsDisagree);
        }
        Ok(position)
    }
}

pub(super) fn row_id(text: Option<&str>) -> Result<ObjectId, RowFault> {
    text.and_then(ObjectId::parse).ok_or(RowFault::BadId)
}
