//! How people are told: errors with their causes and remedies in one line, measured durations rounded. Durations of the
//! configuration are written as they are.

use humantime::FormattedDuration;
use std::time::Duration;

/// What happened, and what to do about it where there is anything to do.
pub fn with_remedy(what: String, remedy: Option<&str>) -> String {
    match remedy {
        Some(remedy) => format!("{what}; {remedy}"),
        None => what,
    }
}

/// An error and all its causes in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

const SECOND: u128 = 1_000_000_000;
/// More would be noise: who waited "9s 999ms 994us 922ns" waited ten seconds.
const DIGITS_BELOW: u128 = 100;

/// Rounded up to two digits, or to a whole second where that is less.
pub fn rounded(duration: Duration) -> FormattedDuration {
    let nanoseconds = duration.as_nanos();
    let mut step = 1;
    while step < SECOND && nanoseconds / step >= DIGITS_BELOW {
        step *= 10;
    }
    let up = u64::try_from(nanoseconds.div_ceil(step) * step);
    humantime::format_duration(up.map_or(duration, Duration::from_nanos))
}

/// Whole seconds, rounded up, at least 1: who comes back then doesn't come too soon.
pub fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_setting_reads_as_the_setting() {
        for (nanoseconds, told) in [
            (9_999_994_922, "10s"),
            (10_000_000_000, "10s"),
            (10_000_000_001, "11s"),
            (1_499_900_000, "1s 500ms"),
            (799_999_999, "800ms"),
            (29_990_001, "30ms"),
            (7, "7ns"),
            (0, "0s"),
            (89_999_000_000, "1m 30s"),
            (3_599_999_999_999, "1h"),
        ] {
            assert_eq!(rounded(Duration::from_nanos(nanoseconds)).to_string(), told);
        }
        assert!(rounded(Duration::MAX).to_string().ends_with("ns"), "beyond what is counted: as it is");
    }

    #[test]
    fn whole_seconds_are_never_too_few() {
        let seconds = [0, 1, 999, 1_000, 1_001, 29_500].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(seconds, [1, 1, 1, 1, 2, 30]);
    }
}
