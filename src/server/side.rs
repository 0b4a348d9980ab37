//! The two listeners, by name.

/// The two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Clients of OZmap's API.
    Public,
    /// Operators.
    Admin,
}

impl Side {
    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Admin => "admin",
        }
    }

    /// Where its settings stand.
    pub(super) fn section(self) -> &'static str {
        match self {
            Self::Public => "[server]",
            Self::Admin => "[admin]",
        }
    }
}
