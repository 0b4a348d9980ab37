//! What a whole reading finds that reading changes had missed.

use super::trust::{Distrust, Drift, ListState};
use crate::ozmap::splitters::{Splitters, Standing};
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{BoxRow, SplitterRow};
use crate::viability::plant::{Evidence, ServiceBox};
use crate::viability::snapshot::Snapshot;
use std::collections::BTreeMap;

/// What a run has learned of how far changes can be relied on, by the paths of lists.
#[derive(Default)]
pub(super) struct News {
    /// What they had missed, of each list that was read whole.
    pub(super) drift: BTreeMap<&'static str, Drift>,
    /// Lists that were relied on until now.
    pub(super) distrust: Vec<(&'static str, Distrust)>,
}

impl News {
    /// Of a list that was read whole.
    pub(super) fn add(&mut self, list: List, missed: Drift, told: Option<Distrust>) {
        self.drift.insert(list.path(), missed);
        self.add_distrust(list, told);
    }

    /// Of a list whose changes can't be read, if that is new.
    pub(super) fn add_distrust(&mut self, list: List, told: Option<Distrust>) {
        self.distrust.extend(told.map(|why| (list.path(), why)));
    }
}

/// Of splitters; `rows` are in the order of their ids.
pub(super) fn of_splitters(held: &Splitters, state: &ListState, rows: &[SplitterRow]) -> Drift {
    let mut drift = Drift { deleted: held.missing_from(rows), ..Drift::default() };
    let unseen = rows.iter().filter(|row| !state.would_show(row.updated_at));
    unseen.for_each(|row| drift.count(held.standing_of(row)));
    drift
}

/// Of boxes; `rows` are in the order of their ids.
pub(super) fn of_boxes(held: &Snapshot, state: &ListState, rows: &[BoxRow]) -> Drift {
    let is_there = |one: &ServiceBox<&str>| rows.binary_search_by_key(&one.id, |row| row.id).is_ok();
    // What could not be read says nothing of what is there.
    let listed = held.boxes().filter(|one| one.evidence == Evidence::Whole);
    let deleted = listed.filter(|one| !is_there(one)).count() as u64;
    let mut drift = Drift { deleted, ..Drift::default() };
    for row in rows.iter().filter(|row| !state.would_show(row.updated_at)) {
        drift.count(match held.get(row.id) {
            None => Standing::Added,
            Some(one) if one.evidence != Evidence::Whole || says_the_same(row, &one) => Standing::Same,
            Some(_) => Standing::Changed,
        });
    }
    drift
}

/// How many rows of boxes say something else than what is held.
pub(super) fn others_of_boxes(held: &Snapshot, rows: &[BoxRow]) -> u64 {
    let is_other = |row: &&BoxRow| held.get(row.id).is_none_or(|one| !says_the_same(row, &one));
    rows.iter().filter(is_other).count() as u64
}

fn says_the_same(row: &BoxRow, one: &ServiceBox<&str>) -> bool {
    (&*row.name, row.project, row.position, row.stage) == (one.name, one.project, one.position, one.stage)
}
