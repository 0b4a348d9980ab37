//! The network as tests and the control routes see it.

use std::collections::HashMap;

use serde::Serialize;

use super::Network;
use super::edit::new::Position;
use super::rows::{BoxRow, CondominiumRow, ConnectorKind, PropertyRow};
use crate::settings::rules::OracleRules;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project {
    /// 24 hex digits.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A box as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoxView {
    /// 24 hex digits.
    pub id: String,
    /// Unique only within its project, if at all.
    pub name: String,
    /// id of its project.
    pub project: String,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// "Em projeto".
    pub draft: bool,
    /// Whether it stands in the street.
    pub implanted: bool,
    /// Whether it holds a service connector that counts under the simulator's rules.
    pub has_service_splitter: bool,
    /// Free ports over all of these, under the simulator's rules.
    pub free_ports: usize,
}

/// A splitter, connector, fusion or switch as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitterView {
    /// 24 hex digits.
    pub id: String,
    /// What it is.
    pub kind: ConnectorKind,
    /// Whether it serves homes.
    pub is_drop: bool,
    /// Its outputs, blocked ones too.
    pub ports: usize,
    /// Those that hold a fibre.
    pub used: usize,
}

/// A home as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropertyView {
    /// 24 hex digits.
    pub id: String,
    /// id of its project.
    pub project: String,
    /// Where it stands, if anybody knows.
    pub position: Option<Position>,
    /// Whether somebody lives there on contract.
    pub has_client: bool,
    /// id of the splitter that serves it, and the port's number from 1.
    pub connection: Option<(String, usize)>,
}

/// A gated community as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CondominiumView {
    /// 24 hex digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// id of its project.
    pub project: String,
    /// The corners, the first once more at the end.
    pub ring: Vec<Position>,
}

impl Network {
    /// `free` is what the box's service connectors have free, if it has any.
    pub(crate) fn view(&self, row: &BoxRow, free: Option<usize>) -> BoxView {
        BoxView {
            id: row.id.to_string(),
            name: row.name.to_string(),
            project: self.project_text(row.project),
            lat: row.lat,
            lng: row.lng,
            draft: row.draft,
            implanted: row.implanted,
            has_service_splitter: free.is_some(),
            free_ports: free.unwrap_or_default(),
        }
    }

    pub(crate) fn view_contents(&self, row: &BoxRow) -> Vec<SplitterView> {
        self.contents(row)
            .map(|slot| &self.splitters[slot])
            .map(|inside| SplitterView {
                id: inside.id.to_string(),
                kind: inside.kind,
                is_drop: inside.is_drop,
                ports: usize::from(inside.ports),
                used: inside.used.count_ones() as usize,
            })
            .collect()
    }

    pub(crate) fn view_property(&self, row: &PropertyRow) -> PropertyView {
        PropertyView {
            id: row.id.to_string(),
            project: self.project_text(row.project),
            position: row.position.map(|(lat, lng)| Position { lat, lng }),
            has_client: row.has_client,
            connection: self
                .connection(row)
                .map(|(splitter, port)| (splitter.id.to_string(), usize::from(port) + 1)),
        }
    }

    pub(crate) fn view_condominium(&self, row: &CondominiumRow) -> CondominiumView {
        CondominiumView {
            id: row.id.to_string(),
            name: row.name.clone(),
            project: self.project_text(row.project),
            ring: row.ring.iter().map(|&[lng, lat]| Position { lat, lng }).collect(),
        }
    }

    fn project_text(&self, project: u16) -> String {
        self.projects[usize::from(project)].id.to_string()
    }

    /// Bits of the ports that only homes without client hold, by the splitter's slot; none where the rules don't ask.
    pub(crate) fn vacant_ports(&self, rules: &OracleRules) -> HashMap<usize, u64> {
        if !rules.property_ports_are_free {
            return HashMap::new();
        }
        let mut vacant = self.ports_of_homes(false);
        for (slot, ports) in self.ports_of_homes(true) {
            *vacant.entry(slot).or_default() &= !ports;
        }
        vacant
    }

    fn ports_of_homes(&self, with_client: bool) -> HashMap<usize, u64> {
        let mut held = HashMap::new();
        for row in self.properties.iter().filter(|row| !row.gone && row.has_client == with_client) {
            if let Some((slot, port)) = row.connection {
                *held.entry(slot as usize).or_default() |= 1 << port;
            }
        }
        held
    }
}
