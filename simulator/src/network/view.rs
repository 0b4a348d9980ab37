//! The network as tests and the control routes see it.

use serde::Serialize;

use super::{BoxRow, Network};

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
    /// Whether it holds a service splitter (`isDrop`).
    pub has_service_splitter: bool,
    /// Free ports over all its service splitters, under the simulator's rules.
    pub free_ports: usize,
}

impl Network {
    pub(crate) fn view(&self, row: &BoxRow, blocked_are_free: bool) -> BoxView {
        let free = self.free_ports(row, blocked_are_free);
        BoxView {
            id: row.id.to_string(),
            name: row.name.to_string(),
            project: self.projects[usize::from(row.project)].id.to_string(),
            lat: row.lat,
            lng: row.lng,
            draft: row.draft,
            implanted: row.implanted,
            has_service_splitter: free.is_some(),
            free_ports: free.unwrap_or_default(),
        }
    }

    /// Free ports over the box's service splitters; `None` without any such splitter.
    pub(crate) fn free_ports(&self, row: &BoxRow, blocked_are_free: bool) -> Option<usize> {
        let mut free = None;
        for splitter in &self.splitters[row.splitter_slots()] {
            if splitter.is_drop && !splitter.gone && splitter.parent == row.id {
                let mut here = 0;
                for port in 0..splitter.ports {
                    let has_fibre = splitter.used >> port & 1 == 1;
                    let blocked = splitter.blocked >> port & 1 == 1;
                    if !has_fibre && (!blocked || blocked_are_free) {
                        here += 1;
                    }
                }
                free = Some(free.unwrap_or(0) + here);
            }
        }
        free
    }
}
