//! One tenant's plant as of one refresh: immutable, replaced as a whole.
//!
//! Some eighty bytes a box: a country's network fits in little memory, and an answer touches few cache lines. Each row has
//! its name in it, if that has at most 23 bytes; projects are told by number.

mod amended;
mod census;

pub use amended::Amendment;
pub use census::Census;

use super::communities::{Communities, Nearby};
use super::geo::{Circle, Envelope, Envelopes, Point};
use super::homes::Home;
use super::placed::{Identified, Near, Placed};
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
    /// Homes without client, each id once; none where no rule asks for them.
    pub homes: Vec<Home>,
    /// Gated communities; none where no rule asks for them.
    pub communities: Arc<Communities>,
}

impl Plant {
    /// Without anything in it.
    pub fn empty(read_at: SystemTime) -> Self {
        Self {
            read_at,
            projects: Projects::new(),
            boxes: Vec::new(),
            unplaced: 0,
            homes: Vec::new(),
            communities: Arc::default(),
        }
    }
}

/// An indexed [`Plant`] with its number. Never changes once built.
pub struct Snapshot {
    generation: u64,
    read_at: SystemTime,
    projects: Projects,
    unplaced: u64,
    census: Census,
    boxes: Placed<Row>,
    /// Projects with boxes, by the number that rows have for them.
    numbered: Box<[Project]>,
    /// Shared with the snapshots before and after that have the same.
    homes: Arc<Placed<Home>>,
    /// Shared likewise.
    communities: Arc<Communities>,
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

impl Identified for Row {
    fn id(&self) -> ObjectId {
        self.id
    }
}

impl Snapshot {
    /// Sorts and indexes a plant; takes some hundred milliseconds for a million boxes, so never on a thread that
    /// answers.
    pub fn build(generation: u64, plant: Plant) -> Self {
        let Plant { read_at, projects, mut boxes, unplaced, mut homes, communities } = plant;
        boxes.sort_unstable_by_key(|service_box| service_box.id);
        homes.sort_unstable_by_key(|home| home.id);
        let census = Census::take(&boxes);
        let mut table = Table::going_on(&[], &projects);
        let boxes = Placed::build(&boxes, |one| one.position, |one| table.row(one));
        let numbered = table.numbered.into_boxed_slice();
        let homes = Arc::new(Placed::build(&homes, |home| home.position, Home::clone));
        Self { generation, read_at, projects, unplaced, census, boxes, numbered, homes, communities }
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
        self.boxes.by_id().filter_map(|row| self.service_box(row))
    }

    /// Boxes that it lacks because nobody could read where they hang.
    pub fn unplaced(&self) -> u64 {
        self.unplaced
    }

    /// How many boxes of which kind.
    pub fn census(&self) -> Census {
        self.census
    }

    /// Homes without client, in the order of their ids.
    pub fn homes(&self) -> impl Iterator<Item = &Home> {
        self.homes.by_id().filter_map(|row| self.homes.row(row))
    }

    /// The home without client that has this id.
    pub fn home(&self, id: ObjectId) -> Option<&Home> {
        self.homes.row(self.homes.number_of(id)?)
    }

    /// The gated communities.
    pub fn communities(&self) -> &Arc<Communities> {
        &self.communities
    }

    /// The box with this id.
    pub fn get(&self, id: ObjectId) -> Option<ServiceBox<&str>> {
        self.boxes.number_of(id).and_then(|row| self.service_box(row))
    }

    /// Every box in the circle, which lies within the envelopes.
    pub(super) fn within(&self, circle: &Circle, envelopes: Envelopes) -> Vec<Near> {
        self.boxes.within(circle, envelopes)
    }

    /// Shows `visit` every box in an envelope, edges included, with its position; in no particular order.
    pub(super) fn for_each_in(&self, envelope: Envelope, visit: impl FnMut(u32, Point)) {
        self.boxes.for_each_in(envelope, visit);
    }

    /// Bounds of all boxes; `None` without any.
    pub fn bounds(&self) -> Option<Envelope> {
        self.boxes.bounds()
    }

    /// Every home without client likewise.
    pub(super) fn homes_within(&self, circle: &Circle, envelopes: Envelopes) -> Vec<(f64, &Home)> {
        let found = self.homes.within(circle, envelopes).into_iter();
        found.filter_map(|near| Some((near.distance, self.homes.row(near.row)?))).collect()
    }

    /// The communities that can contain a place within the envelopes.
    pub(super) fn communities_near(&self, envelopes: Envelopes) -> Nearby<'_> {
        self.communities.near(envelopes)
    }

    /// What the rules ask of the box in a row.
    pub(super) fn standing(&self, number: u32) -> Option<Standing> {
        let row = self.boxes.row(number)?;
        let Project { id: project, maximum_drop } = self.project(row)?;
        Some(Standing { project, maximum_drop, refusal: row.refusal })
    }

    /// The id of the box in a row.
    pub(super) fn id(&self, number: u32) -> Option<ObjectId> {
        self.boxes.id(number)
    }

    /// Where the box in a row hangs.
    pub(super) fn position(&self, number: u32) -> Option<Point> {
        self.boxes.position(number)
    }

    /// The box in a row.
    pub(super) fn service_box(&self, number: u32) -> Option<ServiceBox<&str>> {
        let row = self.boxes.row(number)?;
        Some(ServiceBox {
            id: row.id,
            name: &row.name,
            project: self.project(row)?.id,
            position: self.boxes.position(number)?,
            stage: row.stage,
            ports: row.ports,
            evidence: row.evidence,
        })
    }

    fn project(&self, row: &Row) -> Option<Project> {
        self.numbered.get(row.project as usize).copied()
    }
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
