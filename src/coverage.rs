//! A network as GeoJSON (RFC 7946), for maps of others: its boxes, and the ground from where a free port is within a radius.

mod area;

pub use area::Area;

use crate::viability::plant::{Refusal, Stage};
use crate::viability::snapshot::Snapshot;
use serde_json::{Value, json};
use std::io::{self, Write};

/// What is told of the whole beside its geometry.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Whose network it is.
    pub tenant: &'a str,
    /// When the data were read, RFC 3339.
    pub read_at: &'a str,
}

/// Writes the ground as one feature, a `MultiPolygon`.
pub fn write_area(to: &mut impl Write, area: &Area, about: &About<'_>) -> io::Result<()> {
    let feature = json!({
        "type": "Feature",
        "properties": {
            "tenant": about.tenant, "read_at": about.read_at,
            "radius_m": area.radius().metres(), "sellable_boxes": area.boxes(),
        },
        "geometry": { "type": "MultiPolygon", "coordinates": area.coordinates() },
    });
    collection(to, std::iter::once(feature))
}

/// Writes every box as a feature of its own, a `Point`, in the order of their ids.
pub fn write_boxes(to: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let features = snapshot.boxes().map(|one| {
        json!({
            "type": "Feature",
            "id": one.id.to_string(),
            "properties": {
                "name": one.name,
                "project": one.project.to_string(),
                "state": one.refusal().map_or("sellable", Refusal::as_str),
                "implanted": one.stage == Stage::Implanted,
                "free_ports": one.free_ports(),
                "total_ports": one.ports.map(|ports| ports.total),
            },
            "geometry": {
                "type": "Point",
                "coordinates": [one.position.lng(), one.position.lat()],
            },
        })
    });
    collection(to, features)
}

/// One feature a line: so it can be read without a viewer.
fn collection(to: &mut impl Write, features: impl Iterator<Item = Value>) -> io::Result<()> {
    to.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    for (number, feature) in features.enumerate() {
        to.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *to, &feature)?;
    }
    to.write_all(b"\n]}\n")
}
