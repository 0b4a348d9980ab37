//! Homes without a client, as `properties` of an answer lists them.

use super::geo::Point;
use super::placed::Identified;
use super::plant::ObjectId;
use smol_str::SmolStr;

/// What of homes counts: OZmap's own settings, mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HomeRules {
    /// Whether answers list the homes in the radius that have no client.
    pub listed: bool,
    /// Whether a port counts as free that holds a home without client (documented).
    pub ports_are_free: bool,
}

impl HomeRules {
    /// Whether homes matter at all.
    pub fn are_read(self) -> bool {
        self.listed || self.ports_are_free
    }
}

/// A home without client that stands somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// OZmap's id.
    pub id: ObjectId,
    /// The project it belongs to; where OZmap doesn't tell, only who sees everything may be shown it.
    pub project: Option<ObjectId>,
    /// Where it stands.
    pub position: Point,
    /// For people.
    pub address: SmolStr,
    /// For people.
    pub observation: SmolStr,
}

impl Identified for Home {
    fn id(&self) -> ObjectId {
        self.id
    }
}
