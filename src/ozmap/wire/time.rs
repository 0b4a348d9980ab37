//! Times by OZmap's clock.

use chrono::DateTime;
use serde_json::value::RawValue;
use std::fmt;
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time by OZmap's clock, to the millisecond: compared with others by that clock only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OzmapTime {
    /// Since 1970; not 0, so that `Option` of one takes no more room.
    milliseconds: NonZeroU64,
}

impl OzmapTime {
    /// The earliest there is.
    pub const FIRST: Self = Self { milliseconds: NonZeroU64::MIN };

    /// `None` for a time before 1970, or so late that it can't be written (the year 10000).
    pub fn new(time: SystemTime) -> Option<Self> {
        const LAST: u64 = 253_402_300_799_999;
        let milliseconds = time.duration_since(UNIX_EPOCH).ok()?.as_millis();
        let milliseconds = NonZeroU64::new(u64::try_from(milliseconds).ok()?)?;
        (milliseconds.get() <= LAST).then_some(Self { milliseconds })
    }

    /// Reads `updatedAt` as rows have it: `2025-07-01T12:00:00.000Z`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::new(humantime::parse_rfc3339(text).ok()?)
    }

    /// Reads the header `Date` (RFC 9110, 5.6.7), which is to the second.
    pub fn of_date(header: &str) -> Option<Self> {
        Self::new(DateTime::parse_from_rfc2822(header).ok()?.into())
    }

    /// As the system's clock would have it, if it were OZmap's.
    pub fn system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.milliseconds.get())
    }

    /// So much earlier; the earliest there is where that would be too early.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let milliseconds = self.milliseconds.get().saturating_sub(by);
        Self { milliseconds: NonZeroU64::new(milliseconds).unwrap_or(NonZeroU64::MIN) }
    }
}

impl fmt::Display for OzmapTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_rfc3339_millis(self.system_time()))
    }
}

/// The time of a row, if it tells one that can be read. No answer depends on it: it is never a fault of the row.
pub(super) fn time_of(field: Option<&RawValue>) -> Option<OzmapTime> {
    OzmapTime::parse(field?.get().strip_prefix('"')?.strip_suffix('"')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_ozmap_does() {
        let time = OzmapTime::parse("2025-07-01T12:00:00.250Z").unwrap();
        assert_eq!(time.to_string(), "2025-07-01T12:00:00.250Z");
        assert_eq!(time.before(Duration::from_millis(500)).to_string(), "2025-07-01T11:59:59.750Z");
        assert_eq!(
            OzmapTime::of_date("Tue, 01 Jul 2025 12:00:00 GMT").unwrap(),
            time.before(Duration::from_millis(250))
        );
        assert_eq!(
            OzmapTime::parse("1970-01-01T00:00:01.000Z").unwrap().before(Duration::MAX).to_string(),
            "1970-01-01T00:00:00.001Z"
        );
        for text in ["", "yesterday", "2025-13-01T12:00:00.000Z", "1969-12-31T23:59:59.000Z"] {
            assert_eq!(OzmapTime::parse(text), None, "{text}");
        }
        assert_eq!(OzmapTime::of_date("now"), None);
    }

    #[test]
    fn a_time_that_cant_be_read_is_none() {
        for field in ["null", "1751371200000", "{}", "\"\"", "\"2025\""] {
            let raw: Box<RawValue> = serde_json::from_str(field).unwrap();
            assert_eq!(time_of(Some(&raw)), None, "{field}");
        }
    }
}
