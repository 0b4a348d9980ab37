//! The command: its exit codes, and the page that it writes.

use super::simulator;
use crate::cli::{program, text};
use crate::harness::PATIENCE;
use ozmap_simulator::{NewBox, OracleRules, Settings, Simulator};
use std::process::Output;
use tempfile::TempDir;

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
