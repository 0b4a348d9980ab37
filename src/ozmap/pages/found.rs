//! What a reading has found so far.

use super::super::failure::CallError;
use super::super::wire::fault::RowFault;
use super::super::wire::place::Place;
use super::super::wire::rows::{About, Row};
use super::super::wire::time::OzmapTime;
use super::super::wire::{Page, PageRow};
use super::{MAX_ROWS, Reading, Times};
use crate::viability::plant::ObjectId;
use std::collections::BTreeMap;

/// The rows found so far, by id, and the faults.
pub(super) struct Found<R> {
    pub(super) rows: BTreeMap<ObjectId, R>,
    /// Rows that could not be read, and are none of `rows`.
    pub(super) faulty: BTreeMap<ObjectId, RowFault>,
    /// Those that don't even tell their id.
    pub(super) nameless: BTreeMap<RowFault, u64>,
    pub(super) doubtful: BTreeMap<ObjectId, RowFault>,
    pub(super) unattributed: u64,
    pub(super) places: BTreeMap<ObjectId, Place>,
    /// Two rows with one id were different: it was edited in between, or only one of them is what it says.
    pub(super) contradictory: bool,
    /// OZmap's clock at the first page.
    pub(super) begun: Option<OzmapTime>,
}

impl<R: Row> Found<R> {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            faulty: BTreeMap::new(),
            nameless: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            unattributed: 0,
            places: BTreeMap::new(),
            contradictory: false,
            begun: None,
        }
    }

    /// Whatever page was first: those of ranges are read side by side.
    pub(super) fn saw(&mut self, date: Option<OzmapTime>) {
        self.begun = self.begun.into_iter().chain(date).min();
    }

    pub(super) fn take(&mut self, page: Vec<PageRow<R>>) {
        for PageRow { id, row, about, place } in page {
            self.places.extend(place.map(|place| (place.id, place)));
            match (row, id) {
                (Ok(row), _) => {
                    let was_faulty = self.faulty.remove(&row.id()).is_some();
                    let is_another = self.rows.get(&row.id()).is_some_and(|before| *before != row);
                    self.contradictory |= was_faulty || is_another;
                    self.rows.insert(row.id(), row);
                }
                (Err(fault), Some(id)) => {
                    self.contradictory |= self.rows.remove(&id).is_some();
                    self.faulty.insert(id, fault);
                    self.doubt(about, fault);
                }
                (Err(fault), None) => {
                    *self.nameless.entry(fault).or_default() += 1;
                    self.doubt(about, fault);
                }
            }
        }
    }

    fn doubt(&mut self, about: About, fault: RowFault) {
        match about {
            About::Nothing => {}
            About::Box(id) => drop(self.doubtful.insert(id, fault)),
            About::AnyBox => self.unattributed += 1,
        }
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.faulty.extend(other.faulty);
        for (fault, count) in other.nameless {
            *self.nameless.entry(fault).or_default() += count;
        }
        self.doubtful.extend(other.doubtful);
        self.unattributed += other.unattributed;
        self.places.extend(other.places);
        self.contradictory |= other.contradictory;
        self.saw(other.begun);
        self
    }

    /// Fails where a list goes on and on.
    pub(super) fn bounded(&self) -> Result<(), CallError> {
        let total = self.count();
        if total > MAX_ROWS { Err(CallError::TooMany { total }) } else { Ok(()) }
    }

    /// How many rows, readable or not.
    pub(super) fn count(&self) -> u64 {
        (self.rows.len() + self.faulty.len()) as u64 + self.nameless.values().sum::<u64>()
    }

    /// Whether a page tells of a row that isn't among these.
    pub(super) fn lacks_any_of(&self, page: &Page<R>) -> bool {
        let is_new = |id| !self.rows.contains_key(&id) && !self.faulty.contains_key(&id);
        page.rows.iter().filter_map(|row| row.id).any(is_new)
    }

    /// `counted`: how many rows OZmap says there are by now.
    pub(super) fn finish(self, counted: u64) -> Reading<R> {
        let mut faults = self.nameless;
        let unread = self.faulty.keys().copied().collect();
        for fault in self.faulty.into_values() {
            *faults.entry(fault).or_default() += 1;
        }
        let newest = self.rows.values().filter_map(Row::updated_at).max();
        let places = self.places.into_values().filter(|place| !self.rows.contains_key(&place.id)).collect();
        Reading {
            rows: self.rows.into_values().collect(),
            faults,
            doubtful: self.doubtful,
            unattributed: self.unattributed,
            unread,
            places,
            counted,
            times: Times { begun: self.begun, newest },
        }
    }
}
