//! What may be otherwise at an OZmap than it is configured here: a table of dimensions, each with its values.

use crate::viability::Rules;
use crate::viability::geo::{Boundary, Earth};
use crate::viability::ports::{ConnectorKind, ServiceConnectors};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// A way in which an OZmap may answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Every rule but those below; its maximum of boxes isn't looked at.
    pub rules: Rules,
    /// How boxes are ordered.
    pub order: Order,
    /// The most boxes that are listed, the most refused ones and the most homes; `None`: all.
    pub max_boxes: Option<NonZeroUsize>,
}

/// How the boxes of an answer are ordered; the nearest are kept either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By distance, those at one distance by id.
    NearestFirst,
    /// By id.
    ById,
}

impl Order {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::NearestFirst, Self::ById];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NearestFirst => "nearest first",
            Self::ById => "by id",
        }
    }
}

impl Hypothesis {
    /// What this proxy answers by under these rules.
    pub fn configured(rules: &Rules) -> Self {
        Self { rules: rules.clone(), order: Order::NearestFirst, max_boxes: Some(rules.max_boxes) }
    }
}

/// What decides which values are worth trying.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the configuration says.
    pub configured: Hypothesis,
    /// The kinds of connectors whose lists can be read.
    pub kinds: BTreeSet<ConnectorKind>,
    /// Whether homes can be read.
    pub homes: bool,
    /// Whether gated communities can.
    pub communities: bool,
    /// The longest list of boxes that it has shown.
    pub longest: usize,
}

/// One thing that may be otherwise, by itself.
pub struct Dimension {
    /// Its name in reports: that of the setting, where there is one.
    pub name: &'static str,
    /// A hypothesis' value of it, as reports write it.
    pub value: fn(&Hypothesis) -> String,
    /// The hypothesis with each value that is worth trying.
    pub variants: fn(&Hypothesis, &Known) -> Vec<Hypothesis>,
    /// The line of the configuration that makes the proxy answer so; `None`: no setting does.
    pub setting: fn(&Hypothesis) -> Option<String>,
}

/// The spheres that geographers and databases use: MongoDB's, the mean radius, and that of the equator.
const EARTHS: [f64; 3] = [6_378_100.0, 6_371_000.0, 6_378_137.0];
/// What people set as a maximum.
const MAXIMA: [usize; 5] = [10, 20, 25, 50, 100];
/// The largest maximum that can be configured.
const NO_MAXIMUM: usize = 10_000;

/// Every dimension: what changes most first, so that a search has the least to change its mind about.
pub const DIMENSIONS: &[Dimension] = &[
    Dimension {
        name: "earth_radius_m",
        value: |one| one.rules.earth.radius_metres().to_string(),
        variants: |base, known| {
            let earths = EARTHS.into_iter().filter_map(Earth::new).chain([known.configured.rules.earth]);
            earths.map(|earth| with_rules(base, |rules| rules.earth = earth)).collect()
        },
        setting: |one| Some(format!("earth_radius_m = {}", one.rules.earth.radius_metres())),
    },
    Dimension {
        name: "max_boxes",
        value: |one| one.max_boxes.map_or("unlimited".to_owned(), |most| most.to_string()),
        variants: |base, known| {
            let seen = NonZeroUsize::new(known.longest);
            let maxima = MAXIMA.into_iter().map(NonZeroUsize::new).chain([seen]).flatten();
            let maxima = maxima.map(Some).chain([None, known.configured.max_boxes]);
            maxima.map(|max_boxes| Hypothesis { max_boxes, ..base.clone() }).collect()
        },
        setting: |one| Some(format!("max_boxes = {}", one.max_boxes.map_or(NO_MAXIMUM, NonZeroUsize::get))),
    },
    Dimension {
        name: "list_refused",
        value: |one| one.rules.list_refused.to_string(),
        variants: |base, _| both(|listed| with_rules(base, |rules| rules.list_refused = listed)),
        setting: |one| Some(format!("list_refused = {}", one.rules.list_refused)),
    },
    Dimension {
        name: "consider_condominiums",
        value: |one| one.rules.communities.decide.to_string(),
        variants: |base, known| {
            if_read(known.communities, || {
                both(|decide| with_rules(base, |rules| rules.communities.decide = decide))
            })
        },
        setting: |one| Some(format!("consider_condominiums = {}", one.rules.communities.decide)),
    },
    Dimension {
        name: "service_connectors: splitter",
        value: |one| counts(one, ConnectorKind::Splitter),
        variants: |base, known| with_kind(base, known, ConnectorKind::Splitter),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: connector",
        value: |one| counts(one, ConnectorKind::Connector),
        variants: |base, known| with_kind(base, known, ConnectorKind::Connector),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: fusion",
        value: |one| counts(one, ConnectorKind::Fusion),
        variants: |base, known| with_kind(base, known, ConnectorKind::Fusion),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: switch",
        value: |one| counts(one, ConnectorKind::Switch),
        variants: |base, known| with_kind(base, known, ConnectorKind::Switch),
        setting: service_connectors,
    },
    Dimension {
        name: "blocked_ports_are_free",
        value: |one| one.rules.blocked_ports_are_free.to_string(),
        variants: |base, _| both(|free| with_rules(base, |rules| rules.blocked_ports_are_free = free)),
        setting: |one| Some(format!("blocked_ports_are_free = {}", one.rules.blocked_ports_are_free)),
    },
    Dimension {
        name: "property_ports_are_free",
        value: |one| one.rules.homes.ports_are_free.to_string(),
        variants: |base, known| {
            if_read(known.homes, || both(|free| with_rules(base, |rules| rules.homes.ports_are_free = free)))
        },
        setting: |one| Some(format!("property_ports_are_free = {}", one.rules.homes.ports_are_free)),
    },
    Dimension {
        name: "list_properties",
        value: |one| one.rules.homes.listed.to_string(),
        variants: |base, known| {
            if_read(known.homes, || both(|listed| with_rules(base, |rules| rules.homes.listed = listed)))
        },
        setting: |one| Some(format!("list_properties = {}", one.rules.homes.listed)),
    },
    Dimension {
        name: "list_condominiums",
        value: |one| one.rules.communities.listed.to_string(),
        variants: |base, known| {
            if_read(known.communities, || {
                both(|listed| with_rules(base, |rules| rules.communities.listed = listed))
            })
        },
        setting: |one| Some(format!("list_condominiums = {}", one.rules.communities.listed)),
    },
    Dimension {
        name: "maximum_drop",
        value: |one| one.rules.maximum_drop.to_string(),
        variants: |base, _| both(|counts| with_rules(base, |rules| rules.maximum_drop = counts)),
        setting: |one| Some(format!("maximum_drop = {}", one.rules.maximum_drop)),
    },
    Dimension {
        name: "boundary",
        value: |one| one.rules.boundary.as_str().to_owned(),
        variants: |base, _| {
            Boundary::ALL.map(|boundary| with_rules(base, |rules| rules.boundary = boundary)).into()
        },
        setting: |one| Some(format!("boundary = \"{}\"", one.rules.boundary.as_str())),
    },
    Dimension {
        name: "order",
        value: |one| one.order.as_str().to_owned(),
        variants: |base, _| Order::ALL.map(|order| Hypothesis { order, ..base.clone() }).into(),
        setting: |_| None,
    },
];

fn with_rules(base: &Hypothesis, change: impl FnOnce(&mut Rules)) -> Hypothesis {
    let mut changed = base.clone();
    change(&mut changed.rules);
    changed
}

fn both(with: impl FnMut(bool) -> Hypothesis) -> Vec<Hypothesis> {
    [false, true].map(with).into()
}

/// Of a list that can't be read nothing can be tried.
fn if_read(is_read: bool, variants: impl FnOnce() -> Vec<Hypothesis>) -> Vec<Hypothesis> {
    if is_read { variants() } else { Vec::new() }
}

fn counts(one: &Hypothesis, kind: ConnectorKind) -> String {
    one.rules.service_connectors.count(kind).to_string()
}

/// With the kind and without it, where its list can be read and another is left.
fn with_kind(base: &Hypothesis, known: &Known, kind: ConnectorKind) -> Vec<Hypothesis> {
    if !known.kinds.contains(&kind) {
        return Vec::new();
    }
    let others = || base.rules.service_connectors.kinds().filter(|other| *other != kind);
    let without = ServiceConnectors::new(others());
    let with = ServiceConnectors::new(others().chain([kind]));
    let either = without.into_iter().chain(with);
    either.map(|kinds| with_rules(base, |rules| rules.service_connectors = kinds)).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a setting")]
fn service_connectors(one: &Hypothesis) -> Option<String> {
    let kinds: Vec<_> =
        one.rules.service_connectors.kinds().map(|kind| format!("\"{}\"", kind.as_str())).collect();
    Some(format!("service_connectors = [{}]", kinds.join(", ")))
}

impl Dimension {
    /// Whether two hypotheses have the same value of it.
    pub fn same(&self, one: &Hypothesis, other: &Hypothesis) -> bool {
        (self.value)(one) == (self.value)(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::rules;

    #[test]
    fn each_dimension_changes_its_own_value_and_no_other() {
        let base = Hypothesis::configured(&rules());
        let known = Known {
            configured: base.clone(),
            kinds: ConnectorKind::ALL.into(),
            homes: true,
            communities: true,
            longest: 37,
        };
        for dimension in DIMENSIONS {
            let variants = (dimension.variants)(&base, &known);
            let others = variants.iter().filter(|variant| !dimension.same(variant, &base)).count();
            // Splitters alone count: without them nothing would.
            let is_fixed = dimension.name == "service_connectors: splitter";
            assert_eq!(others == 0, is_fixed, "{}", dimension.name);
            for variant in &variants {
                for other in DIMENSIONS.iter().filter(|other| other.name != dimension.name) {
                    assert!(other.same(variant, &base), "{} changes {}", dimension.name, other.name);
                }
            }
        }
    }

    #[test]
    fn what_stands_on_a_list_that_cant_be_read_is_no_hypothesis() {
        let base = Hypothesis::configured(&rules());
        let known = Known {
            configured: base.clone(),
            kinds: [ConnectorKind::Splitter].into(),
            homes: false,
            communities: false,
            longest: 0,
        };
        for name in [
            "service_connectors: fusion",
            "list_properties",
            "property_ports_are_free",
            "consider_condominiums",
        ] {
            let dimension = DIMENSIONS.iter().find(|one| one.name == name).unwrap();
            assert!((dimension.variants)(&base, &known).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_maximum_that_was_seen_is_tried_and_so_is_the_configured_one() {
        let base = Hypothesis { max_boxes: NonZeroUsize::new(30), ..Hypothesis::configured(&rules()) };
        let known = Known {
            configured: base.clone(),
            kinds: BTreeSet::new(),
            homes: false,
            communities: false,
            longest: 37,
        };
        let maximum = DIMENSIONS.iter().find(|one| one.name == "max_boxes").unwrap();
        let values: Vec<_> = (maximum.variants)(&base, &known).iter().map(maximum.value).collect();
        assert_eq!(values, ["10", "20", "25", "50", "100", "37", "unlimited", "30"]);
    }
}
