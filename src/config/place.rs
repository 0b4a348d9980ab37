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

impl SecretPlace {
    /// The key that tells of it, for a secret of this name: `token_file` or `token_env`.
    pub(super) fn key(&self, secret: &str) -> String {
        let kind = match self {
            Self::File(_) => "file",
            Self::Environment(_) => "env",
        };
        format!("{secret}_{kind}")
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(variable) => write!(f, "the environment variable {variable}"),
        }
    }
}
