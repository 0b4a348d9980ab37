//! The program as people run it.

use crate::harness::{PATIENCE, http_client};
use ozmap_simulator::{Settings, Simulator};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Output, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_viability-proxy"));
    command.args(arguments).kill_on_drop(true).stdin(Stdio::null()).env_clear();
    command
}

async fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = program(arguments).current_dir(folder).output();
    tokio::time::timeout(PATIENCE, output).await.expect("it ends by itself").unwrap()
}

fn text_of(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A folder with a configuration for this simulator and the key in a file.
fn folder_for(simulator: &Simulator, key: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[tenants.cliente]\nhost = \"{}\"\nkey_file = \"key\"\n", simulator.host());
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    std::fs::write(folder.path().join("key"), key).unwrap();
    folder
}

#[tokio::test]
async fn a_variable_that_is_no_text_is_refused_like_any_other_wrong_value() {
    let simulator = Simulator::start(Settings { boxes: 10, ..Settings::default() }).await.unwrap();
    let folder = folder_for(&simulator, &simulator.full_key());
    let output = program(&["check", "--config", "config.toml"])
        .current_dir(folder.path())
        .env("VIABILITY__LIVE__DEADLINE", OsStr::from_bytes(b"1s\xff"))
        .output();
    let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("environment VIABILITY__LIVE__DEADLINE: expected a duration"),
        "{output:?}"
    );
}

/// What a shell would make of a line: words, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

/// Sends what a printed `curl` command would send.
async fn curl(line: &str) -> (StatusCode, String) {
    let words = words(line);
    let after = |flag: &str| words.iter().position(|word| word == flag).map(|at| words[at + 1].clone());
    let url = words.iter().find(|word| word.starts_with("http://")).expect("an address");
    let method = after("-X").map_or(Method::GET, |method| method.parse().unwrap());
    let mut request = http_client().request(method, url);
    if let Some((name, value)) = after("-H").as_deref().and_then(|header| header.split_once(": ")) {
        request = request.header(name, value);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn commands_printed_by(demo: &mut Child) -> Vec<String> {
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut commands = Vec::new();
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            let last = line.ends_with("/metrics");
            if line.starts_with("curl ") {
                commands.push(line);
            }
            if last {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the demo prints its commands");
    commands
}

#[tokio::test]
async fn each_command_that_the_demo_prints_works_as_printed() {
    let listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let mut demo = program(&["demo", "--boxes", "1500"]).args(listen).stdout(Stdio::piped()).spawn().unwrap();
    let commands = commands_printed_by(&mut demo).await;
    assert_eq!(commands.len(), 5, "{commands:?}");
    let mut answers = Vec::new();
    for command in &commands {
        let (status, body) = curl(command).await;
        assert_eq!(status, StatusCode::OK, "{command}\n{body}");
        answers.push(body);
    }
    let [ours, theirs, status, refreshed, metrics] = answers.try_into().unwrap();
    let viable = |body: &str| serde_json::from_str::<Value>(body).unwrap()["viable"].clone();
    assert_eq!((viable(&ours), viable(&theirs)), (true.into(), true.into()));
    assert!(
        status.contains("\"age_seconds\"") && refreshed.contains("\"result\":\"ok\""),
        "{status}\n{refreshed}"
    );
    assert!(metrics.contains("viability_queries_total"));
}

/// Starts a proxy that logs everything there is, in front of this simulator.
fn serve_loudly(folder: &TempDir) -> Child {
    program(&["serve"])
        .current_dir(folder.path())
        .env("VIABILITY__SERVER__LISTEN", "127.0.0.1:0")
        .env("VIABILITY__ADMIN__LISTEN", "127.0.0.1:0")
        .env("VIABILITY__LOG__FILTER", "trace")
        .env("VIABILITY__LOG__FORMAT", "json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_served_query_is_logged_without_key_or_address_and_sigterm_ends_the_proxy_with_success() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let folder = folder_for(&simulator, &simulator.full_key());
    let mut proxy = serve_loudly(&folder);
    let stranger = "hunter2-of-a-strangers-key";
    let mut log = BufReader::new(proxy.stderr.take().unwrap()).lines();
    let (mut told, mut public) = (Vec::new(), String::new());
    let serving = async {
        while let Some(line) = log.next_line().await.unwrap() {
            let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            told.push(line);
            if let Some(address) = entry["public"].as_str() {
                public = address.to_owned();
            }
            if entry["message"] == "refresh published" {
                for (key, more) in
                    [(simulator.full_key(), ""), (simulator.full_key(), "&x=1"), (stranger.to_owned(), "")]
                {
                    let place = "lat=-27.123456&lng=-48.654321";
                    let url =
                        format!("http://{public}/api/v2/ftth-viability/radius?{place}&radius=2500{more}");
                    http_client().get(url).header("authorization", key).send().await.unwrap();
                }
                let id = proxy.id().unwrap().to_string();
                assert!(Command::new("kill").arg(id).status().await.unwrap().success());
            }
        }
        proxy.wait().await.unwrap()
    };
    let status = tokio::time::timeout(PATIENCE, serving).await.expect("it ends");
    let told = told.join("\n");
    assert!(status.success(), "{status}\n{told}");
    assert!(
        told.contains("stopped; every request was answered") && told.contains("\"near\":\"-27.123,-48.654\""),
        "{told}"
    );
    for secret in [simulator.full_key().as_str(), stranger, "27.1234", "48.6543"] {
        let leak = told.lines().find(|line| line.contains(secret));
        assert_eq!(leak, None, "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_exit_code_2_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my.toml"), "[server]\nlistne = \"0.0.0.0:1\"\n").unwrap();
    for command in ["serve", "check", "config"] {
        let output = run(folder.path(), &[command, "--config", "my.toml"]).await;
        assert_eq!(output.status.code(), Some(2), "{command}");
        let told = text(&output.stderr);
        assert!(told.contains("my.toml:2: server.listne") && told.contains("listen"), "{told}");
    }
    let missing = run(folder.path(), &["serve", "--config", "none.toml"]).await;
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("none.toml"), "{}", text(&missing.stderr));
    assert_eq!(run(folder.path(), &["sevre"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn where_no_file_is_the_one_that_was_looked_for_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "check", "config"] {
        let output = run(folder.path(), &[command]).await;
        assert_eq!(output.status.code(), Some(2), "{command}");
        let told = text(&output.stderr);
        let looked_for = folder.path().canonicalize().unwrap().join("config.toml");
        let expected = format!("there is no configuration file {}: ", looked_for.display());
        assert!(told.starts_with(&expected) && told.contains("--config"), "{command}: {told}");
        assert!(told.contains("\nconfiguration: tenants: expected at least one section"), "{told}");
    }
    // Where nothing is missing, or a file is there, there is nothing to say of it.
    let check = async |host: &str| {
        let env =
            [("VIABILITY__TENANTS__A__HOST", host), ("VIABILITY__TENANTS__A__KEY_ENV", "K"), ("K", "a-key")];
        let output = program(&["check"]).current_dir(folder.path()).envs(env).output();
        tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap()
    };
    let alone = check("https://a.example").await;
    assert!(alone.status.success() && alone.stderr.is_empty(), "{}", text_of(&alone));
    let told = text_of(&check("a.example").await);
    assert!(told.starts_with("environment VIABILITY__TENANTS__A__HOST: "), "{told}");
    std::fs::write(folder.path().join("config.toml"), "").unwrap();
    let told = text_of(&run(folder.path(), &["check"]).await);
    assert!(told.starts_with("config.toml: tenants: expected at least one"), "{told}");
}

#[tokio::test]
async fn a_taken_port_is_exit_code_1_and_named() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let folder = folder_for(&simulator, &simulator.full_key());
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        program(&["serve"]).current_dir(folder.path()).env("VIABILITY__SERVER__LISTEN", &address).output();
    let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&address), "{}", text(&output.stderr));
}

#[tokio::test]
async fn check_online_tells_whether_ozmap_accepts_the_key() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let good = run(folder_for(&simulator, &simulator.full_key()).path(), &["check", "--online"]).await;
    let told = text(&good.stdout);
    assert!(good.status.success() && told.contains("cliente: OZmap answers; the key sees "), "{told}");
    let bad = run(folder_for(&simulator, "wrong").path(), &["check", "--online"]).await;
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stdout).contains("OZmap refuses the key"), "{}", text(&bad.stdout));
}

#[tokio::test]
async fn check_online_tells_where_a_login_page_answers() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    simulator.faults().answer("/projects", 200, "text/html", "<html>Login</html>");
    let output = run(folder_for(&simulator, &simulator.full_key()).path(), &["check", "--online"]).await;
    let told = text(&output.stdout);
    let place = format!("cliente: {}/projects: a web page (HTML)", simulator.host());
    assert!(output.status.code() == Some(1) && told.contains(&place), "{told}");
}

#[tokio::test]
async fn check_tells_a_snapshot_directory_that_cannot_be_written_and_leaves_none_behind() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |directory: &str| {
        let output = program(&["check"])
            .current_dir(folder.path())
            .env("VIABILITY__SNAPSHOT__DIRECTORY", directory)
            .env("VIABILITY__TENANTS__CLIENTE__HOST", "https://cliente.example")
            .env("VIABILITY__TENANTS__CLIENTE__KEY_ENV", "K")
            .env("K", "a-key")
            .output();
        tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap()
    };
    let good = check("new/below").await;
    assert!(good.status.success(), "{}", text_of(&good));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    let bad = check("/proc/viability-proxy").await;
    assert_eq!(bad.status.code(), Some(1));
    let told = text(&bad.stderr);
    assert!(
        told.starts_with("snapshot.directory: /proc/viability-proxy can't be written to (No such file"),
        "{told}"
    );
}

#[tokio::test]
async fn the_effective_configuration_is_printed_without_secrets() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let folder = folder_for(&simulator, "hunter2-of-a-key");
    let output = run(folder.path(), &["config"]).await;
    let told = text(&output.stdout);
    assert!(output.status.success() && told.contains("stale_after") && !told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn the_printed_configuration_can_be_checked_and_printed_again_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[admin]\ntoken_file = \"secrets/token\"\n[snapshot]\ndirectory = \"data\"\n\
        [tenants.cliente]\nhost = \"https://cliente.example\"\nkey_file = \"secrets/key\"\n\
        [tenants.other]\nhost = \"https://other.example\"\nkey_env = \"OTHER_KEY\"\n";
    let secrets = folder.path().join("etc/secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    std::fs::write(folder.path().join("etc/my.toml"), text).unwrap();
    for secret in ["key", "token"] {
        std::fs::write(secrets.join(secret), format!("hunter2-{secret}")).unwrap();
    }
    let run = async |arguments: &[&str]| {
        let output = program(arguments).current_dir(folder.path()).env("OTHER_KEY", "hunter2-other").output();
        let output = tokio::time::timeout(PATIENCE, output).await.unwrap().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text_of(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = run(&["config", "--config", "etc/my.toml"]).await;
    assert!(
        printed.contains("/etc/secrets/token\"") && printed.contains("key_env = \"OTHER_KEY\""),
        "{printed}"
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("printed.toml");
    std::fs::write(&file, &printed).unwrap();
    let file = file.to_str().unwrap();
    let checked = run(&["check", "--config", file]).await;
    assert!(checked.contains("configuration sound, tenants: 2"), "{checked}");
    assert_eq!(run(&["config", "--config", file]).await, printed);
}
