//! Where a secret stands, which is all of it that may be shown.

use std::fmt;
use std::path::PathBuf;

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In a file.
    File(PathBuf),
    /// In an environment variable of this name.
    Environment(String),
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(variable) => write!(f, "the environment variable {variable}"),
        }
    }
}
