//! The kinds of value a key can have, each with the words for what was expected.

use super::layers::{Entry, Value};
use super::reader::{Faulty, Section};
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

/// Longer than any setting can mean, short enough that adding it to a clock can't overflow.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// 1 TiB: more memory than a machine has.
const MOST_BYTES: u64 = 1 << 40;

impl Section<'_, '_> {
    /// Above zero, at most a year.
    pub(super) fn duration(&mut self, key: &str) -> Result<Duration, Faulty> {
        self.duration_from(key, Duration::from_nanos(1))
    }

    /// At most a year; zero turns something off.
    pub(super) fn duration_or_zero(&mut self, key: &str) -> Result<Duration, Faulty> {
        self.duration_from(key, Duration::ZERO)
    }

    /// From `least` to a year.
    pub(super) fn duration_from(&mut self, key: &str, least: Duration) -> Result<Duration, Faulty> {
        let expected = "a duration such as \"25m\"";
        self.check(key, expected, |entry| {
            let parsed = entry.text().and_then(|text| humantime::parse_duration(text).ok());
            let remedy = match parsed {
                Some(duration) if duration.is_zero() && !least.is_zero() => {
                    "it must be above zero".to_owned()
                }
                Some(duration) if duration < least => format!("it must be at least {least:?}"),
                Some(duration) if duration > LONGEST => "it must be at most \"365d\"".to_owned(),
                Some(duration) => return Ok(duration),
                None => "write a number and a unit (ms, s, m, h, d) in quotes".to_owned(),
            };
            Err(format!("expected {expected}, got {}: {remedy}", entry.written))
        })
    }

    /// A whole number from 1 to `most`.
    pub(super) fn count<N: TryFrom<NonZeroU64>>(&mut self, key: &str, most: u64) -> Result<N, Faulty> {
        self.read(key, &format!("a whole number from 1 to {most}"), |entry| match entry.value {
            Value::Whole(number) => {
                let number = u64::try_from(number).ok().filter(|number| *number <= most);
                number.and_then(NonZeroU64::new).and_then(|number| N::try_from(number).ok())
            }
            _ => None,
        })
    }

    /// A whole number from 0 to `most`.
    pub(super) fn count_or_zero(&mut self, key: &str, most: u32) -> Result<u32, Faulty> {
        self.read(key, &format!("a whole number from 0 to {most}"), |entry| match entry.value {
            Value::Whole(number) => u32::try_from(number).ok().filter(|number| *number <= most),
            _ => None,
        })
    }

    /// So many a second: above 0, at most `most`.
    pub(super) fn rate(&mut self, key: &str, most: f64) -> Result<f64, Faulty> {
        self.read(key, &format!("a number above 0, at most {most}"), |entry| {
            entry.number().filter(|rate| *rate > 0.0 && *rate <= most)
        })
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<bool, Faulty> {
        self.read(key, "true or false", |entry| match entry.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<T, Faulty> {
        let words: Vec<String> = all.iter().map(|one| format!("{:?}", word(*one))).collect();
        self.read(key, &words.join(" or "), |entry| {
            let written = entry.text()?;
            all.iter().copied().find(|one| word(*one) == written)
        })
    }

    pub(super) fn address(&mut self, key: &str) -> Result<SocketAddr, Faulty> {
        self.read(key, "an address and port such as \"0.0.0.0:9994\"", |entry| entry.text()?.parse().ok())
    }

    /// Bytes, plain or with a binary unit.
    pub(super) fn bytes(&mut self, key: &str) -> Result<u64, Faulty> {
        self.read(key, "bytes such as 1048576 or \"16MiB\" (KiB, MiB, GiB)", |entry| {
            let bytes = match &entry.value {
                Value::Whole(bytes) => u64::try_from(*bytes).ok(),
                Value::Text(text) => bytes(text),
                _ => None,
            };
            bytes.filter(|bytes| *bytes <= MOST_BYTES)
        })
    }
}

impl Entry {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whole or not.
    pub(super) fn number(&self) -> Option<f64> {
        match self.value {
            Value::Whole(number) => Some(number as f64),
            Value::Number(number) => Some(number),
            _ => None,
        }
    }
}

fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(unit_at)?;
    let unit = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}
