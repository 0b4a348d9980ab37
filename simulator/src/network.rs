//! The network in memory: compact rows in creation order, which is id order.
//!
//! A deleted row keeps its slot, marked `gone`, so that slots never shift and a row is found by bisection of ids.

pub(crate) mod cell;
pub(crate) mod edit;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod render;
pub(crate) mod rows;
pub(crate) mod time;
pub(crate) mod view;

use std::collections::HashMap;

use crate::settings::{Sales, UpdateTimes};
use id::{Id, IdSource};
use rows::{BoxRow, CondominiumRow, ConnectorKind, ProjectRow, PropertyRow, SplitterRow};

/// The lists of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Boxes,
    Splitters,
    Connectors,
    Fusions,
    Switches,
    Projects,
    Properties,
    Condominiums,
}

const KINDS: [Kind; 8] = [
    Kind::Boxes,
    Kind::Splitters,
    Kind::Connectors,
    Kind::Fusions,
    Kind::Switches,
    Kind::Projects,
    Kind::Properties,
    Kind::Condominiums,
];

impl Kind {
    /// The list at this path segment.
    pub(crate) fn of_path(segment: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.path() == segment)
    }

    /// The path segment, which also names the operation in request counts.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Splitters => "splitters",
            Self::Connectors => "connectors",
            Self::Fusions => "fusions",
            Self::Switches => "switches",
            Self::Projects => "projects",
            Self::Properties => "properties",
            Self::Condominiums => "horizontal-condominiums",
        }
    }

    /// Which rows of the table of splitters this list shows.
    fn connectors(self) -> Option<ConnectorKind> {
        match self {
            Self::Splitters => Some(ConnectorKind::Splitter),
            Self::Connectors => Some(ConnectorKind::Connector),
            Self::Fusions => Some(ConnectorKind::Fusion),
            Self::Switches => Some(ConnectorKind::Switch),
            Self::Boxes | Self::Projects | Self::Properties | Self::Condominiums => None,
        }
    }
}

/// All rows.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) projects: Vec<ProjectRow>,
    pub(crate) boxes: Vec<BoxRow>,
    /// Connectors, fusions and switches too.
    pub(crate) splitters: Vec<SplitterRow>,
    /// Slots of splitters that lie apart from the others of their box, by the box's id.
    pub(crate) apart: HashMap<Id, Vec<usize>>,
    pub(crate) properties: Vec<PropertyRow>,
    pub(crate) condominiums: Vec<CondominiumRow>,
    pub(crate) ids: IdSource,
    /// Grows with every edit.
    pub(crate) version: u64,
    /// Time of the last edit: no two edits share one.
    pub(crate) edited_ms: i64,
    /// How far its clock is ahead of this machine's.
    pub(crate) ahead_ms: i64,
    pub(crate) update_times: UpdateTimes,
    pub(crate) sales: Sales,
}

impl Network {
    pub(crate) fn empty(seed: u64) -> Self {
        Self {
            projects: Vec::new(),
            boxes: Vec::new(),
            splitters: Vec::new(),
            apart: HashMap::new(),
            properties: Vec::new(),
            condominiums: Vec::new(),
            ids: IdSource::new(seed),
            version: 0,
            edited_ms: 0,
            ahead_ms: 0,
            update_times: UpdateTimes::default(),
            sales: Sales::default(),
        }
    }

    /// Slots of a list, the deleted rows' included.
    pub(crate) fn slots(&self, kind: Kind) -> usize {
        match kind {
            Kind::Boxes => self.boxes.len(),
            Kind::Splitters | Kind::Connectors | Kind::Fusions | Kind::Switches => self.splitters.len(),
            Kind::Projects => self.projects.len(),
            Kind::Properties => self.properties.len(),
            Kind::Condominiums => self.condominiums.len(),
        }
    }

    pub(crate) fn id_at(&self, kind: Kind, slot: usize) -> Id {
        match kind {
            Kind::Boxes => self.boxes[slot].id,
            Kind::Splitters | Kind::Connectors | Kind::Fusions | Kind::Switches => self.splitters[slot].id,
            Kind::Projects => self.projects[slot].id,
            Kind::Properties => self.properties[slot].id,
            Kind::Condominiums => self.condominiums[slot].id,
        }
    }

    /// The project (index) of a row that is there and in this list.
    pub(crate) fn project_at(&self, kind: Kind, slot: usize) -> Option<u16> {
        let (project, gone) = match kind {
            Kind::Boxes => (self.boxes[slot].project, self.boxes[slot].gone),
            Kind::Projects => (u16::try_from(slot).ok()?, false),
            Kind::Properties => (self.properties[slot].project, self.properties[slot].gone),
            Kind::Condominiums => (self.condominiums[slot].project, self.condominiums[slot].gone),
            Kind::Splitters | Kind::Connectors | Kind::Fusions | Kind::Switches => {
                let row = &self.splitters[slot];
                (row.project, row.gone || kind.connectors() != Some(row.kind))
            }
        };
        (!gone).then_some(project)
    }

    /// What is in a box now and has ports: slots.
    pub(crate) fn contents(&self, row: &BoxRow) -> impl Iterator<Item = usize> {
        let id = row.id;
        let apart = self.apart.get(&id).into_iter().flatten().copied();
        row.splitter_slots().chain(apart).filter(move |&slot| {
            let inside = &self.splitters[slot];
            !inside.gone && inside.parent == id
        })
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
