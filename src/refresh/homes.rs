//! Homes in a run: what of them goes into the snapshot, and what is remembered of their list.

use super::drift::News;
use super::reading::ListRead;
use super::trust::{Drift, ListReading, ListState};
use crate::ozmap::homes::VacantPorts;
use crate::ozmap::pages::Reading;
use crate::ozmap::wire::List;
use crate::ozmap::wire::fault::RowFault;
use crate::ozmap::wire::rows::PropertyRow;
use crate::tenant::AsOf;
use crate::viability::homes::{Home, HomeRules};
use crate::viability::plant::ObjectId;
use crate::viability::snapshot::Snapshot;
use std::collections::{BTreeMap, HashSet};

/// The list of homes as it was read last.
pub(super) struct HomeList {
    rules: HomeRules,
    /// The ports that homes without client hold; none where these don't count.
    pub(super) vacant: VacantPorts,
    pub(super) state: ListState,
    /// How many homes OZmap counts, those with a client too.
    count: u64,
}

/// What changed homes mean.
#[derive(Default)]
pub(super) struct HomeChanges {
    /// Homes without client that are others now, or new.
    pub(super) homes: Vec<Home>,
    /// Homes that have a client now, or are there no more.
    pub(super) gone: Vec<ObjectId>,
    /// Splitters of which ports may be free now that weren't, or the other way round.
    pub(super) splitters: HashSet<ObjectId>,
}

impl HomeList {
    /// One that was read whole, for the first time or again: `before` is what was known of it, `held` the snapshot then.
    pub(super) fn of(
        rules: HomeRules,
        reading: &Reading<PropertyRow>,
        before: Option<(&Self, &Snapshot)>,
        begun: AsOf,
        news: &mut News,
    ) -> Self {
        let read = ListReading::of(reading, begun);
        let vacant =
            if rules.ports_are_free { VacantPorts::of(&reading.rows) } else { VacantPorts::default() };
        let mut state = ListState::of_splitters(read);
        if let Some((before, held)) = before {
            state = before.state;
            let missed = before.drift(held, &reading.rows);
            news.add(List::Properties, missed, state.read_whole(read, missed));
        }
        state.counted(reading.counted, reading.counted);
        Self { rules, vacant, state, count: reading.counted }
    }

    /// OZmap counts so many homes by now: fewer than before were deleted, which no time tells.
    pub(super) fn counted(&mut self, rows: u64) {
        self.state.counted(rows, self.count);
        self.count = rows;
    }

    /// Whether verdicts depend on homes.
    pub(super) fn decides(&self) -> bool {
        self.rules.ports_are_free
    }

    /// Whether what is known of a home is what its row says.
    fn agrees_with(&self, row: &PropertyRow, held: &Snapshot) -> bool {
        let says_the_same = held.home(row.id) == row.to_home().as_ref();
        says_the_same && (!self.decides() || self.vacant.agree_with(row))
    }

    /// What reading changes had missed; `rows` are in the order of their ids. A home that is new and one that lost its
    /// client look alike.
    fn drift(&self, held: &Snapshot, rows: &[PropertyRow]) -> Drift {
        let unseen = rows.iter().filter(|row| !self.state.would_show(row.updated_at));
        let changed = unseen.filter(|row| !self.agrees_with(row, held)).count() as u64;
        Drift { changed, deleted: self.missing_from(rows, held), ..Drift::default() }
    }

    /// How many homes are known that are in none of these rows.
    fn missing_from(&self, rows: &[PropertyRow], held: &Snapshot) -> u64 {
        let is_there = |home: &Home| rows.binary_search_by_key(&home.id, |row| row.id).is_ok();
        let listed = held.homes().filter(|home| !is_there(home)).count() as u64;
        listed.max(self.vacant.missing_from(rows))
    }

    /// Takes over what was read of it.
    pub(super) fn take(
        &mut self,
        read: &ListRead<PropertyRow>,
        held: &Snapshot,
        begun: AsOf,
        news: &mut News,
    ) -> HomeChanges {
        match read {
            ListRead::Changes(reading) => {
                let others = reading.rows.iter().filter(|row| !self.agrees_with(row, held)).count() as u64;
                self.state.read_changes(ListReading::of(reading, begun), others);
                let mut splitters = HashSet::new();
                if self.decides() {
                    // What a row that can't be read says of its ports nobody knows.
                    splitters.extend(self.vacant.forget_all(&reading.unread));
                    splitters.extend(self.vacant.amend(&reading.rows));
                }
                changes(&reading.rows, Vec::new(), splitters, held)
            }
            ListRead::Whole(reading) => {
                let missed = self.drift(held, &reading.rows);
                let told = self.state.read_whole(ListReading::of(reading, begun), missed);
                self.count = reading.counted;
                self.state.counted(reading.counted, reading.counted);
                news.add(List::Properties, missed, told);
                let is_there =
                    |home: &Home| reading.rows.binary_search_by_key(&home.id, |row| row.id).is_ok();
                let gone = held.homes().filter(|home| !is_there(home)).map(|home| home.id).collect();
                let splitters =
                    if self.decides() { self.vacant.replace(&reading.rows) } else { HashSet::new() };
                changes(&reading.rows, gone, splitters, held)
            }
            ListRead::Unfit(why) => {
                news.add_distrust(List::Properties, self.state.cant_read_changes(*why));
                HomeChanges::default()
            }
            ListRead::Not => HomeChanges::default(),
        }
    }
}

fn changes(
    rows: &[PropertyRow],
    mut gone: Vec<ObjectId>,
    splitters: HashSet<ObjectId>,
    held: &Snapshot,
) -> HomeChanges {
    let mut homes = Vec::new();
    for row in rows {
        match (row.to_home(), held.home(row.id)) {
            (now, before) if now.as_ref() == before => {}
            (Some(home), _) => homes.push(home),
            (None, _) => gone.push(row.id),
        }
    }
    HomeChanges { homes, gone, splitters }
}

/// Why homes without client can't be listed although they tell a place or a project; their ports are told all the same.
pub(super) fn unlisted(reading: &Reading<PropertyRow>) -> BTreeMap<RowFault, u64> {
    let mut faults = BTreeMap::new();
    for fault in reading.rows.iter().filter_map(PropertyRow::unlisted) {
        *faults.entry(fault).or_default() += 1;
    }
    faults
}

/// The homes without client of a snapshot built anew; those held where their list could not be read.
pub(super) fn vacant_homes(
    rules: HomeRules,
    reading: Option<&Reading<PropertyRow>>,
    held: Option<&Snapshot>,
) -> Vec<Home> {
    match (rules.are_read(), reading) {
        (false, _) => Vec::new(),
        (true, Some(reading)) => reading.rows.iter().filter_map(PropertyRow::to_home).collect(),
        (true, None) => held.into_iter().flat_map(Snapshot::homes).cloned().collect(),
    }
}
