//! From changed rows to changed boxes.

use super::super::homes::VacantPorts;
use super::super::pages::Reading;
use super::super::splitters::{Splitters, ports_of};
use super::super::wire::fault::{RowFault, Whereabouts};
use super::super::wire::rows::BoxRow;
use super::{Doubts, judged, unread_at};
use crate::viability::Rules;
use crate::viability::plant::{Evidence, ObjectId, ServiceBox, Stage};
use crate::viability::ports::Ports;
use crate::viability::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What changed rows leave in doubt, added up since the last whole reading.
#[derive(Clone, Debug, Default)]
pub struct ChangedDoubts {
    /// Boxes with a splitter that was changed and can't be read: what is held of its ports counts no more.
    outdated: HashSet<ObjectId>,
    /// Boxes that may hang anywhere by now.
    anywhere: BTreeSet<ObjectId>,
    /// Changed rows, as of the last reading, that may be about any box.
    unattributed: u64,
}

impl ChangedDoubts {
    /// Boxes that nobody could read where they hang by now.
    pub fn unplaced(&self) -> u64 {
        self.anywhere.len() as u64 + self.unattributed
    }
}

/// What changed rows make of the boxes of a snapshot.
#[derive(Debug, Default)]
pub struct Amended {
    /// Boxes that are others now, or new.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that are nowhere now.
    pub gone: Vec<ObjectId>,
}

/// All that is known beside the changed rows.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The boxes so far.
    pub held: &'k Snapshot,
    /// The splitters as they are now, list by list.
    pub splitters: &'k [&'k Splitters],
    /// The ports of homes without client as they are now, where these count.
    pub vacant: &'k VacantPorts,
    /// Of the last whole lists of splitters.
    pub doubts: &'k Doubts,
    /// The rules by which ports are counted.
    pub rules: &'k Rules,
}

/// What rows about the ports of boxes leave in doubt that were changed and can't be read.
#[derive(Clone, Copy)]
pub struct Faults<'k> {
    boxes: &'k BTreeMap<ObjectId, RowFault>,
    unattributed: u64,
}

impl<'k> Faults<'k> {
    /// Of one list.
    pub fn of<R>(list: &'k Reading<R>) -> Self {
        Self { boxes: &list.doubtful, unattributed: list.unattributed }
    }
}

/// Joins changed boxes, and boxes whose ports may be others now (`concerned`), with the splitters as they are now; `around`:
/// what the changed rows of those leave in doubt.
pub fn amend(
    known: Known<'_>,
    boxes: Reading<BoxRow>,
    around: &[Faults<'_>],
    concerned: impl IntoIterator<Item = ObjectId>,
    doubts: &mut ChangedDoubts,
) -> Amended {
    let mut concerned: HashSet<ObjectId> = concerned.into_iter().collect();
    doubts.unattributed = boxes.unattributed;
    for list in around {
        doubts.outdated.extend(list.boxes.keys());
        doubts.unattributed += list.unattributed;
        concerned.extend(list.boxes.keys());
    }
    concerned.extend(boxes.rows.iter().map(|row| row.id));
    let ports =
        ports_of(concerned.iter().copied(), known.splitters.iter().copied(), known.vacant, known.rules);
    concerned.extend(boxes.doubtful.keys());
    let held = |id| Some((id, known.held.get(id)?.named(Into::into)));
    let before: HashMap<ObjectId, ServiceBox> = concerned.into_iter().filter_map(held).collect();
    let mut now = before.clone();
    for (id, one) in &mut now {
        set_ports(one, ports.get(id).copied(), doubts);
    }
    for row in boxes.rows {
        let ports = ports.get(&row.id).copied();
        let mut one = judged(row, ports, known.doubts);
        doubts.anywhere.remove(&one.id);
        doubts.apply_to(&mut one);
        now.insert(one.id, one);
    }
    let mut gone = Vec::new();
    for (&id, fault) in &boxes.doubtful {
        let placed = boxes.places.iter().find(|place| place.id == id).map(unread_at);
        match (placed, fault.whereabouts()) {
            (Some(placed), _) => drop(now.insert(id, placed)),
            (None, Whereabouts::Nowhere) => gone.extend(now.remove(&id).map(|one| one.id)),
            (None, whereabouts) => {
                if let Some(one) = now.get_mut(&id) {
                    (one.ports, one.evidence) = (None, Evidence::Partial);
                }
                if whereabouts == Whereabouts::Anywhere || !now.contains_key(&id) {
                    doubts.anywhere.insert(id);
                }
            }
        }
    }
    let boxes = now.into_values().filter(|one| before.get(&one.id) != Some(one)).collect();
    Amended { boxes, gone }
}

/// Of a box whose own row wasn't read, with its splitters as they are now. One that was not to be judged still isn't: its
/// ports say nothing while its own row says nothing.
fn set_ports(one: &mut ServiceBox, ports: Option<Ports>, doubts: &ChangedDoubts) {
    let judged = one.evidence == Evidence::Whole || one.ports.is_some();
    one.ports = ports.filter(|_| judged);
    doubts.apply_to(one);
}

impl ChangedDoubts {
    /// A draft stays one, whatever stands in it.
    fn apply_to(&self, one: &mut ServiceBox) {
        if self.outdated.contains(&one.id) && one.stage != Stage::Draft {
            (one.ports, one.evidence) = (None, Evidence::Partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::wire::fault::RowFault;
    use super::super::super::wire::place::Place;
    use super::super::tests::{box_rows, held, id, reading, splitter};
    use super::super::{Unlisted, assemble};
    use super::*;
    use crate::ozmap::splitters::{Detail, all_ports};
    use crate::ozmap::wire::rows::SplitterRow;
    use crate::viability::plant::Refusal;
    use crate::viability::tests::rules;

    /// Boxes 1 to 3 with a splitter of one free port each, held; and what is known beside.
    fn plant() -> (Snapshot, Splitters) {
        let splitters: Vec<_> =
            (1..=3).map(|n| splitter(10 + n, &format!("\"{n:024x}\""), true, "[null]")).collect();
        let splitters = Splitters::of(&reading(splitters, &[]), Detail::Counts);
        let boxes = reading(box_rows(1..=3), &[]);
        let ports = all_ports([&splitters], &VacantPorts::default(), &rules());
        let assembled = assemble(boxes, &ports, &Doubts::default(), None, Unlisted::Doubted);
        (held(assembled.boxes), splitters)
    }

    struct Told {
        boxes: Reading<BoxRow>,
        splitters: Reading<SplitterRow>,
    }

    fn amended(held: &Snapshot, splitters: &Splitters, told: Told, doubts: &mut ChangedDoubts) -> Amended {
        let mut splitters = splitters.clone();
        let concerned = splitters.amend(&told.splitters.rows);
        let (no_doubts, rules) = (Doubts::default(), rules());
        let lists = [&splitters];
        let vacant = VacantPorts::default();
        let known = Known { held, splitters: &lists, vacant: &vacant, doubts: &no_doubts, rules: &rules };
        let mut amended = amend(known, told.boxes, &[Faults::of(&told.splitters)], concerned, doubts);
        amended.boxes.sort_by_key(|one| one.id);
        amended
    }

    fn refusals(amended: &Amended) -> Vec<(ObjectId, Option<Refusal>)> {
        amended.boxes.iter().map(|one| (one.id, one.refusal())).collect()
    }

    #[test]
    fn only_boxes_that_are_others_now_are_told() {
        let (held, splitters) = plant();
        let sold = splitter(12, &format!("\"{:024x}\"", 2), true, "[\"f\"]");
        let same = splitter(13, &format!("\"{:024x}\"", 3), true, "[null]");
        let told = Told { boxes: reading(box_rows(1..=1), &[]), splitters: reading(vec![sold, same], &[]) };
        let amended = amended(&held, &splitters, told, &mut ChangedDoubts::default());
        assert_eq!((refusals(&amended), amended.gone), (vec![(id(2), Some(Refusal::NoFreePort))], vec![]));
    }

    #[test]
    fn a_changed_splitter_that_cant_be_read_leaves_its_box_to_ozmap_until_all_are_read() {
        let (held, splitters) = plant();
        let mut doubts = ChangedDoubts::default();
        let told = Told { boxes: reading(vec![], &[]), splitters: reading(vec![], &[2]) };
        let first = amended(&held, &splitters, told, &mut doubts);
        assert_eq!(refusals(&first), [(id(2), Some(Refusal::Unreadable))]);
        // Its box is edited: what is held of its ports is still not to be relied on.
        let told = Told { boxes: reading(box_rows(2..=2), &[]), splitters: reading(vec![], &[]) };
        let then = amended(&held, &splitters, told, &mut doubts);
        assert_eq!(refusals(&then), [(id(2), Some(Refusal::Unreadable))]);
    }

    #[test]
    fn a_changed_box_that_cant_be_read_is_where_it_was_anywhere_or_nowhere() {
        let (held, splitters) = plant();
        for (fault, refusals_then, gone, unplaced) in [
            (RowFault::Malformed, vec![(id(2), Some(Refusal::Unreadable))], vec![], 0),
            (RowFault::PositionsDisagree, vec![(id(2), Some(Refusal::Unreadable))], vec![], 1),
            (RowFault::NoPosition, vec![], vec![id(2)], 0),
        ] {
            let mut doubts = ChangedDoubts::default();
            let mut boxes = reading(vec![], &[]);
            boxes.doubtful.insert(id(2), fault);
            let told = Told { boxes, splitters: reading(vec![], &[]) };
            let amended = amended(&held, &splitters, told, &mut doubts);
            assert_eq!(
                (refusals(&amended), amended.gone, doubts.unplaced()),
                (refusals_then, gone, unplaced),
                "{fault:?}"
            );
        }
        // One that nobody has heard of may be anywhere.
        let mut doubts = ChangedDoubts::default();
        let told = Told { boxes: reading(vec![], &[77]), splitters: reading(vec![], &[]) };
        amended(&held, &splitters, told, &mut doubts);
        assert_eq!(doubts.unplaced(), 1);
        // Once its row can be read it is where that says.
        let told = Told { boxes: reading(box_rows(77..=77), &[]), splitters: reading(vec![], &[]) };
        let amended = amended(&held, &splitters, told, &mut doubts);
        assert_eq!(
            (refusals(&amended), doubts.unplaced()),
            (vec![(id(77), Some(Refusal::NoServiceConnector))], 0)
        );
    }

    #[test]
    fn a_box_of_which_only_its_splitters_changed_is_judged_by_no_port_while_its_own_row_is_unreadable() {
        let (_, splitters) = plant();
        let mut boxes = reading(box_rows(1..=1), &[]);
        boxes.doubtful.insert(id(2), RowFault::Malformed);
        boxes.places.push(Place { id: id(2), project: id(9), position: boxes.rows[0].position });
        let ports = all_ports([&splitters], &VacantPorts::default(), &rules());
        let assembled = assemble(boxes, &ports, &Doubts::default(), None, Unlisted::Doubted);
        let held = held(assembled.boxes);
        let freed = splitter(12, &format!("\"{:024x}\"", 2), true, "[null,null]");
        let told = Told { boxes: reading(vec![], &[]), splitters: reading(vec![freed], &[]) };
        let amended = amended(&held, &splitters, told, &mut ChangedDoubts::default());
        assert_eq!(refusals(&amended), [], "it may be a draft");
    }
}
