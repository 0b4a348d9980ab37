//! A run that reads every list: judges and indexes it all, publishes it by one swap.

use super::drift::{self, News};
use super::guard::{self, Acceptance};
use super::homes::{self, HomeList};
use super::ledger::{ConnectorList, Ledger};
use super::progress::{Phase, Progress};
use super::reading::Reader;
use super::run::{Ended, Kind, LONGEST_READING, Order, Published, RefreshError, free, retire};
use super::trust::{ListReading, ListState};
use crate::ozmap::assemble::amend::ChangedDoubts;
use crate::ozmap::assemble::{Assembled, Doubts, Sample, Unlisted, assemble};
use crate::ozmap::homes::VacantPorts;
use crate::ozmap::pages::Reading;
use crate::ozmap::splitters::{Detail, Splitters, all_ports};
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{BoxRow, ProjectRow, PropertyRow, SplitterRow};
use crate::tenant::{AsOf, Data};
use crate::viability::Rules;
use crate::viability::communities::{Communities, Community, CommunityRules};
use crate::viability::homes::HomeRules;
use crate::viability::plant::ObjectId;
use crate::viability::snapshot::{Plant, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

/// Reads all lists and publishes them, if the guard lets it. What failed leaves the ledger as it was, and the corrections
/// to the next run; without a ledger that reads all lists too, and has no use for them.
pub(super) async fn run(order: &Order, ledger: Option<Ledger>) -> Ended {
    // What is read from now on is newer.
    let corrections = order.tenant.corrections().take();
    let (ledger, ended) = read_and_publish(order, ledger).await;
    if ended.is_err() && ledger.is_some() {
        order.tenant.corrections().give_back(corrections);
    }
    (ledger, ended)
}

async fn read_and_publish(order: &Order, ledger: Option<Ledger>) -> Ended {
    let begun = AsOf::now();
    let mut reader = Reader::new(order);
    let rules = &order.tenant.settings().rules;
    let lists = timeout(LONGEST_READING, Lists::read(&mut reader, rules)).await;
    let lists = match lists.unwrap_or(Err(RefreshError::TooSlow)) {
        Ok(lists) => lists,
        Err(error) => return (ledger, Err(error)),
    };
    order.progress.send_replace(Progress::at(Phase::Building));
    let started = Instant::now();
    let held = order.tenant.data();
    let builder = Builder {
        begun,
        rules: rules.clone(),
        unlisted: match order.acceptance {
            Acceptance::Guarded => Unlisted::Doubted,
            Acceptance::AsRead => Unlisted::Believed,
        },
        held: held.clone(),
    };
    let built = spawn_blocking(move || {
        let built = builder.build(lists, ledger.as_ref());
        (ledger, built)
    });
    // A panic there is a bug of ours: the refresher reports it.
    let Ok((ledger, built)) = built.await else { return (None, Err(RefreshError::Panicked)) };
    order.metrics.index_built(started.elapsed());
    let compared = held.as_ref().map(|data| &*data.snapshot);
    let objections =
        guard::check(&order.tenant.settings().refresh, compared, &built.snapshot, &reader.lists, rules);
    drop(held);
    let overridden = match (objections, order.acceptance) {
        (None, _) => Vec::new(),
        (Some(objections), Acceptance::AsRead) if !objections.are_final() => reader.override_all(&objections),
        (Some(objections), _) => {
            free(built);
            return (ledger, Err(objections.into()));
        }
    };
    free(ledger);
    let (ledger, published) = built.publish(order, reader.quarantined, reader.left_out, overridden);
    (Some(ledger), Ok(published))
}

/// All that is read.
struct Lists {
    projects: Reading<ProjectRow>,
    boxes: Reading<BoxRow>,
    /// Each list of service connectors that counts.
    connectors: Vec<(List, Reading<SplitterRow>)>,
    /// Where a rule asks for them; `None` too where they can't be read and no verdict depends on them.
    homes: Option<Reading<PropertyRow>>,
    /// Likewise.
    communities: Option<Reading<Community>>,
}

impl Lists {
    async fn read(reader: &mut Reader<'_>, rules: &Rules) -> Result<Self, RefreshError> {
        let projects = reader.read(List::Projects, Phase::Projects).await?;
        let boxes = reader.read(List::Boxes, Phase::Boxes).await?;
        let mut connectors = Vec::new();
        for list in rules.service_connectors.kinds().map(List::Connectors) {
            connectors.push((list, reader.read(list, Phase::Splitters).await?));
        }
        let (list, phase) = (List::Properties, Phase::Properties);
        let homes = match rules.homes {
            HomeRules { ports_are_free: true, .. } => Some(reader.read(list, phase).await?),
            HomeRules { listed: true, .. } => reader.read_if_possible(list, phase).await,
            HomeRules { .. } => None,
        };
        if let Some(homes) = &homes {
            reader.set_aside(list.path(), &homes::unlisted(homes));
        }
        let (list, phase) = (List::Communities, Phase::Condominiums);
        let communities = match rules.communities {
            CommunityRules { decide: true, .. } => Some(reader.read(list, phase).await?),
            CommunityRules { listed: true, .. } => reader.read_if_possible(list, phase).await,
            CommunityRules { .. } => None,
        };
        Ok(Self { projects, boxes, connectors, homes, communities })
    }
}

/// What lists are put together by.
struct Builder {
    begun: AsOf,
    rules: Rules,
    unlisted: Unlisted,
    held: Option<Arc<Data>>,
}

/// A snapshot that may be published.
struct Built {
    snapshot: Snapshot,
    ledger: Ledger,
    splitters: u64,
    conspicuous: Conspicuous,
    news: News,
}

impl Builder {
    fn build(self, lists: Lists, ledger: Option<&Ledger>) -> Built {
        let Lists { projects, boxes, connectors, homes, communities } = lists;
        let held = self.held.as_deref().map(|data| &*data.snapshot);
        let boxes_counted = boxes.counted;
        let mut news = News::default();
        let ledger = ledger.filter(|_| held.is_some());
        let mut box_list = box_list(&boxes, self.begun, ledger.zip(held), &mut news);
        let (mut doubts, mut splitters) = (Doubts::default(), 0);
        let connectors = connectors.into_iter().map(|(list, reading)| {
            doubts.add(&reading);
            splitters += reading.rows.iter().filter(|row| row.serves_clients).count() as u64;
            let before = ledger.and_then(|ledger| ledger.connectors.iter().find(|one| one.list == list));
            let detail = Detail::wanted_by(&self.rules);
            let held = Splitters::of(&reading, detail);
            connector_list(list, held, &reading, before, ListReading::of(&reading, self.begun), &mut news)
        });
        let connectors: Vec<_> = connectors.collect();
        let home_list = homes.as_ref().map(|reading| {
            let before = ledger.and_then(|ledger| ledger.homes.as_ref()).zip(held);
            HomeList::of(self.rules.homes, reading, before, self.begun, &mut news)
        });
        let no_vacant = VacantPorts::default();
        let vacant = home_list.as_ref().map_or(&no_vacant, |homes| &homes.vacant);
        if let Some(homes) = homes.as_ref().filter(|_| self.rules.homes.ports_are_free) {
            doubts.add(homes);
        }
        let ports = all_ports(connectors.iter().map(|connectors| &connectors.held), vacant, &self.rules);
        let Assembled { boxes, unplaced, unlisted, gone } =
            assemble(boxes, &ports, &doubts, held, self.unlisted);
        let plant = Plant {
            read_at: self.begun.time,
            projects: projects.rows.iter().map(|project| (project.id, project.maximum_drop)).collect(),
            boxes,
            unplaced: unplaced.boxes,
            homes: homes::vacant_homes(self.rules.homes, homes.as_ref(), held),
            communities: communities_of(communities, held),
        };
        let generation = held.map_or(1, |held| held.generation() + 1);
        let snapshot = Snapshot::build(generation, plant);
        box_list.counted(boxes_counted, snapshot.census().listed());
        let ledger = Ledger {
            connectors,
            homes: home_list,
            doubts,
            changed_doubts: ChangedDoubts::default(),
            unplaced: unplaced.boxes,
            has_unlisted: unlisted.boxes > 0,
            box_list,
        };
        let conspicuous = Conspicuous { unplaced, unlisted, gone };
        Built { snapshot, ledger, splitters, conspicuous, news }
    }
}

/// The list of boxes, that was read whole, for the first time or again.
fn box_list(
    boxes: &Reading<BoxRow>,
    begun: AsOf,
    before: Option<(&Ledger, &Snapshot)>,
    news: &mut News,
) -> ListState {
    let read = ListReading::of(boxes, begun);
    let Some((ledger, held)) = before else { return ListState::of_boxes(read) };
    let mut state = ledger.box_list;
    let missed = drift::of_boxes(held, &state, &boxes.rows);
    news.add(List::Boxes, missed, state.read_whole(read, missed));
    state
}

/// A list of service connectors that was read whole, for the first time or again.
fn connector_list(
    list: List,
    held: Splitters,
    reading: &Reading<SplitterRow>,
    before: Option<&ConnectorList>,
    read: ListReading,
    news: &mut News,
) -> ConnectorList {
    let mut state = match before {
        None => ListState::of_splitters(read),
        Some(before) => {
            let mut state = before.state;
            let missed = drift::of_splitters(&before.held, &state, &reading.rows);
            news.add(list, missed, state.read_whole(read, missed));
            state
        }
    };
    state.counted(reading.counted, held.count());
    ConnectorList { list, held, state }
}

/// Those that were read, with those held of which the row can't be read; all held where their list could not be.
fn communities_of(reading: Option<Reading<Community>>, held: Option<&Snapshot>) -> Arc<Communities> {
    let Some(reading) = reading else {
        return held.map(|held| Arc::clone(held.communities())).unwrap_or_default();
    };
    let is_read = |id: &ObjectId| reading.rows.binary_search_by_key(id, |row| row.id).is_ok();
    let unread: Vec<_> = reading.doubtful.keys().filter(|id| !is_read(id)).collect();
    let held = |id: &&ObjectId| held.and_then(|held| held.communities().get(**id)).cloned();
    // Fences stay where they are: an old outline is better than none, by which every answer would be OZmap's.
    let kept: Vec<_> = unread.iter().filter_map(held).collect();
    let unreadable = (unread.len() - kept.len()) as u64 + reading.unattributed;
    Arc::new(Communities::new(reading.rows.into_iter().chain(kept).collect(), unreadable))
}

impl Built {
    fn publish(
        self,
        order: &Order,
        quarantined: BTreeMap<&'static str, u64>,
        left_out: BTreeMap<&'static str, String>,
        overridden: Vec<String>,
    ) -> (Ledger, Published) {
        let Self { snapshot, ledger, splitters, conspicuous, news } = self;
        conspicuous.tell(order.tenant.name());
        order.tell_of_drift(&news);
        let census = snapshot.census();
        let published = Published {
            kind: Kind::Full,
            changed: None,
            drift: news.drift,
            generation: snapshot.generation(),
            projects: snapshot.projects().len() as u64,
            boxes: census.boxes(),
            sellable: census.sellable,
            free_ports: census.free_ports,
            splitters,
            quarantined,
            left_out,
            homes: snapshot.homes().count() as u64,
            communities: snapshot.communities().iter().count() as u64,
            unlisted: conspicuous.unlisted.boxes,
            gone: conspicuous.gone.boxes,
            overridden,
        };
        if let Some(old) = order.tenant.publish(Arc::new(snapshot), ledger.as_of()) {
            retire(old);
        }
        (ledger, published)
    }
}

/// Boxes that somebody should look after in OZmap.
struct Conspicuous {
    unplaced: Sample,
    unlisted: Sample,
    gone: Sample,
}

impl Conspicuous {
    fn tell(&self, tenant: &str) {
        for (sample, message) in [
            (
                &self.unplaced,
                "boxes can't be read or are counted and not shown, nor is known where they hang: until they are, OZmap is asked wherever no free port is found",
            ),
            (
                &self.unlisted,
                "OZmap lists boxes no more in which splitters still stand: until the next refresh, OZmap is asked where one of them could matter",
            ),
            (&self.gone, "OZmap lists boxes no more, though splitters still stand in them: they are gone"),
        ] {
            let Sample { boxes, examples } = sample;
            if *boxes > 0 {
                let some = examples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                tracing::warn!(tenant, boxes, some, "{message}");
            }
        }
    }
}
