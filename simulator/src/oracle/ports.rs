//! Which ports of a box are free.

use std::collections::HashMap;

use crate::network::Network;
use crate::network::rows::{BoxRow, SplitterRow};
use crate::settings::rules::OracleRules;

/// Counts ports under the rules.
pub(crate) struct Ports<'a> {
    network: &'a Network,
    rules: &'a OracleRules,
    /// Bits of the ports that homes without client hold, by the splitter's slot.
    vacant: HashMap<usize, u64>,
}

impl<'a> Ports<'a> {
    pub(crate) fn under(network: &'a Network, rules: &'a OracleRules) -> Self {
        Self { network, rules, vacant: network.vacant_ports(rules) }
    }

    /// Free ports over the box's service connectors; `None` without any that counts.
    pub(crate) fn free(&self, row: &BoxRow) -> Option<usize> {
        let mut free = None;
        for slot in self.network.contents(row) {
            let connector = &self.network.splitters[slot];
            if connector.is_drop && self.rules.service_connectors.counts(connector.kind) {
                free = Some(free.unwrap_or(0) + self.free_of(slot, connector));
            }
        }
        free
    }

    fn free_of(&self, slot: usize, connector: &SplitterRow) -> usize {
        let vacant = self.vacant.get(&slot).copied().unwrap_or_default();
        let mut free = 0;
        for port in 0..connector.ports {
            let has_fibre = connector.used >> port & 1 == 1;
            let blocked = connector.blocked >> port & 1 == 1;
            let is_free = if has_fibre {
                vacant >> port & 1 == 1 && !blocked
            } else {
                !blocked || self.rules.blocked_ports_are_free
            };
            if is_free {
                free += 1;
            }
        }
        free
    }
}
