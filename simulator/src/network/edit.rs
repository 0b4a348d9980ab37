//! What people do to the network while others read it.

use std::error::Error;
use std::fmt;

use serde::Deserialize;

use super::id::Id;
use super::{BoxRow, Kind, Network, ParentKind, ProjectRow, SplitterRow, time};

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlError {
    /// There is no such box (any more).
    UnknownBox(String),
    /// The box has no service port left to sell.
    NoFreePort(String),
    /// The box has no sold service port to give back.
    NoSoldPort(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBox(id) => write!(f, "there is no box {id}"),
            Self::NoFreePort(id) => write!(f, "box {id} has no free service port"),
            Self::NoSoldPort(id) => write!(f, "box {id} has no sold service port"),
        }
    }
}

impl Error for ControlError {}

/// A box to add. As JSON every field may be absent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewBox {
    /// Its name.
    pub name: String,
    /// id or name of a project; a new name makes a new project; `None` takes the first project.
    pub project: Option<String>,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// "Em projeto".
    pub draft: bool,
    /// Whether it stands in the street.
    pub implanted: bool,
    /// Default: one service splitter 1:8, all free.
    pub splitters: Vec<NewSplitter>,
}

impl Default for NewBox {
    fn default() -> Self {
        Self {
            name: "CTO nova".to_owned(),
            project: None,
            lat: -27.595,
            lng: -48.548,
            draft: false,
            implanted: true,
            splitters: vec![NewSplitter::service(8, 0)],
        }
    }
}

/// A splitter of a box to add.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSplitter {
    /// Whether it serves homes ("atendimento").
    #[serde(default = "yes")]
    pub is_drop: bool,
    /// Its outputs; those beyond the 64th are dropped.
    pub ports: Vec<NewPort>,
}

/// An output of a splitter to add. As JSON every field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPort {
    /// Whether `connectables.output[i]` holds a fibre.
    pub used: bool,
    /// `ports[i].blocked`.
    pub blocked: bool,
}

fn yes() -> bool {
    true
}

impl NewSplitter {
    /// A service splitter with so many outputs, the first `used` of them sold.
    pub fn service(ports: usize, used: usize) -> Self {
        let ports = (0..ports).map(|port| NewPort { used: port < used, blocked: false }).collect();
        Self { is_drop: true, ports }
    }

    /// A splitter of the network itself (`isDrop` false), with all outputs null.
    pub fn network(ports: usize) -> Self {
        Self { is_drop: false, ports: vec![NewPort::default(); ports] }
    }
}

impl Network {
    /// Notes an edit and tells its time, later than that of any edit before.
    fn touch(&mut self) -> i64 {
        self.version += 1;
        self.edited_ms = time::now_ms().max(self.edited_ms + 1);
        self.edited_ms
    }

    fn box_slot(&self, id: &str) -> Result<usize, ControlError> {
        Id::parse(id)
            .and_then(|id| self.find(Kind::Boxes, id))
            .ok_or_else(|| ControlError::UnknownBox(id.to_owned()))
    }

    pub(crate) fn box_named(&self, id: &str) -> Option<&BoxRow> {
        self.box_slot(id).ok().map(|slot| &self.boxes[slot])
    }

    /// The index of the project with this id or name; made if there is none.
    pub(crate) fn project_index(&mut self, wanted: &str) -> u16 {
        let known = self.projects.iter().position(|row| row.name == wanted || row.id.to_string() == wanted);
        let index = known.unwrap_or_else(|| {
            let updated_ms = self.touch();
            let id = self.ids.next();
            let name = wanted.to_owned();
            self.projects.push(ProjectRow { id, name, parent: None, lat: 0.0, lng: 0.0, updated_ms });
            self.projects.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    pub(crate) fn add_box(&mut self, new: NewBox) -> Id {
        let project = new.project.map_or(0, |wanted| self.project_index(&wanted));
        let updated_ms = self.touch();
        let id = self.ids.next();
        let first = self.splitters.len();
        for splitter in new.splitters.iter().take(usize::from(u8::MAX)) {
            let bits = |wanted: fn(&NewPort) -> bool| {
                let ports = splitter.ports.iter().take(64).enumerate();
                ports.filter(|(_, port)| wanted(port)).fold(0, |bits, (place, _)| bits | 1 << place)
            };
            self.splitters.push(SplitterRow {
                updated_ms,
                used: bits(|port| port.used),
                blocked: bits(|port| port.blocked),
                id: self.ids.next(),
                parent: id,
                project,
                ports: u8::try_from(splitter.ports.len().min(64)).unwrap_or(64),
                parent_kind: ParentKind::Box,
                is_drop: splitter.is_drop,
                implanted: new.implanted,
                gone: false,
            });
        }
        self.boxes.push(BoxRow {
            lat: new.lat,
            lng: new.lng,
            updated_ms,
            name: new.name.into_boxed_str(),
            id,
            first_splitter: u32::try_from(first).unwrap_or(u32::MAX),
            splitters: u8::try_from(self.splitters.len() - first).unwrap_or(u8::MAX),
            box_type: Some(0),
            project,
            draft: new.draft,
            implanted: new.implanted,
            certified: false,
            observed: false,
            gone: false,
        });
        id
    }

    pub(crate) fn move_box(&mut self, id: &str, lat: f64, lng: f64) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let updated_ms = self.touch();
        let row = &mut self.boxes[slot];
        (row.lat, row.lng, row.updated_ms) = (lat, lng, updated_ms);
        Ok(())
    }

    pub(crate) fn set_draft(&mut self, id: &str, draft: bool) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let updated_ms = self.touch();
        let row = &mut self.boxes[slot];
        (row.draft, row.updated_ms) = (draft, updated_ms);
        Ok(())
    }

    /// The box and its splitters just disappear.
    pub(crate) fn delete_box(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        self.touch();
        self.boxes[slot].gone = true;
        for splitter in &mut self.splitters[self.boxes[slot].splitter_slots()] {
            splitter.gone = true;
        }
        Ok(())
    }

    /// Gives one free port a fibre; one that is blocked only if those count as free and no other is left.
    pub(crate) fn sell_port(&mut self, id: &str, blocked_are_free: bool) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let open = self.service_port(slot, |splitter| !splitter.used & !splitter.blocked).or_else(|| {
            blocked_are_free.then(|| self.service_port(slot, |splitter| !splitter.used)).flatten()
        });
        let (splitter, port) = open.ok_or_else(|| ControlError::NoFreePort(id.to_owned()))?;
        self.connect(splitter, port, true);
        Ok(())
    }

    /// Takes the fibre from one sold port that is not blocked.
    pub(crate) fn free_port(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        let sold = self.service_port(slot, |splitter| splitter.used & !splitter.blocked);
        let (splitter, port) = sold.ok_or_else(|| ControlError::NoSoldPort(id.to_owned()))?;
        self.connect(splitter, port, false);
        Ok(())
    }

    /// Gives every service port a fibre, the blocked ones too.
    pub(crate) fn sell_out(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        while let Some((splitter, port)) = self.service_port(slot, |splitter| !splitter.used) {
            self.connect(splitter, port, true);
        }
        Ok(())
    }

    /// The first service port of the box whose bit is set: the splitter's slot and the port.
    fn service_port(&self, slot: usize, wanted: impl Fn(&SplitterRow) -> u64) -> Option<(usize, u32)> {
        self.boxes[slot].splitter_slots().find_map(|at| {
            let splitter = &self.splitters[at];
            let ports = if splitter.is_drop { wanted(splitter) & splitter.outputs() } else { 0 };
            (ports != 0).then(|| (at, ports.trailing_zeros()))
        })
    }

    fn connect(&mut self, splitter: usize, port: u32, used: bool) {
        let updated_ms = self.touch();
        let row = &mut self.splitters[splitter];
        row.updated_ms = updated_ms;
        row.used = if used { row.used | 1 << port } else { row.used & !(1 << port) };
    }
}
