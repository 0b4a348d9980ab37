//! What stands around boxes: homes, gated communities.

use crate::viability::communities::{Community, Outline, Ring};
use crate::viability::geo::Point;
use crate::viability::homes::Home;
use crate::viability::plant::ObjectId;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct StoredHome {
    id: [u8; 12],
    project: Option<[u8; 12]>,
    /// Latitude and longitude.
    pub(in super::super) position: (f64, f64),
    address: SmolStr,
    observation: SmolStr,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct StoredCommunity {
    id: [u8; 12],
    name: SmolStr,
    project: Option<[u8; 12]>,
    /// Polygons, each its outer ring and then its holes: latitudes and longitudes.
    pub(in super::super) polygons: Vec<Vec<Vec<(f64, f64)>>>,
}

impl StoredHome {
    pub(in super::super) fn of(home: &Home) -> Self {
        Self {
            id: home.id.to_bytes(),
            project: home.project.map(ObjectId::to_bytes),
            position: (home.position.lat(), home.position.lng()),
            address: home.address.clone(),
            observation: home.observation.clone(),
        }
    }

    /// `None` for one that isn't on Earth.
    pub(in super::super) fn into_home(self) -> Option<Home> {
        Some(Home {
            id: ObjectId::from_bytes(self.id),
            project: self.project.map(ObjectId::from_bytes),
            position: Point::new(self.position.0, self.position.1)?,
            address: self.address,
            observation: self.observation,
        })
    }
}

impl StoredCommunity {
    pub(in super::super) fn of(community: &Community) -> Self {
        let ring = |ring: Ring| ring.into_iter().map(|corner| (corner.lat(), corner.lng())).collect();
        let rings = |rings: Vec<Ring>| rings.into_iter().map(ring).collect();
        Self {
            id: community.id.to_bytes(),
            name: community.name.clone(),
            project: community.project.map(ObjectId::to_bytes),
            polygons: community.outline.polygons().into_iter().map(rings).collect(),
        }
    }

    /// `None` for one with a corner that isn't on Earth.
    pub(in super::super) fn into_community(self) -> Option<Community> {
        let ring = |ring: Vec<(f64, f64)>| -> Option<Ring> {
            ring.into_iter().map(|(lat, lng)| Point::new(lat, lng)).collect()
        };
        let rings = |rings: Vec<_>| -> Option<Vec<Ring>> { rings.into_iter().map(ring).collect() };
        Some(Community {
            id: ObjectId::from_bytes(self.id),
            name: self.name,
            project: self.project.map(ObjectId::from_bytes),
            outline: Outline::new(self.polygons.into_iter().map(rings).collect::<Option<_>>()?),
        })
    }
}
