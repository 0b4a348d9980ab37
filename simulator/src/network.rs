//! The network in memory: compact rows in creation order, which is id order.
//!
//! A deleted row keeps its slot, marked `gone`, so that slots never shift and a row is found by bisection of ids.

pub(crate) mod cell;
pub(crate) mod edit;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod render;
pub(crate) mod time;
pub(crate) mod view;

use std::ops::Range;

use id::{Id, IdSource};

/// The lists of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Boxes,
    Splitters,
    Projects,
    Properties,
    Condominiums,
}

impl Kind {
    /// The list at this path segment.
    pub(crate) fn of_path(segment: &str) -> Option<Self> {
        [Self::Boxes, Self::Splitters, Self::Projects, Self::Properties, Self::Condominiums]
            .into_iter()
            .find(|kind| kind.path() == segment)
    }

    /// The path segment, which also names the operation in request counts.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Splitters => "splitters",
            Self::Projects => "projects",
            Self::Properties => "properties",
            Self::Condominiums => "horizontal-condominiums",
        }
    }
}

#[derive(Debug)]
pub(crate) struct ProjectRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) parent: Option<u16>,
    pub(crate) lat: f64,
    pub(crate) lng: f64,
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
    /// Its splitters lie side by side: the first slot, and how many.
    pub(crate) first_splitter: u32,
    pub(crate) splitters: u8,
    /// Index into [`render::BOX_TYPES`]; a POP has none.
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
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    pub(crate) updated_ms: i64,
    pub(crate) id: Id,
    pub(crate) in_box: u32,
    /// Slot of the splitter and index of the port that serve it.
    pub(crate) connection: Option<(u32, u8)>,
    pub(crate) project: u16,
    pub(crate) house: u16,
    pub(crate) has_client: bool,
    pub(crate) observed: bool,
}

#[derive(Debug)]
pub(crate) struct CondominiumRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) project: u16,
    /// Closed ring of `[lng, lat]`.
    pub(crate) ring: Vec<[f64; 2]>,
    pub(crate) updated_ms: i64,
}

/// All rows.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) projects: Vec<ProjectRow>,
    pub(crate) boxes: Vec<BoxRow>,
    pub(crate) splitters: Vec<SplitterRow>,
    pub(crate) properties: Vec<PropertyRow>,
    pub(crate) condominiums: Vec<CondominiumRow>,
    pub(crate) ids: IdSource,
    /// Grows with every edit.
    pub(crate) version: u64,
    /// Time of the last edit: no two edits share one.
    pub(crate) edited_ms: i64,
}

impl Network {
    pub(crate) fn empty(seed: u64) -> Self {
        Self {
            projects: Vec::new(),
            boxes: Vec::new(),
            splitters: Vec::new(),
            properties: Vec::new(),
            condominiums: Vec::new(),
            ids: IdSource::new(seed),
            version: 0,
            edited_ms: 0,
        }
    }

    /// Slots of a list, the deleted rows' included.
    pub(crate) fn slots(&self, kind: Kind) -> usize {
        match kind {
            Kind::Boxes => self.boxes.len(),
            Kind::Splitters => self.splitters.len(),
            Kind::Projects => self.projects.len(),
            Kind::Properties => self.properties.len(),
            Kind::Condominiums => self.condominiums.len(),
        }
    }

    pub(crate) fn id_at(&self, kind: Kind, slot: usize) -> Id {
        match kind {
            Kind::Boxes => self.boxes[slot].id,
            Kind::Splitters => self.splitters[slot].id,
            Kind::Projects => self.projects[slot].id,
            Kind::Properties => self.properties[slot].id,
            Kind::Condominiums => self.condominiums[slot].id,
        }
    }

    /// The project (index) of a row that is there; `None` for a deleted row.
    pub(crate) fn project_at(&self, kind: Kind, slot: usize) -> Option<u16> {
        match kind {
            Kind::Boxes => Some(&self.boxes[slot]).filter(|row| !row.gone).map(|row| row.project),
            Kind::Splitters => Some(&self.splitters[slot]).filter(|row| !row.gone).map(|row| row.project),
            Kind::Projects => u16::try_from(slot).ok(),
            Kind::Properties => Some(self.properties[slot].project),
            Kind::Condominiums => Some(self.condominiums[slot].project),
        }
    }

    /// The first slot whose id does not satisfy `before`, which must hold for a prefix of the ids.
    pub(crate) fn partition(&self, kind: Kind, before: impl Fn(Id) -> bool) -> usize {
        let (mut low, mut high) = (0, self.slots(kind));
        while low < high {
            let middle = low.midpoint(high);
            if before(self.id_at(kind, middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The slot of this id, unless the row is gone.
    pub(crate) fn find(&self, kind: Kind, id: Id) -> Option<usize> {
        let slot = self.partition(kind, |other| other < id);
        (slot < self.slots(kind) && self.id_at(kind, slot) == id && self.project_at(kind, slot).is_some())
            .then_some(slot)
    }
}
