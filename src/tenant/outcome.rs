//! Who answered a request and, of a viability query, what: in the words of metrics and the log.

use super::DataState;
use crate::metrics::labels::Label;

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This process without any data: everything that is no viability query.
    Itself,
    /// The snapshot.
    Index,
    /// OZmap, a moment ago.
    Cache,
    /// OZmap, now.
    Live,
    /// Nobody could.
    Nobody,
}

/// What was said of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be connected.
    Viable,
    /// It can't.
    NotViable,
    /// OZmap did not say, and why.
    Refused,
    /// Nobody could answer.
    Unanswered,
}

impl Label for Source {
    const COUNT: usize = Self::Nobody as usize + 1;

    fn place(self) -> usize {
        self as usize
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Itself => "self",
            Self::Index => "index",
            Self::Cache => "cache",
            Self::Live => "live",
            Self::Nobody => "none",
        }
    }
}

impl Label for Verdict {
    const COUNT: usize = Self::Unanswered as usize + 1;

    fn place(self) -> usize {
        self as usize
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Viable => "viable",
            Self::NotViable => "not_viable",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Label for DataState {
    const COUNT: usize = Self::Expired as usize + 1;

    fn place(self) -> usize {
        self as usize
    }

    fn as_str(self) -> &'static str {
        DataState::as_str(self)
    }
}
