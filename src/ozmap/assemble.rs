//! From rows to judged boxes.

pub mod amend;

use super::pages::Reading;
use super::splitters::PortsByBox;
use super::wire::fault::{RowFault, Whereabouts};
use super::wire::place::Place;
use super::wire::rows::BoxRow;
use crate::viability::plant::{Evidence, ObjectId, ServiceBox, Stage};
use crate::viability::ports::Ports;
use crate::viability::snapshot::Snapshot;
use smol_str::SmolStr;
use std::collections::HashSet;

/// Every box that was read, and those with which something is the matter.
pub struct Assembled {
    /// In the order of their ids.
    pub boxes: Vec<ServiceBox>,
    /// Not among the boxes, for they hang nobody knows where.
    pub unplaced: Sample,
    /// Among the boxes as [`Evidence::Unlisted`].
    pub unlisted: Sample,
    /// Not among the boxes any more, though splitters still stand in them.
    pub gone: Sample,
}

/// How many boxes, and some of them for whoever looks after OZmap.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// How many.
    pub boxes: u64,
    /// Not all.
    pub examples: Vec<ObjectId>,
}

/// How many of them are named.
const EXAMPLES: usize = 5;

impl Sample {
    fn add(&mut self, id: ObjectId) {
        self.boxes += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(id);
        }
    }
}

/// What rows that can't be read, of splitters or of homes whose ports count, leave in doubt.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    /// Boxes that may have more ports than were read.
    pub boxes: HashSet<ObjectId>,
    /// Whether any box may.
    pub any_box: bool,
}

impl Doubts {
    /// Those of a whole list beside these.
    pub fn add<R>(&mut self, list: &Reading<R>) {
        self.boxes.extend(list.doubtful.keys());
        self.any_box |= list.unattributed > 0;
    }

    /// What is known of a box whose own row was read. A draft stays one, whatever stands in it.
    fn evidence(&self, id: ObjectId, stage: Stage) -> Evidence {
        let doubtful = self.any_box || self.boxes.contains(&id);
        if doubtful && stage != Stage::Draft { Evidence::Partial } else { Evidence::Whole }
    }
}

/// A box whose own row was read.
fn judged(row: BoxRow, ports: Option<Ports>, doubts: &Doubts) -> ServiceBox {
    ServiceBox {
        evidence: doubts.evidence(row.id, row.stage),
        id: row.id,
        name: row.name,
        project: row.project,
        position: row.position,
        stage: row.stage,
        ports,
    }
}

/// What is made of boxes that are listed no more, while splitters still stand in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// The list may have lost them: they are gone only if the next one lacks them too.
    Doubted,
    /// They are gone.
    Believed,
}

/// Joins boxes with the `ports` of the service splitters that stand in them.
///
/// Splitters for other things than clients are passed over even if OZmap's filter let them through, and so are those
/// whose parent is no box (a building or a POP). A splitter that doesn't tell whose it is may be that of any box.
///
/// A box whose own row can't be read stays where that row says it is, or where it was `held`, without ports: only
/// OZmap can judge it. So does, for once, one that is gone while splitters still stand in it. One whose row tells its
/// place in a way that can't be right may have been moved: it may be anywhere.
pub fn assemble(
    boxes: Reading<BoxRow>,
    ports: &PortsByBox,
    doubts: &Doubts,
    held: Option<&Snapshot>,
    unlisted: Unlisted,
) -> Assembled {
    let read = boxes.rows.into_iter().map(|row| {
        let ports = ports.get(&row.id).copied();
        judged(row, ports, doubts)
    });
    let mut read: Vec<_> = read.collect();
    let placed_now: HashSet<ObjectId> = boxes.places.iter().map(|place| place.id).collect();
    read.extend(boxes.places.iter().map(unread_at));
    read.sort_unstable_by_key(|one| one.id);
    let stands = |id| ports.contains_key(&id) || doubts.boxes.contains(&id);
    let missing = missing(&read, held, unlisted, |id| match (boxes.doubtful.contains_key(&id), stands(id)) {
        (true, _) => Trace::OwnRow,
        (false, true) => Trace::Splitters,
        (false, false) => Trace::None,
    });
    read.extend(missing.kept);
    read.sort_unstable_by_key(|one| one.id);
    let is_lost = |id, fault: RowFault| match fault.whereabouts() {
        Whereabouts::Nowhere => false,
        Whereabouts::Anywhere => !placed_now.contains(&id),
        Whereabouts::AsBefore => !is_among(&read, id),
    };
    let mut unplaced = Sample::default();
    boxes.doubtful.iter().filter(|&(&id, &fault)| is_lost(id, fault)).for_each(|(&id, _)| unplaced.add(id));
    unplaced.boxes += boxes.unattributed;
    Assembled { boxes: read, unplaced, unlisted: missing.unlisted, gone: missing.gone }
}

/// What is left of a box that was not read.
enum Trace {
    /// A row of its own, which can't be read.
    OwnRow,
    /// Splitters that stand in it.
    Splitters,
    /// Nothing.
    None,
}

/// Boxes that are held and were not read.
#[derive(Default)]
struct Missing {
    /// Where they were, without ports.
    kept: Vec<ServiceBox>,
    /// Those of them that are listed no more.
    unlisted: Sample,
    /// Those that were not kept although something of them is left.
    gone: Sample,
}

fn missing(
    read: &[ServiceBox],
    held: Option<&Snapshot>,
    unlisted: Unlisted,
    trace: impl Fn(ObjectId) -> Trace,
) -> Missing {
    let mut missing = Missing::default();
    for one in held.into_iter().flat_map(Snapshot::boxes).filter(|one| !is_among(read, one.id)) {
        let evidence = match (trace(one.id), unlisted, one.evidence) {
            (Trace::None, _, _) => continue,
            (Trace::OwnRow, _, _) => Evidence::Partial,
            (Trace::Splitters, Unlisted::Doubted, Evidence::Whole | Evidence::Partial) => {
                missing.unlisted.add(one.id);
                Evidence::Unlisted
            }
            (Trace::Splitters, _, _) => {
                missing.gone.add(one.id);
                continue;
            }
        };
        missing.kept.push(ServiceBox { ports: None, evidence, ..one.named(Into::into) });
    }
    missing
}

/// Whether a box with this id is among those, which are in the order of their ids.
fn is_among(boxes: &[ServiceBox], id: ObjectId) -> bool {
    boxes.binary_search_by_key(&id, |one| one.id).is_ok()
}

/// A box of which only its place could be read.
fn unread_at(place: &Place) -> ServiceBox {
    ServiceBox {
        id: place.id,
        name: SmolStr::default(),
        project: place.project,
        position: place.position,
        stage: Stage::NotImplanted,
        ports: None,
        evidence: Evidence::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::super::homes::VacantPorts;
    use super::super::pages::Reading;
    use super::super::splitters::{Detail, Splitters, all_ports};
    use super::super::wire::rows::Row;
    use super::super::wire::rows::SplitterRow;
    use super::*;
    use crate::viability::plant::Refusal;
    use crate::viability::snapshot::Plant;
    use crate::viability::tests::rules;
    use std::time::UNIX_EPOCH;

    pub(super) fn splitter(number: u32, parent: &str, is_drop: bool, outputs: &str) -> SplitterRow {
        SplitterRow::decode(&format!(
            r#"{{"id":"{number:024x}","parent":{parent},"isDrop":{is_drop},"connectables":{{"output":{outputs}}},"ports":[]}}"#
        ))
        .unwrap()
    }

    pub(super) fn reading<R>(rows: Vec<R>, doubtful: &[u32]) -> Reading<R> {
        let doubtful = doubtful.iter().map(|&number| (id(number), RowFault::Malformed)).collect();
        Reading { rows, doubtful, ..Reading::default() }
    }

    fn assembled(
        boxes: Reading<BoxRow>,
        splitters: &Reading<SplitterRow>,
        held: Option<&Snapshot>,
        unlisted: Unlisted,
    ) -> Assembled {
        let mut doubts = Doubts::default();
        doubts.add(splitters);
        assemble(
            boxes,
            &all_ports([&Splitters::of(splitters, Detail::Counts)], &VacantPorts::default(), &rules()),
            &doubts,
            held,
            unlisted,
        )
    }

    pub(super) fn id(number: u32) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    pub(super) fn box_rows(numbers: std::ops::RangeInclusive<u32>) -> Vec<BoxRow> {
        let rows = numbers.map(|n| {
            let row =
                format!(r#"{{"id":"{n:024x}","name":"b","project":"{:024x}","coords":[-48.5,-27.5]}}"#, 9);
            BoxRow::decode(&row).unwrap()
        });
        rows.collect()
    }

    pub(super) fn held(boxes: Vec<ServiceBox>) -> Snapshot {
        Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) })
    }

    #[test]
    fn what_could_not_be_read_refuses_no_box() {
        let splitters = reading(vec![splitter(10, &format!("\"{:024x}\"", 2), true, "[null]")], &[1, 2]);
        let first = assembled(reading(box_rows(1..=3), &[]), &splitters, None, Unlisted::Doubted).boxes;
        let refusals: Vec<_> = first.iter().map(ServiceBox::refusal).collect();
        assert_eq!(refusals, [Some(Refusal::Unreadable), None, Some(Refusal::NoServiceConnector)]);
        // Box 1 is gone, and a splitter stands in it. The row of box 2 can't be read any more; that of box 8 never could,
        // that of box 7 tells where it is.
        let plant = Plant { boxes: first, ..Plant::empty(UNIX_EPOCH) };
        let held = Snapshot::build(1, plant);
        let mut bad = reading(box_rows(3..=3), &[2, 3, 7, 8]);
        let position = bad.rows[0].position;
        bad.places.push(Place { id: id(7), project: id(9), position });
        let again = assembled(bad, &splitters, Some(&held), Unlisted::Doubted);
        let ids: Vec<_> = again.boxes.iter().map(|one| (one.id, one.refusal())).collect();
        let unreadable = |number| (id(number), Some(Refusal::Unreadable));
        let expected =
            [unreadable(1), unreadable(2), (id(3), Some(Refusal::NoServiceConnector)), unreadable(7)];
        assert_eq!((ids.as_slice(), again.unplaced.boxes), (&expected[..], 1));
    }

    #[test]
    fn a_box_that_is_listed_no_more_is_doubted_once_and_gone_then() {
        let home = format!("\"{:024x}\"", 1);
        let splitters = reading(vec![splitter(10, &home, true, "[null]")], &[]);
        let read = |numbers, held: Option<&Snapshot>, unlisted| {
            assembled(reading(box_rows(numbers), &[]), &splitters, held, unlisted)
        };
        let first = held(read(1..=2, None, Unlisted::Doubted).boxes);
        let one = Sample { boxes: 1, examples: vec![id(1)] };
        let second = read(2..=2, Some(&first), Unlisted::Doubted);
        assert_eq!(second.boxes[0].refusal(), Some(Refusal::Unreadable));
        assert_eq!((second.unlisted, second.gone), (one, Sample::default()));
        let second = held(second.boxes);
        for (held, unlisted) in [(&second, Unlisted::Doubted), (&first, Unlisted::Believed)] {
            let after = read(2..=2, Some(held), unlisted);
            assert_eq!((after.boxes.len(), after.unlisted.boxes, after.gone.examples), (1, 0, vec![id(1)]));
        }
        // Who comes back was never gone, and is doubted once more another time.
        let back = read(1..=2, Some(&second), Unlisted::Doubted);
        assert_eq!((back.boxes[0].refusal(), back.unlisted.boxes), (None, 0));
        assert_eq!(read(2..=2, Some(&held(back.boxes)), Unlisted::Doubted).unlisted.boxes, 1);
    }

    #[test]
    fn a_box_that_may_have_been_moved_is_not_only_where_it_was() {
        let none = || reading(Vec::new(), &[]);
        let first = assembled(reading(box_rows(1..=3), &[]), &none(), None, Unlisted::Doubted).boxes;
        let plant = Plant { boxes: first, ..Plant::empty(UNIX_EPOCH) };
        let held = Snapshot::build(1, plant);
        for (fault, unplaced) in [
            (RowFault::PositionsDisagree, 1),
            (RowFault::BadPosition, 1),
            (RowFault::Malformed, 0),
            (RowFault::NoPosition, 0),
        ] {
            let mut boxes = reading(box_rows(1..=2), &[]);
            boxes.doubtful.insert(id(3), fault);
            let again = assembled(boxes, &none(), Some(&held), Unlisted::Doubted);
            let named = again.unplaced.examples.len() as u64;
            assert_eq!(
                (again.boxes.len(), again.unplaced.boxes, named),
                (3, unplaced, unplaced),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn a_draft_stays_one_whatever_splitter_of_it_cant_be_read() {
        let mut draft = box_rows(1..=1);
        draft[0].stage = Stage::Draft;
        let mut splitters = reading(Vec::new(), &[1]);
        splitters.unattributed = 1;
        let boxes = assembled(reading(draft, &[]), &splitters, None, Unlisted::Doubted).boxes;
        assert_eq!(boxes[0].refusal(), Some(Refusal::Draft));
    }

    #[test]
    fn a_box_has_the_ports_of_all_its_service_splitters_and_of_no_other() {
        let home = format!("\"{:024x}\"", 1);
        let splitters = vec![
            splitter(10, &home, true, r#"[null,"f"]"#),
            splitter(11, &home, true, "[null,null]"),
            splitter(12, &home, false, "[null]"),
            splitter(13, "null", true, "[null]"),
            splitter(14, &format!("\"{:024x}\"", 77), true, "[null]"),
        ];
        let boxes =
            assembled(reading(box_rows(1..=2), &[]), &reading(splitters, &[]), None, Unlisted::Doubted).boxes;
        assert_eq!(boxes[0].ports, Some(Ports { total: 4, free: 3 }));
        assert_eq!(boxes[1].ports, None);
    }
}
