//! Rows of `/splitters`, `/connectors`, `/fusions` and `/switches`.

use super::{Row, comes_populated, named, splitter_name};
use crate::network::Kind;
use crate::network::id::Id;
use crate::network::json::{self, Fields, Object};
use crate::network::rows::{ConnectorKind, ParentKind, SplitterRow};

/// Places in the ids that are new at every read: outputs count from 0, ports from [`PORTS`].
const INPUT: u32 = 0x1_0000;
const PORTS: u32 = 0x2_0000;
const RATIO: u32 = 0x3_0000;

impl Row<'_> {
    pub(super) fn write_connector(&mut self) {
        let row = &self.network.splitters[self.slot];
        let (read, place) = (self.read, u32::try_from(self.slot).unwrap_or_default());
        self.kind(row.kind.name());
        self.put("name", |out| json::string(out, &splitter_name(row)));
        self.parent(row);
        self.project(row.project, row.id);
        self.put("isDrop", |out| json::boolean(out, row.is_drop));
        self.put("implanted", |out| json::boolean(out, row.implanted));
        if row.kind == ConnectorKind::Splitter {
            self.put("ratio", |out| {
                let mut object = Object::open(out);
                json::id(object.key("id"), Id::passing(read, place, RATIO));
                json::count(object.key("input"), 1);
                json::count(object.key("output"), usize::from(row.ports));
                object.close();
            });
        }
        self.put("connectables", |out| {
            if !row.kind.has_ports() {
                return outputs(out, row, read, place);
            }
            let mut object = Object::open(out);
            json::array(object.key("input"), [INPUT], |out, input| {
                json::id(out, Id::passing(read, place, input));
            });
            outputs(object.key("output"), row, read, place);
            object.close();
        });
        if row.kind.has_ports() {
            self.put("ports", |out| ports(out, row, read, place));
        }
        self.dates(row.id, row.updated_ms);
    }

    fn parent(&mut self, row: &SplitterRow) {
        let network = self.network;
        let whole = comes_populated(row.id) || self.fields.populates("parent");
        self.put("parent", |out| match (whole, row.parent_kind) {
            (false, _) => json::id(out, row.parent),
            (true, ParentKind::Box) => match network.find(Kind::Boxes, row.parent) {
                Some(slot) => {
                    let fields = Fields::default();
                    network.render(out, Kind::Boxes, slot, &fields, 0);
                }
                None => named(out, row.parent, ParentKind::Box.name(), ""),
            },
            (true, other) => named(out, row.parent, other.name(), "Edifício Copan"),
        });
    }
}

/// A fibre's id, or null, for each output.
fn outputs(out: &mut Vec<u8>, row: &SplitterRow, read: u32, place: u32) {
    json::array(out, 0..u32::from(row.ports), |out, port| {
        if row.used >> port & 1 == 1 {
            json::id(out, Id::passing(read, place, port));
        } else {
            json::null(out);
        }
    });
}

fn ports(out: &mut Vec<u8>, row: &SplitterRow, read: u32, place: u32) {
    json::array(out, 0..u32::from(row.ports), |out, port| {
        let blocked = row.blocked >> port & 1 == 1;
        out.extend_from_slice(if blocked {
            b"{\"blocked\":true,\"tags\":[],\"id\":"
        } else {
            b"{\"blocked\":false,\"tags\":[],\"id\":"
        });
        json::id(out, Id::passing(read, place, PORTS + port));
        out.push(b'}');
    });
}
