//! What must never be told: keys, tokens, and where somebody lives.

use crate::harness::{ADMIN_TOKEN, http_client};
use crate::process::Process;
use ozmap_simulator::{Fault, Settings, Simulator};
use reqwest::header::AUTHORIZATION;
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Everything that a proxy logs and answers to operators while people ask, guess and fail, at the most talkative.
async fn all_that_is_told(simulator: &Simulator, lat: f64, lng: f64) -> Vec<String> {
    let env = [("VIABILITY__LOG__FILTER", "trace")];
    let mut process = Process::start(simulator, 1_024, &env).await;
    let (public, admin) = (process.public, process.admin);
    let http = http_client();
    let mut told = Vec::new();
    let asking = format!("http://{public}/api/v2/ftth-viability/radius?lat={lat}&lng={lng}");
    let key = simulator.full_key();
    for fault in [None, Some(Fault::Failure { rate: 1.0, status: 503 }), Some(Fault::CutBody { after: 10 })] {
        if let Some(fault) = fault {
            simulator.faults().set("/", fault);
        }
        for (query, key) in [
            ("&radius=150", key.as_str()),
            ("&radius=3000", &key),
            ("&radius=150", "a-stolen-key"),
            ("&radius=x", &key),
            ("&radius=150&more=1", &key),
        ] {
            let answer =
                http.get(format!("{asking}{query}")).header(AUTHORIZATION, key).send().await.unwrap();
            assert!(!answer.headers().iter().any(|(_, value)| value.as_bytes() == key.as_bytes()));
            // Nor may a failure repeat the key; the answer to a query is about the address, and goes to who asked.
            // What is passed through may break off.
            assert!(!answer.text().await.unwrap_or_default().contains(key));
        }
        for (path, token) in [("refresh?wait=30s", ADMIN_TOKEN), ("refresh", "a-guessed-token")] {
            let order = http.post(format!("http://{admin}/admin/{path}")).bearer_auth(token);
            told.push(order.send().await.unwrap().text().await.unwrap());
        }
        for path in ["admin/status", "admin/runs", "admin/differences", "metrics", "readyz"] {
            let answer = http.get(format!("http://{admin}/{path}")).send().await.unwrap();
            told.push(answer.text().await.unwrap());
        }
    }
    told.extend(process.start_log().iter().cloned());
    told.extend(process.log_so_far());
    told
}

/// What lies on the disk after an orderly stop: each file as it is, and what is packed in it.
fn all_that_is_kept(folder: &Path) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files
        .flat_map(|file| {
            if file.is_empty() {
                // The lock.
                return vec![file];
            }
            // Behind magic, version, lengths and CRC.
            let unpacked = zstd::bulk::decompress(&file[32..], 64 << 20).unwrap();
            vec![file, unpacked]
        })
        .collect()
}

#[tokio::test]
async fn r25_no_secret_is_kept_in_a_snapshot_or_told_by_the_configuration() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let env = [("VIABILITY__SNAPSHOT__DIRECTORY", folder.path().to_str().unwrap())];
    let mut process = Process::start(&simulator, 1_024, &env).await;
    let project = simulator.projects()[0].id.clone();
    let (own, other) = (simulator.full_key(), simulator.key_for(&[project]));
    let home = &simulator.boxes()[0];
    for key in [&own, &other] {
        let query = format!(
            "http://{}/api/v2/ftth-viability/radius?lat={}&lng={}",
            process.public, home.lat, home.lng
        );
        assert_eq!(http_client().get(query).header(AUTHORIZATION, key).send().await.unwrap().status(), 200);
    }
    let config = Command::new(env!("CARGO_BIN_EXE_viability-proxy"))
        .args(["config", "--config"])
        .arg(process.config_file())
        .env("VIABILITY__ADMIN__TOKEN_ENV", "ADMIN_TOKEN")
        .env("ADMIN_TOKEN", ADMIN_TOKEN)
        .output()
        .unwrap();
    assert!(config.status.success() && config.stdout.starts_with(b"["), "{config:?}");
    process.signal(Signal::TERM);
    assert!(process.ended().await);
    let kept = all_that_is_kept(folder.path());
    assert!(kept.iter().any(|text| holds(text, home.name.as_bytes())), "boxes are kept");
    for secret in [own.as_str(), &other, ADMIN_TOKEN] {
        for text in kept.iter().chain([&config.stdout, &config.stderr]) {
            assert!(!holds(text, secret.as_bytes()), "{secret}: {}", String::from_utf8_lossy(text));
        }
    }
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test]
async fn r25_r26_no_secret_and_no_address_is_told_at_any_log_level() {
    let simulator = Simulator::start(Settings::default()).await.unwrap();
    let home = simulator.boxes().into_iter().find(|one| one.free_ports > 0).unwrap();
    // A home of its own, so that no box of the network is mistaken for it.
    let (lat, lng) = (home.lat + 0.000_123_4, home.lng - 0.000_123_4);
    let told = all_that_is_told(&simulator, lat, lng).await;
    assert!(told.iter().any(|line| line.contains(r#""message":"request""#)), "requests are logged");
    let place = |degrees: f64| format!("{degrees:.4}");
    for secret in
        [simulator.full_key(), ADMIN_TOKEN.to_owned(), "a-stolen-key".to_owned(), place(lat), place(lng)]
    {
        let lines: Vec<_> = told.iter().filter(|line| line.contains(&secret)).collect();
        assert!(lines.is_empty(), "{secret}: {lines:?}");
    }
}
