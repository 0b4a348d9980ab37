//! Rows as OZmap sends them.

mod connector;

use super::id::Id;
use super::json::{self, Fields, Object};
use super::rows::{Address, BoxRow, ConnectorKind, PropertyRow, SplitterRow};
use super::{Kind, Network};
use crate::settings::UpdateTimes;

/// Codes of the box types.
pub(crate) const BOX_TYPES: [&str; 4] = ["CTO 16", "CTO 8", "CEO 144", "NAP"];

/// Stands for the row as a whole in the ids that are new at every read.
const WHOLE: u32 = 0x1_0000;

/// About one row in twenty comes with its parent and project as whole objects.
fn comes_populated(id: Id) -> bool {
    id.hash().is_multiple_of(20)
}

pub(crate) fn box_type_id(kind: u8) -> Id {
    Id::passing(0, 0x589d_e1d1, u32::from(kind) + 1)
}

pub(crate) fn box_observation(row: &BoxRow) -> String {
    format!("Poste {} / acesso \"livre\"", row.id.hash() % 9_000 + 1_000)
}

pub(crate) fn splitter_name(row: &SplitterRow) -> String {
    let short = match row.kind {
        ConnectorKind::Splitter => "SPL",
        ConnectorKind::Connector => "CON",
        ConnectorKind::Fusion => "FUS",
        ConnectorKind::Switch => "SW",
    };
    format!("{short} 1:{} {}", row.ports, row.id.hash() % 10_000)
}

pub(crate) fn property_address(row: &PropertyRow) -> String {
    match &row.address {
        Address::House(number) => format!("Rua São Sebastião, {number} - Centro"),
        Address::Written(text) => text.to_string(),
    }
}

pub(crate) fn property_observation(row: &PropertyRow) -> &'static str {
    if row.observed { "Portão azul, \"cão bravo\"" } else { "" }
}

impl Network {
    /// Appends the row in this slot. `read` numbers the reads: passing ids differ between any two.
    pub(crate) fn render(&self, out: &mut Vec<u8>, kind: Kind, slot: usize, fields: &Fields, read: u32) {
        let mut row = Row { network: self, fields, read, slot, object: Object::open(out) };
        row.object.key("id");
        json::id(row.object.out, self.id_at(kind, slot));
        match kind {
            Kind::Boxes => row.write_box(),
            Kind::Splitters | Kind::Connectors | Kind::Fusions | Kind::Switches => row.write_connector(),
            Kind::Projects => row.write_project(),
            Kind::Properties => row.write_property(),
            Kind::Condominiums => row.write_condominium(),
        }
        row.object.close();
    }

    /// What serves a property, and the index of the port, while that holds a fibre.
    pub(crate) fn connection(&self, row: &PropertyRow) -> Option<(&SplitterRow, u8)> {
        let (slot, port) = row.connection?;
        let splitter = self.splitters.get(slot as usize)?;
        (!splitter.gone && splitter.used >> port & 1 == 1).then_some((splitter, port))
    }

    /// The box of a property, unless it was deleted.
    pub(crate) fn property_box(&self, row: &PropertyRow) -> Option<&BoxRow> {
        self.boxes.get(row.in_box? as usize).filter(|home| !home.gone)
    }
}

struct Row<'a> {
    network: &'a Network,
    fields: &'a Fields,
    read: u32,
    slot: usize,
    object: Object<'a>,
}

impl Row<'_> {
    fn put(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if self.fields.has(name) {
            value(self.object.key(name));
        }
    }

    fn kind(&mut self, kind: &str) {
        json::string(self.object.key("kind"), kind);
    }

    fn dates(&mut self, id: Id, updated_ms: i64) {
        self.put("createdAt", |out| json::instant(out, id.created_ms()));
        if self.network.update_times == UpdateTimes::Told {
            self.put("updatedAt", |out| json::instant(out, updated_ms));
        }
    }

    /// `lat` and `lng` are made from `coords`: without them they are null.
    fn position(&mut self, position: Option<(f64, f64)>) {
        if let Some((lat, lng)) = position {
            self.put("coords", |out| json::position(out, lng, lat));
        }
        let (lat, lng) = position.filter(|_| self.fields.has("coords")).unwrap_or((f64::NAN, f64::NAN));
        json::number(self.object.key("lat"), lat);
        json::number(self.object.key("lng"), lng);
    }

    fn project(&mut self, project: u16, owner: Id) {
        let row = &self.network.projects[usize::from(project)];
        let whole = comes_populated(owner) || self.fields.populates("project");
        self.put("project", |out| {
            if whole {
                named(out, row.id, "Project", &row.name);
            } else {
                json::id(out, row.id);
            }
        });
    }

    fn write_box(&mut self) {
        let row = &self.network.boxes[self.slot];
        let whole = comes_populated(row.id) || self.fields.populates("boxType");
        self.kind("Box");
        self.put("name", |out| json::string(out, &row.name));
        self.project(row.project, row.id);
        self.position(Some((row.lat, row.lng)));
        self.put("implanted", |out| json::boolean(out, row.implanted));
        self.put("draft", |out| json::boolean(out, row.draft));
        self.put("certified", |out| json::boolean(out, row.certified));
        self.put("boxType", |out| match row.box_type {
            None => json::null(out),
            Some(kind) if whole => {
                let mut object = Object::open(out);
                json::id(object.key("id"), box_type_id(kind));
                json::string(
                    object.key("code"),
                    BOX_TYPES.get(usize::from(kind)).copied().unwrap_or_default(),
                );
                object.close();
            }
            Some(kind) => json::id(out, box_type_id(kind)),
        });
        if row.observed {
            self.put("observation", |out| json::string(out, &box_observation(row)));
        }
        self.dates(row.id, row.updated_ms);
    }

    fn write_project(&mut self) {
        let row = &self.network.projects[self.slot];
        let parents = row.parent.and_then(|parent| self.network.projects.get(usize::from(parent)));
        self.kind("Project");
        self.put("name", |out| json::string(out, &row.name));
        self.put("parents", |out| {
            json::array(out, parents, |out, parent| {
                let mut object = Object::open(out);
                json::id(object.key("project"), parent.id);
                object.close();
            });
        });
        self.put("lat", |out| json::number(out, row.lat));
        self.put("lng", |out| json::number(out, row.lng));
        if let Some(metres) = row.max_drop_m {
            self.put("drop", |out| {
                let mut object = Object::open(out);
                json::number(object.key("maxSize"), metres);
                object.close();
            });
        }
        self.dates(row.id, row.updated_ms);
    }

    fn write_property(&mut self) {
        let network = self.network;
        let row = &network.properties[self.slot];
        let (read, place) = (self.read, u32::try_from(self.slot).unwrap_or_default());
        let home = network.property_box(row);
        let connection = network.connection(row);
        self.kind("Property");
        self.put("address", |out| json::string(out, &property_address(row)));
        self.position(row.position);
        self.put("box", |out| match home {
            Some(home) => json::id(out, home.id),
            None => json::null(out),
        });
        self.put("client", |out| {
            if row.has_client {
                json::id(out, row.id.sibling(0x11));
            } else {
                json::null(out);
            }
        });
        self.put("connections", |out| {
            json::array(out, connection, |out, (splitter, port)| {
                let mut object = Object::open(out);
                json::id(object.key("id"), splitter.id);
                json::string(object.key("kind"), splitter.kind.name());
                json::count(object.key("port"), usize::from(port) + 1);
                json::id(object.key("fiber"), Id::passing(read, place, WHOLE));
                object.close();
            });
        });
        self.put("observation", |out| json::string(out, property_observation(row)));
        self.project(row.project, row.id);
        self.dates(row.id, row.updated_ms);
    }

    fn write_condominium(&mut self) {
        let row = &self.network.condominiums[self.slot];
        self.kind("HorizontalCondominium");
        self.put("name", |out| json::string(out, &row.name));
        self.project(row.project, row.id);
        self.put("polygon", |out| {
            let mut object = Object::open(out);
            json::string(object.key("type"), "Polygon");
            json::array(object.key("coordinates"), &row.ring, |out, corner| {
                json::position(out, corner[0], corner[1]);
            });
            object.close();
        });
        self.dates(row.id, row.updated_ms);
    }
}

/// A whole object, as far as others need it.
fn named(out: &mut Vec<u8>, id: Id, kind: &str, name: &str) {
    let mut object = Object::open(out);
    json::id(object.key("id"), id);
    json::string(object.key("kind"), kind);
    json::string(object.key("name"), name);
    object.close();
}
