//! The dashboard asks for what is there: its metrics and labels are compared with a real scrape.

use crate::harness::World;
use crate::operating::{METRICS, METRICS_OF_TLS, names_and_labels};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every query of a dashboard, by the panel's title.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut found = Vec::new();
    for panel in panels {
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push((panel["title"].to_string(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    found
}

/// The words of a query: metric names, labels, functions; what stands in quotes left out.
fn words(query: &str) -> Vec<String> {
    let bare: String = query.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    bare.split(|c| !word(c)).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

/// Words of the query language itself.
const LANGUAGE: &[&str] = &[
    "sum",
    "by",
    "and",
    "on",
    "job",
    "instance",
    "rate",
    "increase",
    "time",
    "histogram_quantile",
    "le",
    "$__rate_interval",
    "max",
    "round",
    "0",
    "1",
    "1000",
    "1h",
    "5",
    "9",
    "99",
];

/// What a query asks for that a scrape with these metrics doesn't have.
fn unknown(query: &str, metrics: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let base = |word: &str| word.strip_suffix("_bucket").unwrap_or(word).to_owned();
    let words = words(query);
    let labels: BTreeSet<&String> =
        words.iter().filter_map(|word| metrics.get(&base(word))).flatten().collect();
    words
        .iter()
        .filter(|word| {
            !LANGUAGE.contains(&word.as_str()) && !metrics.contains_key(&base(word)) && !labels.contains(word)
        })
        .cloned()
        .collect()
}

/// Metric names with their labels, out of lines like `name{one,two}`.
fn parse(lines: impl IntoIterator<Item = String>) -> BTreeMap<String, BTreeSet<String>> {
    let parsed = lines.into_iter().map(|line| match line.split_once('{') {
        Some((name, labels)) => {
            (name.to_owned(), labels.trim_end_matches('}').split(',').map(ToOwned::to_owned).collect())
        }
        None => (line, BTreeSet::new()),
    });
    parsed.collect()
}

#[tokio::test]
async fn every_query_of_the_dashboards_finds_its_metrics_and_labels_in_a_scrape() {
    let world = World::start().await;
    let page = world.metrics().await;
    let of_tls = METRICS_OF_TLS.iter().map(|&metric| metric.to_owned());
    let process = page.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name);
    let process = process.filter(|name| name.starts_with("process_")).map(ToOwned::to_owned);
    let metrics = parse(names_and_labels(&page).into_iter().chain(process).chain(of_tls));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
    let mut asked = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let dashboard: Value =
            serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        for (panel, query) in queries(&dashboard) {
            assert_eq!(unknown(&query, &metrics), Vec::<String>::new(), "{panel}: {query}");
            asked.extend(words(&query));
        }
    }
    // And nothing that is counted stays unseen.
    let shown = |metric: &&str| {
        let name = metric.split('{').next().unwrap();
        asked.contains(name) || asked.contains(&format!("{name}_bucket"))
    };
    let unseen: Vec<_> = METRICS.iter().chain(METRICS_OF_TLS).filter(|metric| !shown(metric)).collect();
    assert_eq!(unseen, Vec::<&&str>::new());
}

#[test]
fn a_query_for_what_is_not_there_is_noticed() {
    let metrics = parse(["viability_queries_total{source,tenant}".to_owned()]);
    let ask = |query| unknown(query, &metrics);
    assert!(
        ask(r#"sum by (source) (rate(viability_queries_total{tenant=~"$tenant"}[$__rate_interval]))"#)
            .is_empty()
    );
    assert_eq!(ask("sum by (state) (viability_queries_total)"), ["state"]);
    assert_eq!(ask("rate(viability_query_total[$__rate_interval])"), ["viability_query_total"]);
}
