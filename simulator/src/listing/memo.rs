//! Which rows a list has, remembered from page to page while nobody edits the network.

use std::sync::Arc;

use super::filter::Condition;
use crate::keys::Scope;
use crate::network::{Kind, Network};

/// Lists remembered at once.
const ENTRIES: usize = 8;

#[derive(Default)]
pub(crate) struct Memo {
    entries: Vec<Entry>,
}

struct Entry {
    kind: Kind,
    scope: Arc<Scope>,
    conditions: Vec<Condition>,
    sort: String,
    version: u64,
    slots: Arc<Vec<u32>>,
}

impl Memo {
    /// The slots of the list, from memory or by `scan`.
    pub(crate) fn slots(
        &mut self,
        network: &Network,
        kind: Kind,
        scope: &Arc<Scope>,
        conditions: &[Condition],
        sort: &str,
        scan: impl FnOnce() -> Vec<u32>,
    ) -> Arc<Vec<u32>> {
        self.entries.retain(|entry| entry.version == network.version);
        let same = |entry: &&Entry| {
            entry.kind == kind
                && entry.scope == *scope
                && entry.conditions == conditions
                && entry.sort == sort
        };
        if let Some(entry) = self.entries.iter().find(same) {
            return Arc::clone(&entry.slots);
        }
        let slots = Arc::new(scan());
        if self.entries.len() >= ENTRIES {
            self.entries.remove(0);
        }
        self.entries.push(Entry {
            kind,
            scope: Arc::clone(scope),
            conditions: conditions.to_vec(),
            sort: sort.to_owned(),
            version: network.version,
            slots: Arc::clone(&slots),
        });
        slots
    }
}
