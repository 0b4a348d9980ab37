//! The rules of viability.

use crate::network::rows::ConnectorKind;

/// The system settings of an OZmap tenant that decide about viability, and habits of the answer that nobody documents.
#[expect(clippy::struct_excessive_bools, reason = "a tenant's switches, each by itself")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OracleRules {
    /// Radius of the sphere, in metres. Default 6,378,100.
    pub earth_radius_m: f64,
    /// Radius of a query that names none, in metres. Default 150.
    pub default_radius_m: f64,
    /// The most entries of `boxes`, of `refused_boxes` and of `properties`. Default 100.
    pub max_boxes: usize,
    /// What holds the ports that are counted.
    pub service_connectors: ServiceConnectors,
    /// Whether a blocked port without fibre counts as free. Default no.
    pub blocked_ports_are_free: bool,
    /// Whether a port that isn't blocked counts as free when a home without client is connected at it, whatever the key
    /// sees of homes. Default no.
    pub property_ports_are_free: bool,
    /// Whether `properties` lists the homes in the radius that have no client. Default no: it is empty.
    pub list_properties: bool,
    /// Whether `horizontal_condos` lists the gated communities that contain the box. Default no: it is empty.
    pub list_condominiums: bool,
    /// Whether a point in gated communities is served only by boxes in one of them, and any other point only by boxes
    /// in none, whatever the key sees of communities. Default no.
    pub consider_condominiums: bool,
    /// Whether a box is refused that is farther than its project's `drop.maxSize`. Default no.
    pub maximum_drop: bool,
    /// Whether the edge of the radius is inside.
    pub boundary: Boundary,
    /// Whether `refused_boxes` lists them.
    pub refused: RefusedBoxes,
    /// How the boxes of an answer are ordered.
    pub order: BoxOrder,
    /// Whether each box has a field that nobody documented, `olt`. Default no.
    pub unknown_field: bool,
}

impl Default for OracleRules {
    fn default() -> Self {
        Self {
            earth_radius_m: 6_378_100.0,
            default_radius_m: 150.0,
            max_boxes: 100,
            service_connectors: ServiceConnectors::default(),
            blocked_ports_are_free: false,
            property_ports_are_free: false,
            list_properties: false,
            list_condominiums: false,
            consider_condominiums: false,
            maximum_drop: false,
            boundary: Boundary::default(),
            refused: RefusedBoxes::default(),
            order: BoxOrder::default(),
            unknown_field: false,
        }
    }
}

/// The kinds whose ports count, where they are for service (`isDrop`). Default: splitters alone.
#[expect(clippy::struct_excessive_bools, reason = "a set of kinds")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceConnectors {
    /// `/splitters`.
    pub splitters: bool,
    /// `/connectors`.
    pub connectors: bool,
    /// `/fusions`.
    pub fusions: bool,
    /// `/switches`.
    pub switches: bool,
}

impl Default for ServiceConnectors {
    fn default() -> Self {
        Self { splitters: true, connectors: false, fusions: false, switches: false }
    }
}

impl ServiceConnectors {
    pub(crate) fn counts(self, kind: ConnectorKind) -> bool {
        match kind {
            ConnectorKind::Splitter => self.splitters,
            ConnectorKind::Connector => self.connectors,
            ConnectorKind::Fusion => self.fusions,
            ConnectorKind::Switch => self.switches,
        }
    }
}

/// Whether a box or home at exactly the radius is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// It is.
    #[default]
    Inclusive,
    /// It isn't.
    Exclusive,
}

/// What becomes of boxes that can't be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefusedBoxes {
    /// `refused_boxes` lists them.
    #[default]
    Listed,
    /// `refused_boxes` is always empty.
    LeftOut,
}

/// The order of boxes in an answer; the cut keeps the nearest either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BoxOrder {
    /// By distance, then by id.
    #[default]
    NearestFirst,
    /// By id.
    ById,
}
