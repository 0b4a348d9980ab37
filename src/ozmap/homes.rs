//! Ports that lead to homes without client, as homes were read last: where such ports count as free, a snapshot, which counts
//! ports by box, can't tell them.

use super::wire::rows::{HeldPort, PropertyRow, Row};
use crate::viability::plant::ObjectId;
use crate::viability::ports::PortSet;
use rustc_hash::FxHashMap;
use std::collections::HashSet;

/// The ports of homes without client, of a whole list.
#[derive(Clone, Debug, Default)]
pub struct VacantPorts {
    by_home: FxHashMap<ObjectId, Box<[HeldPort]>>,
    /// How many homes hold each: more than one is a mistake of somebody's, and lasts until the last is gone.
    homes: FxHashMap<HeldPort, u32>,
}

impl VacantPorts {
    /// Those of these homes.
    pub fn of(rows: &[PropertyRow]) -> Self {
        let mut all = Self::default();
        all.amend(rows);
        all
    }

    /// How many of a splitter's ports are among these.
    pub fn count(&self, splitter: ObjectId, ports: &PortSet) -> u32 {
        if self.homes.is_empty() {
            return 0;
        }
        let vacant =
            ports.numbers().filter(|&number| self.homes.contains_key(&HeldPort { splitter, number }));
        vacant.fold(0, |count, _| count + 1)
    }

    /// Whether a home holds the same ports without a client as this row says.
    pub fn agree_with(&self, row: &PropertyRow) -> bool {
        self.by_home.get(&row.id).map_or(&[][..], |ports| ports) == row.vacant_ports()
    }

    /// How many homes are held that are in none of these rows, which are in the order of their ids.
    pub fn missing_from(&self, rows: &[PropertyRow]) -> u64 {
        self.by_home.keys().filter(|&&id| !is_among(id, rows)).count() as u64
    }

    /// Takes over changed homes; returns the splitters of which a port may be free now that wasn't, or the other way round.
    pub fn amend(&mut self, changed: &[PropertyRow]) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        for row in changed.iter().filter(|row| !self.agree_with(row)).collect::<Vec<_>>() {
            self.forget(row.id, &mut concerned);
            let now = row.vacant_ports();
            for port in now {
                *self.homes.entry(*port).or_default() += 1;
                concerned.insert(port.splitter);
            }
            if !now.is_empty() {
                self.by_home.insert(row.id, now.into());
            }
        }
        concerned
    }

    /// Takes over a whole list, in the order of ids; returns the splitters concerned likewise.
    pub fn replace(&mut self, rows: &[PropertyRow]) -> HashSet<ObjectId> {
        let mut concerned = HashSet::new();
        let gone: Vec<_> = self.by_home.keys().copied().filter(|&id| !is_among(id, rows)).collect();
        for id in gone {
            self.forget(id, &mut concerned);
        }
        concerned.extend(self.amend(rows));
        concerned
    }

    fn forget(&mut self, home: ObjectId, concerned: &mut HashSet<ObjectId>) {
        for port in self.by_home.remove(&home).into_iter().flatten() {
            concerned.insert(port.splitter);
            if let Some(homes) = self.homes.get_mut(&port) {
                *homes -= 1;
                if *homes == 0 {
                    self.homes.remove(&port);
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

    /// Of a home that holds ports of splitters, or has a client.
    fn row(home: u32, ports: Option<&Vec<(u32, u32)>>) -> PropertyRow {
        let vacant = ports.map(|ports| Vacant {
            ports: ports
                .iter()
                .map(|&(splitter, number)| HeldPort { splitter: id(splitter), number })
                .collect(),
            ..Vacant::default()
        });
        PropertyRow { id: id(home), vacant, updated_at: None }
    }

    type Homes = BTreeMap<u32, Option<Vec<(u32, u32)>>>;

    fn homes() -> impl Strategy<Value = Homes> {
        let ports = prop::option::weighted(0.7, prop::collection::vec((0..4_u32, 1..4_u32), 0..3));
        prop::collection::btree_map(0..12_u32, ports, 0..10)
    }

    fn rows(homes: &Homes) -> Vec<PropertyRow> {
        homes.iter().map(|(&home, ports)| row(home, ports.as_ref())).collect()
    }

    /// Which ports of which splitters are vacant, counted anew.
    fn vacant(homes: &Homes) -> Vec<u32> {
        let held =
            |splitter, number| homes.values().flatten().any(|ports| ports.contains(&(splitter, number)));
        (0..4)
            .map(|splitter| (1..4).fold(0, |count, number| count + u32::from(held(splitter, number))))
            .collect()
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
            let lost = now.iter().filter(|(home, ports)| ports.as_ref().is_some_and(|ports| !ports.is_empty()) && !whole.contains_key(home));
            prop_assert_eq!(held.missing_from(&rows(&whole)), lost.count() as u64);
            held.replace(&rows(&whole));
            prop_assert_eq!(counted(&held), vacant(&whole));
            prop_assert_eq!(held.homes.len(), VacantPorts::of(&rows(&whole)).homes.len());
        }
    }

    #[test]
    fn a_port_counts_only_if_it_is_one_of_those_asked_for() {
        let held = VacantPorts::of(&[row(1, Some(&vec![(7, 2), (7, 3)]))]);
        assert_eq!(held.count(id(7), &[2, 5].into_iter().collect()), 1);
        assert_eq!(held.count(id(8), &[2].into_iter().collect()), 0);
    }
}
