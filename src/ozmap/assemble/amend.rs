//! From changed rows to changed boxes.

use super::super::pages::Reading;
use super::super::splitters::Splitters;
use super::super::wire::fault::Whereabouts;
use super::super::wire::rows::{BoxRow, SplitterRow};
use super::{Doubts, judged, unread_at};
use crate::viability::Rules;
use crate::viability::plant::{Evidence, ObjectId, ServiceBox, Stage};
use crate::viability::ports::Ports;
use crate::viability::snapshot::Snapshot;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What changed rows leave in doubt, added up since the last whole reading.
#[derive(Clone, Debug, Default)]
pub struct ChangedDoubts {
    /// Boxes with a splitter that was changed and can't be read: what is held of its ports counts no more.
    outdated: HashSet<ObjectId>,
    /// Boxes that may hang anywhere by now.
    anywhere: BTreeSet<ObjectId>,
    /// Changed rows, as of the last reading, that may be about any box.
    unattributed: u64,
}

impl ChangedDoubts {
    /// Boxes that nobody could read where they hang by now.
    pub fn unplaced(&self) -> u64 {
        self.anywhere.len() as u64 + self.unattributed
    }
}

/// What changed rows make of the boxes of a snapshot.
#[derive(Debug, Default)]
pub struct Amended {
    /// Boxes that are others now, or new.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that are nowhere now.
    pub gone: Vec<ObjectId>,
}

/// All that is known beside the changed rows.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The boxes so far.
    pub held: &'k Snapshot,
    /// The splitters as they are now.
    pub splitters: &'k Splitters,
    /// Of the last whole list of splitters.
    pub doubts: &'k Doubts,
    /// The rules by which ports are counted.
    pub rules: &'k Rules,
}

/// Joins changed boxes, and boxes whose splitters were changed (`concerned`), with the splitters as they are now.
pub fn amend(
    known: Known<'_>,
    boxes: Reading<BoxRow>,
    splitters: &Reading<SplitterRow>,
    concerned: impl IntoIterator<Item = ObjectId>,
    doubts: &mut ChangedDoubts,
) -> Amended {
    let mut concerned: HashSet<ObjectId> = concerned.into_iter().collect();
    doubts.outdated.extend(splitters.doubtful.keys());
    doubts.unattributed = boxes.unattributed + splitters.unattributed;
    concerned.extend(splitters.doubtful.keys());
    concerned.extend(boxes.rows.iter().map(|row| row.id));
    let ports = known.splitters.ports_of(concerned.iter().copied(), known.rules);
    concerned.extend(boxes.doubtful.keys());
    let held = |id| Some((id, known.held.get(id)?.named(Into::into)));
    let before: HashMap<ObjectId, ServiceBox> = concerned.into_iter().filter_map(held).collect();
    let mut now = before.clone();
    for (id, one) in &mut now {
        set_ports(one, ports.get(id).copied(), doubts);
    }
    for row in boxes.rows {
        let ports = ports.get(&row.id).copied();
        let mut one = judged(row, ports, known.doubts);
        doubts.anywhere.remove(&one.id);
        doubts.apply_to(&mut one);
        now.insert(one.id, one);
    }
    let mut gone = Vec::new();
    for (&id, fault) in &boxes.doubtful {
        let placed = boxes.places.iter().find(|place| place.id == id).map(unread_at);
        match (placed, fault.whereabouts()) {
            (Some(placed), _) => drop(now.insert(id, placed)),
            (None, Whereabouts::Nowhere) => gone.extend(now.remove(&id).map(|one| one.id)),
            (None, whereabouts) => {
                if let Some(one) = now.get_mut(&id) {
                    (one.ports, one.evidence) = (None, Evidence::Partial);
                }
                if whereabouts == Whereabouts::Anywhere || !now.contains_key(&id) {
                    doubts.anywhere.insert(id);
                }
            }
        }
    }
    let boxes = now.into_values().filter(|one| before.get(&one.id) != Some(one)).collect();
    Amended { boxes, gone }
}

/// Of a box whose own row wasn't read, with its splitters as they are now. One that was not to be judged still isn't: its
/// ports say nothing while its own row says nothing.
fn set_ports(one: &mut ServiceBox, ports: Option<Ports>, doubts: &ChangedDoubts) {
    let judged = one.evidence == Evidence::Whole || one.ports.is_some();
    one.ports = ports.filter(|_| judged);
    doubts.apply_to(one);
}

impl ChangedDoubts {
    /// A draft stays one, whatever stands in it.
    fn apply_to(&self, one: &mut ServiceBox) {
        if self.outdated.contains(&one.id) && one.stage != Stage::Draft {
            (one.ports, one.evidence) = (None, Evidence::Partial);
        }
    }
}
