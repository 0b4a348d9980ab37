//! What is remembered of OZmap's lists between two runs, beside the snapshot.

use super::homes::HomeList;
use super::trust::{ListState, Relied};
use crate::ozmap::assemble::Doubts;
use crate::ozmap::assemble::amend::ChangedDoubts;
use crate::ozmap::splitters::Splitters;
use crate::ozmap::wire::List;
use crate::tenant::AsOf;

/// What is held of all lists since the last whole reading.
pub(super) struct Ledger {
    /// Each list of service connectors that is read.
    pub(super) connectors: Vec<ConnectorList>,
    /// Homes, where a rule asks for them and they could be read.
    pub(super) homes: Option<HomeList>,
    /// What the last whole readings of those left in doubt.
    pub(super) doubts: Doubts,
    /// What changes left in doubt since.
    pub(super) changed_doubts: ChangedDoubts,
    /// Boxes that hung anywhere by the last whole reading.
    pub(super) unplaced: u64,
    /// Whether boxes are held that OZmap lists no more: only a full run can tell whether they are gone.
    pub(super) has_unlisted: bool,
    pub(super) box_list: ListState,
}

/// One list of service connectors.
pub(super) struct ConnectorList {
    pub(super) list: List,
    pub(super) held: Splitters,
    pub(super) state: ListState,
}

impl Ledger {
    /// Whether the changes of any list are worth asking for.
    pub(super) fn shows_changes(&self) -> bool {
        self.lists().any(|(_, state)| state.changes_since().is_some())
    }

    /// Whether something is in doubt that only reading all lists can settle.
    pub(super) fn needs_full_runs(&self) -> bool {
        self.has_unlisted
            || self.box_list.needs_whole_reading()
            || !self.port_lists().all(|(_, state)| state.is_whole)
    }

    /// Whether a list by which ports are counted has to be read whole.
    pub(super) fn needs_whole_port_lists(&self) -> bool {
        self.port_lists().any(|(_, state)| state.needs_whole_reading())
    }

    /// How many service connectors are held.
    pub(super) fn connectors_held(&self) -> u64 {
        self.connectors.iter().map(|connectors| connectors.held.count()).sum()
    }

    /// Each list of which changes are read.
    fn lists(&self) -> impl Iterator<Item = (List, ListState)> {
        let homes = self.homes.iter().map(|homes| (List::Properties, homes.state));
        [(List::Boxes, self.box_list)].into_iter().chain(self.connector_lists()).chain(homes)
    }

    /// Those by which ports are counted.
    fn port_lists(&self) -> impl Iterator<Item = (List, ListState)> {
        let homes = self.homes.iter().filter(|homes| homes.decides());
        self.connector_lists().chain(homes.map(|homes| (List::Properties, homes.state)))
    }

    fn connector_lists(&self) -> impl Iterator<Item = (List, ListState)> {
        self.connectors.iter().map(|connectors| (connectors.list, connectors.state))
    }

    /// How far the changes of each list can be relied on.
    pub(super) fn reliance(&self) -> Vec<Relied> {
        let relied = |(list, state): (List, ListState)| Relied {
            list: list.path(),
            reliance: state.reliance(),
            why_not: state.why_not.map(|why| why.to_string()),
        };
        self.lists().map(relied).collect()
    }

    /// Since when nothing that is held can be older.
    pub(super) fn as_of(&self) -> AsOf {
        self.port_lists().fold(self.box_list.sure, |sure, (_, state)| sure.or_earlier(state.sure))
    }
}
