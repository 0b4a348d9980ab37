//! What can be wrong with a row.

/// Why a row was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowFault {
    /// Not an object, or a field of another type than documented.
    Malformed,
    /// No id, or not 24 hexadecimal digits.
    BadId,
    /// No project, or not an id.
    BadProject,
    /// No coordinates.
    NoPosition,
    /// Coordinates that are not on Earth.
    BadPosition,
    /// `coords` in one place, `lat` and `lng` in another.
    PositionsDisagree,
    /// A splitter in something whose id is not 24 hexadecimal digits.
    BadParent,
    /// A splitter that doesn't tell its outputs.
    NoOutputs,
    /// A splitter with another number of outputs than of ports.
    PortsDisagree,
}

impl RowFault {
    /// The word for it in metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadId => "bad_id",
            Self::BadProject => "bad_project",
            Self::NoPosition => "no_position",
            Self::BadPosition => "bad_position",
            Self::PositionsDisagree => "positions_disagree",
            Self::BadParent => "bad_parent",
            Self::NoOutputs => "no_outputs",
            Self::PortsDisagree => "ports_disagree",
        }
    }
}
