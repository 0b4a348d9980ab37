use super::*;
use std::time::{Duration, SystemTime};

#[test]
fn a_tenants_name_fits_into_a_path() {
    let longest = "a".repeat(TenantName::LONGEST);
    for name in ["a", "rede-sul", "9", &longest] {
        assert_eq!(TenantName::parse(name).unwrap().to_string(), name);
    }
    for name in [
        "",
        "A",
        "a_b",
        "a.b",
        "a/b",
        "ch\u{e3}",
        "api",
        "admin",
        "metrics",
        "healthz",
        "readyz",
        &format!("{longest}a"),
    ] {
        assert_eq!(TenantName::parse(name), None, "{name}");
    }
}

#[test]
fn a_schedule_is_cron_with_seconds() {
    for text in ["0 */10 * * * *", "30 0 3 * * MON-FRI", "0 0 3 1 1 * 2030", "@hourly"] {
        assert_eq!(Schedule::parse(text).unwrap().as_str(), text);
    }
    for text in ["", "*/10 * * * *", "10m", "60 * * * * *", "* * * * * * * *", "0 0 0 * * \u{e3}"] {
        assert_eq!(Schedule::parse(text), None, "{text}");
    }
}

#[test]
fn a_schedule_tells_how_long_its_next_time_is_away() {
    let until = |cron: &str, seconds: u64| {
        Schedule::parse(cron).unwrap().until_next(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    assert_eq!(until("0 */10 * * * *", 0), Some(Duration::from_mins(10)), "not now, but then");
    assert_eq!(until("0 */10 * * * *", 599), Some(Duration::from_secs(1)));
    assert_eq!(until("* * * * * *", 7), Some(Duration::from_secs(1)));
    assert_eq!(until("@hourly", 60), Some(Duration::from_mins(59)));
    assert_eq!(until("0 0 0 30 2 *", 0), None, "there is no such day");
}
