//! Ports that lead to homes, as homes were read last: where those of homes without client count as free, a snapshot, which
//! counts ports by box, can't tell them.

use super::wire::rows::{HeldPort, PropertyRow, Row};
use crate::viability::plant::ObjectId;
use crate::viability::ports::PortSet;
use rustc_hash::FxHashMap;
use std::collections::HashSet;

/// The ports of homes, of a whole list.
#[derive(Clone, Debug, Default)]
pub struct VacantPorts {
    by_home: FxHashMap<ObjectId, Held>,
    by_port: FxHashMap<HeldPort, Homes>,
}

/// What a home holds.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    has_client: bool,
    ports: Box<[HeldPort]>,
}

impl Held {
    fn of(row: &PropertyRow) -> Self {
        Self { has_client: row.vacant.is_none(), ports: row.ports.as_slice().into() }
    }
}

/// How many homes hold a port: more than one is a mistake of somebody's, and lasts until the last is gone.
#[derive(Clone, Copy, Debug, Default)]
struct Homes {
    vacant: u32,
    with_client: u32,
}

impl Homes {
    fn of_kind(&mut self, has_client: bool) -> &mut u32 {
        if has_client { &mut self.with_client } else { &mut self.vacant }
    }

    /// Whoever sells the port of a client sends a technician for nothing.
    fn are_vacant(self) -> bool {
        self.vacant > 0 && self.with_client == 0
    }
}

impl VacantPorts {
    /// Those of these homes.
    pub fn of(rows: &[PropertyRow]) -> Self {
        let mut all = Self::default();
        all.amend(rows);
        all
    }

    /// How many of a splitter's ports lead to homes without client only.
    pub fn count(&self, splitter: ObjectId, ports: &PortSet) -> u32 {
        if self.by_port.is_empty() {
            return 0;
        }
        let is_vacant = |number: &u32| {
            let homes = self.by_port.get(&HeldPort { splitter, number: *number });
            homes.is_some_and(|homes| homes.are_vacant())
        };
        ports.numbers().filter(is_vacant).fold(0, |count, _| count + 1)
    }

    /// Whether what a home holds is what this row says.
    pub fn agree_with(&self, row: &PropertyRow) -> bool {
        match self.by_home.get(&row.id) {
            Some(held) => *held == Held::of(row),
            None => row.ports.is_empty(),
        }
    }

    /// How many homes are held that are in none of these rows, which are in the order of their ids.
    pub fn missing_from(&self, rows: &[PropertyRow]) -> u64 {
        self.by_home.keys().filter(|&&id| !is_among(id, rows)).count() as u64
    }

    /// Takes over changed homes; returns the splitters of which a port may be free now that wasn't, or the other way round.
    pub fn amend(&mut self, changed: &[PropertyRow]) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        for row in changed {
            if self.agree_with(row) {
                continue;
            }
            self.forget(row.id, &mut concerned);
            let now = Held::of(row);
            for port in &now.ports {
                *self.by_port.entry(*port).or_default().of_kind(now.has_client) += 1;
                concerned.insert(port.splitter);
            }
            if !now.ports.is_empty() {
                self.by_home.insert(row.id, now);
            }
        }
        concerned
    }

    /// Takes over a whole list, in the order of ids; returns the splitters concerned likewise.
    pub fn replace(&mut self, rows: &[PropertyRow]) -> HashSet<ObjectId> {
        let gone: Vec<_> = self.by_home.keys().copied().filter(|&id| !is_among(id, rows)).collect();
        let mut concerned = self.forget_all(&gone);
        concerned.extend(self.amend(rows));
        concerned
    }

    /// These homes hold nothing any more, for all that is known; returns the splitters concerned likewise.
    pub fn forget_all(&mut self, homes: &[ObjectId]) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        for &home in homes {
            self.forget(home, &mut concerned);
        }
        concerned
    }

    fn forget(&mut self, home: ObjectId, concerned: &mut HashSet<ObjectId>) {
        let Some(Held { has_client, ports }) = self.by_home.remove(&home) else { return };
        for port in ports {
            concerned.insert(port.splitter);
            if let Some(homes) = self.by_port.get_mut(&port) {
                *homes.of_kind(has_client) -= 1;
                if homes.vacant + homes.with_client == 0 {
                    self.by_port.remove(&port);
                }
            }
        }
    }
}

fn is_among(id: ObjectId, rows: &[PropertyRow]) -> bool {
    rows.binary_search_by_key(&id, Row::id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::wire::rows::Vacant;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn id(number: u32) -> ObjectId {
        ObjectId::parse(&format!("{number:024x}")).unwrap()
    }

    /// Of a home that holds ports of splitters, with a client or without.
    fn row(home: u32, (has_client, ports): &(bool, Vec<(u32, u32)>)) -> PropertyRow {
        let ports = ports.iter().map(|&(splitter, number)| HeldPort { splitter: id(splitter), number });
        let vacant = (!has_client).then(Vacant::default);
        PropertyRow { id: id(home), vacant, ports: ports.collect(), updated_at: None }
    }

    type Plant = BTreeMap<u32, (bool, Vec<(u32, u32)>)>;

    fn homes() -> impl Strategy<Value = Plant> {
        let ports = prop::collection::vec((0..4_u32, 1..4_u32), 0..3);
        prop::collection::btree_map(0..12_u32, (prop::bool::weighted(0.3), ports), 0..10)
    }

    fn rows(homes: &Plant) -> Vec<PropertyRow> {
        homes.iter().map(|(&home, held)| row(home, held)).collect()
    }

    /// How many ports of each splitter are vacant, counted anew.
    fn vacant(homes: &Plant) -> Vec<u32> {
        let is_held = |port, by_client| {
            homes.values().any(|(has_client, ports)| *has_client == by_client && ports.contains(&port))
        };
        let is_vacant = |port| is_held(port, false) && !is_held(port, true);
        let count =
            |splitter| (1..4).fold(0, |count, number| count + u32::from(is_vacant((splitter, number))));
        (0..4).map(count).collect()
    }

    fn counted(ports: &VacantPorts) -> Vec<u32> {
        let all: PortSet = (1..4).collect();
        (0..4).map(|splitter| ports.count(id(splitter), &all)).collect()
    }

    proptest! {
        #[test]
        fn what_is_amended_or_replaced_is_what_would_be_read_anew(first in homes(), changed in homes(), whole in homes()) {
            let mut held = VacantPorts::of(&rows(&first));
            prop_assert_eq!(counted(&held), vacant(&first));
            let before = counted(&held);
            let concerned = held.amend(&rows(&changed));
            let mut now = first;
            now.extend(changed);
            prop_assert_eq!(counted(&held), vacant(&now));
            for (splitter, (before, after)) in (0..).zip(before.into_iter().zip(counted(&held))) {
                prop_assert!(before == after || concerned.contains(&id(splitter)));
            }
            prop_assert!(rows(&now).iter().all(|row| held.agree_with(row)));
            let lost = now.iter().filter(|(home, (_, ports))| !ports.is_empty() && !whole.contains_key(home));
            prop_assert_eq!(held.missing_from(&rows(&whole)), lost.count() as u64);
            held.replace(&rows(&whole));
            prop_assert_eq!(counted(&held), vacant(&whole));
            prop_assert_eq!(held.by_port.len(), VacantPorts::of(&rows(&whole)).by_port.len());
        }
    }

    #[test]
    fn a_port_counts_only_if_it_is_one_of_those_asked_for() {
        let held = VacantPorts::of(&[row(1, &(false, vec![(7, 2), (7, 3)]))]);
        assert_eq!(held.count(id(7), &[2, 5].into_iter().collect()), 1);
        assert_eq!(held.count(id(8), &[2].into_iter().collect()), 0);
    }
}
