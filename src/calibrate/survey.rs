//! What is read of a plant to judge it by other rules than the configured ones, too.

use super::points::Probe;
use super::watch::{Phase, Watch};
use crate::config::key::ApiKey;
use crate::ozmap::assemble::{Assembled, Doubts, Unlisted, assemble};
use crate::ozmap::failure::CallError;
use crate::ozmap::homes::VacantPorts;
use crate::ozmap::pages::{PageSeen, Reading, Tries, count_rows, read_all};
use crate::ozmap::splitters::{Detail, PortsByBox, Splitters, all_ports};
use crate::ozmap::wire::List;
use crate::ozmap::wire::place::Place;
use crate::ozmap::wire::rows::{BoxRow, ProjectRow, PropertyRow, Row, SplitterRow};
use crate::ozmap::{Client, Lane};
use crate::viability::Rules;
use crate::viability::communities::{Communities, Community};
use crate::viability::geo::{Earth, Envelope, Point, Radius};
use crate::viability::plant::{MaximumDrop, ObjectId, Projects};
use crate::viability::ports::ConnectorKind;
use crate::viability::snapshot::{Plant, Snapshot};
use crate::wording::with_causes;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// Metres: a sphere smaller than any that is looked at, so that nothing near a point is left out.
const SMALL_EARTH: f64 = 6_300_000.0;

/// A list without which nothing can be compared.
#[derive(Debug, thiserror::Error)]
#[error("reading {list} at OZmap failed")]
pub struct Unread {
    /// Its name.
    pub list: &'static str,
    /// Why.
    pub source: CallError,
}

/// Boxes, projects and connectors of every kind that could be read, row by row.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// In the order of their ids.
    pub(super) boxes: Vec<BoxRow>,
    /// Of boxes whose rows tell no more than that.
    places: Vec<Place>,
    pub(super) projects: Vec<ProjectRow>,
    /// For clients only, each list in the order of ids.
    pub(super) connectors: BTreeMap<ConnectorKind, Vec<SplitterRow>>,
    /// Homes in the order of their ids; `None` where their list can't be read.
    pub(super) homes: Option<Vec<PropertyRow>>,
    /// Likewise.
    pub(super) communities: Option<Arc<Communities>>,
    /// Boxes that may have more ports than were read.
    doubtful: HashSet<ObjectId>,
    /// Lists that can't be read and that these rules don't ask for, and why: what they would tell stays open.
    pub unread: BTreeMap<&'static str, String>,
    /// Rows that could not be read, and such as OZmap counts and doesn't show.
    pub set_aside: u64,
}

impl Survey {
    /// Reads all lists. One of a kind that doesn't count by these rules may fail: what it would tell stays open.
    pub async fn read(
        client: &Client,
        key: &ApiKey,
        rules: &Rules,
        watch: &dyn Watch,
    ) -> Result<Self, Unread> {
        let mut survey = Self::default();
        survey.projects = survey.list(client, key, List::Projects, watch).await?.rows;
        let boxes: Reading<BoxRow> = survey.list(client, key, List::Boxes, watch).await?;
        survey.doubtful.extend(boxes.doubtful.keys());
        (survey.boxes, survey.places) = (boxes.rows, boxes.places);
        for kind in ConnectorKind::ALL {
            let list = List::Connectors(kind);
            // Where none is for clients there is nothing to be read, and OZmap isn't asked for all that are for others.
            if !rules.service_connectors.count(kind)
                && count_rows::<SplitterRow>(client, key, list, Tries::One).await.is_ok_and(|rows| rows == 0)
            {
                survey.connectors.insert(kind, Vec::new());
                continue;
            }
            match survey.list::<SplitterRow>(client, key, list, watch).await {
                Ok(reading) => survey.add(kind, reading),
                Err(unread) if rules.service_connectors.count(kind) => return Err(unread),
                // An OZmap without such things has no list of them.
                Err(Unread { source: CallError::Status { status: 404, .. }, .. }) => {
                    survey.connectors.insert(kind, Vec::new());
                }
                Err(unread) => survey.leave_open(&unread),
            }
        }
        match survey.list(client, key, List::Properties, watch).await {
            Ok(reading) => survey.homes = Some(reading.rows),
            Err(unread) if rules.homes.are_read() => return Err(unread),
            Err(unread) => survey.leave_open(&unread),
        }
        match survey.list::<Community>(client, key, List::Communities, watch).await {
            Ok(reading) => survey.communities = Some(Arc::new(Communities::new(reading.rows, 0))),
            Err(unread) if rules.communities.are_read() => return Err(unread),
            Err(unread) => survey.leave_open(&unread),
        }
        Ok(survey)
    }

    async fn list<R: Row>(
        &mut self,
        client: &Client,
        key: &ApiKey,
        list: List,
        watch: &dyn Watch,
    ) -> Result<Reading<R>, Unread> {
        let phase = Phase::Reading(list);
        let rows = AtomicU64::new(0);
        let seen = |page: PageSeen| {
            let rows = rows.fetch_add(page.rows, Ordering::Relaxed) + page.rows;
            watch.at(phase, rows, page.total);
        };
        let reading = read_all::<R>(client, key, list, Lane::Refresh, &seen).await;
        let reading = reading.map_err(|source| Unread { list: list.path(), source })?;
        self.set_aside += reading.faults.values().sum::<u64>().max(reading.unattributed);
        watch.ended(phase, reading.rows.len() as u64);
        Ok(reading)
    }

    fn leave_open(&mut self, unread: &Unread) {
        self.unread.insert(unread.list, with_causes(&unread.source));
    }

    fn add(&mut self, kind: ConnectorKind, reading: Reading<SplitterRow>) {
        self.doubtful.extend(reading.doubtful.keys());
        let serve = reading.rows.into_iter().filter(|row| row.serves_clients && row.parent.is_some());
        self.connectors.insert(kind, serve.collect());
    }

    /// How many boxes there are.
    pub fn boxes(&self) -> usize {
        self.boxes.len()
    }

    /// How many connectors for clients of a kind there are; `None` where their list can't be read.
    pub fn connectors(&self, kind: ConnectorKind) -> Option<usize> {
        self.connectors.get(&kind).map(Vec::len)
    }

    /// Where the boxes hang.
    pub fn positions(&self) -> impl Iterator<Item = Point> {
        self.boxes.iter().map(|row| row.position)
    }

    /// The kinds that can be tried.
    pub(super) fn kinds(&self) -> impl Iterator<Item = ConnectorKind> {
        self.connectors.keys().copied()
    }

    /// Whether homes could be read.
    pub(super) fn has_homes(&self) -> bool {
        self.homes.is_some()
    }

    /// What there is in it that rules may be about.
    pub(super) fn traits(&self) -> BTreeSet<Trait> {
        let kinds = self.connectors.iter().filter(|(_, rows)| !rows.is_empty());
        let mut connectors = self.connectors.values().flatten();
        let others = [
            (Trait::Homes, self.homes.iter().flatten().any(|row| row.vacant.is_some())),
            (Trait::Communities, self.communities.iter().any(|all| all.iter().next().is_some())),
            (Trait::BlockedPorts, connectors.any(|row| row.outputs.unconnected_and_blocked > 0)),
            (
                Trait::Drops,
                self.projects.iter().any(|row| matches!(row.maximum_drop, MaximumDrop::Metres(_))),
            ),
        ];
        let others = others.into_iter().filter_map(|(one, is_there)| is_there.then_some(one));
        kinds.map(|(&kind, _)| Trait::Connectors(kind)).chain(others).collect()
    }

    /// Whether a place lies in a gated community.
    pub(super) fn is_in_a_community(&self, at: Point) -> bool {
        self.communities.as_ref().is_some_and(|communities| communities.contain(at))
    }

    /// The ports of boxes as these rules count them.
    pub(super) fn ports(&self, rules: &Rules) -> PortsByBox {
        let counted = rules.service_connectors.kinds().filter_map(|kind| self.connectors.get(&kind));
        let lists: Vec<_> = counted.map(|rows| Splitters::of_rows(rows, Detail::wanted_by(rules))).collect();
        let homes = self.homes.as_deref().filter(|_| rules.homes.ports_are_free);
        all_ports(&lists, &homes.map(VacantPorts::of).unwrap_or_default(), rules)
    }

    /// The plant as these rules count its ports; homes are in it where these rules list them.
    ///
    /// A row that may be about any box would make every one of them doubtful, and nothing could be compared: it is told of
    /// instead ([`Self::set_aside`]).
    pub(super) fn snapshot(&self, rules: &Rules) -> Snapshot {
        let ports = self.ports(rules);
        let doubts = Doubts { boxes: self.doubtful.clone(), any_box: false };
        let boxes = Reading { rows: self.boxes.clone(), places: self.places.clone(), ..Reading::default() };
        let Assembled { boxes, .. } = assemble(boxes, &ports, &doubts, None, Unlisted::Believed);
        let projects: Projects =
            self.projects.iter().map(|project| (project.id, project.maximum_drop)).collect();
        let listed = self.homes.iter().flatten().filter(|_| rules.homes.listed);
        let homes = listed.filter_map(PropertyRow::to_home).collect();
        let communities = self.communities.clone().unwrap_or_default();
        Snapshot::build(1, Plant { projects, boxes, homes, communities, ..Plant::empty(UNIX_EPOCH) })
    }

    /// The part of it that answers at these points depend on: a snapshot of that costs next to nothing.
    pub(super) fn around(&self, probes: &[Probe]) -> Self {
        let reach = Reach::of(probes);
        let boxes: Vec<_> = self.boxes.iter().filter(|row| reach.holds(row.position)).cloned().collect();
        let ids: HashSet<_> = boxes.iter().map(|row| row.id).collect();
        let near = |row: &&SplitterRow| row.parent.is_some_and(|parent| ids.contains(&parent));
        let connectors =
            self.connectors.iter().map(|(&kind, rows)| (kind, rows.iter().filter(near).cloned().collect()));
        let connectors: BTreeMap<_, Vec<SplitterRow>> = connectors.collect();
        let splitters: HashSet<_> = connectors.values().flatten().map(|row| row.id).collect();
        let is_near = |row: &&PropertyRow| {
            let holds = row.ports.iter().any(|port| splitters.contains(&port.splitter));
            holds || row.to_home().is_some_and(|home| reach.holds(home.position))
        };
        Self {
            connectors,
            homes: self.homes.as_ref().map(|rows| rows.iter().filter(is_near).cloned().collect()),
            communities: self.communities.as_ref().map(|all| Arc::new(reach.communities(all))),
            places: self.places.iter().filter(|place| reach.holds(place.position)).copied().collect(),
            projects: self.projects.clone(),
            doubtful: self.doubtful.clone(),
            unread: self.unread.clone(),
            set_aside: self.set_aside,
            boxes,
        }
    }

    /// The same with what connectors of a kind in these boxes say by now.
    pub(super) fn correct(&mut self, kind: ConnectorKind, boxes: &[ObjectId], now: Vec<SplitterRow>) {
        let rows = self.connectors.entry(kind).or_default();
        let is_there = |row: &SplitterRow| now.iter().any(|other| other.id == row.id);
        rows.retain(|row| !row.parent.is_some_and(|parent| boxes.contains(&parent)) && !is_there(row));
        rows.extend(now);
        rows.sort_by_key(|row| row.id);
    }

    /// The same with what some homes say by now.
    pub(super) fn correct_homes(&mut self, now: Vec<PropertyRow>) {
        let Some(rows) = &mut self.homes else { return };
        rows.retain(|row| now.binary_search_by_key(&row.id, |other| other.id).is_err());
        rows.extend(now);
        rows.sort_by_key(|row| row.id);
    }
}

/// What a plant may have that rules are about: where there is none of it, a rule changes no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait {
    /// Connectors of this kind, for clients.
    Connectors(ConnectorKind),
    /// Homes without client.
    Homes,
    /// Gated communities.
    Communities,
    /// Blocked ports without fibre.
    BlockedPorts,
    /// Projects that limit the length of a drop.
    Drops,
}

/// What lies around some points, with room to spare.
struct Reach {
    envelopes: Vec<Envelope>,
}

impl Reach {
    fn of(probes: &[Probe]) -> Self {
        let around = |probe: &Probe| {
            let wider = Radius::new(probe.searched().metres() * 1.02 + 1.0).unwrap_or(probe.searched());
            let earth = Earth::new(SMALL_EARTH)?;
            Some(earth.envelopes(probe.center, wider).iter().collect::<Vec<_>>())
        };
        Self { envelopes: probes.iter().filter_map(around).flatten().collect() }
    }

    /// Those that may contain a place in it.
    fn communities(&self, all: &Communities) -> Communities {
        let near: BTreeMap<_, _> =
            self.envelopes.iter().flat_map(|one| all.in_envelope(*one)).map(|one| (one.id, one)).collect();
        Communities::new(near.into_values().cloned().collect(), all.unreadable())
    }

    fn holds(&self, position: Point) -> bool {
        self.envelopes.iter().any(|envelope| envelope.holds(position))
    }
}
