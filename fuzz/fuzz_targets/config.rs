//! A configuration file, and behind a zero byte an environment, one `NAME=value` a line: every fault has its place and
//! tells no secret, and what loads is written as TOML that loads as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::path::PathBuf;
use viability_proxy::config::Config;
use viability_proxy::config::fault::ConfigErrors;
use viability_proxy::config::load::{Source, load};

/// What no fault may show.
const SECRET: &str = "canary-in-a-secret";
const FILE: &str = "/nowhere/config.toml";

fuzz_target!(|data: &[u8]| {
    let Ok(input) = str::from_utf8(data) else { return };
    let (text, variables) = input.split_once('\0').unwrap_or((input, ""));
    // Some of these wait for ever when they are read: for a terminal, for the next message.
    if ["dev", "proc", "sys"].iter().any(|folder| input.contains(folder)) {
        return;
    }
    let mut env: BTreeMap<_, _> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    env.insert("K".to_owned(), SECRET.to_owned());
    match load(&source(text), &env) {
        Ok(config) => loads_again(&config, &env),
        Err(errors) => has_a_place(&errors, input),
    }
});

fn source(text: &str) -> Source {
    Source { path: PathBuf::from(FILE), text: text.to_owned() }
}

fn has_a_place(errors: &ConfigErrors, input: &str) {
    let lines = 1 + input.matches('\n').count();
    assert!(!errors.faults().is_empty());
    for fault in errors.faults() {
        let told = fault.to_string();
        assert!(!told.contains('\n'), "a fault is one line: {told}");
        assert!(!told.contains(SECRET) || input.contains(SECRET), "{told}");
        if let Some(behind) = told.strip_prefix(FILE) {
            // `: key: text` for what the whole file lacks, else `:line: ...`.
            let line = behind.trim_start_matches(':').split(':').next().and_then(|line| line.parse().ok());
            assert!(
                behind.starts_with(": ") || line.is_some_and(|line| (1..=lines).contains(&line)),
                "{told}"
            );
        } else {
            assert!(told.starts_with("environment "), "{told}");
        }
    }
}

/// `env` is what it was loaded with: the secrets are there still.
fn loads_again(config: &Config, env: &BTreeMap<String, String>) {
    let dump = config.to_toml_redacted();
    assert!(!dump.contains(SECRET), "{dump}");
    // Not what overrides the dump: that has to be in it.
    let is_override = |name: &str| name.starts_with("VIABILITY__");
    let env = env.iter().filter(|(name, _)| !is_override(name)).map(|(name, value)| (name.clone(), value.clone()));
    match load(&source(&dump), &env.collect()) {
        Ok(again) => assert_eq!(again.to_toml_redacted(), dump),
        Err(errors) => panic!("{errors}\n{dump}"),
    }
}
