//! What people do to the network while others read it.

mod connectors;
mod homes;
pub(crate) mod new;
mod ports;

use std::error::Error;
use std::fmt;

use super::id::Id;
use super::rows::{BoxRow, ParentKind, ProjectRow, SplitterRow};
use super::{Kind, Network, time};
use new::{NewBox, NewPort};

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlError {
    /// There is no such box (any more).
    UnknownBox(String),
    /// The box has no service port left to sell.
    NoFreePort(String),
    /// The box has no sold service port to give back.
    NoSoldPort(String),
    /// There is no such project.
    UnknownProject(String),
    /// There is no such splitter, connector, fusion or switch (any more).
    UnknownSplitter(String),
    /// There is no such home (any more).
    UnknownProperty(String),
    /// There is no such gated community (any more).
    UnknownCondominium(String),
    /// The splitter has no port of this number, or the box no splitter.
    UnknownPort(usize),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBox(id) => write!(f, "there is no box {id}"),
            Self::NoFreePort(id) => write!(f, "box {id} has no free service port"),
            Self::NoSoldPort(id) => write!(f, "box {id} has no sold service port"),
            Self::UnknownProject(id) => write!(f, "there is no project {id}"),
            Self::UnknownSplitter(id) => write!(f, "there is no splitter {id}"),
            Self::UnknownProperty(id) => write!(f, "there is no property {id}"),
            Self::UnknownCondominium(id) => write!(f, "there is no condominium {id}"),
            Self::UnknownPort(port) => write!(f, "there is no port {port}"),
        }
    }
}

impl Error for ControlError {}

impl Network {
    /// Notes an edit and tells its time, later than that of any edit before.
    fn touch(&mut self) -> i64 {
        self.version += 1;
        self.edited_ms = self.now_ms().max(self.edited_ms + 1);
        self.edited_ms
    }

    /// By its own clock.
    pub(crate) fn now_ms(&self) -> i64 {
        time::now_ms() + self.ahead_ms
    }

    /// Time passes that nobody waits for.
    pub(crate) fn pass(&mut self, milliseconds: i64) {
        self.ahead_ms += milliseconds;
    }

    fn slot_of(
        &self,
        kind: Kind,
        id: &str,
        unknown: fn(String) -> ControlError,
    ) -> Result<usize, ControlError> {
        Id::parse(id).and_then(|id| self.find(kind, id)).ok_or_else(|| unknown(id.to_owned()))
    }

    fn box_slot(&self, id: &str) -> Result<usize, ControlError> {
        self.slot_of(Kind::Boxes, id, ControlError::UnknownBox)
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
            self.projects.push(ProjectRow {
                id,
                name,
                parent: None,
                lat: 0.0,
                lng: 0.0,
                max_drop_m: None,
                updated_ms,
            });
            self.projects.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    pub(crate) fn set_maximum_drop(&mut self, id: &str, metres: Option<f64>) -> Result<(), ControlError> {
        let slot = self.slot_of(Kind::Projects, id, ControlError::UnknownProject)?;
        let updated_ms = self.touch();
        let row = &mut self.projects[slot];
        (row.max_drop_m, row.updated_ms) = (metres, updated_ms);
        Ok(())
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
                blocked: if splitter.kind.has_ports() { bits(|port| port.blocked) } else { 0 },
                id: self.ids.next(),
                parent: id,
                project,
                ports: u8::try_from(splitter.ports.len().min(64)).unwrap_or(64),
                kind: splitter.kind,
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

    /// The box and what is in it just disappear.
    pub(crate) fn delete_box(&mut self, id: &str) -> Result<(), ControlError> {
        let slot = self.box_slot(id)?;
        self.touch();
        let inside: Vec<usize> = self.contents(&self.boxes[slot]).collect();
        for at in inside {
            self.splitters[at].gone = true;
        }
        self.boxes[slot].gone = true;
        Ok(())
    }
}
