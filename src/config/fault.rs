//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Everything wrong with one configuration: a line each, by layer and line.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.faults))]
pub struct ConfigErrors {
    faults: Vec<Fault>,
}

impl ConfigErrors {
    /// At least one.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self { faults }
    }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One fault; prints as `config.toml:12: live.deadline: what was expected, what was found, what to do`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub(super) origin: Origin,
    /// Dotted; empty where there is none, as in a line that is not TOML.
    pub(super) key: String,
    pub(super) text: String,
}

/// Where a value stands. A later variant is a higher layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    BuiltIn { line: usize },
    File { path: PathBuf, line: Option<usize> },
    Environment { variable: String },
}

impl Fault {
    /// Whether it is of what stands nowhere, for there is no file that could lack it.
    pub fn lacks_a_file(&self) -> bool {
        matches!(&self.origin, Origin::File { path, .. } if path == Path::new(""))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::BuiltIn { line } => write!(f, "built-in config.toml:{line}")?,
            // No file was given: what is missing is missing in all layers.
            Origin::File { .. } if self.lacks_a_file() => f.write_str("configuration")?,
            Origin::File { path, line: None } => write!(f, "{}", path.display())?,
            Origin::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display())?,
            // The variable is the key.
            Origin::Environment { variable } => return write!(f, "environment {variable}: {}", self.text),
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.text)
    }
}
