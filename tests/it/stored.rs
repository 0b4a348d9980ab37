//! Snapshots on disk: what a restart finds, whatever OZmap and the disk do.

use crate::harness::{Plan, World, start_app};
use crate::process::Process;
use crate::shared_folder::{loaded, snapshot, store_of};
use ozmap_simulator::{Settings, Simulator};
use reqwest::StatusCode;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::mem::replace;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use viability_proxy::refresh::store::{Loaded, Store};
use viability_proxy::viability::plant::ObjectId;
use viability_proxy::viability::snapshot::{Plant, Snapshot};

/// Ends the proxy of this world and starts another with the same files.
async fn restart(world: &mut World, folder: &Path) {
    let config = format!("[snapshot]\ndirectory = '{}'", folder.display());
    let app = start_app(&[("demo", &world.simulator)], &config).await;
    replace(&mut world.app, app).stop().await;
}

/// A proxy that has written its first snapshot into `folder`.
async fn with_a_file(folder: &Path) -> World {
    let mut world = World::build(Plan::default()).await;
    restart(&mut world, folder).await;
    world.first_refresh().await;
    written(&world, 1).await;
    world
}

async fn written(world: &World, files: u64) {
    let line = format!(r#"viability_snapshot_writes_total{{result="ok",tenant="demo"}} {files}"#);
    world.until("the snapshot is written", || async { world.metrics().await.contains(&line) }).await;
}

fn generation(world: &World) -> Option<u64> {
    world.app.refreshers()[0].tenant().data().map(|data| data.snapshot.generation())
}

/// Snapshots, newest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().unwrap() == "snapshot");
    files.sort();
    files.reverse();
    files
}

#[tokio::test]
async fn r21_restarted_while_ozmap_is_dead_it_answers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    let home = world.sellable_box();
    let before = world.ask(home.lat, home.lng, 300.0).await.body;
    world.simulator.faults().hang();
    restart(&mut world, folder.path()).await;
    assert_eq!(world.admin("/readyz").await.0, StatusCode::OK);
    let answer = world.ask(home.lat, home.lng, 300.0).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::OK, "index"));
    assert_eq!(answer.body, before);
}

#[tokio::test]
async fn r18_r19_a_damaged_file_or_a_leftover_costs_one_generation_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    for runs in 2..=4 {
        world.refresh().await;
        written(&world, runs).await;
    }
    let kept = files(folder.path());
    assert_eq!(kept.len(), 3, "{kept:?}");
    let newest = fs::read(&kept[0]).unwrap();
    fs::write(&kept[0], &newest[..newest.len() / 2]).unwrap();
    // As a process leaves it that is killed while it writes.
    let leftover = folder.path().join("demo.5.tmp");
    fs::write(&leftover, &newest[..100]).unwrap();
    world.simulator.faults().hang();
    restart(&mut world, folder.path()).await;
    assert_eq!(generation(&world), Some(3));
    world.simulator.faults().clear();
    // The run of the start may have failed by now or not: the next one goes on from the generation restored.
    world.until("it refreshes", || async { generation(&world) > Some(3) }).await;
    // The one before had not ended when this one began: only now is it clear whose the leftover was.
    written(&world, 1).await;
    assert!(!leftover.exists());
}

#[tokio::test]
async fn r19_files_that_are_all_damaged_are_named_and_the_start_goes_on_without() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    fs::write(&files(folder.path())[0], "not a snapshot").unwrap();
    restart(&mut world, folder.path()).await;
    let line = r#"viability_snapshot_loads_total{result="unusable",tenant="demo"} 1"#;
    assert!(world.metrics().await.contains(line));
    world.first_refresh().await;
}

#[tokio::test]
async fn r19_where_no_file_can_be_used_the_log_says_so_and_what_that_means() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=2 {
        fs::write(folder.path().join(format!("demo.{number}.snapshot")), "damaged").unwrap();
    }
    let env = [("VIABILITY__SNAPSHOT__DIRECTORY", folder.path().to_str().unwrap())];
    let process = Process::start(&simulator, 1_024, &env).await;
    let entries = process.start_log().iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<_> = entries
        .filter(|entry| entry["level"] == "WARN" && entry["message"].as_str().unwrap().contains("snapshot"))
        .map(|entry| {
            let file = entry["file"].as_str().and_then(|file| file.rsplit('/').next());
            let word = |word: &str| word.to_owned();
            (
                word(file.unwrap_or_default()),
                entry["snapshots"].as_u64(),
                word(entry["message"].as_str().unwrap()),
            )
        })
        .collect();
    let [newest, last, conclusion] = told.as_slice() else { panic!("three lines: {told:?}") };
    let line = |file: &str, message: &str| (file.to_owned(), None, message.to_owned());
    assert_eq!(*newest, line("demo.2.snapshot", "a snapshot can't be used; trying the one before"));
    assert_eq!(*last, line("demo.1.snapshot", "a snapshot can't be used"));
    assert_eq!((conclusion.0.as_str(), conclusion.1), ("", Some(2)));
    assert!(conclusion.2.contains("starting without") && conclusion.2.contains("answered live"), "{told:?}");
}

#[tokio::test]
async fn r19_a_file_with_the_last_number_there_is_does_not_end_the_writing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    fs::write(folder.path().join(format!("demo.{}.snapshot", u64::MAX)), "not ours").unwrap();
    restart(&mut world, folder.path()).await;
    world.first_refresh().await;
    written(&world, 1).await;
}

#[test]
fn whoever_puts_a_mistyped_host_right_finds_the_data_that_were_there() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong, third) = (
        store_of("127.0.0.1:9", folder.path()),
        store_of("127.0.0.1:8", folder.path()),
        store_of("127.0.0.1:7", folder.path()),
    );
    for generation in 1..=5 {
        right.save(&snapshot(generation), &[]).unwrap();
    }
    right.give_up();
    for generation in 1..=5 {
        wrong.save(&snapshot(generation), &[]).unwrap();
    }
    wrong.give_up();
    assert_eq!(files(folder.path()).len(), 4);
    assert_eq!((loaded(&wrong), loaded(&right)), (Some(5), Some(5)));
    // Not for ever: the last of whoever was there before is enough.
    wrong.give_up();
    right.give_up();
    third.save(&snapshot(7), &[]).unwrap();
    third.save(&snapshot(8), &[]).unwrap();
    assert_eq!((loaded(&third), loaded(&wrong), loaded(&right)), (Some(8), Some(5), None));
}

#[test]
fn r18_killed_behind_its_rename_again_and_again_it_leaves_four_files_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_of("127.0.0.1:9", folder.path());
    store.save(&snapshot(1), &[]).unwrap();
    let first = files(folder.path()).remove(0);
    // Each as a process leaves it that comes as far as the rename, and no farther.
    for number in 2..=6 {
        fs::copy(&first, folder.path().join(format!("demo.{number}.snapshot"))).unwrap();
    }
    // As far as the writing: its temporary file can't be made.
    fs::create_dir(folder.path().join("demo.7.tmp")).unwrap();
    store.save(&snapshot(2), &[]).unwrap_err();
    assert_eq!(files(folder.path()).len(), 3, "and the rename makes four of these");
    assert_eq!(loaded(&store), Some(1));
}

#[test]
fn r19_what_is_no_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_of("127.0.0.1:9", folder.path());
    store.save(&snapshot(1), &[]).unwrap();
    // Whoever opens it waits for somebody to write.
    let pipe = Command::new("mkfifo").arg(folder.path().join("demo.2.snapshot")).status().unwrap();
    assert!(pipe.success());
    assert_eq!(loaded(&store), Some(1));
    store.save(&snapshot(2), &[]).unwrap();
    assert_eq!(loaded(&store), Some(2));
}

#[tokio::test]
async fn r20_a_directory_that_cant_be_written_leaves_serving_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    let file = files(folder.path()).remove(0);
    restart(&mut world, &file).await;
    world.first_refresh().await;
    let line = r#"viability_snapshot_writes_total{result="failed",tenant="demo"} 1"#;
    world.until("the failure is counted", || async { world.metrics().await.contains(line) }).await;
    let home = world.sellable_box();
    assert!(world.ask(home.lat, home.lng, 300.0).await.is_viable());
    assert!(file.is_file(), "what was written before is as it was");
}

#[tokio::test]
async fn r30_data_from_the_future_are_as_good_as_new() {
    let world = World::start().await;
    let tenant = world.app.refreshers()[0].tenant();
    let read_at = SystemTime::now() + Duration::from_hours(48);
    tenant.restore(Snapshot::build(9, Plant::empty(read_at)), Vec::new());
    let age = tenant.data().unwrap().age(tokio::time::Instant::now());
    assert!(age < Duration::from_hours(1), "{age:?}");
}

#[tokio::test]
async fn r01_a_restart_in_an_outage_still_knows_the_rights_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = with_a_file(folder.path()).await;
    let home = world.sellable_box();
    let key = world.simulator.key_for(std::slice::from_ref(&home.project));
    let before = world.ask_as(&key, home.lat, home.lng, 300.0).await.body;
    let (_, status) = world.admin("/admin/status").await;
    assert_eq!(status["tenants"][0]["stored"]["generation"], 1, "{status}");
    // Written when the process ends, for the key came after the refresh.
    world.simulator.stop().await;
    restart(&mut world, folder.path()).await;
    restart(&mut world, folder.path()).await;
    let answer = world.ask_as(&key, home.lat, home.lng, 300.0).await;
    assert_eq!((answer.status, answer.detail()), (StatusCode::OK, "index"));
    assert_eq!(answer.body, before);
    // Never asked with before.
    let others: Vec<_> = world.simulator.projects().into_iter().map(|project| project.id).collect();
    let stranger = world.simulator.key_for(&others);
    let answer = world.ask_as(&stranger, home.lat, home.lng, 300.0).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn r01_the_rights_of_a_key_that_is_learned_in_between_outlive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_a_file(folder.path()).await;
    let home = world.sellable_box();
    let key = world.simulator.key_for(std::slice::from_ref(&home.project));
    assert_eq!(world.ask_as(&key, home.lat, home.lng, 300.0).await.detail(), "index");
    // No refresh writes them.
    world.simulator.faults().hang();
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(1)).await;
    tokio::time::resume();
    written(&world, 2).await;
    // What a kill would leave.
    let store = Store::new(folder.path(), world.app.refreshers()[0].tenant().settings());
    let Loaded::Snapshot(_, scopes) = store.load() else { panic!("a snapshot was written") };
    let projects: Vec<_> = scopes.iter().map(|scope| scope.projects.clone()).collect();
    assert_eq!(projects, [HashSet::from([ObjectId::parse(&home.project).unwrap()])]);
}

#[tokio::test]
async fn r18_killed_while_writing_starts_clean() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let simulator = Simulator::start(Settings { boxes: 20_000, ..Settings::default() }).await.unwrap();
    let mut restored = 0;
    for round in 0..12_u64 {
        let env = [
            ("VIABILITY__SNAPSHOT__DIRECTORY", directory),
            // Refreshes and writes all the time.
            ("VIABILITY__REFRESH__FULL", "* * * * * *"),
        ];
        let mut process = Process::start(&simulator, 1_024, &env).await;
        assert!(
            !process.start_log().iter().any(|line| line.contains("a snapshot can't be used")),
            "round {round}: {:?}",
            process.start_log()
        );
        restored += u32::from(process.start_log().iter().any(|line| line.contains("snapshot restored")));
        if round == 0 {
            // From here on there is a file.
            while !process.next_line().await.contains("snapshot written") {}
        } else {
            // Where in the writing it dies is left to chance.
            tokio::time::sleep(Duration::from_millis(round * 7 % 50)).await;
        }
        process.kill().await;
    }
    assert_eq!(restored, 11, "all starts but the first");
    let whole = files(folder.path()).len();
    assert!((1..=4).contains(&whole), "{whole} files");
}
