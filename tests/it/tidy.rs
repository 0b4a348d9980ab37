//! What a look at the text can tell of the structure: ARCHITECTURE.md states these rules, here they are kept.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the project, as its path from the root and its text.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!files.is_empty(), "no files below {folder}");
    files.sort();
    files
}

/// The text before the unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

/// The floors of the house, the lowest first. A module may use those before it.
const FLOORS: [&str; 13] = [
    "viability",
    "picture",
    "config",
    "ozmap",
    "tenant",
    "batch",
    "refresh",
    "canary",
    "calibrate",
    "coverage",
    "server",
    "doctor",
    "app",
];

fn module_of(file: &str) -> &str {
    let below_src = file.strip_prefix("src/").unwrap();
    below_src.split(['/', '.']).next().unwrap()
}

#[test]
fn imports_go_down_only() {
    for (file, text) in rust_files("src") {
        let Some(floor) = FLOORS.iter().position(|&floor| floor == module_of(&file)) else { continue };
        for above in &FLOORS[floor + 1..] {
            assert!(!code(&text).contains(&format!("crate::{above}")), "{file} climbs to {above}");
        }
    }
}

#[test]
fn metrics_and_wording_know_no_module_of_ours() {
    let lone = [lone("src/metrics.rs"), lone("src/wording.rs")];
    for (file, text) in rust_files("src/metrics").into_iter().chain(lone) {
        assert!(!code(&text).contains("crate::"), "{file}");
    }
}

#[test]
fn each_library_stays_in_its_room() {
    let rooms = [
        ("csv_core", &["src/batch/csv"][..]),
        ("hyper::", &["src/server"]),
        ("hyper_util", &["src/server"]),
        ("tokio_rustls", &["src/server/tls.rs", "src/doctor/reach.rs"]),
        ("yasna", &["src/server/tls/"]),
        (
            "rustix",
            &["src/server/connection", "src/server/stream.rs", "src/app/background.rs", "src/doctor/host.rs"],
        ),
        ("reqwest", &["src/ozmap", "src/cli/batch/asking.rs", "src/doctor/door.rs"]),
        ("encoding_rs", &["src/cli/batch/encoding.rs", "src/cli/batch/table.rs"]),
        ("itoa", &["src/ozmap/wire/line.rs"]),
        ("zmij", &["src/ozmap/wire/line.rs"]),
        ("mimalloc", &["src/main.rs"]),
        ("moka", &["src/tenant/cache.rs"]),
        ("rstar", &["src/viability/communities.rs"]),
        ("::geo", &["src/viability/communities.rs", "src/coverage/area.rs"]),
        ("tokio_cron_scheduler", &["src/refresh/schedule.rs", "src/app.rs"]),
        ("prometheus::", &["src/metrics"]),
        ("ozmap_simulator", &["src/cli/demo.rs"]),
        ("anyhow", &["src/cli"]),
        ("clap", &["src/cli"]),
        ("indicatif", &["src/cli/bar.rs"]),
        ("listenfd", &["src/cli/systemd.rs"]),
        ("sd_notify", &["src/cli/systemd.rs"]),
    ];
    for (library, homes) in rooms {
        let mut users = 0;
        for (file, text) in rust_files("src") {
            let used = text.lines().any(|line| !line.trim_start().starts_with("//") && names(line, library));
            if used {
                users += 1;
                assert!(homes.iter().any(|home| file.starts_with(home)), "{file} uses {library}");
            }
        }
        assert!(users > 0, "nobody uses {library}: drop it, or mend this test");
    }
}

/// Whether a line names a library by itself, not inside a longer word (`reqwest` in `tls_reqwest`).
fn names(line: &str, library: &str) -> bool {
    let inside_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(library).any(|(at, _)| !line[..at].ends_with(inside_word))
}

#[test]
fn the_rules_of_viability_are_pure() {
    for (file, text) in rust_files("src/viability").into_iter().chain([lone("src/viability.rs")]) {
        for word in
            ["async ", ".await", "tokio", "std::fs", "std::net", "Instant", "SystemTime::now", "std::io"]
        {
            assert!(!code(&text).contains(word), "{file} has {word}");
        }
    }
}

fn lone(file: &str) -> (String, String) {
    (file.to_owned(), fs::read_to_string(root().join(file)).unwrap())
}

#[test]
fn the_simulator_and_the_product_share_no_code() {
    for (file, text) in rust_files("simulator") {
        assert!(!text.contains("viability_proxy"), "{file}");
    }
    assert!(!lone("simulator/Cargo.toml").1.contains("path ="));
}

#[test]
fn files_are_of_a_size_that_can_be_read() {
    for folder in ["src", "simulator/src", "tests", "benches", "fuzz/fuzz_targets"] {
        for (file, text) in rust_files(folder) {
            let lines = code(&text).lines().count();
            assert!(lines <= 330, "{file} has {lines} lines");
        }
    }
}

#[test]
fn there_are_no_globals_features_or_markers_left() {
    for folder in ["src", "simulator/src"] {
        for (file, text) in rust_files(folder) {
            for word in [
                "static ",
                "LazyLock",
                "OnceLock",
                "thread_local!",
                "cfg(feature",
                "TODO",
                "FIXME",
                "#[allow",
                "unsafe ",
            ] {
                let found = code(&text).lines().find(|line| {
                    // The allocator can't be anything else; children of metrics are no globals, and are set once.
                    let allowed = line.contains("'static ")
                        || line.starts_with("static ALLOCATOR: MiMalloc")
                        || (word == "OnceLock" && file == "src/metrics/children.rs");
                    !line.trim_start().starts_with("//") && line.contains(word) && !allowed
                });
                assert_eq!(found, None, "{file} has {word}");
            }
        }
    }
    assert!(!lone("Cargo.toml").1.contains("[features]"));
}
