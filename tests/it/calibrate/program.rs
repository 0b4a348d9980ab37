//! Finding out how one's own OZmap answers, as people run it: what is printed, the page, and recordings.

use super::simulator;
use crate::cli::{program, text};
use crate::harness::PATIENCE;
use ozmap_simulator::{Boundary, NewBox, OracleRules, Settings, Simulator};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tempfile::TempDir;
use viability_proxy::calibrate::recording::replay;
use viability_proxy::config::load::{Source, load};
use viability_proxy::viability::Rules;

/// A folder with a configuration for this simulator and the key in a file.
fn folder_for(simulator: &Simulator, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[tenants.cliente]\nhost = \"{}\"\nkey_file = \"key\"\n{more}", simulator.host());
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    std::fs::write(folder.path().join("key"), simulator.full_key()).unwrap();
    folder
}

async fn run(folder: &TempDir, more: &[&str]) -> Output {
    let arguments = [&["calibrate", "--config", "config.toml", "--rate", "1000"], more].concat();
    let output = program(&arguments).current_dir(folder.path()).output();
    tokio::time::timeout(PATIENCE, output).await.expect("it ends by itself").unwrap()
}

#[tokio::test]
async fn the_exit_code_is_0_only_where_it_is_safe_to_switch() {
    let simulator = simulator(OracleRules::default()).await;
    let safe = run(&folder_for(&simulator, ""), &[]).await;
    assert_eq!(safe.status.code(), Some(0), "{safe:?}");
    assert!(text(&safe.stdout).contains("\nVerdict: safe to switch\n"), "{}", text(&safe.stdout));
    let progress = text(&safe.stderr);
    assert!(
        progress.contains("boxes: 2000 rows\n") && progress.ends_with("asking: 200 points\n"),
        "{progress}"
    );

    let other = folder_for(&simulator, "[tenants.cliente.viability]\nearth_radius_m = 6371000\n");
    let unsafe_ = run(&other, &[]).await;
    assert_eq!(unsafe_.status.code(), Some(1), "{unsafe_:?}");
    let told = text(&unsafe_.stdout);
    for part in [
        "earth_radius_m = 6378100 ",
        "(configured 6371000: ",
        "[tenants.cliente.viability]\n  earth_radius_m = 6378100\n",
        "Verdict: not safe to switch as configured; safe with these settings\n",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains(&simulator.full_key()));

    for wrong in [["--tenant", "nobody"], ["--points", "3"], ["--rate", "0"], ["--config", "absent.toml"]] {
        let output = run(&other, &wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?} {output:?}");
    }
}

#[tokio::test]
async fn the_page_tells_all_asks_nobody_and_holds_neither_key_nor_host_nor_a_names_html() {
    let settings = Settings { boxes: 0, rules: OracleRules::default(), ..Settings::default() };
    let simulator = Simulator::start(settings).await.unwrap();
    for number in 0..12 {
        let name = format!("<img src=x onerror=alert({number})> & \"CTO\"");
        simulator.add_box(NewBox { name, lat: -27.5 - f64::from(number) * 1e-3, ..NewBox::default() });
    }
    let folder =
        folder_for(&simulator, "[tenants.cliente.viability]\nearth_radius_m = 6371000\nmax_boxes = 10\n");
    let output = run(&folder, &["--points", "40", "--output", "report.html"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    for part in [
        "Not safe to switch as configured; safe with these settings",
        "<th scope=\"row\">earth_radius_m<td>6378100<td>",
        "<pre>[tenants.cliente.viability]\nearth_radius_m = 6378100",
        "&lt;img src=x onerror=alert(",
        "<svg viewBox=",
        "class=\"differs\"",
        "class=\"scale\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let host = simulator.host();
    let address = host.trim_start_matches("http://").split('/').next().unwrap();
    for secret in
        [simulator.full_key().as_str(), address, "<img", "<script", "http://", "https://", "url(", "@import"]
    {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    let nowhere = run(&folder, &["--output", "no/such/folder/report.html"]).await;
    assert_eq!(nowhere.status.code(), Some(2), "{nowhere:?}");
    assert_eq!(simulator.requests("viability"), 40, "nothing is asked in vain");
}

/// The rules that a configuration has which says nothing of viability.
fn usual_rules() -> Rules {
    let text = "[tenants.demo]\nhost = \"http://localhost\"\nkey_env = \"KEY\"\n".to_owned();
    let env = BTreeMap::from([("KEY".to_owned(), "a-key".to_owned())]);
    let config = load(&Source { path: PathBuf::from("test.toml"), text }, &env).unwrap();
    config.tenants[0].rules.clone()
}

#[tokio::test]
async fn a_recording_replays_and_tells_nobody_whose_network_it_is() {
    let rules = OracleRules {
        earth_radius_m: 6_371_000.0,
        max_boxes: 10,
        boundary: Boundary::Exclusive,
        unknown_field: true,
        list_properties: true,
        ..OracleRules::default()
    };
    let simulator = Simulator::start(Settings { boxes: 600, rules, ..Settings::default() }).await.unwrap();
    let folder = folder_for(&simulator, "");
    let output = run(&folder, &["--points", "60", "--record", "recorded"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let recorded = folder.path().join("recorded");
    let replayed = replay(&recorded, &usual_rules()).unwrap();
    assert_eq!(replayed.len(), 60);
    for one in &replayed {
        assert_eq!(one.words(), one.expected, "{}: {:?}", one.query, one.differences);
        let known = ["home", "only_field"];
        assert!(one.expected.iter().all(|word| known.contains(&word.as_str())), "{:?}", one.expected);
    }
    let host = simulator.host();
    let address = host.trim_start_matches("http://").split('/').next().unwrap();
    for file in std::fs::read_dir(&recorded).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for secret in [simulator.full_key().as_str(), address, "OLT-1", "Rua S", "http"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    let listed = json_of(&recorded.join("boxes.json"))["rows"].take();
    let queries = json_of(&recorded.join("queries.json"))["queries"].take();
    let shown =
        queries.as_array().unwrap().iter().flat_map(|query| query["answer"]["boxes"].as_array().unwrap());
    let mut seen = 0;
    for one in listed.as_array().unwrap().iter().chain(shown) {
        let real = simulator.box_named(one["id"].as_str().unwrap()).unwrap();
        assert!(one["name"] != real.name.as_str() || real.name.is_empty(), "{one}");
        assert!(one["lng"] != real.lng, "{one}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
    let again = run(&folder, &["--points", "60", "--record", "recorded"]).await;
    assert_eq!(again.status.code(), Some(2), "{again:?}");
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_recording_is_answered_as_its_ozmap_answered() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ozmap");
    let (mut recordings, mut boxes) = (0, 0);
    for folder in std::fs::read_dir(&fixtures).unwrap() {
        let folder = folder.unwrap().path();
        let replayed = replay(&folder, &usual_rules()).unwrap_or_else(|error| panic!("{error}"));
        assert!(!replayed.is_empty(), "{}", folder.display());
        for one in &replayed {
            let (place, query) = (folder.display(), &one.query);
            assert_eq!(one.words(), one.expected, "{place} {query}: {:?}", one.differences);
        }
        boxes +=
            std::fs::read_to_string(folder.join("queries.json")).unwrap().matches("availability").count();
        recordings += 1;
    }
    assert!(recordings > 0 && boxes > 0);
}

#[tokio::test]
async fn what_was_there_stays_where_nothing_comes_of_it() {
    let simulator = simulator(OracleRules::default()).await;
    simulator.faults().failure_rate(1.0, 503);
    let folder = folder_for(&simulator, "");
    let report = folder.path().join("report.html");
    std::fs::write(&report, "yesterday's").unwrap();
    let output = run(&folder, &["--output", "report.html", "--record", "recorded"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stderr);
    assert!(
        told.contains("cliente: ") && told.contains("; nothing is written, call it again when"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(&report).unwrap(), "yesterday's");
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["config.toml", "key", "report.html"]);
}

#[tokio::test]
async fn who_interrupts_it_is_told_what_was_answered_by_then() {
    let simulator = simulator(OracleRules::default()).await;
    let folder = folder_for(&simulator, "");
    let arguments = ["calibrate", "--config", "config.toml", "--rate", "20", "--output", "report.html"];
    let mut command = program(&arguments);
    let child =
        command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let asked = async {
        while simulator.requests("viability") < 15 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it asks");
    let signal = ["-INT", &child.id().unwrap().to_string()];
    assert!(std::process::Command::new("kill").args(signal).status().unwrap().success());
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stdout);
    assert!(told.contains("Verdict: not safe to switch\n"), "{told}");
    assert!(told.contains("OZmap was not asked to the end: interrupted"), "{told}");
    assert!(std::fs::read_to_string(folder.path().join("report.html")).unwrap().contains("interrupted"));
}

#[tokio::test]
async fn where_points_are_too_few_to_tell_settings_apart_it_isnt_known_to_be_safe() {
    let simulator = simulator(OracleRules::default()).await;
    let output = run(&folder_for(&simulator, ""), &["--points", "20"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = text(&output.stdout);
    assert!(told.contains("Verdict: not known to be safe: nothing differs"), "{told}");
    assert!(told.contains(" is not told apart from "), "{told}");
}
