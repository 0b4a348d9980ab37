//! How far a refresh has come, for status pages, logs and progress bars.

use serde::Serialize;

/// What a refresh is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing: no refresh is running.
    Idle,
    /// Reading the projects that the tenant's key may see.
    Projects,
    /// Reading boxes.
    Boxes,
    /// Reading service splitters.
    Splitters,
    /// Reading homes.
    Properties,
    /// Reading gated communities.
    Condominiums,
    /// Judging and indexing what was read.
    Building,
}

impl Phase {
    /// The word for it in logs and on progress bars.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Projects => "projects",
            Self::Boxes => "boxes",
            Self::Splitters => "splitters",
            Self::Properties => "properties",
            Self::Condominiums => "condominiums",
            Self::Building => "building",
        }
    }
}

/// How far a phase has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Pages read in this phase.
    pub pages: u64,
    /// Rows read in this phase.
    pub rows: u64,
    /// Rows that OZmap says there are, once it has said so.
    pub rows_total: Option<u64>,
}

impl Progress {
    /// The beginning of a phase.
    pub fn at(phase: Phase) -> Self {
        Self { phase, pages: 0, rows: 0, rows_total: None }
    }
}
