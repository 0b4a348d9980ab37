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
    /// A home that doesn't tell whether it has a client.
    NoClient,
    /// A home with a connection that doesn't tell its splitter or its port.
    BadConnection,
    /// A gated community that doesn't tell its polygon.
    NoOutline,
}

/// What a box's faulty row leaves to believe of where it hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In nobody's reach, at OZmap neither: it has no coordinates.
    Nowhere,
    /// Anywhere: they can't be right, and it may have been moved.
    Anywhere,
    /// Where it was: that it was moved at the same time is too much of a coincidence.
    AsBefore,
}

impl RowFault {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Malformed,
        Self::BadId,
        Self::BadProject,
        Self::NoPosition,
        Self::BadPosition,
        Self::PositionsDisagree,
        Self::BadParent,
        Self::NoOutputs,
        Self::PortsDisagree,
        Self::NoClient,
        Self::BadConnection,
        Self::NoOutline,
    ];

    /// Where a box with this fault hangs, if its row doesn't tell all the same.
    pub fn whereabouts(self) -> Whereabouts {
        match self {
            Self::NoPosition => Whereabouts::Nowhere,
            Self::BadPosition | Self::PositionsDisagree => Whereabouts::Anywhere,
            Self::Malformed
            | Self::BadId
            | Self::BadProject
            | Self::BadParent
            | Self::NoOutputs
            | Self::PortsDisagree
            | Self::NoClient
            | Self::BadConnection
            | Self::NoOutline => Whereabouts::AsBefore,
        }
    }

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
            Self::NoClient => "no_client",
            Self::BadConnection => "bad_connection",
            Self::NoOutline => "no_outline",
        }
    }
}
