//! One tenant's plant as of one refresh: immutable, replaced as a whole.
//!
//! Some eighty bytes a box: a country's network fits in little memory, and an answer touches few cache lines. Rows lie
//! in the order of the index, each with its name in it, if that has at most 23 bytes; projects are told by number.

mod amended;

pub use amended::Amendment;

use super::geo::{Earth, Point, Radius};
use super::index::Index;
use super::plant::{Evidence, MaximumDrop, ObjectId, Projects, Refusal, ServiceBox, Stage};
use super::ports::Ports;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// What a refresh read, before it is indexed.
#[derive(Debug)]
pub struct Plant {
    /// When the reading began: nothing in here is older.
    pub read_at: SystemTime,
    /// Every project the tenant's key may see, with boxes or without.
    pub projects: Projects,
    /// The boxes, each id once.
    pub boxes: Vec<ServiceBox>,
    /// Boxes that are not among these, for nobody could read where they hang: that may be anywhere.
    pub unplaced: u64,
}

/// An indexed [`Plant`] with its number. Never changes once built.
pub struct Snapshot {
    generation: u64,
    read_at: SystemTime,
    projects: Projects,
    unplaced: u64,
    census: Census,
    /// Shared with the snapshots before and after that have every box in its place.
    index: Arc<Index>,
    rows: Box<[Row]>,
    /// Projects with boxes, by the number that rows have for them.
    numbered: Box<[Project]>,
    /// The rows in the order of their ids, shared likewise.
    by_id: Arc<[u32]>,
}

/// A project with boxes.
#[derive(Clone, Copy)]
struct Project {
    id: ObjectId,
    maximum_drop: MaximumDrop,
}

impl Project {
    /// Of one that isn't listed nothing is known.
    fn of(id: ObjectId, projects: &Projects) -> Self {
        Self { id, maximum_drop: projects.get(&id).copied().unwrap_or_default() }
    }
}

/// A box but for its position, which the index has: less than a cache line long.
#[derive(Clone)]
struct Row {
    id: ObjectId,
    project: u32,
    ports: Option<Ports>,
    name: SmolStr,
    stage: Stage,
    evidence: Evidence,
    refusal: Option<Refusal>,
}

/// How many boxes of which kind a snapshot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Boxes that can be sold.
    pub sellable: u64,
    /// Boxes refused, in the order of [`Refusal::OF_BOXES`].
    pub refused: [u64; Refusal::OF_BOXES.len()],
    /// Free ports of the boxes that can be sold.
    pub free_ports: u64,
    /// Ports of service splitters in all boxes, free or taken.
    pub service_ports: u64,
    /// Boxes that OZmap lists no more, among those refused.
    pub unlisted: u64,
}

impl Census {
    /// All boxes.
    pub fn boxes(&self) -> u64 {
        self.sellable + self.refused.iter().sum::<u64>()
    }

    /// Those that OZmap lists.
    pub fn listed(&self) -> u64 {
        self.boxes() - self.unlisted
    }

    fn take(boxes: &[ServiceBox]) -> Self {
        let mut census = Self::default();
        for one in boxes {
            census.gain(one);
        }
        census
    }

    fn gain<Name>(&mut self, one: &ServiceBox<Name>) {
        self.change(one, |count, by| *count += by);
    }

    /// Of a box that was counted.
    fn lose<Name>(&mut self, one: &ServiceBox<Name>) {
        self.change(one, |count, by| *count -= by);
    }

    fn change<Name>(&mut self, one: &ServiceBox<Name>, change: impl Fn(&mut u64, u64)) {
        change(&mut self.unlisted, u64::from(one.evidence == Evidence::Unlisted));
        change(&mut self.service_ports, one.ports.map_or(0, |ports| u64::from(ports.total)));
        match one.refusal() {
            None => {
                change(&mut self.sellable, 1);
                change(&mut self.free_ports, u64::from(one.free_ports()));
            }
            Some(refusal) => change(&mut self.refused[refusal as usize], 1),
        }
    }
}

impl Snapshot {
    /// Sorts and indexes a plant; takes some hundred milliseconds for a million boxes, so never on a thread that
    /// answers.
    pub fn build(generation: u64, plant: Plant) -> Self {
        let Plant { read_at, projects, mut boxes, unplaced } = plant;
        boxes.sort_unstable_by_key(|service_box| service_box.id);
        let census = Census::take(&boxes);
        let order = Index::order(boxes.iter().map(|service_box| service_box.position));
        let mut by_id = vec![0; order.len()].into_boxed_slice();
        for (row, &place) in (0..).zip(&order) {
            if let Some(slot) = by_id.get_mut(place as usize) {
                *slot = row;
            }
        }
        let in_order = || order.iter().filter_map(|&place| boxes.get(place as usize));
        let index = Index::build(&in_order().map(|service_box| service_box.position).collect::<Vec<_>>());
        let mut table = Table::going_on(&[], &projects);
        let mut rows = Vec::with_capacity(boxes.len());
        rows.extend(in_order().map(|service_box| table.row(service_box)));
        let numbered = table.numbered.into_boxed_slice();
        Self {
            generation,
            read_at,
            projects,
            unplaced,
            census,
            index: Arc::new(index),
            rows: rows.into_boxed_slice(),
            numbered,
            by_id: by_id.into(),
        }
    }

    /// The number of the refresh that made it, counted from 1.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the reading of its data began.
    pub fn read_at(&self) -> SystemTime {
        self.read_at
    }

    /// Every project the tenant's key may see.
    pub fn projects(&self) -> &Projects {
        &self.projects
    }

    /// The boxes in the order of their ids.
    pub fn boxes(&self) -> impl Iterator<Item = ServiceBox<&str>> {
        self.by_id.iter().filter_map(|&row| self.service_box(row))
    }

    /// Boxes that it lacks because nobody could read where they hang.
    pub fn unplaced(&self) -> u64 {
        self.unplaced
    }

    /// How many boxes of which kind.
    pub fn census(&self) -> Census {
        self.census
    }

    /// Every box within `radius` of `center`, edge included.
    pub(super) fn within(&self, center: Point, radius: Radius, earth: Earth) -> Vec<Near> {
        let circle = earth.circle(center, radius);
        let mut found = Vec::with_capacity(FEW);
        for envelope in earth.envelopes(center, radius).iter() {
            self.index.for_each_in(envelope, |row, position| {
                found.extend(circle.distance(position).map(|distance| Near { distance, row }));
            });
        }
        found
    }

    /// What the rules ask of the box in a row.
    pub(super) fn standing(&self, number: u32) -> Option<Standing> {
        let row = self.rows.get(number as usize)?;
        let Project { id: project, maximum_drop } = self.project(row)?;
        Some(Standing { project, maximum_drop, refusal: row.refusal })
    }

    /// The id of the box in a row.
    pub(super) fn id(&self, number: u32) -> Option<ObjectId> {
        self.rows.get(number as usize).map(|row| row.id)
    }

    /// The box in a row.
    pub(super) fn service_box(&self, number: u32) -> Option<ServiceBox<&str>> {
        let row = self.rows.get(number as usize)?;
        Some(ServiceBox {
            id: row.id,
            name: &row.name,
            project: self.project(row)?.id,
            position: self.index.position(number)?,
            stage: row.stage,
            ports: row.ports,
            evidence: row.evidence,
        })
    }

    fn project(&self, row: &Row) -> Option<Project> {
        self.numbered.get(row.project as usize).copied()
    }
}

/// As many boxes as most queries come upon.
const FEW: usize = 32;

/// A box in reach by its row: little to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// From the query's centre, in metres.
    pub(super) distance: f64,
    /// Its row.
    pub(super) row: u32,
}

/// What of a box decides whether it is shown, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The project it belongs to.
    pub(super) project: ObjectId,
    /// What that allows.
    pub(super) maximum_drop: MaximumDrop,
    /// As [`ServiceBox::refusal`] says.
    pub(super) refusal: Option<Refusal>,
}

/// Makes rows, and numbers projects for them.
struct Table<'p> {
    projects: &'p Projects,
    numbered: Vec<Project>,
    numbers: HashMap<ObjectId, u32>,
}

impl<'p> Table<'p> {
    /// Goes on with the numbers of rows that were made before.
    fn going_on(numbered: &[Project], projects: &'p Projects) -> Self {
        let numbered: Vec<_> = numbered.iter().map(|project| Project::of(project.id, projects)).collect();
        let numbers = numbered.iter().map(|project| project.id).zip(0..).collect();
        Self { projects, numbered, numbers }
    }

    fn row(&mut self, service_box: &ServiceBox) -> Row {
        let Self { projects, numbered, numbers } = self;
        let project = *numbers.entry(service_box.project).or_insert_with(|| {
            numbered.push(Project::of(service_box.project, projects));
            // No more of them than of boxes, which are numbered by u32 too.
            u32::try_from(numbered.len() - 1).unwrap_or(u32::MAX)
        });
        Row {
            id: service_box.id,
            project,
            ports: service_box.ports,
            name: service_box.name.clone(),
            stage: service_box.stage,
            evidence: service_box.evidence,
            refusal: service_box.refusal(),
        }
    }
}
