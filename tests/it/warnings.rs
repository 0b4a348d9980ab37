//! Warnings of a sound configuration: who is told of them, and when.

use crate::cli::{program, text};
use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, http_client};
use crate::process::Process;
use ozmap_simulator::{Settings, Simulator};
use serde_json::{Value, json};
use std::fs;

const TWO: &str = "[log]\nfilter = \"hyper=info\"\n[admin]\ntoken_env = \"K\"\n[tenants.norte]\nhost = \"https://norte.example\"\nkey_env = \"K\"\n\
    [tenants.sul]\nhost = \"https://sul.example\"\nkey_env = \"K\"\nhosts = [\"sul.example\"]\n";

#[tokio::test]
async fn warnings_are_told_and_leave_check_a_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my.toml"), TWO).unwrap();
    for command in ["check", "config"] {
        let output = program(&[command, "--config", "my.toml"])
            .current_dir(folder.path())
            .env("K", "a-key")
            .env("VIABILITY_LIVE_DEADLINE", "1s")
            .output();
        let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let told: Vec<_> = text(&output.stderr).lines().collect();
        assert_eq!(told.len(), 4, "{command}: {told:?}");
        for (told, words) in told.iter().zip([
            ["my.toml:2: log.filter: ", "not even errors"],
            ["my.toml:3: admin: ", "fewer than 12 characters"],
            ["my.toml:5: tenants.norte: ", "/norte/api/v2 only"],
            ["environment VIABILITY_LIVE_DEADLINE: ", "VIABILITY__LIVE__DEADLINE"],
        ]) {
            assert!(
                told.starts_with("warning: ") && words.iter().all(|words| told.contains(words)),
                "{told}"
            );
        }
    }
}

/// What the log warns of, of these lines.
fn warnings<'l>(lines: impl IntoIterator<Item = &'l String>) -> Vec<String> {
    let entries = lines.into_iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warned = |entry: Value| {
        let warning = entry["warning"].as_str()?.to_owned();
        assert_eq!(entry["level"], "WARN");
        Some(warning)
    };
    entries.filter_map(warned).collect()
}

#[tokio::test]
async fn serve_logs_warnings_at_the_start_and_new_ones_at_a_reload() {
    let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
    let mut process = Process::start(&simulator, 1_024, &[("VIABILITY_LIVE_DEADLINE", "1s")]).await;
    let at_start = warnings(process.start_log());
    assert!(at_start.len() == 1 && at_start[0].contains("VIABILITY_LIVE_DEADLINE"), "{at_start:?}");
    let file = process.config_file();
    let one = fs::read_to_string(&file).unwrap();
    let norte = format!("{one}[tenants.norte]\nhost = \"{}\"\nkey_file = \"key\"\n", simulator.host());
    fs::write(&file, norte).unwrap();
    let url = format!("http://{}/admin/reload", process.admin);
    let reloaded = http_client().post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap().json_body().await;
    assert_eq!(reloaded["needs_restart"], json!(["tenants.norte (added)"]));
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains("these changes need a restart")) {
        lines.push(process.next_line().await);
    }
    let at_reload = warnings(&lines);
    assert_eq!(at_reload.len(), 2, "what was told at the start is nothing new: {at_reload:?}");
    assert!(at_reload[0].contains("/demo/api/v2 only") && at_reload[1].contains("/norte/api/v2 only"));
}
