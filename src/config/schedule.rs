//! When the clock has the whole plant read.

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds};
use std::time::{Duration, SystemTime};

/// Times of a refresh: cron with a field for seconds in front, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(String);

impl Schedule {
    /// `None` unless the scheduler will accept `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parser().parse(text).is_ok().then(|| Self(text.to_owned()))
    }

    /// How long after `now`, by the system's clock, the next time comes; `None` if there is none.
    pub fn until_next(&self, now: SystemTime) -> Option<Duration> {
        let cron = Self::parser().parse(&self.0).ok()?;
        let now = DateTime::<Utc>::from(now);
        (cron.find_next_occurrence(&now, false).ok()? - now).to_std().ok()
    }

    /// The very parser and settings of tokio-cron-scheduler 0.15 (`Job::new_tz`). It takes shorthands such as "@hourly"
    /// too, and five fields, to which it adds a second of 0 only to refuse them.
    fn parser() -> CronParser {
        CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build()
    }

    /// The cron text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
