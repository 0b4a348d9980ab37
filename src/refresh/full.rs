//! A run that reads every list: judges and indexes it all, publishes it by one swap.

use super::drift::{self, Drift};
use super::guard::{self, Acceptance};
use super::ledger::{Distrust, Ledger, ListReading, ListState};
use super::progress::{Phase, Progress};
use super::reading::Reader;
use super::run::{Ended, Kind, LONGEST_READING, Order, Published, RefreshError, free, retire};
use crate::ozmap::assemble::amend::ChangedDoubts;
use crate::ozmap::assemble::{Assembled, Doubts, Sample, Unlisted, assemble};
use crate::ozmap::pages::Reading;
use crate::ozmap::splitters::Splitters;
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{BoxRow, ProjectRow, Row, SplitterRow};
use crate::tenant::{AsOf, Data};
use crate::viability::Rules;
use crate::viability::snapshot::{Plant, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

/// Reads all lists and publishes them, if the guard lets it. What failed leaves the ledger as it was.
pub(super) async fn run(order: &Order, ledger: Option<Ledger>) -> Ended {
    let begun = AsOf::now();
    // What is read from now on is newer.
    drop(order.tenant.corrections().take());
    let mut reader = Reader::new(order);
    let lists = timeout(LONGEST_READING, Lists::read(&mut reader)).await;
    let lists = match lists.unwrap_or(Err(RefreshError::TooSlow)) {
        Ok(lists) => lists,
        Err(error) => return (ledger, Err(error)),
    };
    order.progress.send_replace(Progress::at(Phase::Building));
    let started = Instant::now();
    let held = order.tenant.data();
    let builder = Builder {
        begun,
        rules: order.tenant.settings().rules.clone(),
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
    let objections = guard::check(&order.tenant.settings().refresh, compared, &built.snapshot, &reader.lists);
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
    let (ledger, published) = built.publish(order, reader.quarantined, overridden);
    (Some(ledger), Ok(published))
}

/// All that is read.
struct Lists {
    projects: Reading<ProjectRow>,
    boxes: Reading<BoxRow>,
    splitters: Reading<SplitterRow>,
}

impl Lists {
    async fn read(reader: &mut Reader<'_>) -> Result<Self, RefreshError> {
        Ok(Self {
            projects: reader.read(Phase::Projects).await?,
            boxes: reader.read(Phase::Boxes).await?,
            splitters: reader.read(Phase::Splitters).await?,
        })
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
    drift: BTreeMap<&'static str, Drift>,
    distrust: Vec<(&'static str, Distrust)>,
}

impl Builder {
    fn build(self, lists: Lists, ledger: Option<&Ledger>) -> Built {
        let Lists { projects, boxes, splitters } = lists;
        let held = self.held.as_deref().map(|data| &*data.snapshot);
        let (boxes_counted, splitters_counted) = (boxes.counted, splitters.counted);
        let of_boxes = ListReading::of(&boxes, self.begun);
        let of_splitters = ListReading::of(&splitters, self.begun);
        let (mut drift, mut distrust) = (BTreeMap::new(), Vec::new());
        let (mut box_list, mut splitter_list) = match ledger.zip(held) {
            None => (ListState::of_boxes(of_boxes), ListState::of_splitters(of_splitters)),
            Some((ledger, held)) => {
                let (mut box_list, mut splitter_list) = (ledger.box_list, ledger.splitter_list);
                let drifts = [
                    drift::of_boxes(held, &box_list, &boxes.rows),
                    drift::of_splitters(&ledger.splitters, &splitter_list, &splitters.rows),
                ];
                let told = [
                    box_list.read_whole(of_boxes, drifts[0]),
                    splitter_list.read_whole(of_splitters, drifts[1]),
                ];
                let names = [List::Boxes, List::ServiceSplitters].map(List::path);
                drift.extend(names.into_iter().zip(drifts));
                distrust.extend(names.into_iter().zip(told).filter_map(|(list, told)| Some((list, told?))));
                (box_list, splitter_list)
            }
        };
        let splitter_count = splitters.rows.iter().filter(|splitter| splitter.serves_clients).count() as u64;
        let (held_splitters, doubts) = (Splitters::of(&splitters), Doubts::of(&splitters));
        drop(splitters);
        let Assembled { boxes, unplaced, unlisted, gone } =
            assemble(boxes, &held_splitters, &doubts, held, self.unlisted, &self.rules);
        let plant = Plant {
            read_at: self.begun.time,
            projects: projects.rows.iter().map(Row::id).collect(),
            boxes,
            unplaced: unplaced.boxes,
        };
        let generation = held.map_or(1, |held| held.generation() + 1);
        let snapshot = Snapshot::build(generation, plant);
        box_list.counted(boxes_counted, snapshot.census().listed());
        splitter_list.counted(splitters_counted, held_splitters.count());
        let ledger = Ledger {
            splitters: held_splitters,
            doubts,
            changed_doubts: ChangedDoubts::default(),
            unplaced: unplaced.boxes,
            has_unlisted: unlisted.boxes > 0,
            box_list,
            splitter_list,
        };
        let conspicuous = Conspicuous { unplaced, unlisted, gone };
        Built { snapshot, ledger, splitters: splitter_count, conspicuous, drift, distrust }
    }
}

impl Built {
    fn publish(
        self,
        order: &Order,
        quarantined: BTreeMap<&'static str, u64>,
        overridden: Vec<String>,
    ) -> (Ledger, Published) {
        let Self { snapshot, ledger, splitters, conspicuous, drift, distrust } = self;
        conspicuous.tell(order.tenant.name());
        order.tell_of_drift(&drift, &distrust);
        let census = snapshot.census();
        let published = Published {
            kind: Kind::Full,
            changed: None,
            drift,
            generation: snapshot.generation(),
            projects: snapshot.projects().len() as u64,
            boxes: census.boxes(),
            sellable: census.sellable,
            free_ports: census.free_ports,
            splitters,
            quarantined,
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
