//! The rows, as compact as a million of them need.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::id::Id;

#[derive(Debug)]
pub(crate) struct ProjectRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) parent: Option<u16>,
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    /// `drop.maxSize`, in metres.
    pub(crate) max_drop_m: Option<f64>,
    pub(crate) updated_ms: i64,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts, as OZmap's own row has them")]
#[derive(Debug)]
pub(crate) struct BoxRow {
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    pub(crate) updated_ms: i64,
    pub(crate) name: Box<str>,
    pub(crate) id: Id,
    /// The splitters made with it lie side by side: the first slot, and how many.
    pub(crate) first_splitter: u32,
    pub(crate) splitters: u8,
    /// Index into [`super::render::BOX_TYPES`]; a POP has none.
    pub(crate) box_type: Option<u8>,
    pub(crate) project: u16,
    pub(crate) draft: bool,
    pub(crate) implanted: bool,
    pub(crate) certified: bool,
    pub(crate) observed: bool,
    pub(crate) gone: bool,
}

impl BoxRow {
    pub(crate) fn splitter_slots(&self) -> Range<usize> {
        let first = self.first_splitter as usize;
        first..first + usize::from(self.splitters)
    }
}

/// What a splitter sits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParentKind {
    Box,
    Building,
    Pop,
}

impl ParentKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Box => "Box",
            Self::Building => "Building",
            Self::Pop => "Pop",
        }
    }
}

/// What has ports and may serve homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// `/splitters`.
    #[default]
    Splitter,
    /// `/connectors`.
    Connector,
    /// `/fusions`.
    Fusion,
    /// `/switches`.
    Switch,
}

impl ConnectorKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Splitter => "Splitter",
            Self::Connector => "Connector",
            Self::Fusion => "Fusion",
            Self::Switch => "Switch",
        }
    }

    /// Whether rows have `ports`, and inputs beside the outputs.
    pub(crate) fn has_ports(self) -> bool {
        matches!(self, Self::Splitter | Self::Switch)
    }
}

/// A splitter, connector, fusion or switch.
#[derive(Debug)]
pub(crate) struct SplitterRow {
    pub(crate) updated_ms: i64,
    /// Bit `i`: `connectables.output[i]` holds a fibre.
    pub(crate) used: u64,
    /// Bit `i`: `ports[i].blocked`.
    pub(crate) blocked: u64,
    pub(crate) id: Id,
    pub(crate) parent: Id,
    pub(crate) project: u16,
    /// Outputs, at most 64.
    pub(crate) ports: u8,
    pub(crate) kind: ConnectorKind,
    pub(crate) parent_kind: ParentKind,
    pub(crate) is_drop: bool,
    pub(crate) implanted: bool,
    pub(crate) gone: bool,
}

impl SplitterRow {
    /// Bits of the outputs that exist.
    pub(crate) fn outputs(&self) -> u64 {
        if self.ports >= 64 { u64::MAX } else { (1 << self.ports) - 1 }
    }
}

#[derive(Debug)]
pub(crate) struct PropertyRow {
    /// Latitude and longitude, if anybody knows them.
    pub(crate) position: Option<(f64, f64)>,
    pub(crate) updated_ms: i64,
    pub(crate) id: Id,
    /// Slot of the box.
    pub(crate) in_box: Option<u32>,
    /// Slot of the splitter and index of the port that serve it.
    pub(crate) connection: Option<(u32, u8)>,
    pub(crate) project: u16,
    pub(crate) address: Address,
    pub(crate) has_client: bool,
    pub(crate) observed: bool,
    pub(crate) gone: bool,
}

#[derive(Debug)]
pub(crate) enum Address {
    /// The number of a house in the one street of the generated city.
    House(u16),
    Written(Box<str>),
}

#[derive(Debug)]
pub(crate) struct CondominiumRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) project: u16,
    /// Closed ring of `[lng, lat]`.
    pub(crate) ring: Vec<[f64; 2]>,
    pub(crate) updated_ms: i64,
    pub(crate) gone: bool,
}
