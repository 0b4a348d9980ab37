//! Service splitters, and whatever else counts as a service connector, list by list as they were read last: what a snapshot, which counts ports by box, can't tell.

use super::homes::VacantPorts;
use super::pages::Reading;
use super::wire::rows::SplitterRow;
use crate::viability::Rules;
use crate::viability::plant::ObjectId;
use crate::viability::ports::{Outputs, PortSet, Ports};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::collections::HashSet;

/// Ports by the id of what they are in.
pub type PortsByBox = FxHashMap<ObjectId, Ports>;

/// Those of one list that stand in something and serve clients: some forty bytes each.
#[derive(Clone, Debug)]
pub struct Splitters {
    detail: Detail,
    /// In the order of their ids.
    rows: Vec<Splitter>,
}

/// What is kept of a splitter's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// How many of each kind.
    Counts,
    /// Which have a fibre, too: it may lead to a home without client.
    Spliced,
}

impl Detail {
    /// What these rules ask for.
    pub fn wanted_by(rules: &Rules) -> Self {
        if rules.homes.ports_are_free { Self::Spliced } else { Self::Counts }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Splitter {
    id: ObjectId,
    parent: ObjectId,
    outputs: Outputs,
    /// In a place of its own, for most rules don't ask for it; `None` for an empty one.
    spliced: Option<Box<PortSet>>,
}

impl Splitter {
    /// `None` for one that no box has ports of.
    fn of(row: &SplitterRow, detail: Detail) -> Option<Self> {
        let parent = row.parent.filter(|_| row.serves_clients)?;
        let is_kept = detail == Detail::Spliced && !row.spliced.is_empty();
        let spliced = is_kept.then(|| Box::new(row.spliced.clone()));
        Some(Self { id: row.id, parent, outputs: row.outputs, spliced })
    }

    fn ports(&self, vacant: &VacantPorts, rules: &Rules) -> Ports {
        let vacant = self.spliced.as_ref().map_or(0, |spliced| vacant.count(self.id, spliced));
        Ports::of(self.outputs, rules).with_vacant(vacant)
    }
}

/// How a row stands to what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It says the same.
    Same,
    /// It says something else.
    Changed,
    /// There was none with its id.
    Added,
}

impl Splitters {
    /// Those of a whole list; other things than service splitters are passed over.
    pub fn of(reading: &Reading<SplitterRow>, detail: Detail) -> Self {
        Self::of_rows(&reading.rows, detail)
    }

    /// Those of rows that are in the order of their ids.
    pub fn of_rows(rows: &[SplitterRow], detail: Detail) -> Self {
        Self { detail, rows: rows.iter().filter_map(|row| Splitter::of(row, detail)).collect() }
    }

    /// What is kept of their ports.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// What these stand in, as far as they are known.
    pub fn parents_of(&self, splitters: &HashSet<ObjectId>) -> impl Iterator<Item = ObjectId> {
        splitters.iter().filter_map(|&id| self.get(id)).map(|held| held.parent)
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// How a row stands to what is held.
    pub fn standing_of(&self, row: &SplitterRow) -> Standing {
        match (self.get(row.id), Splitter::of(row, self.detail)) {
            (before, now) if before == now.as_ref() => Standing::Same,
            (None, _) => Standing::Added,
            (Some(_), _) => Standing::Changed,
        }
    }

    /// How many of those held are in none of these rows, which are in the order of their ids.
    pub fn missing_from(&self, rows: &[SplitterRow]) -> u64 {
        let is_there = |id: ObjectId| rows.binary_search_by_key(&id, |row| row.id).is_ok();
        self.rows.iter().filter(|held| !is_there(held.id)).count() as u64
    }

    /// Takes over changed rows, which are in the order of their ids; returns the boxes whose ports may be others now.
    pub fn amend(&mut self, changed: &[SplitterRow]) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        let (mut gone, mut added) = (HashSet::new(), Vec::new());
        for row in changed {
            let (before, now) = (self.find(row.id), Splitter::of(row, self.detail));
            let held = before.and_then(|at| self.rows.get_mut(at));
            if held.as_deref() == now.as_ref() {
                continue;
            }
            concerned.extend(held.as_ref().map(|held| held.parent));
            concerned.extend(now.as_ref().map(|now| now.parent));
            match (held, now) {
                (Some(held), Some(now)) => *held = now,
                (Some(held), None) => drop(gone.insert(held.id)),
                (None, now) => added.extend(now),
            }
        }
        if !gone.is_empty() {
            self.rows.retain(|held| !gone.contains(&held.id));
        }
        if !added.is_empty() {
            self.rows.extend(added);
            // Nearly in order already: that sort is quick then.
            self.rows.sort_by_key(|held| held.id);
        }
        concerned
    }

    /// Takes over a whole list; returns the boxes whose ports may be others now.
    pub fn replace(&mut self, now: Self) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        let (mut before, mut after) = (self.rows.iter().peekable(), now.rows.iter().peekable());
        while let Some(id) =
            before.peek().map(|one| one.id).into_iter().chain(after.peek().map(|one| one.id)).min()
        {
            let (one, other) = (before.next_if(|one| one.id == id), after.next_if(|one| one.id == id));
            if one != other {
                concerned.extend(one.into_iter().chain(other).map(|one| one.parent));
            }
        }
        *self = now;
        concerned
    }

    /// Takes over what all splitters in some boxes are by now; returns the boxes whose ports may be others now.
    pub fn correct(&mut self, boxes: &[ObjectId], now: &[SplitterRow]) -> HashSet<ObjectId> {
        let is_there = |id: ObjectId| now.iter().any(|row| row.id == id);
        let mut concerned = HashSet::new();
        self.rows.retain(|held| {
            let gone = boxes.contains(&held.parent) && !is_there(held.id);
            concerned.extend(gone.then_some(held.parent));
            !gone
        });
        concerned.extend(self.amend(now));
        concerned
    }

    fn get(&self, id: ObjectId) -> Option<&Splitter> {
        self.find(id).and_then(|at| self.rows.get(at))
    }

    fn find(&self, id: ObjectId) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |held| held.id).ok()
    }
}

/// The ports of these boxes in all lists; one without any is left out.
pub fn ports_of<'l>(
    boxes: impl IntoIterator<Item = ObjectId>,
    lists: impl IntoIterator<Item = &'l Splitters>,
    vacant: &VacantPorts,
    rules: &Rules,
) -> PortsByBox {
    let boxes: FxHashSet<_> = boxes.into_iter().collect();
    count_ports(PortsByBox::default(), lists, vacant, rules, |parent| boxes.contains(&parent))
}

/// The ports of everything that has some: boxes, and buildings and POPs too.
pub fn all_ports<'l>(
    lists: impl IntoIterator<Item = &'l Splitters> + Clone,
    vacant: &VacantPorts,
    rules: &Rules,
) -> PortsByBox {
    let all = lists.clone().into_iter().map(|list| list.rows.len()).sum();
    let room = PortsByBox::with_capacity_and_hasher(all, FxBuildHasher);
    count_ports(room, lists, vacant, rules, |_| true)
}

fn count_ports<'l>(
    mut ports: PortsByBox,
    lists: impl IntoIterator<Item = &'l Splitters>,
    vacant: &VacantPorts,
    rules: &Rules,
    wanted: impl Fn(ObjectId) -> bool,
) -> PortsByBox {
    let all = lists.into_iter().flat_map(|list| &list.rows);
    for splitter in all.filter(|splitter| wanted(splitter.parent)) {
        ports.entry(splitter.parent).or_default().add(splitter.ports(vacant, rules));
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::super::wire::rows::{HeldPort, PropertyRow, Vacant};
    use super::super::wire::time::OzmapTime;
    use super::*;
    use crate::viability::tests::rules;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn id(number: u32) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    /// A splitter of a box, 0 for none, with so many free ports.
    fn row(number: u32, parent: u32, serves_clients: bool, free: u32) -> SplitterRow {
        let outputs = Outputs { total: 8, unconnected: free, unconnected_and_blocked: 0 };
        let parent = (parent > 0).then(|| id(parent));
        let (spliced, updated_at) = ((1..=8 - free).collect(), Some(OzmapTime::FIRST));
        SplitterRow { id: id(number), parent, serves_clients, outputs, spliced, updated_at }
    }

    fn splitters(rows: Vec<SplitterRow>) -> Splitters {
        Splitters::of(&Reading { rows, ..Reading::default() }, Detail::Spliced)
    }

    fn rows_of(plant: &BTreeMap<u32, (u32, bool, u32)>) -> Vec<SplitterRow> {
        plant.iter().map(|(&number, &(parent, serves, free))| row(number, parent, serves, free)).collect()
    }

    fn some_rows() -> impl Strategy<Value = BTreeMap<u32, (u32, bool, u32)>> {
        prop::collection::btree_map(0..40_u32, (0..6_u32, prop::bool::weighted(0.8), 0..9_u32), 0..30)
    }

    /// The boxes whose ports differ, box by box.
    fn others(before: &Splitters, after: &Splitters) -> HashSet<ObjectId> {
        let ports = |splitters: &Splitters, parent| -> Vec<_> {
            splitters
                .rows
                .iter()
                .filter(|one| one.parent == parent)
                .map(|one| (one.id, one.outputs))
                .collect()
        };
        (1..6).map(id).filter(|&parent| ports(before, parent) != ports(after, parent)).collect()
    }

    proptest! {
        #[test]
        fn amended_by_what_changed_they_are_those_that_a_whole_list_holds(first in some_rows(), then in some_rows()) {
            let before = splitters(rows_of(&first));
            let mut plant = first;
            plant.extend(then.clone());
            let whole = splitters(rows_of(&plant));
            let mut amended = before.clone();
            let concerned = amended.amend(&rows_of(&then));
            prop_assert_eq!(&amended.rows, &whole.rows);
            prop_assert_eq!(concerned, others(&before, &whole));
            let mut replaced = before.clone();
            let concerned = replaced.replace(whole.clone());
            prop_assert_eq!(&replaced.rows, &whole.rows);
            prop_assert_eq!(concerned, others(&before, &whole));
        }

        #[test]
        fn corrected_boxes_have_the_splitters_that_are_there_and_no_other(first in some_rows(), then in some_rows()) {
            let before = splitters(rows_of(&first));
            // All splitters of two boxes as they are now; some have come from others.
            let boxes = [id(1), id(2)];
            let now: Vec<_> = rows_of(&then).into_iter().filter(|row| row.serves_clients && row.parent.is_some_and(|at| boxes.contains(&at))).collect();
            let mut corrected = before.clone();
            let concerned = corrected.correct(&boxes, &now);
            let in_boxes = |splitters: &Splitters| -> Vec<_> { splitters.rows.iter().filter(|one| boxes.contains(&one.parent)).cloned().collect() };
            prop_assert_eq!(in_boxes(&corrected), splitters(now).rows);
            prop_assert!(corrected.rows.is_sorted_by(|one, next| one.id < next.id));
            prop_assert_eq!(concerned, others(&before, &corrected));
        }
    }

    #[test]
    fn ports_of_homes_without_client_come_on_top_where_they_count() {
        let held = |port| HeldPort { splitter: id(1), number: port };
        // The splitter's first five ports have a fibre.
        let (vacant, ports) = (Some(Vacant::default()), [2, 5, 6].map(held).to_vec());
        let vacant = VacantPorts::of(&[PropertyRow { id: id(70), vacant, ports, updated_at: None }]);
        let rows = Reading { rows: vec![row(1, 9, true, 3)], ..Reading::default() };
        for (detail, free) in [(Detail::Counts, 3), (Detail::Spliced, 5)] {
            let ports = all_ports([&Splitters::of(&rows, detail)], &vacant, &rules());
            assert_eq!(ports[&id(9)], Ports { total: 8, free });
        }
    }

    #[test]
    fn a_row_stands_to_what_is_held_as_changed_added_or_the_same() {
        let held = splitters(vec![row(1, 1, true, 3)]);
        for (row, standing) in [
            (row(1, 1, true, 3), Standing::Same),
            (row(1, 1, true, 2), Standing::Changed),
            (row(1, 2, true, 3), Standing::Changed),
            (row(1, 1, false, 3), Standing::Changed),
            (row(2, 1, true, 3), Standing::Added),
            (row(2, 1, false, 3), Standing::Same),
            (row(2, 0, true, 3), Standing::Same),
        ] {
            assert_eq!(held.standing_of(&row), standing, "{row:?}");
        }
        assert_eq!(held.missing_from(&[row(2, 1, true, 3)]), 1);
    }
}
