//! What few boxes hold beside splitters, and what few homes lack. It has dice of its own, so that the rest of a network
//! stays as it was before there was any of this.

use super::City;
use super::dice::Dice;
use crate::network::rows::{ConnectorKind, ParentKind, SplitterRow};

/// Share of the boxes that hold one.
const KINDS: [(ConnectorKind, f64); 3] =
    [(ConnectorKind::Connector, 0.02), (ConnectorKind::Fusion, 0.02), (ConnectorKind::Switch, 0.005)];
/// Share of the homes whose position nobody knows.
const LOST: f64 = 0.01;

impl City {
    pub(super) fn connectors(&mut self, seed: u64) {
        let mut dice = Dice::new(seed, 4);
        for slot in 0..self.network.boxes.len() {
            for (kind, share) in KINDS {
                if dice.chance(share) {
                    self.connector(kind, slot, &mut dice);
                }
            }
        }
    }

    fn connector(&mut self, kind: ConnectorKind, in_box: usize, dice: &mut Dice) {
        let id = self.network.ids.next();
        let home = &self.network.boxes[in_box];
        let (parent, project, implanted) = (home.id, home.project, home.implanted);
        let ports = match kind {
            ConnectorKind::Switch => [8, 16, 24][dice.below(3)],
            _ => [1, 2, 4, 12][dice.below(4)],
        };
        let some = |share, dice: &mut Dice| {
            (0..ports).filter(|_| dice.chance(share)).fold(0, |bits: u64, port| bits | 1 << port)
        };
        let used = some(0.6, dice);
        let blocked = if kind.has_ports() { some(0.1, dice) } else { 0 };
        let row = SplitterRow {
            updated_ms: Self::touched_by(dice, id),
            used,
            blocked,
            id,
            parent,
            project,
            ports,
            kind,
            parent_kind: ParentKind::Box,
            is_drop: dice.chance(0.5),
            implanted,
            gone: false,
        };
        self.network.apart.entry(parent).or_default().push(self.network.splitters.len());
        self.network.splitters.push(row);
    }

    pub(super) fn lost_homes(&mut self, seed: u64) {
        let mut dice = Dice::new(seed, 5);
        for home in &mut self.network.properties {
            if dice.chance(LOST) {
                home.position = None;
            }
        }
    }
}
