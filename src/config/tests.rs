use super::*;

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
