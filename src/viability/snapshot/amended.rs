//! A snapshot with some boxes changed. What didn't move is neither sorted nor judged again: its rows are copied in the
//! order in which they lie, which is that of a snapshot built anew.

use super::super::geo::Point;
use super::super::index::Index;
use super::super::plant::{ObjectId, Projects, ServiceBox};
use super::{Row, Snapshot, Table};
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::SystemTime;

/// What has become of some boxes of a snapshot.
#[derive(Debug)]
pub struct Amendment {
    /// When the reading began that tells: nothing of the whole is older.
    pub read_at: SystemTime,
    /// Every project the tenant's key may see now.
    pub projects: Projects,
    /// Boxes as they are now, new ones among them; each id once.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that are there no more, and none of `boxes`.
    pub gone: Vec<ObjectId>,
    /// Boxes that nobody could read where they hang, all in all.
    pub unplaced: u64,
}

impl Snapshot {
    /// This one with the changes: the same as if it had been built of all boxes as they are now.
    ///
    /// Takes a tenth of the time, and less where no box came, went or moved.
    #[must_use]
    pub fn amended(&self, generation: u64, amendment: Amendment) -> Self {
        let Amendment { read_at, projects, boxes, gone, unplaced } = amendment;
        let mut census = self.census;
        let mut leaving: Vec<u32> = gone.iter().filter_map(|&id| self.row_of(id)).collect();
        let (mut entering, mut staying) = (Vec::new(), Vec::new());
        for one in boxes {
            match self.row_of(one.id) {
                Some(row) if self.index.position(row) == Some(one.position) => staying.push((row, one)),
                Some(row) => {
                    leaving.push(row);
                    entering.push(one);
                }
                None => entering.push(one),
            }
        }
        leaving.sort_unstable();
        leaving.dedup();
        let before = leaving.iter().chain(staying.iter().map(|(row, _)| row));
        before.filter_map(|&row| self.service_box(row)).for_each(|one| census.lose(&one));
        entering.iter().chain(staying.iter().map(|(_, one)| one)).for_each(|one| census.gain(one));

        let mut table = Table::going_on(&self.numbered, &projects);
        let order =
            (!leaving.is_empty() || !entering.is_empty()).then(|| Order::of(self, &leaving, &entering));
        let (mut rows, index, by_id) = match &order {
            None => (self.rows.to_vec(), Arc::clone(&self.index), Arc::clone(&self.by_id)),
            Some(order) => {
                let positions: Vec<_> = order.positions(self, &entering).collect();
                let by_id = order.by_id(self, &entering).into();
                (order.rows(self, &entering, &mut table), Arc::new(Index::build(&positions)), by_id)
            }
        };
        for (row, one) in &staying {
            let place = order.as_ref().map_or(*row, |order| order.place_of(*row));
            if let Some(slot) = rows.get_mut(place as usize) {
                *slot = table.row(one);
            }
        }
        let numbered = table.numbered.into_boxed_slice();
        Self {
            generation,
            read_at,
            projects,
            unplaced,
            census,
            index,
            rows: rows.into_boxed_slice(),
            numbered,
            by_id,
        }
    }
}

/// Where a row comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// It is an old one.
    Row(u32),
    /// It is a new box's, which stands there in the list of those.
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
    fn of(old: &Snapshot, leaving: &[u32], entering: &[ServiceBox]) -> Self {
        let key = |one: &ServiceBox| (Index::along_curve(one.position), one.id);
        let mut keyed: Vec<_> = entering.iter().enumerate().map(|(at, one)| (key(one), at)).collect();
        keyed.sort_unstable();
        let mut entering = keyed.into_iter().map(|(key, at)| (old.first_row_from(key), at)).peekable();
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

    fn rows(&self, old: &Snapshot, entering: &[ServiceBox], table: &mut Table) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.origins.len());
        rows.extend(self.origins.iter().filter_map(|&origin| match origin {
            Origin::Row(row) => old.rows.get(row as usize).cloned(),
            Origin::Entering(at) => entering.get(at).map(|one| table.row(one)),
        }));
        rows
    }

    fn positions(&self, old: &Snapshot, entering: &[ServiceBox]) -> impl Iterator<Item = Point> {
        self.origins.iter().filter_map(|&origin| match origin {
            Origin::Row(row) => old.index.position(row),
            Origin::Entering(at) => entering.get(at).map(|one| one.position),
        })
    }

    /// The rows in the order of ids.
    fn by_id(&self, old: &Snapshot, entering: &[ServiceBox]) -> Vec<u32> {
        let new = (0..).zip(&self.origins).filter_map(|(place, origin)| match origin {
            Origin::Entering(at) => entering.get(*at).map(|one| (one.id, place)),
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

impl Snapshot {
    /// The box with this id.
    pub fn get(&self, id: ObjectId) -> Option<ServiceBox<&str>> {
        self.row_of(id).and_then(|row| self.service_box(row))
    }

    /// The row of the box with this id.
    fn row_of(&self, id: ObjectId) -> Option<u32> {
        let at = self.by_id.binary_search_by(|&row| self.id(row).cmp(&Some(id))).ok()?;
        self.by_id.get(at).copied()
    }

    /// The first row that doesn't come before this place on the curve, and id.
    fn first_row_from(&self, key: (u64, ObjectId)) -> u32 {
        let (mut low, mut high) = (0, u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        while low < high {
            let middle = low.midpoint(high);
            let there = self.index.position(middle).map(Index::along_curve).zip(self.id(middle));
            match there.cmp(&Some(key)) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal | Ordering::Greater => high = middle,
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::plant::{Evidence, Stage};
    use super::super::super::ports::Ports;
    use super::super::super::tests::service_box;
    use super::super::Plant;
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, HashSet};
    use std::time::UNIX_EPOCH;

    /// What is done to the box of a number.
    #[derive(Clone, Debug)]
    enum Edit {
        Put(f64, f64, u32, bool),
        Delete,
    }

    fn boxes(number: std::ops::Range<usize>) -> impl Strategy<Value = (usize, Edit)> {
        // Few places: many boxes on one spot.
        let place = || prop_oneof![-27.6..=-27.59, Just(-27.5), -90.0..=90.0];
        let put = (place(), place(), 0_u32..4, any::<bool>());
        let put = put.prop_map(|(lat, lng, free, draft)| Edit::Put(lat, lng, free, draft));
        (number, prop_oneof![4 => put, 1 => Just(Edit::Delete)])
    }

    /// The id of the box that it is done to.
    fn edit(number: usize, edit: &Edit, plant: &mut BTreeMap<ObjectId, ServiceBox>) -> ObjectId {
        let id = service_box(number, 0.0, 0.0).id;
        let Edit::Put(lat, lng, free, draft) = *edit else {
            plant.remove(&id);
            return id;
        };
        let stage = if draft { Stage::Draft } else { Stage::Implanted };
        let ports = (number % 7 != 3).then_some(Ports { total: 8, free });
        let evidence = if number.is_multiple_of(5) { Evidence::Unlisted } else { Evidence::Whole };
        plant.insert(id, ServiceBox { stage, ports, evidence, ..service_box(number, lat, lng) });
        id
    }

    fn built(plant: &BTreeMap<ObjectId, ServiceBox>) -> Snapshot {
        let boxes = plant.values().cloned().collect();
        Snapshot::build(7, Plant { read_at: UNIX_EPOCH, projects: Projects::new(), boxes, unplaced: 0 })
    }

    fn rows(snapshot: &Snapshot) -> Vec<ServiceBox> {
        let rows = (0..).take(snapshot.rows.len());
        rows.map(|row| snapshot.service_box(row).unwrap().named(Into::into)).collect()
    }

    proptest! {
        #[test]
        fn an_amended_snapshot_is_the_one_that_would_be_built(
            first in prop::collection::vec(boxes(0..60), 0..80),
            then in prop::collection::vec(prop::collection::vec(boxes(0..80), 0..20), 1..4),
        ) {
            let mut plant = BTreeMap::new();
            for (number, change) in &first {
                edit(*number, change, &mut plant);
            }
            let mut held = built(&plant);
            for edits in &then {
                let touched: HashSet<_> = edits.iter().map(|(number, change)| edit(*number, change, &mut plant)).collect();
                let (there, gone): (Vec<_>, Vec<_>) = touched.into_iter().partition(|id| plant.contains_key(id));
                let boxes = there.iter().map(|id| plant[id].clone()).collect();
                held = held.amended(7, Amendment { read_at: UNIX_EPOCH, projects: Projects::new(), boxes, gone, unplaced: 0 });
                let anew = built(&plant);
                prop_assert_eq!(rows(&held), rows(&anew));
                prop_assert_eq!(&held.by_id, &anew.by_id);
                prop_assert_eq!(held.census(), anew.census());
                for one in plant.values() {
                    prop_assert_eq!(held.row_of(one.id).and_then(|row| held.id(row)), Some(one.id));
                }
            }
        }
    }
}
