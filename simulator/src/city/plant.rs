//! What hangs in a box: splitters, their ports, and who uses them.

use super::dice::Dice;
use crate::network::Network;
use crate::network::id::Id;
use crate::network::rows::{BoxRow, ConnectorKind, ParentKind, SplitterRow};

/// A splitter before it has an id.
#[derive(Debug)]
pub(crate) struct Plan {
    is_drop: bool,
    ports: u8,
    used: u64,
    blocked: u64,
}

impl Plan {
    /// The splitters of one box: about 1.15 on average.
    pub(crate) fn for_box(dice: &mut Dice) -> Vec<Self> {
        let mut plans = Vec::with_capacity(2);
        let kind = dice.unit();
        if kind < 0.03 {
            return plans;
        }
        // Some hold nothing but a splitter of the network itself.
        if kind < 0.12 {
            plans.push(Self::network(dice));
        }
        if kind < 0.05 {
            return plans;
        }
        let filling = Filling::of_box(dice);
        plans.push(Self::service(filling, dice));
        if dice.chance(0.12) {
            plans.push(Self::service(filling, dice));
        }
        plans
    }

    fn service(filling: Filling, dice: &mut Dice) -> Self {
        let ports = match dice.below(100) {
            0..55 => 8,
            55..90 => 16,
            90..96 => 4,
            _ => 2,
        };
        let all = (1_u64 << ports) - 1;
        let mut used = match filling {
            Filling::Full => all,
            Filling::Share(share) | Filling::RestBlocked(share) => some_ports(ports, share, dice),
        };
        let mut blocked = if dice.chance(0.15) { some_ports(ports, 0.15, dice) } else { 0 };
        if let Filling::RestBlocked(_) = filling {
            used &= !1;
            blocked |= all & !used;
        }
        Self { is_drop: true, ports, used, blocked }
    }

    fn network(dice: &mut Dice) -> Self {
        let ports = [2, 4, 8][dice.below(3)];
        Self { is_drop: false, ports, used: some_ports(ports, 0.7, dice), blocked: 0 }
    }

    pub(crate) fn row(
        &self,
        id: Id,
        parent: Id,
        parent_kind: ParentKind,
        project: u16,
        implanted: bool,
        updated_ms: i64,
    ) -> SplitterRow {
        SplitterRow {
            updated_ms,
            used: self.used,
            blocked: self.blocked,
            id,
            parent,
            project,
            ports: self.ports,
            kind: ConnectorKind::Splitter,
            parent_kind,
            is_drop: self.is_drop,
            implanted,
            gone: false,
        }
    }
}

/// How much of a box is sold.
#[derive(Debug, Clone, Copy)]
enum Filling {
    Full,
    /// Each port with this probability.
    Share(f64),
    /// The same, but what is left is blocked: free only by OZmap's other rule.
    RestBlocked(f64),
}

impl Filling {
    fn of_box(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..23 => Self::Full,
            23..25 => Self::RestBlocked(dice.between(0.3, 0.9)),
            _ => Self::Share(dice.between(0.1, 0.9)),
        }
    }
}

fn some_ports(ports: u8, share: f64, dice: &mut Dice) -> u64 {
    (0..ports).filter(|_| dice.chance(share)).fold(0, |bits, port| bits | 1 << port)
}

/// A sold service port of the box: slot of the splitter, index of the port.
pub(crate) fn sold_port(network: &Network, row: &BoxRow, dice: &mut Dice) -> Option<(u32, u8)> {
    row.splitter_slots().find_map(|slot| {
        let splitter = &network.splitters[slot];
        let port = u8::try_from(dice.below(usize::from(splitter.ports))).ok()?;
        let sold = splitter.is_drop && splitter.used >> port & 1 == 1;
        sold.then_some((u32::try_from(slot).ok()?, port))
    })
}
