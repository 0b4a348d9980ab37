//! One property of one row, as filters and sorts see it.

use std::borrow::Cow;

use super::id::Id;
use super::render::{
    BOX_TYPES, box_observation, box_type_id, property_address, property_observation, splitter_name,
};
use super::rows::ConnectorKind;
use super::{Kind, Network};
use crate::settings::UpdateTimes;

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// The row has no such property.
    Missing,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Id(Id),
    /// Milliseconds since 1970; compared by its ISO form.
    Date(i64),
    /// Degrees.
    Point {
        lat: f64,
        lng: f64,
    },
    /// An array or object: it exists, and equals nothing.
    Whole,
}

impl Network {
    /// The property `name` of the row in this slot.
    pub(crate) fn cell<'a>(&'a self, kind: Kind, slot: usize, name: &str) -> Cell<'a> {
        match (kind, name) {
            (_, "id" | "_id") => Cell::Id(self.id_at(kind, slot)),
            (_, "createdAt") => Cell::Date(self.id_at(kind, slot).created_ms()),
            (_, "updatedAt") if self.update_times == UpdateTimes::Absent => Cell::Missing,
            (Kind::Boxes, _) => self.box_cell(slot, name),
            (Kind::Splitters | Kind::Connectors | Kind::Fusions | Kind::Switches, _) => {
                self.splitter_cell(slot, name)
            }
            (Kind::Projects, _) => self.project_cell(slot, name),
            (Kind::Properties, _) => self.property_cell(slot, name),
            (Kind::Condominiums, _) => self.condominium_cell(slot, name),
        }
    }

    fn box_cell(&self, slot: usize, name: &str) -> Cell<'_> {
        let row = &self.boxes[slot];
        match name {
            "kind" => Cell::Text("Box".into()),
            "name" => Cell::Text(row.name.as_ref().into()),
            "project" => self.project_id(row.project),
            "coords" => Cell::Point { lat: row.lat, lng: row.lng },
            "lat" => Cell::Number(row.lat),
            "lng" => Cell::Number(row.lng),
            "implanted" => Cell::Bool(row.implanted),
            "draft" => Cell::Bool(row.draft),
            "certified" => Cell::Bool(row.certified),
            "boxType" => row.box_type.map_or(Cell::Null, |kind| {
                debug_assert!(usize::from(kind) < BOX_TYPES.len(), "box types come from the table");
                Cell::Id(box_type_id(kind))
            }),
            "observation" if row.observed => Cell::Text(box_observation(row).into()),
            "updatedAt" => Cell::Date(row.updated_ms),
            _ => Cell::Missing,
        }
    }

    fn splitter_cell(&self, slot: usize, name: &str) -> Cell<'_> {
        let row = &self.splitters[slot];
        match name {
            "kind" => Cell::Text(row.kind.name().into()),
            "name" => Cell::Text(splitter_name(row).into()),
            "parent" => Cell::Id(row.parent),
            "project" => self.project_id(row.project),
            "isDrop" => Cell::Bool(row.is_drop),
            "implanted" => Cell::Bool(row.implanted),
            "ratio.output" if row.kind == ConnectorKind::Splitter => Cell::Number(f64::from(row.ports)),
            "ratio" if row.kind == ConnectorKind::Splitter => Cell::Whole,
            "ports" if row.kind.has_ports() => Cell::Whole,
            "connectables" => Cell::Whole,
            "updatedAt" => Cell::Date(row.updated_ms),
            _ => Cell::Missing,
        }
    }

    fn project_cell(&self, slot: usize, name: &str) -> Cell<'_> {
        let row = &self.projects[slot];
        match name {
            "kind" => Cell::Text("Project".into()),
            "name" => Cell::Text(row.name.as_str().into()),
            "parents" => Cell::Whole,
            "drop" if row.max_drop_m.is_some() => Cell::Whole,
            "drop.maxSize" => row.max_drop_m.map_or(Cell::Missing, Cell::Number),
            "lat" => Cell::Number(row.lat),
            "lng" => Cell::Number(row.lng),
            "updatedAt" => Cell::Date(row.updated_ms),
            _ => Cell::Missing,
        }
    }

    fn property_cell(&self, slot: usize, name: &str) -> Cell<'_> {
        let row = &self.properties[slot];
        match name {
            "kind" => Cell::Text("Property".into()),
            "address" => Cell::Text(property_address(row).into()),
            "project" => self.project_id(row.project),
            "coords" => row.position.map_or(Cell::Missing, |(lat, lng)| Cell::Point { lat, lng }),
            "lat" => row.position.map_or(Cell::Null, |(lat, _)| Cell::Number(lat)),
            "lng" => row.position.map_or(Cell::Null, |(_, lng)| Cell::Number(lng)),
            "box" => self.property_box(row).map_or(Cell::Null, |home| Cell::Id(home.id)),
            "client" if row.has_client => Cell::Id(row.id.sibling(0x11)),
            "client" => Cell::Null,
            "connections" => Cell::Whole,
            "observation" => Cell::Text(property_observation(row).into()),
            "updatedAt" => Cell::Date(row.updated_ms),
            _ => Cell::Missing,
        }
    }

    fn condominium_cell(&self, slot: usize, name: &str) -> Cell<'_> {
        let row = &self.condominiums[slot];
        match name {
            "kind" => Cell::Text("HorizontalCondominium".into()),
            "name" => Cell::Text(row.name.as_str().into()),
            "project" => self.project_id(row.project),
            "polygon" => Cell::Whole,
            "updatedAt" => Cell::Date(row.updated_ms),
            _ => Cell::Missing,
        }
    }

    fn project_id(&self, project: u16) -> Cell<'_> {
        Cell::Id(self.projects[usize::from(project)].id)
    }
}
