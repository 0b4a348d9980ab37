//! What may be otherwise at an OZmap than it is configured here: a table of dimensions, each with its values.

use super::survey::Trait;
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
    /// What was read that rules may be about.
    pub traits: BTreeSet<Trait>,
    /// The longest list of boxes that it has shown.
    pub longest: usize,
    /// The longest list that this proxy would show if nothing cut it: a larger maximum changes no answer.
    pub crowd: usize,
}

/// One thing that may be otherwise, by itself. Values are text, as reports and recordings have them.
pub struct Dimension {
    /// Its name in reports: that of the setting, where there is one.
    pub name: &'static str,
    /// A hypothesis' value of it.
    pub value: fn(&Hypothesis) -> String,
    /// The hypothesis with another value of it; `None` if it can't have that.
    pub with: fn(&Hypothesis, &str) -> Option<Hypothesis>,
    /// The values that are worth trying, beside the configured one.
    values: fn(&Known) -> Vec<String>,
    /// The line of the configuration that makes the proxy answer so; `None`: no setting does.
    pub setting: fn(&Hypothesis) -> Option<String>,
}

/// The spheres that geographers and databases use: MongoDB's, the mean radius, and that of the equator.
const EARTHS: [u32; 3] = [6_378_100, 6_371_000, 6_378_137];
/// What people set as a maximum, the usual one first.
const MAXIMA: [usize; 5] = [100, 50, 25, 20, 10];
/// The maximum as it comes.
const USUAL: usize = 100;
const UNLIMITED: &str = "unlimited";
/// The largest maximum that can be configured.
const NO_MAXIMUM: usize = 10_000;

/// A dimension that is a rule's flag and the setting of this name; and when it is worth trying.
macro_rules! flag {
    ($name:literal, $($rule:ident).+, $values:expr) => {
        Dimension {
            name: $name,
            value: |one| one.rules.$($rule).+.to_string(),
            with: |base, text| {
                let flag = text.parse().ok()?;
                Some(with_rules(base, |rules| rules.$($rule).+ = flag))
            },
            values: $values,
            setting: |one| Some(format!(concat!($name, " = {}"), one.rules.$($rule).+)),
        }
    };
}

/// Every dimension: what changes most first, so that a search has the least to change its mind about.
pub const DIMENSIONS: &[Dimension] = &[
    Dimension {
        name: "earth_radius_m",
        value: |one| one.rules.earth.radius_metres().to_string(),
        with: |base, text| {
            let earth = Earth::new(text.parse().ok()?)?;
            Some(with_rules(base, |rules| rules.earth = earth))
        },
        values: |_| EARTHS.map(|metres| metres.to_string()).into(),
        setting: |one| Some(format!("earth_radius_m = {}", one.rules.earth.radius_metres())),
    },
    Dimension {
        name: "max_boxes",
        value: |one| one.max_boxes.map_or(UNLIMITED.to_owned(), |most| most.to_string()),
        with: |base, text| {
            let max_boxes = if text == UNLIMITED { None } else { Some(text.parse().ok()?) };
            Some(Hypothesis { max_boxes, ..base.clone() })
        },
        values: |known| {
            let cuts = |most: &usize| *most > 0 && *most < known.crowd;
            let maxima = MAXIMA.into_iter().chain([known.longest]).filter(cuts).map(|most| most.to_string());
            let all = if known.crowd <= USUAL { USUAL.to_string() } else { UNLIMITED.to_owned() };
            let is_cut = known.configured.max_boxes.is_some_and(|most| cuts(&most.get()));
            is_cut.then_some(all).into_iter().chain(maxima).collect()
        },
        setting: |one| Some(format!("max_boxes = {}", one.max_boxes.map_or(NO_MAXIMUM, NonZeroUsize::get))),
    },
    flag!("list_refused", list_refused, |_| no_or_yes()),
    flag!("consider_condominiums", communities.decide, |known| if_there(known, Trait::Communities)),
    Dimension {
        name: "service_connectors: splitter",
        value: |one| counts(one, ConnectorKind::Splitter),
        with: |base, text| with_kind(base, ConnectorKind::Splitter, text),
        values: |known| if_there(known, Trait::Connectors(ConnectorKind::Splitter)),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: connector",
        value: |one| counts(one, ConnectorKind::Connector),
        with: |base, text| with_kind(base, ConnectorKind::Connector, text),
        values: |known| if_there(known, Trait::Connectors(ConnectorKind::Connector)),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: fusion",
        value: |one| counts(one, ConnectorKind::Fusion),
        with: |base, text| with_kind(base, ConnectorKind::Fusion, text),
        values: |known| if_there(known, Trait::Connectors(ConnectorKind::Fusion)),
        setting: service_connectors,
    },
    Dimension {
        name: "service_connectors: switch",
        value: |one| counts(one, ConnectorKind::Switch),
        with: |base, text| with_kind(base, ConnectorKind::Switch, text),
        values: |known| if_there(known, Trait::Connectors(ConnectorKind::Switch)),
        setting: service_connectors,
    },
    flag!("blocked_ports_are_free", blocked_ports_are_free, |known| if_there(known, Trait::BlockedPorts)),
    flag!("property_ports_are_free", homes.ports_are_free, |known| if_there(known, Trait::Homes)),
    flag!("list_properties", homes.listed, |known| if_there(known, Trait::Homes)),
    flag!("list_condominiums", communities.listed, |known| if_there(known, Trait::Communities)),
    flag!("maximum_drop", maximum_drop, |known| if_there(known, Trait::Drops)),
    Dimension {
        name: "boundary",
        value: |one| one.rules.boundary.as_str().to_owned(),
        with: |base, text| {
            let boundary = Boundary::ALL.into_iter().find(|one| one.as_str() == text)?;
            Some(with_rules(base, |rules| rules.boundary = boundary))
        },
        values: |_| Boundary::ALL.map(|one| one.as_str().to_owned()).into(),
        setting: |one| Some(format!("boundary = \"{}\"", one.rules.boundary.as_str())),
    },
    Dimension {
        name: "order",
        value: |one| one.order.as_str().to_owned(),
        with: |base, text| {
            let order = Order::ALL.into_iter().find(|one| one.as_str() == text)?;
            Some(Hypothesis { order, ..base.clone() })
        },
        values: |_| Order::ALL.map(|one| one.as_str().to_owned()).into(),
        setting: |_| None,
    },
];

fn with_rules(base: &Hypothesis, change: impl FnOnce(&mut Rules)) -> Hypothesis {
    let mut changed = base.clone();
    change(&mut changed.rules);
    changed
}

fn no_or_yes() -> Vec<String> {
    [false, true].map(|one| one.to_string()).into()
}

/// Of what isn't there, or can't be read, nothing can be tried.
fn if_there(known: &Known, what: Trait) -> Vec<String> {
    if known.traits.contains(&what) { no_or_yes() } else { Vec::new() }
}

fn counts(one: &Hypothesis, kind: ConnectorKind) -> String {
    one.rules.service_connectors.count(kind).to_string()
}

/// `None` where no kind would be left.
fn with_kind(base: &Hypothesis, kind: ConnectorKind, counts: &str) -> Option<Hypothesis> {
    let counts: bool = counts.parse().ok()?;
    let others = base.rules.service_connectors.kinds().filter(|other| *other != kind);
    let kinds = ServiceConnectors::new(others.chain(counts.then_some(kind)))?;
    Some(with_rules(base, |rules| rules.service_connectors = kinds))
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

    /// The hypothesis with each value that is worth trying, once; the configured one first.
    pub fn variants(&self, base: &Hypothesis, known: &Known) -> Vec<Hypothesis> {
        let mut values = vec![(self.value)(&known.configured)];
        for value in (self.values)(known) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.iter().filter_map(|value| (self.with)(base, value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::rules;
    use std::slice::from_ref;

    const ALL: [Trait; 8] = [
        Trait::Connectors(ConnectorKind::Splitter),
        Trait::Connectors(ConnectorKind::Connector),
        Trait::Connectors(ConnectorKind::Fusion),
        Trait::Connectors(ConnectorKind::Switch),
        Trait::Homes,
        Trait::Communities,
        Trait::BlockedPorts,
        Trait::Drops,
    ];

    fn known(configured: &Hypothesis, traits: &[Trait]) -> Known {
        Known {
            configured: configured.clone(),
            traits: traits.iter().copied().collect(),
            longest: 37,
            crowd: 80,
        }
    }

    fn dimension(name: &str) -> &'static Dimension {
        DIMENSIONS.iter().find(|one| one.name == name).unwrap()
    }

    #[test]
    fn each_dimension_changes_its_own_value_and_no_other() {
        let base = Hypothesis::configured(&rules());
        for dimension in DIMENSIONS {
            let variants = dimension.variants(&base, &known(&base, &ALL));
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
    fn what_a_value_is_written_as_is_read_as_it() {
        let base = Hypothesis::configured(&rules());
        for dimension in DIMENSIONS {
            for variant in dimension.variants(&base, &known(&base, &ALL)) {
                assert_eq!((dimension.with)(&base, &(dimension.value)(&variant)), Some(variant));
            }
            assert_eq!((dimension.with)(&base, "?"), None, "{}", dimension.name);
        }
    }

    #[test]
    fn what_is_about_something_that_isnt_there_is_no_hypothesis() {
        let base = Hypothesis::configured(&rules());
        let readable = known(&base, &ALL[..1]);
        for name in [
            "service_connectors: fusion",
            "list_properties",
            "property_ports_are_free",
            "consider_condominiums",
        ] {
            assert_eq!(dimension(name).variants(&base, &readable), from_ref(&base), "{name}");
        }
    }

    #[test]
    fn a_maximum_that_was_seen_is_tried_and_so_is_the_configured_one() {
        let base = Hypothesis { max_boxes: NonZeroUsize::new(30), ..Hypothesis::configured(&rules()) };
        let maximum = dimension("max_boxes");
        let values: Vec<_> = maximum.variants(&base, &known(&base, &[])).iter().map(maximum.value).collect();
        assert_eq!(values, ["30", "100", "50", "25", "20", "10", "37"], "80 boxes are the most");
        let all = Hypothesis { max_boxes: NonZeroUsize::new(100), ..base.clone() };
        let values: Vec<_> = maximum.variants(&all, &known(&all, &[])).iter().map(maximum.value).collect();
        assert_eq!(values, ["100", "50", "25", "20", "10", "37"], "what cuts nothing can't be told apart");
    }
}
