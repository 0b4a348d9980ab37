//! The thresholds of the alerts follow from the defaults of the configuration, as their comments say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use viability_proxy::config::Tenant;
use viability_proxy::config::load::{Source, load};

/// The rule of this name, with its comment.
fn rule(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("alerting/prometheus/viability-proxy.rules.yaml");
    let rules = fs::read_to_string(path).unwrap();
    let (before, rule) = rules.split_once(&format!("- alert: {name}\n")).expect(name);
    let comment = before.rfind("\n\n").map_or("", |blank| &before[blank..]);
    format!("{comment}{}", rule.split("        labels:").next().unwrap())
}

/// A tenant of which nothing is configured that needn't be.
fn by_default() -> Tenant {
    let text = "[tenants.demo]\nhost = \"http://127.0.0.1:9/api/v2\"\nkey_env = \"KEY\"\n".to_owned();
    let env = BTreeMap::from([("KEY".to_owned(), "a-key-of-ozmap".to_owned())]);
    load(&Source { path: PathBuf::from("defaults.toml"), text }, &env).unwrap().tenants[0].clone()
}

#[test]
fn thresholds_of_alerts_follow_from_the_defaults() {
    let Tenant { freshness, refresh, live, canary, .. } = by_default();
    let share = refresh.max_unreadable_percent.get() / 100.0;
    let an_hour = Duration::from_hours(1).as_secs() / canary.every.unwrap().as_secs();
    let follows = [
        (
            "ViabilityDataStale",
            format!("> {}\n", freshness.stale_after.as_secs()),
            "freshness.stale_after = 25m",
        ),
        (
            "ViabilityDataVeryStale",
            format!("> {}\n", freshness.max_stale.as_secs() * 2 / 3),
            "freshness.max_stale = 72h",
        ),
        (
            "ViabilityRefreshFailing",
            format!("for: {}m\n", refresh.fallback.as_secs() / 60),
            "refresh.fallback = 10m",
        ),
        (
            "ViabilityQuarantineRising",
            format!("> {} * sum", share / 2.0),
            "refresh.max_unreadable_percent = 1",
        ),
        (
            "ViabilityQuarantineRising",
            format!("+ {} * sum", share / 10.0),
            "refresh.max_unreadable_percent = 1",
        ),
        ("ViabilityAnswersDiffer", format!(">= {}\n", an_hour * 5 / 100), "canary.every = 1m"),
    ];
    for (alert, threshold, from) in follows {
        let rule = rule(alert);
        assert!(rule.contains(&threshold), "{alert}: {threshold} isn't in {rule}");
        assert!(rule.contains(from), "{alert}: {from} isn't in {rule}");
    }
    // The first bound of the histogram above it.
    assert!(live.deadline > Duration::from_millis(250) && live.deadline <= Duration::from_secs(1));
    assert!(rule("ViabilityQueriesSlow").contains(") > 1\n"));
}
