//! Instants as OZmap writes them: `2025-07-01T12:00:00.000Z`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, now.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

/// The ISO form, always 24 characters long for the years 0 to 9999, so that it sorts as text.
pub(crate) fn iso(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The instant written so, if it is one in full; for the years 0 to 9999.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let [hour, minute, second, milli] = [part(11..13)?, part(14..16)?, part(17..19)?, part(20..23)?];
    let days = days_since_1970(part(0..4)?, part(5..7)?, part(8..10)?);
    let instant = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milli;
    // What can't be written so again, such as the 30th of February, was none.
    (iso(instant) == text).then_some(instant)
}

/// The opposite of [`civil`].
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970, by eras of 400 years that start in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_written_right() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(1_751_371_199_999), "2025-07-01T11:59:59.999Z");
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        for step in 0..20_000 {
            // From the year 1000 to 5000, at all times of the day.
            let instant = -30_610_224_000_000 + step * 6_311_433_967;
            assert_eq!(parse_iso(&iso(instant)), Some(instant), "{}", iso(instant));
        }
        for text in [
            "",
            "2025-07-01",
            "2025-02-30T00:00:00.000Z",
            "2025-07-01T24:00:00.000Z",
            "2025-07-01T11:59:59.999z",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }
}
