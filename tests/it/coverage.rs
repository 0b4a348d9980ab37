//! The network as GeoJSON, as people have it written.

use crate::cli::{program, text};
use crate::harness::PATIENCE;
use ozmap_simulator::{Settings, Simulator};
use serde_json::Value;
use std::process::Output;
use tempfile::TempDir;

fn folder_for(simulator: &Simulator, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[tenants.cliente]\nhost = \"{}\"\nkey_file = \"key\"\n{more}", simulator.host());
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    std::fs::write(folder.path().join("key"), simulator.full_key()).unwrap();
    folder
}

async fn run(folder: &TempDir, more: &[&str]) -> Output {
    let arguments = [&["coverage", "--config", "config.toml"], more].concat();
    let output = program(&arguments).current_dir(folder.path()).output();
    tokio::time::timeout(PATIENCE, output).await.expect("it ends by itself").unwrap()
}

fn read(folder: &TempDir, file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.path().join(file)).unwrap()).unwrap()
}

#[tokio::test]
async fn every_box_and_the_ground_around_those_that_can_be_sold_are_written() {
    let simulator = Simulator::start(Settings { boxes: 300, ..Settings::default() }).await.unwrap();
    let folder = folder_for(&simulator, "");
    let output =
        run(&folder, &["--radius", "100", "--output", "ground.geojson", "--boxes", "boxes.geojson"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let held = simulator.boxes();
    let sellable = held.iter().filter(|one| one.free_ports > 0 && !one.draft).count();
    assert!(
        text(&output.stdout)
            .contains(&format!("ground within 100 m of {sellable} boxes; {} boxes", held.len())),
        "{output:?}"
    );
    let boxes = read(&folder, "boxes.geojson");
    assert_eq!(boxes["type"], "FeatureCollection");
    let features = boxes["features"].as_array().unwrap();
    assert_eq!(features.len(), held.len());
    let one = features.iter().find(|feature| feature["id"] == held[0].id.as_str()).unwrap();
    assert_eq!(one["geometry"]["coordinates"][0].as_f64(), Some(held[0].lng));
    assert_eq!(one["properties"]["free_ports"], held[0].free_ports);
    let ground = read(&folder, "ground.geojson");
    let feature = &ground["features"][0];
    assert_eq!(feature["geometry"]["type"], "MultiPolygon");
    assert_eq!(feature["properties"]["sellable_boxes"], sellable);
    assert!(!feature["geometry"]["coordinates"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_call_and_an_ozmap_that_fails_leave_no_file_and_say_why() {
    let simulator = Simulator::start(Settings { boxes: 50, ..Settings::default() }).await.unwrap();
    let folder = folder_for(&simulator, "");
    for wrong in
        [&[][..], &["--output", "a.geojson", "--radius", "0"], &["--output", "a.geojson", "--tenant", "b"]]
    {
        assert_eq!(run(&folder, wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    drop(simulator);
    let output = run(&folder, &["--output", "ground.geojson"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("cliente: reading OZmap failed"), "{output:?}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
