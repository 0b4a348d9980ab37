//! A run that reads what has changed, and all splitters where their changes can't be relied on; what didn't change is
//! neither read nor indexed again.

use super::drift::{self, News};
use super::full;
use super::guard;
use super::homes::{self, HomeChanges};
use super::ledger::{ConnectorList, Ledger};
use super::progress::{Phase, Progress};
use super::reading::{ListRead, Reader};
use super::run::{Ended, Kind, LONGEST_READING, Order, Published, RefreshError, free, retire};
use super::trust::ListReading;
use crate::ozmap::assemble::amend::{Amended, Faults, Known, amend};
use crate::ozmap::homes::VacantPorts;
use crate::ozmap::pages::Reading;
use crate::ozmap::splitters::{Splitters, Standing};
use crate::ozmap::wire::List;
use crate::ozmap::wire::rows::{BoxRow, PropertyRow, SplitterRow};
use crate::tenant::AsOf;
use crate::tenant::recheck::Correction;
use crate::viability::Rules;
use crate::viability::plant::ObjectId;
use crate::viability::snapshot::{Amendment, Snapshot};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Reads what the order's kind says and publishes what has become of it, if the guard lets it. Where that doesn't do,
/// it reads all lists.
pub(super) async fn run(order: &Order, ledger: Ledger) -> Ended {
    let begun = AsOf::now();
    // They are older than what is read from now on.
    let corrections = order.tenant.corrections().take();
    let Some(held) = order.tenant.data() else {
        order.tenant.corrections().give_back(corrections);
        return full::run(order, Some(ledger)).await;
    };
    let mut reader = Reader::new(order);
    let lists = timeout(LONGEST_READING, Lists::read(order.kind, &mut reader, &ledger)).await;
    let lists = match lists.unwrap_or(Err(RefreshError::TooSlow)) {
        Ok(lists) => lists,
        Err(error) => {
            order.tenant.corrections().give_back(corrections);
            return (Some(ledger), Err(error));
        }
    };
    if lists.are_not_enough() {
        drop(held);
        order.tenant.corrections().give_back(corrections);
        return full::run(order, Some(ledger)).await;
    }
    order.progress.send_replace(Progress::at(Phase::Building));
    let (snapshot, rules) = (Arc::clone(&held.snapshot), order.tenant.settings().rules.clone());
    let applied = spawn_blocking(move || {
        let mut ledger = ledger;
        let concerned = corrected(&mut ledger, &corrections);
        lists.apply(ledger, concerned, &snapshot, &rules, begun)
    })
    .await;
    let Ok((ledger, applied)) = applied else { return (None, Err(RefreshError::Panicked)) };
    let limits = &order.tenant.settings().refresh;
    let amended = applied.amended.as_ref();
    if let Some(objections) = amended.and_then(|amended| {
        guard::check_changes(limits, &held.snapshot, amended, &order.tenant.settings().rules)
    }) {
        // The ledger has them already: what is held there and here differs.
        free((ledger, applied));
        return (None, Err(objections.into()));
    }
    let published =
        applied.publish(order, held.snapshot.as_ref(), &ledger, reader.quarantined, reader.left_out);
    (Some(ledger), Ok(published))
}

/// What is read.
struct Lists {
    boxes: ListRead<BoxRow>,
    box_count: u64,
    /// In the order in which the ledger has them.
    connectors: Vec<ListRead<SplitterRow>>,
    connector_counts: Vec<u64>,
    homes: ListRead<PropertyRow>,
    /// Where verdicts depend on homes.
    home_count: Option<u64>,
}

impl Lists {
    async fn read(kind: Kind, reader: &mut Reader<'_>, ledger: &Ledger) -> Result<Self, RefreshError> {
        let since = ledger.box_list.changes_since();
        let boxes = reader.read_changes(List::Boxes, Phase::Boxes, since).await?;
        let (mut connectors, mut connector_counts) = (Vec::new(), Vec::new());
        for &ConnectorList { list, state, .. } in &ledger.connectors {
            connectors.push(match kind {
                Kind::Splitters => ListRead::Whole(reader.read(list, Phase::Splitters).await?),
                Kind::Changes | Kind::Full => {
                    reader.read_changes(list, Phase::Splitters, state.changes_since()).await?
                }
            });
        }
        let homes = Self::read_homes(kind, reader, ledger).await?;
        // Behind the rows: what is deleted from now on is missing next time.
        let box_count = reader.count::<BoxRow>(List::Boxes).await?;
        for connectors in &ledger.connectors {
            connector_counts.push(reader.count::<SplitterRow>(connectors.list).await?);
        }
        let home_count = match &ledger.homes {
            Some(homes) if homes.decides() => Some(reader.count::<PropertyRow>(List::Properties).await?),
            Some(_) | None => None,
        };
        Ok(Self { boxes, box_count, connectors, connector_counts, homes, home_count })
    }

    async fn read_homes(
        kind: Kind,
        reader: &mut Reader<'_>,
        ledger: &Ledger,
    ) -> Result<ListRead<PropertyRow>, RefreshError> {
        let (list, phase) = (List::Properties, Phase::Properties);
        let Some(homes) = &ledger.homes else { return Ok(ListRead::Not) };
        let since = homes.state.changes_since();
        match kind {
            _ if !homes.decides() => Ok(reader.read_changes_if_possible(list, phase, since).await),
            Kind::Splitters => {
                let reading = reader.read(list, phase).await?;
                reader.set_aside(list.path(), &homes::unlisted(&reading));
                Ok(ListRead::Whole(reading))
            }
            Kind::Changes | Kind::Full => reader.read_changes(list, phase, since).await,
        }
    }

    /// Whether it takes a reading of all lists to tell what rows leave in doubt that can't be read.
    fn are_not_enough(&self) -> bool {
        self.connectors.iter().any(ListRead::is_short) || self.homes.is_short()
    }

    /// What becomes of the snapshot. Takes milliseconds for a thousand changes, so never on a thread that answers.
    fn apply(
        self,
        mut ledger: Ledger,
        mut concerned: HashSet<ObjectId>,
        held: &Snapshot,
        rules: &Rules,
        begun: AsOf,
    ) -> (Ledger, Applied) {
        let mut news = News::default();
        let boxes = match self.boxes {
            ListRead::Changes(reading) => {
                let others = drift::others_of_boxes(held, &reading.rows);
                ledger.box_list.read_changes(ListReading::of(&reading, begun), others);
                reading
            }
            ListRead::Unfit(why) => {
                news.add_distrust(List::Boxes, ledger.box_list.cant_read_changes(why));
                Reading::default()
            }
            ListRead::Whole(_) | ListRead::Not => Reading::default(),
        };
        let mut readings = Vec::new();
        for (connectors, read) in ledger.connectors.iter_mut().zip(self.connectors) {
            let (reading, boxes) = connectors.take(read, begun, &mut news);
            readings.push(reading);
            concerned.extend(boxes);
        }
        let homes = ledger.homes.as_mut().map(|list| list.take(&self.homes, held, begun, &mut news));
        let homes = homes.unwrap_or_default();
        for connectors in &ledger.connectors {
            concerned.extend(connectors.held.parents_of(&homes.splitters));
        }
        let mut around: Vec<_> = readings.iter().map(Faults::of).collect();
        if rules.homes.ports_are_free {
            around.extend(self.homes.changes().map(Faults::of));
        }
        let splitters: Vec<_> = ledger.connectors.iter().map(|connectors| &connectors.held).collect();
        let no_vacant = VacantPorts::default();
        let vacant = ledger.homes.as_ref().map_or(&no_vacant, |homes| &homes.vacant);
        let known = Known { held, splitters: &splitters, vacant, doubts: &ledger.doubts, rules };
        let others = amend(known, boxes, &around, concerned, &mut ledger.changed_doubts);
        let (changed, amended) = amended(held, others, homes, &ledger);
        let listed = amended.as_ref().unwrap_or(held).census().listed();
        ledger.box_list.counted(self.box_count, listed);
        for (connectors, counted) in ledger.connectors.iter_mut().zip(self.connector_counts) {
            connectors.state.counted(counted, connectors.held.count());
        }
        if let Some((homes, counted)) = ledger.homes.as_mut().zip(self.home_count) {
            homes.counted(counted);
        }
        (ledger, Applied { amended, changed, news })
    }
}

/// Takes over what somebody's answer was checked by; returns the boxes whose ports may be others now.
fn corrected(ledger: &mut Ledger, corrections: &[Correction]) -> HashSet<ObjectId> {
    let mut concerned = HashSet::new();
    for Correction { boxes, connectors } in corrections {
        for held in &mut ledger.connectors {
            let now = connectors.iter().find(|(kind, _)| List::Connectors(*kind) == held.list);
            concerned.extend(now.into_iter().flat_map(|(_, rows)| held.held.correct(boxes, rows)));
        }
    }
    concerned
}

impl ConnectorList {
    /// Takes over what was read: the changed rows, and the boxes whose ports may be others now.
    fn take(
        &mut self,
        read: ListRead<SplitterRow>,
        begun: AsOf,
        news: &mut News,
    ) -> (Reading<SplitterRow>, HashSet<ObjectId>) {
        match read {
            ListRead::Changes(reading) => {
                let is_other = |row: &&SplitterRow| self.held.standing_of(row) != Standing::Same;
                let others = reading.rows.iter().filter(is_other).count() as u64;
                self.state.read_changes(ListReading::of(&reading, begun), others);
                let concerned = self.held.amend(&reading.rows);
                (reading, concerned)
            }
            ListRead::Whole(reading) => {
                let missed = drift::of_splitters(&self.held, &self.state, &reading.rows);
                let told = self.state.read_whole(ListReading::of(&reading, begun), missed);
                news.add(self.list, missed, told);
                (Reading::default(), self.held.replace(Splitters::of(&reading, self.held.detail())))
            }
            ListRead::Unfit(why) => {
                news.add_distrust(self.list, self.state.cant_read_changes(why));
                (Reading::default(), HashSet::new())
            }
            ListRead::Not => (Reading::default(), HashSet::new()),
        }
    }
}

/// The snapshot with the changes, if there are any, and how many.
fn amended(held: &Snapshot, others: Amended, homes: HomeChanges, ledger: &Ledger) -> (u64, Option<Snapshot>) {
    let Amended { boxes, gone } = others;
    let HomeChanges { homes, gone: homes_gone, .. } = homes;
    let unplaced = ledger.unplaced + ledger.changed_doubts.unplaced();
    let count = (boxes.len() + gone.len()) as u64;
    let same_homes = homes.is_empty() && homes_gone.is_empty();
    if count == 0 && unplaced == held.unplaced() && same_homes {
        return (0, None);
    }
    // The tenant's key sees the project of a box that it was shown.
    let mut projects = held.projects().clone();
    for one in &boxes {
        projects.entry(one.project).or_default();
    }
    let read_at = ledger.as_of().time;
    let amendment = Amendment { read_at, projects, boxes, gone, unplaced, homes, homes_gone };
    (count, Some(held.amended(held.generation() + 1, amendment)))
}

/// What became of the snapshot.
struct Applied {
    /// `None` where nothing changed.
    amended: Option<Snapshot>,
    changed: u64,
    news: News,
}

impl Applied {
    fn publish(
        self,
        order: &Order,
        held: &Snapshot,
        ledger: &Ledger,
        quarantined: BTreeMap<&'static str, u64>,
        left_out: BTreeMap<&'static str, String>,
    ) -> Published {
        let Self { amended, changed, news } = self;
        order.tell_of_drift(&news);
        let now = amended.as_ref().unwrap_or(held);
        let census = now.census();
        let published = Published {
            kind: order.kind,
            changed: Some(changed),
            drift: news.drift,
            generation: now.generation(),
            projects: now.projects().len() as u64,
            boxes: census.boxes(),
            sellable: census.sellable,
            free_ports: census.free_ports,
            splitters: ledger.connectors_held(),
            quarantined,
            left_out,
            homes: now.homes().count() as u64,
            communities: now.communities().iter().count() as u64,
            unlisted: census.unlisted,
            ..Published::default()
        };
        match amended {
            Some(snapshot) => {
                if let Some(old) = order.tenant.publish(Arc::new(snapshot), ledger.as_of()) {
                    retire(old);
                }
            }
            None => order.tenant.confirm(ledger.as_of()),
        }
        published
    }
}
