//! Two that keep snapshots in one folder: one writes, whoever else there is reads and says so.

use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, http_client};
use crate::process::Process;
use ozmap_simulator::{Settings, Simulator};
use reqwest::header::AUTHORIZATION;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use viability_proxy::config::key::KeyDigest;
use viability_proxy::config::load::{Source, load};
use viability_proxy::refresh::store::{Loaded, Store};
use viability_proxy::tenant::access::KnownScope;
use viability_proxy::viability::plant::ObjectId;
use viability_proxy::viability::snapshot::{Plant, Snapshot};

fn store(folder: &Path) -> Store {
    store_of("127.0.0.1:9", folder)
}

/// The snapshots of what this OZmap tells.
pub(crate) fn store_of(host: &str, folder: &Path) -> Store {
    let text = format!("[tenants.demo]\nhost = \"http://{host}/api/v2\"\nkey_env = \"KEY\"\n");
    let env = BTreeMap::from([("KEY".to_owned(), "a-key-of-ozmap".to_owned())]);
    let config = load(&Source { path: PathBuf::from("test.toml"), text }, &env).unwrap();
    Store::new(folder, &config.tenants[0])
}

pub(crate) fn snapshot(generation: u64) -> Snapshot {
    let read_at = UNIX_EPOCH + Duration::from_secs(1_750_000_000 + generation);
    let plant = Plant::empty(read_at);
    Snapshot::build(generation, plant)
}

pub(crate) fn loaded(store: &Store) -> Option<u64> {
    match store.load() {
        Loaded::Snapshot(snapshot, _) => Some(snapshot.generation()),
        Loaded::Unusable | Loaded::Absent => None,
    }
}

/// Names of the files there.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn of_two_stores_of_one_folder_one_writes_and_both_read() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (store(folder.path()), store(folder.path()));
    assert_eq!((loaded(&first), loaded(&second)), (None, None));
    first.save(&snapshot(1), &[]).unwrap();
    // As it is while the first writes.
    let half = folder.path().join("demo.2.tmp");
    fs::write(&half, "half").unwrap();
    assert_eq!(loaded(&second), Some(1));
    let refused = second.save(&snapshot(7), &[]).unwrap_err();
    assert_eq!(refused.as_str(), "locked");
    let told = refused.to_string();
    assert!(told.contains("/demo.lock: ") && told.contains("snapshot.directory"), "{told}");
    assert!(half.exists(), "it is another's");
    assert_eq!(loaded(&second), Some(1));

    first.give_up();
    second.save(&snapshot(8), &[]).unwrap();
    assert_eq!((loaded(&first), half.exists()), (Some(8), false));
    assert_eq!(first.save(&snapshot(2), &[]).unwrap_err().as_str(), "locked");
    assert_eq!(loaded(&first), Some(8));
}

#[test]
fn who_takes_over_keeps_newer_data_and_the_rights_that_the_other_knew() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (store(folder.path()), store(folder.path()));
    let [older, newer, newest] = [5, 6, 7].map(snapshot);
    let scope = |byte, project| KnownScope {
        key: KeyDigest([byte; 32]),
        projects: HashSet::from([ObjectId::from_bytes([project; 12])]),
        given: UNIX_EPOCH,
    };
    assert_eq!((loaded(&first), loaded(&second)), (None, None));
    first.save(&newer, &[scope(1, 1), scope(2, 1)]).unwrap();
    first.give_up();
    for _ in 0..2 {
        assert_eq!(second.save(&older, &[]).unwrap(), None);
    }
    assert_eq!(loaded(&store(folder.path())), Some(6));
    first.save(&newest, &[scope(2, 9)]).unwrap();
    let Loaded::Snapshot(held, mut scopes) = first.load() else { panic!("it can be used") };
    scopes.sort_by_key(|scope| scope.key.0);
    assert_eq!((held.generation(), scopes), (7, vec![scope(1, 1), scope(2, 9)]));
}

#[test]
fn a_store_that_ends_in_whatever_way_leaves_the_folder_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(folder.path());
    first.save(&snapshot(1), &[]).unwrap();
    drop(first);
    let leftover = folder.path().join("demo.2.tmp");
    fs::write(&leftover, "half").unwrap();
    let second = store(folder.path());
    assert_eq!((loaded(&second), leftover.exists()), (Some(1), false));
    second.save(&snapshot(2), &[]).unwrap();
}

#[test]
fn whoever_removes_the_lock_file_makes_no_second_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (store(folder.path()), store(folder.path()));
    first.save(&snapshot(1), &[]).unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    first.save(&snapshot(2), &[]).unwrap();
    assert_eq!(second.save(&snapshot(7), &[]).unwrap_err().as_str(), "locked");
    assert_eq!(loaded(&second), Some(2));
}

#[test]
fn what_cannot_be_locked_can_be_read_and_a_write_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = store(folder.path());
    first.save(&snapshot(1), &[]).unwrap();
    drop(first);
    let lock = folder.path().join("demo.lock");
    fs::remove_file(&lock).unwrap();
    // As a folder that can't be written to, for whoever runs this as root too.
    fs::create_dir(&lock).unwrap();
    let second = store(folder.path());
    assert_eq!(loaded(&second), Some(1));
    let failed = second.save(&snapshot(2), &[]).unwrap_err();
    assert_eq!(failed.as_str(), "failed");
    assert!(failed.to_string().contains("/demo.lock: "), "{failed}");
}

#[test]
fn tenants_of_one_folder_are_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let text = ["one", "two"]
        .map(|name| format!("[tenants.{name}]\nhost = \"http://127.0.0.1:9/{name}\"\nkey_env = \"KEY\"\n"));
    let env = BTreeMap::from([("KEY".to_owned(), "a-key-of-ozmap".to_owned())]);
    let config = load(&Source { path: PathBuf::from("test.toml"), text: text.concat() }, &env).unwrap();
    let stores: Vec<_> = config.tenants.iter().map(|tenant| Store::new(folder.path(), tenant)).collect();
    for (store, generation) in stores.iter().zip(1..) {
        store.save(&snapshot(generation), &[]).unwrap();
    }
    assert_eq!(stores.iter().map(loaded).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

async fn start(simulator: &Simulator, folder: &Path) -> Process {
    let env = [
        ("VIABILITY__SNAPSHOT__DIRECTORY", folder.to_str().unwrap()),
        // Never by itself while this runs.
        ("VIABILITY__REFRESH__FULL", "0 0 0 1 1 *"),
        ("VIABILITY__FRESHNESS__STALE_AFTER", "72h"),
        ("VIABILITY__FRESHNESS__MAX_STALE", "72h"),
        ("VIABILITY__ADMIN__REFRESH_GAP", "0s"),
    ];
    Process::start(simulator, 1_024, &env).await
}

/// Orders a refresh and waits for it.
async fn refresh(process: &Process) {
    let url = format!("http://{}/admin/refresh?wait=60s", process.admin);
    let answer = http_client().post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
    let report = answer.json_body().await;
    assert_eq!(report["runs"][0]["result"], "ok", "{report}");
}

/// Waits until so many snapshots were written, or not.
async fn until_counted(process: &Process, result: &str, count: u64) {
    let url = format!("http://{}/metrics", process.admin);
    let line = format!("viability_snapshot_writes_total{{result=\"{result}\",tenant=\"demo\"}} {count}\n");
    let counting = async {
        while !http_client().get(&url).send().await.unwrap().text().await.unwrap().contains(&line) {}
    };
    tokio::time::timeout(PATIENCE, counting).await.unwrap_or_else(|_| panic!("waited in vain for {line}"));
}

/// The next line of the log with this message.
async fn told(process: &mut Process, message: &str) -> Value {
    loop {
        let entry: Value = serde_json::from_str(&process.next_line().await).unwrap();
        if entry["message"] == message {
            return entry;
        }
    }
}

#[tokio::test]
async fn of_two_processes_one_writes_the_other_says_why_not_and_takes_over() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(&simulator, folder.path()).await;
    until_counted(&first, "ok", 1).await;
    let mut second = start(&simulator, folder.path()).await;
    assert!(second.start_log().iter().any(|line| line.contains("stored snapshot restored")));
    let entry = told(&mut second, "a restart would lose these data").await;
    let error = entry["error"].as_str().unwrap();
    let lock = folder.path().join("demo.lock");
    assert!(entry["level"] == "WARN" && error.starts_with(&format!("{}: ", lock.display())), "{entry}");
    until_counted(&second, "locked", 1).await;
    let one = ["demo.1.snapshot", "demo.lock"].map(ToOwned::to_owned);
    assert_eq!(names(folder.path()), BTreeSet::from(one));
    for (writes, refused) in [(2, 2), (3, 3)] {
        refresh(&second).await;
        until_counted(&second, "locked", refused).await;
        refresh(&first).await;
        until_counted(&first, "ok", writes).await;
    }

    // The rights of a key that came after are written at the end, as ever; then the other writes, without being told to.
    let key = simulator.key_for(&[simulator.projects()[0].id.clone()]);
    let query = format!("http://{}/api/v2/ftth-viability/radius?lat=0&lng=0", first.public);
    assert_eq!(http_client().get(query).header(AUTHORIZATION, key).send().await.unwrap().status(), 200);
    first.signal(Signal::TERM);
    assert!(first.ended().await);
    until_counted(&second, "ok", 1).await;
    let three = ["demo.3.snapshot", "demo.4.snapshot", "demo.5.snapshot", "demo.lock"];
    assert_eq!(names(folder.path()), BTreeSet::from(three.map(ToOwned::to_owned)));
}

#[tokio::test]
async fn check_tries_the_folder_of_a_running_process_and_does_not_disturb_it() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let process = start(&simulator, folder.path()).await;
    until_counted(&process, "ok", 1).await;
    let before = names(folder.path());
    for writes in 2..=4 {
        let check = tokio::process::Command::new(env!("CARGO_BIN_EXE_viability-proxy"))
            .args(["check", "--config"])
            .arg(process.config_file())
            .env_clear()
            .env("VIABILITY__SNAPSHOT__DIRECTORY", folder.path())
            .output();
        let (check, ()) = tokio::join!(check, refresh(&process));
        let check = check.unwrap();
        assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
        until_counted(&process, "ok", writes).await;
    }
    let kinds = |names: &BTreeSet<String>| {
        names.iter().map(|name| name.rsplit('.').next().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(kinds(&names(folder.path())), kinds(&before));
}
