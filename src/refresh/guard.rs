//! Whether what was read may replace what is there.
//!
//! OZmap down is harmless: the last data go on answering. OZmap wrong, and believed, turns every sale into "not
//! viable": an empty page, half a network, a key whose rights were cut. So what was read is weighed against what is
//! held, and refused when it lost more than a network loses between two refreshes. An operator who knows better
//! orders the next refresh with `accept_shrink=true`; a network in which nothing can be sold nobody can order.

use super::objections::{Measure, Objection, Objections};
use crate::config;
use crate::ozmap::wire::List;
use crate::viability::Rules;
use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use crate::viability::ports::ConnectorKind;
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
    /// An operator has looked: what the run that they ordered reads is published, unless nothing could be sold. It speaks for
    /// that run alone, and whoever orders without it gets another.
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

/// Weighs what was `read` against what is `held`, if anything is: everything that speaks against it.
pub fn check(
    limits: &config::Refresh,
    held: Option<&Snapshot>,
    read: &Snapshot,
    lists: &[Legibility],
    rules: &Rules,
) -> Option<Objections> {
    let of = |path: &str| lists.iter().find(|list| list.list == path);
    // Boxes that are only kept because splitters name them don't count: OZmap doesn't show them.
    let boxes = read.census().boxes();
    let boxes = of(List::Boxes.path()).map_or(boxes, |list| boxes.min(list.read + list.unreadable));
    let projects = match of(List::Projects.path()) {
        Some(Legibility { unreadable: 1.., .. }) => ProjectList::Part,
        Some(_) | None => ProjectList::Whole,
    };
    let illegible = lists.iter().filter_map(|list| illegible(limits, list));
    let all_ports = ConnectorKind::ALL
        .into_iter()
        .filter_map(|kind| of(List::Connectors(kind).path()))
        .all(|list| list.unreadable == 0);
    let lost = lost(limits, held, read, Shown { boxes, all_ports });
    let around = held.map(|held| around_gone(held, read, rules)).into_iter().flatten();
    let lost = lost.into_iter().chain(around);
    let otherwise = held.map(|held| [projects_gone(held, read, projects), moved(limits, held, read)]);
    Objections::of(illegible.chain(lost).chain(otherwise.into_iter().flatten().flatten()).collect())
}

/// Weighs what a few changes have made of the data.
pub fn check_changes(
    limits: &config::Refresh,
    held: &Snapshot,
    now: &Snapshot,
    rules: &Rules,
) -> Option<Objections> {
    let lost = lost(limits, Some(held), now, Shown { boxes: now.census().listed(), all_ports: true });
    Objections::of(lost.into_iter().chain(around_gone(held, now, rules)).collect())
}

/// Homes and gated communities where they decide: half of them gone is no day's work, and none left means that the key doesn't
/// see them any more.
fn around_gone(held: &Snapshot, read: &Snapshot, rules: &Rules) -> Vec<Objection> {
    let gone = |what, held: u64, read: u64, few: u64| {
        let is_most = held - held.min(read) >= few && read * 2 < held;
        is_most.then_some(Objection::Shrunk { what, held, read, percent: 50.0 })
    };
    let homes = |snapshot: &Snapshot| snapshot.homes().count() as u64;
    let communities = |snapshot: &Snapshot| {
        snapshot.communities().iter().count() as u64 + snapshot.communities().unreadable()
    };
    let homes = rules.homes.ports_are_free.then(|| gone(Measure::Homes, homes(held), homes(read), FEW_BOXES));
    let communities =
        rules.communities.decide.then(|| gone(Measure::Communities, communities(held), communities(read), 1));
    homes.into_iter().chain(communities).flatten().collect()
}

/// Whether a list has too many rows that can't be read.
pub(super) fn illegible(limits: &config::Refresh, list: &Legibility) -> Option<Objection> {
    let rows = list.read + list.unreadable;
    let few = list.unreadable < FEW_ROWS && list.read > 0;
    if few || limits.max_unreadable_percent.allows(list.unreadable, rows) {
        return None;
    }
    Some(Objection::Unreadable {
        list: list.list,
        unreadable: list.unreadable,
        rows,
        percent: limits.max_unreadable_percent.get(),
    })
}

/// What OZmap shows.
#[derive(Clone, Copy)]
struct Shown {
    boxes: u64,
    /// Whether no port may be in a row that can't be read.
    all_ports: bool,
}

/// How much of the network is gone. Where all of it is, nothing is said of its parts.
fn lost(limits: &config::Refresh, held: Option<&Snapshot>, read: &Snapshot, shown: Shown) -> Vec<Objection> {
    let Shown { boxes, all_ports } = shown;
    let (held, read) = (held.map(Snapshot::census).unwrap_or_default(), read.census());
    if boxes == 0 {
        return vec![Objection::Empty { held: held.listed() }];
    }
    let limit = limits.max_shrink_percent;
    let shrunk = |what, held: u64, read: u64| {
        let percent = limit.get();
        (!limit.allows(held.saturating_sub(read), held)).then_some(Objection::Shrunk {
            what,
            held,
            read,
            percent,
        })
    };
    // Those that it listed no more were lost before, and accepted: two small losses are no large one.
    let fewer_boxes = shrunk(Measure::Boxes, held.listed(), boxes);
    if read.service_ports == 0 && all_ports {
        let no_ports = Objection::NoPorts { boxes, held: held.service_ports };
        return fewer_boxes.into_iter().chain([no_ports]).collect();
    }
    let fewer_ports = shrunk(Measure::ServicePorts, held.service_ports, read.service_ports);
    let sold = held.sellable.saturating_sub(read.sellable);
    let fewer_sellable = (sold >= FEW_BOXES && sold * 2 > held.sellable).then_some(Objection::Shrunk {
        what: Measure::SellableBoxes,
        held: held.sellable,
        read: read.sellable,
        percent: 50.0,
    });
    [fewer_boxes, fewer_ports, fewer_sellable].into_iter().flatten().collect()
}

/// How much of the list of projects could be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ProjectList {
    Whole,
    Part,
}

/// A project that is gone without having held a box is nobody's loss. One that may stand in an unreadable row is
/// there as long as its boxes are.
fn projects_gone(held: &Snapshot, read: &Snapshot, list: ProjectList) -> Option<Objection> {
    let with_boxes: HashSet<_> = match list {
        ProjectList::Whole => HashSet::new(),
        ProjectList::Part => read.boxes().map(|one| one.project).collect(),
    };
    let is_there = |project: &ObjectId| read.projects().contains_key(project) || with_boxes.contains(project);
    let is_gone = |project: &ObjectId| held.projects().contains_key(project) && !is_there(project);
    let mut gone: Vec<_> = held.boxes().map(|one| one.project).filter(is_gone).collect();
    let boxes = gone.len();
    gone.sort_unstable();
    gone.dedup();
    gone.first().map(|&example| Objection::ProjectsGone { projects: gone.len(), example, boxes })
}

fn moved(limits: &config::Refresh, held: &Snapshot, read: &Snapshot) -> Option<Objection> {
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
        return None;
    }
    Some(Objection::Moved { boxes: moved, held: both, percent: percent.get() })
}

fn is_far(one: Point, other: Point) -> bool {
    let east = (one.lng() - other.lng()).abs();
    (one.lat() - other.lat()).abs() > FAR_DEGREES || east.min(360.0 - east) > FAR_DEGREES
}
