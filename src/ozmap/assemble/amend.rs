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
    let ports = known.splitters.ports_of(&concerned, known.rules);
    let held = |id| known.held.get(id).map(|held| -> ServiceBox { held.named(Into::into) });
    let mut now: HashMap<ObjectId, ServiceBox> = HashMap::new();
    for &id in &concerned {
        now.extend(held(id).map(|held| (id, with_ports(held, ports.get(&id).copied(), doubts))));
    }
    for row in boxes.rows {
        let (id, ports) = (row.id, ports.get(&row.id).copied());
        doubts.anywhere.remove(&id);
        now.insert(id, doubts.applied_to(judged(row, ports, known.doubts)));
    }
    let mut gone = Vec::new();
    for (&id, fault) in &boxes.doubtful {
        let placed = boxes.places.iter().find(|place| place.id == id).map(unread_at);
        match (placed, fault.whereabouts()) {
            (Some(placed), _) => drop(now.insert(id, placed)),
            (None, Whereabouts::Nowhere) => {
                now.remove(&id);
                gone.extend(held(id).map(|held| held.id));
            }
            (None, whereabouts) => {
                let unread =
                    held(id).map(|held| ServiceBox { ports: None, evidence: Evidence::Partial, ..held });
                if whereabouts == Whereabouts::Anywhere || unread.is_none() {
                    doubts.anywhere.insert(id);
                }
                now.extend(unread.map(|unread| (id, unread)));
            }
        }
    }
    let boxes = now.into_values().filter(|one| held(one.id).as_ref() != Some(one)).collect();
    Amended { boxes, gone }
}

/// A box whose own row wasn't read, with its splitters as they are now. One that was not to be judged still isn't: its
/// ports say nothing while its own row says nothing.
fn with_ports(held: ServiceBox, ports: Option<Ports>, doubts: &ChangedDoubts) -> ServiceBox {
    let judged = held.evidence == Evidence::Whole || held.ports.is_some();
    doubts.applied_to(ServiceBox { ports: ports.filter(|_| judged), ..held })
}

impl ChangedDoubts {
    /// A draft stays one, whatever stands in it.
    fn applied_to(&self, one: ServiceBox) -> ServiceBox {
        if self.outdated.contains(&one.id) && one.stage != Stage::Draft {
            return ServiceBox { ports: None, evidence: Evidence::Partial, ..one };
        }
        one
    }
}
