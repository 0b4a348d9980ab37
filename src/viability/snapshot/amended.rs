//! A snapshot with some boxes and homes changed.

use super::super::homes::Home;
use super::super::plant::{ObjectId, Projects, ServiceBox};
use super::{Snapshot, Table};
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
    /// Homes without client as they are now, new ones among them; each id once.
    pub homes: Vec<Home>,
    /// Homes that are there no more or have a client, and none of `homes`.
    pub homes_gone: Vec<ObjectId>,
}

impl Snapshot {
    /// This one with the changes: the same as if it had been built of all boxes and homes as they are now.
    ///
    /// Takes a tenth of the time, and less where nothing came, went or moved.
    #[must_use]
    pub fn amended(&self, generation: u64, amendment: Amendment) -> Self {
        let Amendment { read_at, projects, boxes, gone, unplaced, homes, homes_gone } = amendment;
        let mut census = self.census;
        for one in &boxes {
            census.gain(one);
        }
        let mut table = Table::going_on(&self.numbered, &projects);
        let changes = self.boxes.changes(boxes, &gone, |one| (one.id, one.position), |one| table.row(one));
        changes.before().filter_map(|row| self.service_box(row)).for_each(|one| census.lose(&one));
        let boxes = self.boxes.amended(changes);
        let numbered = table.numbered.into_boxed_slice();
        let changes = self.homes.changes(homes, &homes_gone, |home| (home.id, home.position), Home::clone);
        let homes =
            if changes.are_none() { Arc::clone(&self.homes) } else { Arc::new(self.homes.amended(changes)) };
        let communities = Arc::clone(&self.communities);
        Self { generation, read_at, projects, unplaced, census, boxes, numbered, homes, communities }
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
        let homes = plant.values().filter_map(home).collect();
        Snapshot::build(7, Plant { boxes, homes, ..Plant::empty(UNIX_EPOCH) })
    }

    /// There is one beside some of the boxes.
    fn home(near: &ServiceBox) -> Option<Home> {
        let ServiceBox { id, project, position, ref name, .. } = *near;
        let is_vacant = near.free_ports() != 1;
        is_vacant.then(|| Home {
            id,
            project: Some(project),
            position,
            address: name.clone(),
            observation: "".into(),
        })
    }

    fn rows(snapshot: &Snapshot) -> Vec<ServiceBox> {
        let rows = (0..).take(snapshot.boxes().count());
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
                let (inhabited, vacant): (Vec<_>, Vec<_>) = there.iter().partition(|id| home(&plant[*id]).is_none());
                let homes = vacant.into_iter().filter_map(|id| home(&plant[id])).collect();
                let homes_gone = gone.iter().chain(inhabited).copied().collect();
                held = held.amended(7, Amendment { read_at: UNIX_EPOCH, projects: Projects::new(), boxes, gone, unplaced: 0, homes, homes_gone });
                let anew = built(&plant);
                prop_assert_eq!(rows(&held), rows(&anew));
                prop_assert!(held.boxes().eq(anew.boxes()) && held.homes().eq(anew.homes()));
                let in_order = |snapshot: &Snapshot| snapshot.homes.by_id().collect::<Vec<_>>();
                prop_assert_eq!(in_order(&held), in_order(&anew));
                prop_assert_eq!(held.census(), anew.census());
                for one in plant.values() {
                    prop_assert_eq!(held.get(one.id).map(|one| one.id), Some(one.id));
                    prop_assert_eq!(held.home(one.id).cloned(), home(one));
                }
            }
        }
    }
}
