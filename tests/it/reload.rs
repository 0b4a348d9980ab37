//! A changed configuration, taken into force while running.

use crate::harness::{ADMIN_TOKEN, JsonBody, PATIENCE, World, http_client};
use crate::process::Process;
use ozmap_simulator::{Settings, Simulator};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use toml::Table;
use viability_proxy::config::load::BUILT_IN;

/// A process whose configuration can be changed, and whoever asks it.
struct Running {
    simulator: Simulator,
    process: Process,
    http: reqwest::Client,
    /// What the file says at first.
    original: String,
}

impl Running {
    async fn start() -> Self {
        let simulator = Simulator::start(Settings { boxes: 500, ..Settings::default() }).await.unwrap();
        let env = [("VIABILITY__ADMIN__TOKEN_ENV", "UNUSED"), ("UNUSED", ADMIN_TOKEN)];
        let process = Process::start(&simulator, 1_024, &env).await;
        let original = fs::read_to_string(process.config_file()).unwrap();
        Self { simulator, process, http: http_client(), original }
    }

    fn configure(&self, more: &str) {
        fs::write(self.process.config_file(), format!("{}{more}", self.original)).unwrap();
    }

    async fn reload(&self) -> (StatusCode, Value) {
        let url = format!("http://{}/admin/reload", self.process.admin);
        let response = self.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        (response.status(), response.json_body().await)
    }

    /// Whether the configuration in force is the one in the file.
    async fn is_in_force(&self) -> bool {
        let url = format!("http://{}/metrics", self.process.admin);
        let page = self.http.get(url).send().await.unwrap().text().await.unwrap();
        page.contains("\nviability_config_last_reload_successful 1\n")
    }

    /// What the status page says of the configuration; the time of the last reload aside.
    async fn status(&self) -> Value {
        let url = format!("http://{}/admin/status", self.process.admin);
        let mut status = self.http.get(url).send().await.unwrap().json_body().await;
        let mut told = status["configuration"].take();
        if let Some(reload) = told["last_reload"].as_object_mut() {
            let at = reload.remove("at").expect("a time");
            assert!(humantime::parse_rfc3339(at.as_str().unwrap()).is_ok(), "{at}");
        }
        told
    }

    async fn query(&self, key: &str) -> StatusCode {
        let home = &self.simulator.boxes()[0];
        let query = format!("lat={}&lng={}&radius=100", home.lat, home.lng);
        let url = format!("http://{}/api/v2/ftth-viability/radius?{query}", self.process.public);
        self.http.get(url).header("Authorization", key).send().await.unwrap().status()
    }

    async fn message(&mut self, wanted: &str) -> Value {
        loop {
            let entry: Value = serde_json::from_str(&self.process.next_line().await).unwrap();
            if entry["message"] == wanted {
                return entry;
            }
        }
    }
}

/// A hundred files that are not sound: every key there is with values it can't have, and misspelt, each on its own.
fn broken_files() -> Vec<String> {
    let built_in: Table = BUILT_IN.parse().unwrap();
    let mut files = Vec::new();
    for (section, keys) in built_in {
        for (key, _) in keys.as_table().unwrap() {
            files.push(format!("[{section}]\n{key}x = 1\n"));
            // These the process has from its environment, which counts before the file.
            if !["listen", "format"].contains(&key.as_str()) {
                files.push(format!("[{section}]\n{key} = [[1]]\n"));
                files.push(format!("[{section}]\n{key} = 1979-05-27\n"));
            }
        }
    }
    let texts = ["[", "x", "[live]\ndeadline = \"1s", "[live]\n[live]\n", "\u{0}", "[nothing]\na = 1\n"];
    files.extend(texts.map(ToOwned::to_owned));
    files
}

#[tokio::test]
async fn r28_a_hundred_broken_files_are_refused_with_their_place_and_the_old_one_serves() {
    let running = Running::start().await;
    let key = running.simulator.full_key();
    let broken = broken_files();
    assert!(broken.len() >= 100, "only {}", broken.len());
    for file in &broken {
        running.configure(file);
        let (status, body) = running.reload().await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{file}: {body}");
        assert_eq!(body["code"], "not_reloaded");
        let message = body["message"].as_str().unwrap();
        let place = message.split_once("config.toml:").map(|(_, rest)| rest.split(':').next().unwrap());
        let line: usize = place.and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("{message}"));
        // What was added begins on the fourth line.
        assert!((4..8).contains(&line), "{file}: {message}");
        assert!(!running.is_in_force().await, "{file}");
        assert_eq!(running.query(&key).await, StatusCode::OK, "{file}");
    }
    running.configure("");
    assert_eq!(running.reload().await, (StatusCode::OK, json!({ "applied": [], "needs_restart": [] })));
    assert!(running.is_in_force().await);
}

#[tokio::test]
async fn r28_what_can_change_while_running_does_and_the_rest_is_named_until_a_restart() {
    let running = Running::start().await;
    let key = running.simulator.full_key();
    let changes = "[server]\nrequests_per_second_per_key = 0.001\n\
        [admin]\nhosts = [\"proxy.example\"]\nrefresh_gap = \"3s\"\n\
        [log]\nfilter = \"debug\"\n\
        [live]\ndeadline = \"700ms\"\n[snapshot]\ndirectory = \"snapshots\"\n";
    running.configure(changes);
    let waits = ["snapshot.directory", "tenants.demo.live.deadline"];
    let applied = ["admin.hosts", "admin.refresh_gap", "log.filter", "server.requests_per_second_per_key"];
    assert_eq!(
        running.reload().await,
        (StatusCode::OK, json!({ "applied": applied, "needs_restart": waits }))
    );
    assert_eq!(running.query(&key).await, StatusCode::OK);
    assert_eq!(running.query(&key).await, StatusCode::TOO_MANY_REQUESTS);
    let named = running.http.get(format!("http://{}/healthz", running.process.admin));
    assert_eq!(named.header("Host", "proxy.example").send().await.unwrap().status(), StatusCode::OK);
    // What is in force is nothing new; what waits still does, and the limit knows who has asked.
    assert_eq!(running.reload().await, (StatusCode::OK, json!({ "applied": [], "needs_restart": waits })));
    assert_eq!(running.query(&key).await, StatusCode::TOO_MANY_REQUESTS);
    running.configure("");
    let (_, body) = running.reload().await;
    assert_eq!(body, json!({ "applied": applied, "needs_restart": [] }));
    assert_eq!(running.query(&key).await, StatusCode::OK);
    running.configure("[server]\nqueue_timeout = \"1s\"\n");
    let (_, body) = running.reload().await;
    assert_eq!(body, json!({ "applied": ["server.queue_timeout"], "needs_restart": [] }));
}

#[tokio::test]
async fn origins_of_web_pages_that_are_in_force_already_are_nothing_new() {
    let running = Running::start().await;
    running.configure("[server]\ncors_origins = [\"https://vendas.example\"]\n");
    for applied in [json!(["server.cors_origins"]), json!([])] {
        let (_, body) = running.reload().await;
        assert_eq!(body, json!({ "applied": applied, "needs_restart": [] }));
    }
}

#[tokio::test]
async fn r28_a_hangup_reads_the_file_again_and_ends_nothing() {
    let mut running = Running::start().await;
    let key = running.simulator.full_key();
    running.configure("[live]\ndeadline = 7\n");
    running.process.signal(Signal::HUP);
    let entry = running.message("configuration not reloaded").await;
    assert!(entry["error"].as_str().unwrap().contains("config.toml:5: live.deadline: "), "{entry}");
    assert!(!running.is_in_force().await);
    running.configure("[log]\nfilter = \"viability_proxy=debug\"\n");
    running.process.signal(Signal::HUP);
    let entry = running.message("configuration reloaded").await;
    assert_eq!(entry["applied"], "log.filter");
    assert_eq!(running.query(&key).await, StatusCode::OK);
    let entry = running.message("request").await;
    assert_eq!((&entry["level"], &entry["route"]), (&"DEBUG".into(), &"viability".into()));
}

#[tokio::test]
async fn a_new_key_of_a_tenant_waits_for_a_restart_and_is_not_shown() {
    let running = Running::start().await;
    let key = running.simulator.full_key();
    let secret = "another-key-of-ozmap";
    fs::write(running.process.config_file().with_file_name("key"), secret).unwrap();
    let (status, body) = running.reload().await;
    assert_eq!((status, &body["needs_restart"]), (StatusCode::OK, &json!(["tenants.demo.key_file"])));
    assert_eq!(running.query(&key).await, StatusCode::OK);
    assert!(!body.to_string().contains(secret));
}

#[tokio::test]
async fn a_reload_that_hangs_holds_up_no_end() {
    let mut running = Running::start().await;
    let file = running.process.config_file();
    fs::remove_file(&file).unwrap();
    // Whoever opens it waits for somebody to write.
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    running.process.signal(Signal::HUP);
    while !running.process.next_message().await.contains("again on SIGHUP") {}
    running.process.signal(Signal::TERM);
    assert!(running.process.ended().await);
}

#[tokio::test]
async fn a_filter_that_silences_the_log_is_warned_of_while_the_log_still_tells() {
    let mut running = Running::start().await;
    running.configure("[log]\nfilter = \"off\"\n");
    running.process.signal(Signal::HUP);
    let warned = async { while !running.process.next_line().await.contains("not even errors") {} };
    tokio::time::timeout(PATIENCE, warned).await.expect("a warning");
}

#[tokio::test]
async fn the_status_tells_what_waits_for_a_restart_and_how_the_last_reload_ended() {
    let running = Running::start().await;
    assert_eq!(running.status().await, json!({ "needs_restart": [], "last_reload": null }));
    running.configure("[live]\ndeadline = \"700ms\"\n");
    running.reload().await;
    let waits = ["tenants.demo.live.deadline"];
    let expected = json!({ "needs_restart": waits, "last_reload": { "result": "ok" } });
    assert_eq!(running.status().await, expected);
    // A file that is not sound tells nothing of what waits: that is still what the last sound one said.
    running.configure("[live]\ndeadline = 7\n");
    running.reload().await;
    let status = running.status().await;
    assert_eq!(
        (&status["needs_restart"], &status["last_reload"]["result"]),
        (&json!(waits), &json!("failed"))
    );
    let error = status["last_reload"]["error"].as_str().unwrap();
    assert!(error.contains("config.toml:5: live.deadline: "), "{error}");
    running.configure("");
    running.reload().await;
    assert_eq!(running.status().await, json!({ "needs_restart": [], "last_reload": { "result": "ok" } }));
}

#[tokio::test]
async fn a_tenant_that_comes_or_goes_is_named_once() {
    let running = Running::start().await;
    let norte = format!("[tenants.norte]\nhost = \"{}\"\nkey_file = \"key\"\n", running.simulator.host());
    running.configure(&format!("[tenants.demo.live]\ndeadline = \"700ms\"\n{norte}"));
    let (status, body) = running.reload().await;
    let waits = json!(["tenants.demo.live.deadline", "tenants.norte (added)"]);
    assert_eq!((status, &body["needs_restart"]), (StatusCode::OK, &waits), "{body}");
    fs::write(running.process.config_file(), norte).unwrap();
    let (_, body) = running.reload().await;
    assert_eq!(body["needs_restart"], json!(["tenants.demo (removed)", "tenants.norte (added)"]));
}

#[tokio::test]
async fn r24_a_reload_needs_the_token_and_a_post() {
    let world = World::start().await;
    let url = format!("http://{}/admin/reload", world.app.admin_address());
    assert_eq!(world.http.post(&url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let wrong = world.http.post(&url).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let get = world.http.get(&url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
    assert_eq!(
        (get.status(), &get.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
}
