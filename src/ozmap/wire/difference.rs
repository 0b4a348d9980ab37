//! How two viability answers to one question differ: ours and OZmap's.

mod compared;

pub use compared::{all_differences, differences};

use serde_json::Value;
use std::fmt;

/// One thing in which the answers differ. Ours is what was answered here.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// What OZmap answered is no viability answer.
    Unreadable,
    /// One says viable, the other not.
    Verdict {
        /// What OZmap says.
        viable_at_ozmap: bool,
    },
    /// OZmap offers a box, and we don't.
    OfferedByOzmap {
        /// Which box.
        which: Which,
        /// Why we refuse it; `None`: we don't have it in reach.
        refused_here: Option<String>,
    },
    /// We offer a box, and OZmap doesn't.
    OfferedHere {
        /// Which box.
        which: Which,
        /// Why OZmap refuses it; `None`: it doesn't list it.
        refused_by_ozmap: Option<String>,
    },
    /// One of both lists a box as refused, and the other doesn't list it.
    RefusedByOne {
        /// Which box.
        which: Which,
        /// Who does.
        by: Side,
    },
    /// A field of a box that both have in the same list.
    Field {
        /// Which box.
        which: Which,
        /// The field, as OZmap calls it.
        field: String,
        /// Our value.
        here: Value,
        /// OZmap's value.
        at_ozmap: Value,
    },
    /// The boxes that both offer stand in another order.
    Order,
    /// A field that only one of both has: of the answer, or of its boxes.
    OnlyField {
        /// The field, as OZmap calls it.
        field: String,
        /// Who has it.
        by: Side,
    },
    /// A home that only one of both lists.
    Home {
        /// Its id.
        id: String,
        /// Who lists it.
        by: Side,
    },
}

/// One of the two who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This process.
    Here,
    /// OZmap.
    Ozmap,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here => "this proxy",
            Self::Ozmap => "OZmap",
        })
    }
}

/// A box, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "box {} ({})", self.name, self.id)
    }
}

impl Difference {
    /// The word for it in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Verdict { .. } => "verdict",
            Self::OfferedByOzmap { .. } => "offered_by_ozmap",
            Self::OfferedHere { .. } => "offered_here",
            Self::RefusedByOne { .. } => "refused_by_one",
            Self::Field { .. } => "field",
            Self::Order => "order",
            Self::OnlyField { .. } => "only_field",
            Self::Home { .. } => "home",
        }
    }

    /// The box that it is about.
    pub fn which(&self) -> Option<&Which> {
        match self {
            Self::OfferedByOzmap { which, .. }
            | Self::OfferedHere { which, .. }
            | Self::RefusedByOne { which, .. }
            | Self::Field { which, .. } => Some(which),
            Self::Unreadable
            | Self::Verdict { .. }
            | Self::Order
            | Self::OnlyField { .. }
            | Self::Home { .. } => None,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("what OZmap answered is no viability answer"),
            Self::Verdict { viable_at_ozmap: true } => f.write_str("OZmap says viable, this proxy not"),
            Self::Verdict { viable_at_ozmap: false } => {
                f.write_str("OZmap says not viable, this proxy viable")
            }
            Self::OfferedByOzmap { which, refused_here: Some(reason) } => {
                write!(f, "OZmap offers {which}, this proxy refuses it ({reason})")
            }
            Self::OfferedByOzmap { which, refused_here: None } => {
                write!(f, "OZmap offers {which}, this proxy has it not in reach")
            }
            Self::OfferedHere { which, refused_by_ozmap: Some(reason) } => {
                write!(f, "this proxy offers {which}, OZmap refuses it ({reason})")
            }
            Self::OfferedHere { which, refused_by_ozmap: None } => {
                write!(f, "this proxy offers {which}, OZmap doesn't list it")
            }
            Self::RefusedByOne { which, by } => write!(f, "only {by} lists {which} as refused"),
            Self::Field { which, field, here, at_ozmap } => {
                write!(f, "{field} of {which} is {here} here and {at_ozmap} at OZmap")
            }
            Self::Order => f.write_str("the boxes stand in another order"),
            Self::OnlyField { field, by } => write!(f, "only {by} has the field {field}"),
            Self::Home { id, by } => write!(f, "only {by} lists the home {id}"),
        }
    }
}
