//! Whether everything around a proxy is as it has to be: what it may use here, what runs here, and each tenant's OZmap.
//!
//! Each examination changes nothing, here or at OZmap, and ends in findings: what was looked at, how it is, what to do.

pub mod certificate;
pub mod directory;
pub mod door;
pub mod host;
pub mod instance;
pub mod listener;
mod pinned;
mod reach;
pub mod upstream;

use std::fmt;

/// What was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at; of a tenant, its name first.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen, and what to do about it where there is anything to do; one line.
    pub text: String,
}

/// How it is with what was looked at. A later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it has to be.
    Fine,
    /// It works for now, or in part.
    Warning,
    /// It doesn't work.
    Failed,
}

impl Verdict {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl Finding {
    /// It is as it has to be.
    pub fn fine(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Fine, text: text.into() }
    }

    /// It works for now, or in part.
    pub fn warning(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Warning, text: text.into() }
    }

    /// It doesn't work.
    pub fn failed(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Failed, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, verdict, text } = self;
        // What others said may have several lines.
        let text = text.lines().collect::<Vec<_>>().join("; ");
        write!(f, "{:<8} {subject}: {text}", verdict.as_str())
    }
}
