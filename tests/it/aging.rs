//! Data that grow old are told of in the log, and so is their recovery.

use crate::harness::PATIENCE;
use crate::process::Process;
use ozmap_simulator::{Fault, Settings, Simulator};
use serde_json::{Value, json};

#[tokio::test]
async fn data_that_grow_stale_and_expire_are_told_of_once_each_and_so_is_their_recovery() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let env = [
        ("VIABILITY__REFRESH__FULL", "* * * * * *"),
        ("VIABILITY__FRESHNESS__STALE_AFTER", "3s"),
        ("VIABILITY__FRESHNESS__MAX_STALE", "4s"),
    ];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    simulator.faults().set("/projects", Fault::Failure { rate: 1.0, status: 502 });
    let mut changes = Vec::new();
    let watching = async {
        while changes.len() < 3 {
            let entry: Value = serde_json::from_str(&process.next_line().await).unwrap();
            if entry["message"].as_str().unwrap().starts_with("the data are ") {
                if entry["state"] == "expired" {
                    simulator.faults().clear();
                }
                changes.push(entry);
            }
        }
    };
    tokio::time::timeout(PATIENCE, watching).await.expect("three changes");
    let told = |entry: &Value| (entry["level"].clone(), entry["tenant"].clone(), entry["state"].clone());
    let expected = [("WARN", "stale"), ("WARN", "expired"), ("INFO", "fresh")];
    let expected = expected.map(|(level, state)| (json!(level), json!("demo"), json!(state)));
    assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), expected);
    for (entry, limit) in changes.iter().zip([3, 4]) {
        assert!(entry["age_seconds"].as_u64().unwrap() >= limit, "{entry}");
    }
    assert_eq!(changes[0]["last_refresh"], "status");
    assert!(changes[0]["message"].as_str().unwrap().contains("/admin/runs"), "{changes:?}");
}
