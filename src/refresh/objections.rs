//! What speaks against what was read, in words and numbers that an operator can weigh.

use crate::viability::plant::ObjectId;
use std::fmt;

/// All that speaks against publishing what was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Objections(Vec<Objection>);

impl Objections {
    /// `None` where nothing speaks against it.
    pub(super) fn of(objections: Vec<Objection>) -> Option<Self> {
        (!objections.is_empty()).then_some(Self(objections))
    }

    /// Each of them, at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Objection> {
        self.0.iter()
    }

    /// Whether there would be nothing at all to sell: nobody can mean that, whatever they order. Without data OZmap is asked.
    pub fn are_final(&self) -> bool {
        self.0.iter().any(|one| matches!(one, Objection::Empty { .. } | Objection::NoPorts { .. }))
    }

    fn remedy(&self) -> &'static str {
        let is_unreadable = |one: &Objection| matches!(one, Objection::Unreadable { .. });
        if self.are_final() {
            "no order can accept that: mend the rights of the key in OZmap, or remove the tenant if it has no network"
        } else if self.0.iter().any(is_unreadable) {
            "mend the rows in OZmap; accept_shrink=true would publish the rest, and every address near such a row would \
             wait for OZmap"
        } else {
            "mend it in OZmap, or, if OZmap is right in all of this, order a refresh with accept_shrink=true"
        }
    }
}

impl fmt::Display for Objections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for objection in &self.0 {
            write!(f, "{objection}; ")?;
        }
        f.write_str(self.remedy())
    }
}

impl std::error::Error for Objections {}

/// One thing that speaks against it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Objection {
    /// Not one box.
    #[error("OZmap shows no box at all, {held} are held (does the key still see its projects?)")]
    Empty {
        /// How many boxes are held.
        held: u64,
    },
    /// Boxes, and not one port of a service splitter, though every splitter could be read.
    #[error(
        "OZmap shows {boxes} boxes and not one service splitter with ports, {held} ports are held (does the key still see splitters?)"
    )]
    NoPorts {
        /// How many boxes.
        boxes: u64,
        /// How many ports are held.
        held: u64,
    },
    /// A list with too many rows that can't be read.
    #[error(
        "{unreadable} of {rows} rows of {list} can't be read, more than refresh.max_unreadable_percent = {percent} (viability_rows_quarantined_total tells why)"
    )]
    Unreadable {
        /// Which list.
        list: &'static str,
        /// Its rows that can't be read.
        unreadable: u64,
        /// All its rows.
        rows: u64,
        /// The limit.
        percent: f64,
    },
    /// Projects with boxes that the key no longer sees.
    #[error("the key no longer sees {projects} projects (such as {example}) with {boxes} boxes")]
    ProjectsGone {
        /// How many projects.
        projects: usize,
        /// One of them.
        example: ObjectId,
        /// How many boxes they held.
        boxes: usize,
    },
    /// Boxes that are somewhere else all at once: latitudes for longitudes, or an import gone wrong.
    #[error("{boxes} of {held} boxes are far from where they were, more than {percent} %")]
    Moved {
        /// How many boxes.
        boxes: u64,
        /// Of how many that are held and were read.
        held: u64,
        /// The limit.
        percent: f64,
    },
    /// Much less than there was.
    #[error("{read} {what} where there were {held}, a loss above {percent} %")]
    Shrunk {
        /// What there is less of.
        what: Measure,
        /// How much there was.
        held: u64,
        /// How much there would be.
        read: u64,
        /// The limit.
        percent: f64,
    },
}

/// What a network is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Boxes of every stage.
    Boxes,
    /// Ports of service splitters, free or taken.
    ServicePorts,
    /// Boxes that can be sold.
    SellableBoxes,
    /// Homes without client.
    Homes,
    /// Gated communities.
    Communities,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boxes => "boxes",
            Self::ServicePorts => "ports of service splitters",
            Self::SellableBoxes => "sellable boxes",
            Self::Homes => "homes without client",
            Self::Communities => "gated communities",
        })
    }
}

impl Objection {
    /// Every word for one.
    pub const WORDS: [&'static str; 10] = [
        "empty",
        "no_ports",
        "unreadable_rows",
        "projects_gone",
        "boxes_moved",
        "fewer_boxes",
        "fewer_ports",
        "fewer_sellable",
        "fewer_homes",
        "fewer_communities",
    ];

    /// The word for it in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::NoPorts { .. } => "no_ports",
            Self::Unreadable { .. } => "unreadable_rows",
            Self::ProjectsGone { .. } => "projects_gone",
            Self::Moved { .. } => "boxes_moved",
            Self::Shrunk { what: Measure::Boxes, .. } => "fewer_boxes",
            Self::Shrunk { what: Measure::ServicePorts, .. } => "fewer_ports",
            Self::Shrunk { what: Measure::SellableBoxes, .. } => "fewer_sellable",
            Self::Shrunk { what: Measure::Homes, .. } => "fewer_homes",
            Self::Shrunk { what: Measure::Communities, .. } => "fewer_communities",
        }
    }
}
