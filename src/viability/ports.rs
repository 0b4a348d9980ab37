//! Ports of service splitters, and which of them can take a client.

use super::Rules;
use std::collections::BTreeSet;

/// What may have ports for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectorKind {
    /// Of `/splitters`.
    Splitter,
    /// Of `/connectors`.
    Connector,
    /// Of `/fusions`.
    Fusion,
    /// Of `/switches`.
    Switch,
}

impl ConnectorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Splitter, Self::Connector, Self::Fusion, Self::Switch];

    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Splitter => "splitter",
            Self::Connector => "connector",
            Self::Fusion => "fusion",
            Self::Switch => "switch",
        }
    }
}

/// The kinds that count as service connectors where they are for clients (`isDrop`): at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceConnectors(BTreeSet<ConnectorKind>);

impl ServiceConnectors {
    /// `None` without any.
    pub fn new(kinds: impl IntoIterator<Item = ConnectorKind>) -> Option<Self> {
        let kinds: BTreeSet<_> = kinds.into_iter().collect();
        (!kinds.is_empty()).then_some(Self(kinds))
    }

    /// Each once.
    pub fn kinds(&self) -> impl Iterator<Item = ConnectorKind> {
        self.0.iter().copied()
    }

    /// Whether this kind counts.
    pub fn count(&self, kind: ConnectorKind) -> bool {
        self.0.contains(&kind)
    }
}

/// Splitters alone.
impl Default for ServiceConnectors {
    fn default() -> Self {
        Self([ConnectorKind::Splitter].into())
    }
}

/// One output of a splitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Port {
    /// A fibre is spliced to it.
    pub connected: bool,
    /// Somebody reserved or disabled it.
    pub blocked: bool,
}

/// The outputs of one splitter, by what rules ask of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// How many there are.
    pub total: u32,
    /// How many of them have no fibre.
    pub unconnected: u32,
    /// How many of those are blocked.
    pub unconnected_and_blocked: u32,
}

impl FromIterator<Port> for Outputs {
    fn from_iter<P: IntoIterator<Item = Port>>(ports: P) -> Self {
        ports.into_iter().fold(Self::default(), |counted, port| Self {
            total: counted.total + 1,
            unconnected: counted.unconnected + u32::from(!port.connected),
            unconnected_and_blocked: counted.unconnected_and_blocked
                + u32::from(!port.connected && port.blocked),
        })
    }
}

/// Some of a splitter's ports, by their number from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    /// A bit for each port, the first one's the lowest: nearly all splitters have no more.
    first: u64,
    /// The same of the ports behind.
    more: Box<[u64]>,
}

impl PortSet {
    /// Their numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        let words = (0..).zip(std::iter::once(&self.first).chain(&self.more));
        words.flat_map(|(at, word)| {
            (0..u64::BITS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * u64::BITS + bit + 1)
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.is_empty()
    }
}

impl FromIterator<u32> for PortSet {
    /// Zeros are left out: no port has that number.
    fn from_iter<N: IntoIterator<Item = u32>>(numbers: N) -> Self {
        let (mut first, mut more) = (0, Vec::new());
        for index in numbers.into_iter().filter_map(|number| number.checked_sub(1)) {
            let (at, bit) = ((index / u64::BITS) as usize, 1 << (index % u64::BITS));
            match at.checked_sub(1) {
                None => first |= bit,
                Some(at) => {
                    more.resize(more.len().max(at + 1), 0);
                    more[at] |= bit;
                }
            }
        }
        Self { first, more: more.into_boxed_slice() }
    }
}

/// The ports of all service splitters of one box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// How many there are.
    pub total: u32,
    /// How many of them can take a client.
    pub free: u32,
}

impl Ports {
    /// Those of one splitter. Rule 3: one is free when its output is null (documented) and it isn't blocked (assumed),
    /// or blocked ports count as free (a documented setting).
    pub fn of(outputs: Outputs, rules: &Rules) -> Self {
        let Outputs { total, unconnected, unconnected_and_blocked } = outputs;
        let taken = if rules.blocked_ports_are_free { 0 } else { unconnected_and_blocked };
        Self { total, free: unconnected.saturating_sub(taken) }
    }

    /// With so many more of them free: those of homes without client, where these count.
    #[must_use]
    pub fn with_vacant(self, vacant: u32) -> Self {
        Self { free: self.free.saturating_add(vacant).min(self.total), ..self }
    }

    /// Adds the ports of another splitter of the same box.
    pub fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.free = self.free.saturating_add(other.free);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rules;
    use super::*;

    #[test]
    fn a_port_is_free_when_unconnected_and_not_blocked_unless_blocked_ones_count() {
        let mut rules = rules();
        let is_free = |connected, blocked, rules: &Rules| {
            let ports = Ports::of([Port { connected, blocked }].into_iter().collect(), rules);
            assert_eq!(ports.total, 1);
            ports.free == 1
        };
        assert!(is_free(false, false, &rules));
        assert!(!is_free(false, true, &rules));
        assert!(!is_free(true, false, &rules));
        assert!(!is_free(true, true, &rules));
        rules.blocked_ports_are_free = true;
        assert!(is_free(false, true, &rules));
        assert!(!is_free(true, true, &rules));
        let ports = [(true, false), (false, true), (false, false)];
        let ports = ports.map(|(connected, blocked)| Port { connected, blocked });
        assert_eq!(Ports::of(ports.into_iter().collect(), &rules), Ports { total: 3, free: 2 });
    }

    #[test]
    fn a_set_of_ports_has_the_numbers_that_were_put_in() {
        for numbers in [vec![], vec![1], vec![1, 64], vec![2, 65, 144], vec![300]] {
            let set: PortSet = numbers.iter().rev().copied().chain([0]).collect();
            assert_eq!(set.numbers().collect::<Vec<_>>(), numbers);
            assert_eq!(set.is_empty(), numbers.is_empty());
        }
    }
}
