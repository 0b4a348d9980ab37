//! What can be wrong with a row, and with all of them.

use super::LONGEST_ROW;

/// What is wrong with one row: it is told in its place, and the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// Its latitude.
    Lat(Problem),
    /// Its longitude.
    Lng(Problem),
    /// Its radius.
    Radius(Problem),
    /// It is no JSON.
    Json,
    /// It is JSON, and no object.
    NotAnObject,
    /// It is not UTF-8, or has a NUL in it.
    NotText,
    /// It has more cells than there are columns: a separator may stand in a cell that lacks its quotes.
    TooManyCells,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It isn't there.
    Missing,
    /// It is there more than once.
    Repeated,
    /// It is something else.
    NotANumber,
    /// It is one that means nothing.
    OutOfRange,
}

impl RowFault {
    /// The word for it in answers.
    pub fn code(self) -> &'static str {
        use Problem::{Missing, NotANumber, OutOfRange, Repeated};
        match self {
            Self::Lat(Missing) => "missing_lat",
            Self::Lat(Repeated) => "repeated_lat",
            Self::Lat(NotANumber) => "bad_lat",
            Self::Lat(OutOfRange) => "lat_out_of_range",
            Self::Lng(Missing) => "missing_lng",
            Self::Lng(Repeated) => "repeated_lng",
            Self::Lng(NotANumber) => "bad_lng",
            Self::Lng(OutOfRange) => "lng_out_of_range",
            // A radius that is missing is none.
            Self::Radius(Repeated) => "repeated_radius",
            Self::Radius(Missing | NotANumber) => "bad_radius",
            Self::Radius(OutOfRange) => "radius_out_of_range",
            Self::Json => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::NotText => "not_utf8",
            Self::TooManyCells => "too_many_cells",
        }
    }
}

/// What makes all that follows unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A row beyond [`LONGEST_ROW`].
    #[error("the row that begins at {line} has more than {LONGEST_ROW} bytes; is a quote left open there?")]
    RowTooLong {
        /// Where it begins, as [`super::Row::line`] counts.
        line: u64,
    },
    /// A quote that nothing closes.
    #[error("a quote is left open in the row that begins at line {line}")]
    OpenQuote {
        /// Where that row begins.
        line: u64,
    },
    /// More rows than may be.
    #[error("there are more than {most} rows; send them in parts")]
    TooManyRows {
        /// How many may be.
        most: u64,
    },
    /// More columns than any table has.
    #[error("there are more than {most} columns")]
    TooManyColumns {
        /// How many may be.
        most: usize,
    },
    /// The first line names no such column.
    #[error(
        "no column of the first line is called {column}; its names stand there, separated by , or ; or tabs"
    )]
    NoColumn {
        /// The name that was looked for.
        column: &'static str,
    },
    /// The first line names it twice.
    #[error("two columns of the first line mean {column}")]
    TwoColumns {
        /// What both mean.
        column: &'static str,
    },
    /// Not even a first line.
    #[error("there is nothing in it, not even a first line with the names of columns")]
    Empty,
    /// It begins as UTF-16 does.
    #[error("this is UTF-16; save it as UTF-8")]
    Utf16,
    /// Not `[{…}, {…}]`.
    #[error("not a JSON array of objects: it makes no sense behind row {row}")]
    NotAnArray {
        /// The last one that could be read; 0: none.
        row: u64,
    },
}

impl Unreadable {
    /// The word for it in answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RowTooLong { .. } => "row_too_long",
            Self::OpenQuote { .. } => "open_quote",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::TooManyColumns { .. } => "too_many_columns",
            Self::NoColumn { .. } => "no_column",
            Self::TwoColumns { .. } => "two_columns",
            Self::Empty => "empty",
            Self::Utf16 => "utf16",
            Self::NotAnArray { .. } => "not_an_array",
        }
    }
}
