//! Rows that are somewhere: found by place and by id, never changed once built.
//!
//! They lie in the order of the index, those at one place in the order of their ids, so that neighbours on the ground are
//! neighbours in memory. With some changed, what didn't move is neither sorted nor made again: rows are copied in the
//! order in which they lie, which is that of a table built anew.

use super::geo::{Circle, Envelope, Envelopes, Point};
use super::index::Index;
use super::plant::ObjectId;
use std::cmp::Ordering;
use std::sync::Arc;

/// As many rows as most queries come upon.
const FEW: usize = 32;

/// What has an id.
pub(super) trait Identified {
    /// By which it is told from all others of its kind.
    fn id(&self) -> ObjectId;
}

/// Rows by their place and by their id.
pub(super) struct Placed<R> {
    /// Shared with the tables before and after that have every row in its place.
    index: Arc<Index>,
    rows: Box<[R]>,
    /// The rows in the order of their ids, shared likewise.
    by_id: Arc<[u32]>,
}

/// A row in reach: little to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// From the query's centre, in metres.
    pub(super) distance: f64,
    /// Its number.
    pub(super) row: u32,
}

/// What becomes of a table's rows.
pub(super) struct Changes<R> {
    /// Rows of another place than before, or new.
    entering: Vec<(Point, R)>,
    /// Numbers of rows that are there no more, or not where they were.
    leaving: Vec<u32>,
    /// Rows in the places of others, by their numbers.
    staying: Vec<(u32, R)>,
}

impl<R: Identified> Placed<R> {
    /// Sorts and indexes; `items` are in the order of their ids, each once.
    pub(super) fn build<I>(items: &[I], place: impl Fn(&I) -> Point, row: impl FnMut(&I) -> R) -> Self {
        let order = Index::order(items.iter().map(&place));
        let mut by_id = vec![0; order.len()].into_boxed_slice();
        for (row, &item) in (0..).zip(&order) {
            if let Some(slot) = by_id.get_mut(item as usize) {
                *slot = row;
            }
        }
        let in_order = || order.iter().filter_map(|&item| items.get(item as usize));
        let index = Index::build(&in_order().map(place).collect::<Vec<_>>());
        let mut rows = Vec::with_capacity(items.len());
        rows.extend(in_order().map(row));
        Self { index: Arc::new(index), rows: rows.into_boxed_slice(), by_id: by_id.into() }
    }

    /// The row with this number.
    pub(super) fn row(&self, number: u32) -> Option<&R> {
        self.rows.get(number as usize)
    }

    /// Where the row with this number is.
    pub(super) fn position(&self, number: u32) -> Option<Point> {
        self.index.position(number)
    }

    /// The id of the row with this number.
    pub(super) fn id(&self, number: u32) -> Option<ObjectId> {
        self.row(number).map(R::id)
    }

    /// The numbers of all rows in the order of their ids.
    pub(super) fn by_id(&self) -> impl Iterator<Item = u32> {
        self.by_id.iter().copied()
    }

    /// The number of the row with this id.
    pub(super) fn number_of(&self, id: ObjectId) -> Option<u32> {
        let at = self.by_id.binary_search_by(|&row| self.id(row).cmp(&Some(id))).ok()?;
        self.by_id.get(at).copied()
    }

    /// Every row in the circle, which lies within the envelopes; in no particular order.
    pub(super) fn within(&self, circle: &Circle, envelopes: Envelopes) -> Vec<Near> {
        let mut found = Vec::with_capacity(FEW);
        for envelope in envelopes.iter() {
            self.index.for_each_in(envelope, |row, position| {
                found.extend(circle.distance(position).map(|distance| Near { distance, row }));
            });
        }
        found
    }

    /// Shows `visit` every row in an envelope, edges included; in no particular order.
    pub(super) fn for_each_in(&self, envelope: Envelope, visit: impl FnMut(u32, Point)) {
        self.index.for_each_in(envelope, visit);
    }

    /// Bounds of all rows; `None` without any.
    pub(super) fn bounds(&self) -> Option<Envelope> {
        let places = (0..).map_while(|row| self.position(row));
        places.fold(None, |bounds: Option<Envelope>, at| {
            Some(bounds.map_or(Envelope::of(at), |bounds| bounds.around(at)))
        })
    }

    /// What it takes to have these rows, each id once, instead of those with their ids, and none with the ids of `gone`.
    pub(super) fn changes<I>(
        &self,
        items: Vec<I>,
        gone: &[ObjectId],
        place: impl Fn(&I) -> (ObjectId, Point),
        mut row: impl FnMut(&I) -> R,
    ) -> Changes<R> {
        let mut leaving: Vec<u32> = gone.iter().filter_map(|&id| self.number_of(id)).collect();
        let (mut entering, mut staying) = (Vec::new(), Vec::new());
        for item in items {
            let (id, position) = place(&item);
            match self.number_of(id) {
                Some(number) if self.position(number) == Some(position) => staying.push((number, row(&item))),
                before => {
                    leaving.extend(before);
                    entering.push((position, row(&item)));
                }
            }
        }
        leaving.sort_unstable();
        leaving.dedup();
        Changes { entering, leaving, staying }
    }
}

impl<R> Changes<R> {
    /// The numbers of rows that are replaced or left out.
    pub(super) fn before(&self) -> impl Iterator<Item = u32> {
        self.leaving.iter().copied().chain(self.staying.iter().map(|(row, _)| *row))
    }

    /// Whether all rows stay as they are.
    pub(super) fn are_none(&self) -> bool {
        self.entering.is_empty() && self.leaving.is_empty() && self.staying.is_empty()
    }
}

impl<R: Identified + Clone> Placed<R> {
    /// This table with the changes: the same as if it had been built of all rows as they are now.
    pub(super) fn amended(&self, changes: Changes<R>) -> Self {
        let Changes { entering, leaving, staying } = changes;
        let order =
            (!leaving.is_empty() || !entering.is_empty()).then(|| Order::of(self, &leaving, &entering));
        let (mut rows, index, by_id) = match &order {
            None => (self.rows.to_vec(), Arc::clone(&self.index), Arc::clone(&self.by_id)),
            Some(order) => {
                let positions: Vec<_> = order.positions(self, &entering).collect();
                let by_id = order.by_id(self, &entering).into();
                (order.rows(self, &entering), Arc::new(Index::build(&positions)), by_id)
            }
        };
        for (row, one) in staying {
            let place = order.as_ref().map_or(row, |order| order.place_of(row));
            if let Some(slot) = rows.get_mut(place as usize) {
                *slot = one;
            }
        }
        Self { index, rows: rows.into_boxed_slice(), by_id }
    }

    /// The first row that doesn't come before this place on the curve, and id.
    fn first_from(&self, key: (u64, ObjectId)) -> u32 {
        let (mut low, mut high) = (0, u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        while low < high {
            let middle = low.midpoint(high);
            let there = self.position(middle).map(Index::along_curve).zip(self.id(middle));
            match there.cmp(&Some(key)) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal | Ordering::Greater => high = middle,
            }
        }
        low
    }
}

/// Where a row comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// It is an old one.
    Row(u32),
    /// It is a new one, which stands there in the list of those.
    Entering(usize),
}

/// The order of rows where some come or go.
struct Order {
    origins: Vec<Origin>,
    /// The place of each old row; [`LEFT`] for none.
    places: Vec<u32>,
}

/// The place of a row that is left out.
const LEFT: u32 = u32::MAX;

impl Order {
    fn of<R: Identified + Clone>(old: &Placed<R>, leaving: &[u32], entering: &[(Point, R)]) -> Self {
        let keyed = entering.iter().map(|(position, row)| (Index::along_curve(*position), row.id()));
        let mut keyed: Vec<_> = keyed.zip(0..).collect();
        keyed.sort_unstable();
        let mut entering = keyed.into_iter().map(|(key, at)| (old.first_from(key), at)).peekable();
        let mut leaving = leaving.iter().copied().peekable();
        let mut origins = Vec::with_capacity(old.rows.len() + entering.len());
        let mut places = Vec::with_capacity(old.rows.len());
        for row in (0..).take(old.rows.len()) {
            while let Some((_, at)) = entering.next_if(|(before, _)| *before == row) {
                origins.push(Origin::Entering(at));
            }
            if leaving.next_if_eq(&row).is_some() {
                places.push(LEFT);
            } else {
                // Rows are numbered by u32.
                places.push(u32::try_from(origins.len()).unwrap_or(LEFT));
                origins.push(Origin::Row(row));
            }
        }
        origins.extend(entering.map(|(_, at)| Origin::Entering(at)));
        Self { origins, places }
    }

    fn place_of(&self, row: u32) -> u32 {
        self.places.get(row as usize).copied().unwrap_or(LEFT)
    }

    fn places_of(&self, rows: &[u32]) -> impl Iterator<Item = u32> {
        rows.iter().map(|&row| self.place_of(row)).filter(|&place| place != LEFT)
    }

    fn rows<R: Clone>(&self, old: &Placed<R>, entering: &[(Point, R)]) -> Vec<R> {
        let mut rows = Vec::with_capacity(self.origins.len());
        rows.extend(self.origins.iter().filter_map(|&origin| match origin {
            Origin::Row(row) => old.rows.get(row as usize).cloned(),
            Origin::Entering(at) => entering.get(at).map(|(_, row)| row.clone()),
        }));
        rows
    }

    fn positions<R>(&self, old: &Placed<R>, entering: &[(Point, R)]) -> impl Iterator<Item = Point> {
        self.origins.iter().filter_map(|&origin| match origin {
            Origin::Row(row) => old.index.position(row),
            Origin::Entering(at) => entering.get(at).map(|(position, _)| *position),
        })
    }

    /// The rows in the order of ids.
    fn by_id<R: Identified>(&self, old: &Placed<R>, entering: &[(Point, R)]) -> Vec<u32> {
        let new = (0..).zip(&self.origins).filter_map(|(place, origin)| match origin {
            Origin::Entering(at) => entering.get(*at).map(|(_, row)| (row.id(), place)),
            Origin::Row(_) => None,
        });
        let mut new: Vec<(ObjectId, u32)> = new.collect();
        new.sort_unstable();
        let mut all = Vec::with_capacity(self.origins.len());
        let mut rest = &old.by_id[..];
        for (id, place) in new {
            let (before, behind) = rest.split_at(rest.partition_point(|&row| old.id(row) < Some(id)));
            all.extend(self.places_of(before));
            all.push(place);
            rest = behind;
        }
        all.extend(self.places_of(rest));
        all
    }
}
