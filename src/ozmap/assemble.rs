//! From rows to judged boxes.

use super::pages::Reading;
use super::wire::fault::{RowFault, Whereabouts};
use super::wire::place::Place;
use super::wire::rows::{BoxRow, SplitterRow};
use crate::viability::Rules;
use crate::viability::plant::{Evidence, ObjectId, ServiceBox, Stage};
use crate::viability::ports::Ports;
use crate::viability::snapshot::Snapshot;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};

/// Every box that was read, and how many could not be placed.
pub struct Assembled {
    /// In the order of their ids.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that hang nobody knows where.
    pub unplaced: u64,
    /// Some of these, for whoever mends their rows.
    pub examples: Vec<ObjectId>,
}

/// How many of them are named.
const EXAMPLES: usize = 5;

/// Joins boxes with the service splitters that stand in them and counts their ports.
///
/// Splitters for other things than clients are passed over even if OZmap's filter let them through, and so are those
/// whose parent is no box (a building or a POP). A splitter that doesn't tell whose it is may be that of any box.
///
/// A box whose own row can't be read stays where that row says it is, or where it was `held`, without ports: only
/// OZmap can judge it. So does one that is gone while splitters still stand in it. One whose row tells its place in a way
/// that can't be right may have been moved: it may be anywhere.
pub fn assemble(
    boxes: Reading<BoxRow>,
    splitters: &Reading<SplitterRow>,
    held: Option<&Snapshot>,
    rules: &Rules,
) -> Assembled {
    let ports_by_parent = ports_by_parent(&splitters.rows, rules);
    let may_have_more = |row: &BoxRow| {
        // A draft stays one, whatever stands in it.
        let doubtful = splitters.unattributed > 0 || splitters.doubtful.contains_key(&row.id);
        doubtful && row.stage != Stage::Draft
    };
    let read = boxes.rows.into_iter().map(|row| ServiceBox {
        evidence: if may_have_more(&row) { Evidence::Partial } else { Evidence::Whole },
        id: row.id,
        name: row.name,
        project: row.project,
        position: row.position,
        stage: row.stage,
        ports: ports_by_parent.get(&row.id).copied(),
    });
    let mut read: Vec<_> = read.collect();
    let placed_now: HashSet<ObjectId> = boxes.places.iter().map(|place| place.id).collect();
    read.extend(boxes.places.iter().map(unread_at));
    read.sort_unstable_by_key(|one| one.id);
    let is_read = |read: &[ServiceBox], id| read.binary_search_by_key(&id, |one| one.id).is_ok();
    let is_named = |id| {
        let splitters_tell = ports_by_parent.contains_key(&id) || splitters.doubtful.contains_key(&id);
        splitters_tell || boxes.doubtful.contains_key(&id)
    };
    let known = held.into_iter().flat_map(Snapshot::boxes);
    let kept: Vec<_> = known
        .filter(|one| is_named(one.id) && !is_read(&read, one.id))
        .map(|one| ServiceBox { ports: None, evidence: Evidence::Partial, ..one.named(Into::into) })
        .collect();
    read.extend(kept);
    read.sort_unstable_by_key(|one| one.id);
    let is_lost = |id, fault: RowFault| match fault.whereabouts() {
        Whereabouts::Nowhere => false,
        Whereabouts::Anywhere => !placed_now.contains(&id),
        Whereabouts::AsBefore => !is_read(&read, id),
    };
    let lost: Vec<_> =
        boxes.doubtful.iter().filter(|&(&id, &fault)| is_lost(id, fault)).map(|(&id, _)| id).collect();
    let unplaced = boxes.unattributed + lost.len() as u64;
    Assembled { boxes: read, unplaced, examples: lost.into_iter().take(EXAMPLES).collect() }
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

fn ports_by_parent(splitters: &[SplitterRow], rules: &Rules) -> HashMap<ObjectId, Ports> {
    let mut ports_by_parent: HashMap<ObjectId, Ports> = HashMap::with_capacity(splitters.len());
    for splitter in splitters.iter().filter(|splitter| splitter.serves_clients) {
        if let Some(parent) = splitter.parent {
            let ports = Ports::of(splitter.outputs, rules);
            ports_by_parent.entry(parent).or_default().add(ports);
        }
    }
    ports_by_parent
}

#[cfg(test)]
mod tests {
    use super::super::wire::rows::Row;
    use super::*;
    use crate::viability::geo::{Earth, Radius};
    use crate::viability::plant::Refusal;
    use crate::viability::snapshot::Plant;
    use std::collections::{BTreeMap, HashSet};
    use std::num::NonZeroUsize;
    use std::time::UNIX_EPOCH;

    fn splitter(number: u32, parent: &str, is_drop: bool, outputs: &str) -> SplitterRow {
        SplitterRow::decode(&format!(
            r#"{{"id":"{number:024x}","parent":{parent},"isDrop":{is_drop},"connectables":{{"output":{outputs}}},"ports":[]}}"#
        ))
        .unwrap()
    }

    fn reading<R>(rows: Vec<R>, doubtful: &[u32]) -> Reading<R> {
        let doubtful = doubtful.iter().map(|&number| (id(number), RowFault::Malformed)).collect();
        Reading { rows, faults: BTreeMap::new(), doubtful, unattributed: 0, places: Vec::new() }
    }

    fn id(number: u32) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    fn box_rows(numbers: std::ops::RangeInclusive<u32>) -> Vec<BoxRow> {
        let rows = numbers.map(|n| {
            let row =
                format!(r#"{{"id":"{n:024x}","name":"b","project":"{:024x}","coords":[-48.5,-27.5]}}"#, 9);
            BoxRow::decode(&row).unwrap()
        });
        rows.collect()
    }

    fn rules() -> Rules {
        Rules {
            default_radius: None,
            max_radius: Radius::new(2_000.0).unwrap(),
            max_boxes: NonZeroUsize::MIN,
            blocked_ports_are_free: false,
            earth: Earth::new(6_378_100.0).unwrap(),
        }
    }

    #[test]
    fn what_could_not_be_read_refuses_no_box() {
        let splitters = reading(vec![splitter(10, &format!("\"{:024x}\"", 2), true, "[null]")], &[1, 2]);
        let first = assemble(reading(box_rows(1..=3), &[]), &splitters, None, &rules()).boxes;
        let refusals: Vec<_> = first.iter().map(ServiceBox::refusal).collect();
        assert_eq!(refusals, [Some(Refusal::Unreadable), None, Some(Refusal::NoServiceConnector)]);
        // Box 1 is gone, and a splitter stands in it. The row of box 2 can't be read any more; that of box 8 never could,
        // that of box 7 tells where it is.
        let plant = Plant { read_at: UNIX_EPOCH, projects: HashSet::new(), boxes: first, unplaced: 0 };
        let held = Snapshot::build(1, plant);
        let mut bad = reading(box_rows(3..=3), &[2, 3, 7, 8]);
        let position = bad.rows[0].position;
        bad.places.push(Place { id: id(7), project: id(9), position });
        let again = assemble(bad, &splitters, Some(&held), &rules());
        let ids: Vec<_> = again.boxes.iter().map(|one| (one.id, one.refusal())).collect();
        let unreadable = |number| (id(number), Some(Refusal::Unreadable));
        let expected =
            [unreadable(1), unreadable(2), (id(3), Some(Refusal::NoServiceConnector)), unreadable(7)];
        assert_eq!((ids.as_slice(), again.unplaced), (&expected[..], 1));
    }

    #[test]
    fn a_box_that_may_have_been_moved_is_not_only_where_it_was() {
        let none = || reading(Vec::new(), &[]);
        let first = assemble(reading(box_rows(1..=3), &[]), &none(), None, &rules()).boxes;
        let plant = Plant { read_at: UNIX_EPOCH, projects: HashSet::new(), boxes: first, unplaced: 0 };
        let held = Snapshot::build(1, plant);
        for (fault, unplaced) in [
            (RowFault::PositionsDisagree, 1),
            (RowFault::BadPosition, 1),
            (RowFault::Malformed, 0),
            (RowFault::NoPosition, 0),
        ] {
            let mut boxes = reading(box_rows(1..=2), &[]);
            boxes.doubtful.insert(id(3), fault);
            let again = assemble(boxes, &none(), Some(&held), &rules());
            assert_eq!((again.boxes.len(), again.unplaced), (3, unplaced), "{fault:?}");
            assert_eq!(again.examples.len() as u64, unplaced);
        }
    }

    #[test]
    fn a_draft_stays_one_whatever_splitter_of_it_cant_be_read() {
        let mut draft = box_rows(1..=1);
        draft[0].stage = Stage::Draft;
        let mut splitters = reading(Vec::new(), &[1]);
        splitters.unattributed = 1;
        let boxes = assemble(reading(draft, &[]), &splitters, None, &rules()).boxes;
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
        let boxes = assemble(reading(box_rows(1..=2), &[]), &reading(splitters, &[]), None, &rules()).boxes;
        assert_eq!(boxes[0].ports, Some(Ports { total: 4, free: 3 }));
        assert_eq!(boxes[1].ports, None);
    }
}
