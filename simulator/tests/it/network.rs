//! The network looks as promised, and the program prints what works.

use crate::client::{get, start};
use ozmap_simulator::Settings;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn one_seed_is_one_network_and_another_seed_another() {
    let boxes = async |seed| {
        let simulator = start(Settings { boxes: 500, seed, ..Settings::default() }).await;
        get(&simulator, "/boxes?limit=0").await["rows"].to_string()
    };
    assert_eq!(boxes(4).await, boxes(4).await);
    assert_ne!(boxes(4).await, boxes(5).await);
}

#[tokio::test]
async fn the_network_looks_like_a_brazilian_providers() {
    let simulator = start(Settings { boxes: 20_000, ..Settings::default() }).await;
    let boxes = simulator.boxes();
    let share = |holds: &dyn Fn(&ozmap_simulator::BoxView) -> bool| {
        boxes.iter().filter(|one| holds(one)).count() as f64 / boxes.len() as f64
    };
    let full = share(&|one| one.has_service_splitter && one.free_ports == 0);
    assert!((0.2..0.32).contains(&full), "{full} of the boxes are full");
    let drafts = share(&|one| one.draft);
    assert!((0.06..0.1).contains(&drafts), "{drafts} of the boxes are drafts");
    let bare = share(&|one| !one.has_service_splitter);
    assert!((0.02..0.08).contains(&bare), "{bare} of the boxes have no service splitter");
    assert!(boxes.iter().all(|one| (-34.0..6.0).contains(&one.lat) && (-74.0..-34.0).contains(&one.lng)));
    for sign in ['"', '\'', 'ã', 'Á'] {
        assert!(boxes.iter().any(|one| one.name.contains(sign)), "no name with {sign}");
    }
    let mut places: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in &boxes {
        *places.entry((one.lat.to_bits(), one.lng.to_bits())).or_default() += 1;
        names.entry(&one.name).or_default().insert(&one.project);
    }
    assert!(places.values().any(|&count| count > 1), "no two boxes on one pole");
    assert!(names.values().any(|projects| projects.len() > 1), "no name in two projects");
}

#[tokio::test]
async fn splitters_are_of_every_kind_that_matters() {
    let simulator = start(Settings { boxes: 5_000, ..Settings::default() }).await;
    let splitters = get(&simulator, "/splitters?limit=0").await;
    let rows = splitters["rows"].as_array().unwrap();
    let boxes: BTreeSet<_> = simulator.boxes().into_iter().map(|one| one.id).collect();
    let parent = |row: &Value| row["parent"].as_str().or(row["parent"]["id"].as_str()).unwrap().to_owned();
    let outputs = |row: &Value| row["connectables"]["output"].as_array().unwrap().clone();
    let blocked_and_null = |row: &Value| {
        outputs(row)
            .iter()
            .zip(row["ports"].as_array().unwrap())
            .any(|(output, port)| output.is_null() && port["blocked"] == true)
    };
    assert!(rows.iter().any(|row| row["isDrop"] == false), "no network splitter");
    assert!(rows.iter().any(blocked_and_null), "no blocked port without fibre");
    assert!(rows.iter().any(|row| !boxes.contains(&parent(row))), "no splitter outside of boxes");
    for size in [8, 16] {
        assert!(
            rows.iter().any(|row| row["ratio"]["output"] == size && outputs(row).len() == size),
            "none with {size}"
        );
    }
    let all = get(&simulator, "/boxes?limit=0").await;
    assert!(all["rows"].as_array().unwrap().iter().any(|row| row["boxType"].is_null()), "no POP");
    assert!(get(&simulator, "/horizontal-condominiums").await["total"].as_u64().unwrap() > 0);
    assert!(get(&simulator, "/properties").await["total"].as_u64().unwrap() > 1_000);
}

#[tokio::test]
async fn the_program_prints_where_it_listens_and_refuses_nonsense() {
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ozmap-simulator"));
        command.kill_on_drop(true).stdin(Stdio::null());
        command
    };
    let arguments = ["--listen", "127.0.0.1:0", "--boxes", "300", "--latency", "1ms", "--max-limit", "50"];
    let quirks = ["--ignore-update-filters", "--silent-sales"];
    let mut running = program().args(arguments).args(quirks).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    let reading = async {
        while !printed.contains("/_control") {
            printed.push_str(&lines.next_line().await.unwrap().expect("more lines"));
            printed.push('\n');
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reading).await.expect("it prints how to use it");
    assert!(
        printed.starts_with("host: http://127.0.0.1:") && printed.contains("\nboxes: 300\n"),
        "{printed}"
    );
    for wrong in [["--failure-rate", "1.5"], ["--latency", "soon"], ["--boxes", "-1"]] {
        assert_eq!(program().args(wrong).output().await.unwrap().status.code(), Some(2), "{wrong:?}");
    }
}
