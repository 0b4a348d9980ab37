//! The configuration as plain data: what a [`Config`] holds has been checked.
//!
//! [`load::load`] makes one from `config.toml` (compiled in, every default stands there), a file and the environment.

pub mod certificates;
mod changes;
pub mod console;
pub mod fault;
mod files;
pub mod host;
pub mod key;
mod layers;
pub mod listeners;
pub mod load;
mod log_filter;
mod lookalikes;
mod names;
pub mod origins;
pub mod place;
mod reader;
mod redacted;
mod schedule;
mod secrets;
mod sections;
mod tenants;
#[cfg(test)]
mod tests;
mod unknown;
mod values;
mod warnings;

use crate::viability::Rules;
use console::Console;
use fault::Fault;
use host::OzmapHost;
use key::ApiKey;
use listeners::{Admin, Server};
use place::SecretPlace;
pub use schedule::Schedule;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Everything an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The public listener.
    pub server: Server,
    /// The operators' listener.
    pub admin: Admin,
    /// What is logged, and how.
    pub log: Log,
    /// Where snapshots are kept over a restart; `None` keeps none.
    pub snapshot_directory: Option<PathBuf>,
    /// At least one, sorted by name, no two with one name or one `hosts` entry.
    pub tenants: Vec<Tenant>,
    /// What is sound and perhaps not what was meant, each with its place.
    pub warnings: Vec<Fault>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// Directives of tracing's `EnvFilter`, which have been parsed once: each a level, or a part with its level.
    pub filter: String,
    /// The shape of a line.
    pub format: LogFormat,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    Text,
    /// For a collector: one object a line.
    Json,
}

impl LogFormat {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Text, Self::Json];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// One OZmap account and how it is served.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its name in paths, metrics and logs.
    pub name: TenantName,
    /// *`OzMap` Host*: where its OZmap answers.
    pub host: OzmapHost,
    /// *`OzMap` Key*: the tenant's own key, which sees the whole snapshot.
    pub key: ApiKey,
    /// Where `key` was found.
    pub key_place: SecretPlace,
    /// Certificates (PEM) trusted for `host` beside the system's; a readable file when it was loaded.
    pub ca_file: Option<PathBuf>,
    /// The HTTP proxy through which `host` is reached; no credentials.
    pub outbound_proxy: Option<Url>,
    /// The `Host` names, lower case, without port, that select this tenant.
    pub hosts: Vec<String>,
    /// Which other OZmap paths are passed on.
    pub forward: Forward,
    /// How many of them may be under way.
    pub forwards_at_once: NonZeroUsize,
    /// Answering many homes at a stroke.
    pub batch: Batch,
    /// OZmap's own settings for viability.
    pub rules: Rules,
    /// Reading the plant from OZmap.
    pub refresh: Refresh,
    /// What age of the data means.
    pub freshness: Freshness,
    /// Calls to OZmap made for a waiting client.
    pub live: Live,
    /// Remembering who may ask.
    pub access: Access,
    /// Comparing answers with OZmap's.
    pub canary: Canary,
    /// What the operators' page shows of it, and how.
    pub console: Console,
}

/// Which OZmap paths other than viability are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// None.
    Off,
    /// GET and HEAD.
    Read,
    /// Every method.
    All,
}

impl Forward {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Off, Self::Read, Self::All];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Read => "read",
            Self::All => "all",
        }
    }
}

/// Reading the plant from OZmap.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// When the whole plant is read.
    pub full: Schedule,
    /// How often what has changed since is read; `None`: never.
    pub changes: Option<Duration>,
    /// How often a list is read whole whose changes can't be relied on.
    pub fallback: Duration,
    /// Rows asked for at a time.
    pub page_size: NonZeroU32,
    /// Pages asked for side by side.
    pub pages_at_once: NonZeroUsize,
    /// How long a connection to OZmap may take.
    pub connect_timeout: Duration,
    /// How long OZmap may send no byte.
    pub read_timeout: Duration,
    /// How long one whole page may take.
    pub page_timeout: Duration,
    /// How much smaller the network may be than at the last refresh.
    pub max_shrink_percent: Percent,
    /// How many rows of a list may be unreadable.
    pub max_unreadable_percent: Percent,
}

/// A share, from 0 to 100 %.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// `None` unless `number` lies from 0 to 100.
    pub fn new(number: f64) -> Option<Self> {
        (0.0..=100.0).contains(&number).then_some(Self(number))
    }

    /// Its number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whether `part` is at most this share of `whole`.
    pub fn allows(self, part: u64, whole: u64) -> bool {
        part as f64 * 100.0 <= self.0 * whole as f64
    }
}

/// What age of the data, counted from the reading at OZmap, means.
#[derive(Clone, Debug, PartialEq)]
pub struct Freshness {
    /// Older data are marked stale; at most `max_stale`.
    pub stale_after: Duration,
    /// Older data are expired.
    pub max_stale: Duration,
    /// What becomes of expired data.
    pub when_expired: WhenExpired,
}

/// What becomes of expired data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenExpired {
    /// Answers are made from them still, marked stale.
    Serve,
    /// Answers are not made from them: 503.
    Refuse,
}

impl WhenExpired {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Serve, Self::Refuse];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Refuse => "refuse",
        }
    }
}

/// Calls to OZmap made for a waiting client.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The budget: finite, above 0.
    pub calls_per_second: f64,
    /// How many may be under way.
    pub calls_at_once: NonZeroUsize,
    /// How long a client waits where the snapshot could answer instead; at most `timeout`.
    pub deadline: Duration,
    /// How long a client waits where no snapshot could answer instead.
    pub timeout: Duration,
    /// Answers are checked that stand on boxes with no more free ports than this; 0: none.
    pub recheck_at_most: u32,
    /// How old the data have to be for that.
    pub recheck_after: Duration,
    /// How long an answer is remembered; zero remembers none.
    pub cache_ttl: Duration,
    /// How many bytes of answers are remembered; zero remembers none.
    pub cache_bytes: u64,
}

/// Answering many homes at a stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many batches may be under way; 0: none is answered.
    pub at_once: u32,
    /// How many rows one may have, at least 1.
    pub max_rows: u64,
}

/// Comparing answers with OZmap's.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// How often one is, at the most; `None`: never.
    pub every: Option<Duration>,
}

/// Remembering who may ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// How long the projects of a key are remembered.
    pub scope_ttl: Duration,
    /// How long it is remembered that OZmap rejected a key; zero does not remember it.
    pub rejected_ttl: Duration,
    /// How long a key's last known projects count while OZmap can't be asked; zero does not keep them.
    pub outage_ttl: Duration,
    /// How many keys are remembered, at least 1.
    pub max_keys: u64,
}

/// A tenant's name: 1 to 40 lower-case letters, digits and `-`, and no word that is a path of our own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(String);

impl TenantName {
    /// The most characters a name has.
    pub const LONGEST: usize = 40;
    /// Names that would hide a path of our own.
    pub const RESERVED: [&str; 6] = ["api", "admin", "metrics", "healthz", "readyz", "viability"];

    /// `None` unless `text` is such a name.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=Self::LONGEST).contains(&text.len()) && text.chars().all(plain);
        (fits && !Self::RESERVED.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
