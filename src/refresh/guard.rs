//! Whether what was read may replace what is there.
//!
//! OZmap down is harmless: the last data go on answering. OZmap wrong, and believed, turns every sale into "not
//! viable": an empty page, half a network, a key whose rights were cut. So what was read is weighed against what is
//! held, and refused when it lost more than a network loses between two refreshes. An operator who knows better
//! orders the next refresh with `accept_shrink=true`.

use crate::config;
use crate::ozmap::wire::List;
use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use crate::viability::snapshot::Snapshot;
use std::collections::HashSet;

/// Fewer unreadable rows than this refuse nothing, whatever their share: some rows left broken by hand must not stop
/// a small network.
const FEW_ROWS: u64 = 10;
/// Sellable boxes lost without losing boxes or ports: half of them at once, and no less than this many, is no day's
/// sales.
const FEW_BOXES: u64 = 10;

/// Degrees (some ten kilometres): nobody moves a box so far, but by mistake.
const FAR_DEGREES: f64 = 0.1;

/// Whether the guard has a say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    /// It decides.
    #[default]
    Guarded,
    /// An operator has looked: what the run that they ordered reads is published. It speaks for that run alone, and
    /// whoever orders without it gets another.
    AsRead,
}

/// How well a list could be read.
#[derive(Clone, Copy, Debug)]
pub struct Legibility {
    /// Which list.
    pub list: &'static str,
    /// Rows that could be read.
    pub read: u64,
    /// Rows that could not and were set aside.
    pub unreadable: u64,
}

/// Why what was read may not replace what is there.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// Not one box.
    #[error(
        "OZmap shows no box at all; check the key's projects, or order a refresh with accept_shrink=true"
    )]
    Empty,
    /// Boxes, and not one port of a service splitter.
    #[error(
        "OZmap shows {boxes} boxes and not one service splitter with ports; check the key's rights, or order a refresh with accept_shrink=true"
    )]
    NoPorts {
        /// How many boxes.
        boxes: u64,
    },
    /// A list with too many rows that can't be read.
    #[error(
        "{unreadable} of {rows} rows of {list} can't be read, more than refresh.max_unreadable_percent = {percent}; see viability_rows_quarantined_total for why"
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
    #[error(
        "the key no longer sees {projects} projects (such as {example}) with {boxes} boxes; restore its rights in OZmap, or order a refresh with accept_shrink=true"
    )]
    ProjectsGone {
        /// How many projects.
        projects: usize,
        /// One of them.
        example: ObjectId,
        /// How many boxes they held.
        boxes: usize,
    },
    /// Boxes that are somewhere else all at once: latitudes for longitudes, or an import gone wrong.
    #[error(
        "{boxes} of {held} boxes are far from where they were, more than {percent} %; check OZmap, or order a refresh with accept_shrink=true"
    )]
    Moved {
        /// How many boxes.
        boxes: u64,
        /// Of how many that are held and were read.
        held: u64,
        /// The limit.
        percent: f64,
    },
    /// Much less than there was.
    #[error(
        "{read} {what} where there were {held}, a loss above {percent} %; check OZmap, or order a refresh with accept_shrink=true"
    )]
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
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Boxes => "boxes",
            Self::ServicePorts => "ports of service splitters",
            Self::SellableBoxes => "sellable boxes",
        })
    }
}

impl Rejection {
    /// The word for it in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NoPorts { .. } => "no_ports",
            Self::Unreadable { .. } => "unreadable_rows",
            Self::ProjectsGone { .. } => "projects_gone",
            Self::Moved { .. } => "boxes_moved",
            Self::Shrunk { what: Measure::Boxes, .. } => "fewer_boxes",
            Self::Shrunk { what: Measure::ServicePorts, .. } => "fewer_ports",
            Self::Shrunk { what: Measure::SellableBoxes, .. } => "fewer_sellable",
        }
    }
}

/// Weighs what was `read` against what is `held`, if anything is.
pub fn check(
    limits: &config::Refresh,
    held: Option<&Snapshot>,
    read: &Snapshot,
    lists: &[Legibility],
) -> Result<(), Rejection> {
    let boxes = read.census().boxes();
    lists.iter().try_for_each(|list| legible(limits, list))?;
    // Boxes that are only kept because splitters name them don't count: OZmap doesn't show them.
    let shown = lists.iter().find(|list| list.list == List::Boxes.path());
    let shown = shown.map_or(boxes, |list| list.read + list.unreadable);
    if boxes == 0 || shown == 0 {
        return Err(Rejection::Empty);
    }
    if read.census().service_ports == 0 {
        return Err(Rejection::NoPorts { boxes });
    }
    let Some(held) = held else { return Ok(()) };
    let unreadable = lists.iter().any(|list| list.list == List::Projects.path() && list.unreadable > 0);
    same_projects(held, read, if unreadable { ProjectList::Part } else { ProjectList::Whole })?;
    not_elsewhere(limits, held, read)?;
    not_shrunk(limits, held, read, shown)
}

fn legible(limits: &config::Refresh, list: &Legibility) -> Result<(), Rejection> {
    let rows = list.read + list.unreadable;
    let few = list.unreadable < FEW_ROWS && list.read > 0;
    if few || limits.max_unreadable_percent.allows(list.unreadable, rows) {
        return Ok(());
    }
    Err(Rejection::Unreadable {
        list: list.list,
        unreadable: list.unreadable,
        rows,
        percent: limits.max_unreadable_percent.get(),
    })
}

/// How much of the list of projects could be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ProjectList {
    Whole,
    Part,
}

/// A project that is gone without having held a box is nobody's loss. One that may stand in an unreadable row is
/// there as long as its boxes are.
fn same_projects(held: &Snapshot, read: &Snapshot, list: ProjectList) -> Result<(), Rejection> {
    let with_boxes: HashSet<_> = match list {
        ProjectList::Whole => HashSet::new(),
        ProjectList::Part => read.boxes().map(|one| one.project).collect(),
    };
    let is_there = |project: &ObjectId| read.projects().contains(project) || with_boxes.contains(project);
    let is_gone = |project: &ObjectId| held.projects().contains(project) && !is_there(project);
    let mut gone: Vec<_> = held.boxes().map(|one| one.project).filter(is_gone).collect();
    let boxes = gone.len();
    gone.sort_unstable();
    gone.dedup();
    match gone.first() {
        Some(&example) => Err(Rejection::ProjectsGone { projects: gone.len(), example, boxes }),
        None => Ok(()),
    }
}

fn not_elsewhere(limits: &config::Refresh, held: &Snapshot, read: &Snapshot) -> Result<(), Rejection> {
    let (mut both, mut moved) = (0, 0);
    // Either is in the order of its ids.
    let mut before = held.boxes().peekable();
    for now in read.boxes() {
        while before.next_if(|before| before.id < now.id).is_some() {}
        if let Some(before) = before.next_if(|before| before.id == now.id) {
            both += 1;
            moved += u64::from(is_far(before.position, now.position));
        }
    }
    let percent = limits.max_shrink_percent;
    // A few may be put right, in a small network too.
    let are_few = moved < FEW_BOXES && moved < both;
    if are_few || percent.allows(moved, both) {
        return Ok(());
    }
    Err(Rejection::Moved { boxes: moved, held: both, percent: percent.get() })
}

fn is_far(one: Point, other: Point) -> bool {
    let east = (one.lng() - other.lng()).abs();
    (one.lat() - other.lat()).abs() > FAR_DEGREES || east.min(360.0 - east) > FAR_DEGREES
}

fn not_shrunk(
    limits: &config::Refresh,
    held: &Snapshot,
    read: &Snapshot,
    shown: u64,
) -> Result<(), Rejection> {
    let (held, read) = (held.census(), read.census());
    let shrunk = |what, held, read, percent| Err(Rejection::Shrunk { what, held, read, percent });
    let percent = limits.max_shrink_percent;
    let measures = [
        (Measure::Boxes, held.boxes(), read.boxes().min(shown)),
        (Measure::ServicePorts, held.service_ports, read.service_ports),
    ];
    for (what, held, read) in measures {
        if !percent.allows(held.saturating_sub(read), held) {
            return shrunk(what, held, read, percent.get());
        }
    }
    let lost = held.sellable.saturating_sub(read.sellable);
    if lost >= FEW_BOXES && lost * 2 > held.sellable {
        return shrunk(Measure::SellableBoxes, held.sellable, read.sellable, 50.0);
    }
    Ok(())
}
