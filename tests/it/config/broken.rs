//! Configurations that are refused, each with the whole message that the operator reads.
//!
//! A text of several lines is told at the line of the fault, so every message asserts place, key and remedy.

use super::broken_keys::KEYS;
use super::broken_tenants::{TENANT_KEYS, WHOLE_FILES};
use super::{TENANT, load, load_in};
use std::fs;
use viability_proxy::config::load::Source;

/// What is kept and what is believed; before a tenant that is right, as [`KEYS`] are.
const DATA_KEYS: [(&str, &str); 6] = [
    (
        "[log]\nfilter = \"infoo\"",
        "config.toml:2: log.filter: \"infoo\" is no level: write error, warn, info, debug, trace or off, or a part of the program with its level such as \"viability_proxy=debug\"",
    ),
    (
        "[log]\nfilter = \"info,viability_proxy\"",
        "config.toml:2: log.filter: \"viability_proxy\" is no level: write error, warn, info, debug, trace or off, or a part of the program with its level such as \"viability_proxy=debug\"",
    ),
    (
        "[refresh]\nfull = \"0 0 0 30 2 *\"",
        "config.toml:2: refresh.full: \"0 0 0 30 2 *\" never comes (next occurrence: none); choose a day that its month has, in a year to come",
    ),
    (
        "[snapshot]\ndirectory = 5",
        "config.toml:2: snapshot.directory: expected a directory such as \"/var/lib/viability-proxy\", got 5",
    ),
    (
        "[refresh]\nmax_shrink_percent = 101",
        "config.toml:2: refresh.max_shrink_percent: expected a number from 0 to 100, got 101",
    ),
    (
        "[refresh]\nmax_unreadable_percent = \"1%\"",
        "config.toml:2: refresh.max_unreadable_percent: expected a number from 0 to 100, got \"1%\"",
    ),
];

fn refused(text: &str, env: &[(&str, &str)]) -> String {
    match load(text, env) {
        Err(errors) => errors.to_string(),
        Ok(_) => panic!("loads: {text}"),
    }
}

#[test]
fn a_wrong_value_is_told_with_place_key_and_remedy() {
    for (text, message) in KEYS.into_iter().chain(DATA_KEYS) {
        assert_eq!(refused(&format!("{text}\n{TENANT}"), &[]), message, "\n{text}");
    }
    assert_eq!(KEYS.len() + DATA_KEYS.len(), 56);
}

#[test]
fn a_wrong_tenant_is_told_with_place_key_and_remedy() {
    for (text, message) in TENANT_KEYS {
        assert_eq!(refused(&format!("{TENANT}{text}\n"), &[]), message, "\n{text}");
    }
    for (text, message) in WHOLE_FILES {
        assert_eq!(refused(text, &[]), message, "\n{text}");
    }
    assert_eq!(TENANT_KEYS.len() + WHOLE_FILES.len(), 34);
}

#[test]
fn what_is_no_key_is_told_with_place_and_remedy() {
    for (text, message) in SHAPES {
        assert_eq!(refused(&format!("{text}\n{TENANT}"), &[]), message, "\n{text}");
    }
    assert_eq!(SHAPES.len(), 18);
}

#[test]
fn r28_a_file_without_end_is_refused_and_not_read_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    // As /dev/zero begins.
    fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let text = TENANT.replace("key_env = \"K\"", "key_file = \"key\"");
    let told = load_in(folder.path(), &text, &[]).unwrap_err().to_string();
    assert!(told.contains("tenants.cliente.key_file") && told.contains("(file too large)"), "{told}");
    assert!(Source::read(&path).is_err());
}

#[test]
fn a_wrong_variable_is_told_by_its_name_with_a_remedy() {
    for (variable, message) in VARIABLES {
        assert_eq!(refused(TENANT, &[variable]), message, "\n{variable:?}");
    }
    assert_eq!(VARIABLES.len(), 15);
}

#[test]
fn a_certificate_and_its_key_are_given_both_or_neither() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    fs::write(folder.path().join("key.pem"), "-----BEGIN EC PRIVATE KEY-----\n").unwrap();
    for (section, given, file, lacking) in [
        ("server", "tls_cert_file", "cert.pem", "tls_key_file"),
        ("admin", "tls_key_file", "key.pem", "tls_cert_file"),
    ] {
        let text = format!("[{section}]\n{given} = \"{file}\"\n{TENANT}");
        let told = load_in(folder.path(), &text, &[]).unwrap_err().to_string();
        let place = folder.path().join("config.toml");
        let expected = format!(
            "{}:2: {section}.{given}: {given} without {lacking}: give both, or neither for plain HTTP",
            place.display()
        );
        assert_eq!(told, expected);
    }
}

/// What is no key, or no TOML; before a tenant that is right.
const SHAPES: [(&str, &str); 18] = [
    ("[live]\ndedline = \"1s\"", "config.toml:2: live.dedline: unknown key: did you mean live.deadline?"),
    (
        "[live]\nlisten = \"1.2.3.4:5\"",
        "config.toml:2: live.listen: unknown key: did you mean admin.listen or server.listen?",
    ),
    (
        "[live]\nquite_another = 1",
        "config.toml:2: live.quite_another: unknown key: known here: cache_bytes, cache_ttl, calls_at_once, calls_per_second, deadline, recheck_after, recheck_at_most, timeout",
    ),
    (
        "[livee]\ndeadline = \"1s\"\ntimeout = \"1s\"",
        "config.toml:1: livee: unknown section: did you mean live?",
    ),
    (
        "[tenant.a]\nhost = \"https://a.example\"\nkey_env = \"K\"",
        "config.toml:1: tenant: unknown section: did you mean tenants?",
    ),
    ("[tenant_default]", "config.toml:1: tenant_default: unknown section: did you mean tenant_defaults?"),
    (
        "[providers.a]\nhost = \"https://a.example\"",
        "config.toml:1: providers: unknown section: known here: access, admin, batch, canary, console, freshness, live, log, refresh, server, snapshot, tenant_defaults, tenants, viability",
    ),
    ("[snapshots]", "config.toml:1: snapshots: unknown section: did you mean snapshot?"),
    ("deadline = \"1s\"", "config.toml:1: deadline: unknown key: did you mean live.deadline?"),
    ("live = 3", "config.toml:1: live: expected a section, got a value: write its keys below [live]"),
    (
        "[live.deadline]\nx = 1",
        "config.toml:1: live.deadline: expected a value, got a section: write it as `key = value`",
    ),
    (
        "[live]\n\"a.b\" = 1",
        "config.toml:2: live.\"a.b\": not a key: expected letters, digits, \"-\" and \"_\"",
    ),
    (
        "[admin]\ntoken = \"x\"",
        "config.toml:2: admin.token: unknown key: did you mean admin.token_env or admin.token_file?",
    ),
    (
        "[[live]]\ndeadline = \"1s\"",
        "config.toml:1: live: expected a section, got a value: write its keys below [live]",
    ),
    (
        "[live]\ndeadline = 1s",
        "config.toml:2: not TOML: string values must be quoted, expected literal string",
    ),
    ("[live\ndeadline = \"1s\"", "config.toml:1: not TOML: unclosed table, expected `]`"),
    ("[live]\ndeadline = \"1s\"\ndeadline = \"2s\"", "config.toml:3: not TOML: duplicate key"),
    ("[live]\ndeadline = \"1s", "config.toml:2: not TOML: invalid basic string, expected `\"`"),
];

/// Variables, over a file that is right.
const VARIABLES: [((&str, &str), &str); 15] = [
    (
        ("VIABILITY__TENANT__CLIENTE__HOST", "https://b.example"),
        "environment VIABILITY__TENANT__CLIENTE__HOST: unknown section: did you mean VIABILITY__TENANTS?",
    ),
    (
        ("VIABILITY__LIVE__DEADLINE__MS", "800"),
        "environment VIABILITY__LIVE__DEADLINE__MS: unknown key: did you mean VIABILITY__LIVE__DEADLINE?",
    ),
    (
        ("VIABILITY__LIVE__DEADLINE", "25"),
        "environment VIABILITY__LIVE__DEADLINE: expected a duration such as \"25m\", got 25: write a number and a unit (ms, s, m, h, d) in quotes",
    ),
    (
        ("VIABILITY__LIVE__DEADLINE", "11s"),
        "environment VIABILITY__LIVE__DEADLINE: deadline = \"11s\" is longer than timeout = \"10s\": shorten the one or lengthen the other",
    ),
    (
        ("VIABILITY__LIVE__DEDLINE", "1s"),
        "environment VIABILITY__LIVE__DEDLINE: unknown key: did you mean VIABILITY__LIVE__DEADLINE?",
    ),
    (
        ("VIABILITY__LIVE", "1s"),
        "environment VIABILITY__LIVE: expected a section, got a value: add __ and a key to VIABILITY__LIVE",
    ),
    (
        ("VIABILITY__", "1s"),
        "environment VIABILITY__: not the name of a key: expected VIABILITY__SECTION__KEY in upper case, as in VIABILITY__LIVE__DEADLINE",
    ),
    (
        ("VIABILITY__Live__Deadline", "1s"),
        "environment VIABILITY__Live__Deadline: not the name of a key: expected VIABILITY__SECTION__KEY in upper case, as in VIABILITY__LIVE__DEADLINE",
    ),
    (
        ("VIABILITY__DEADLINE", "1s"),
        "environment VIABILITY__DEADLINE: unknown key: did you mean VIABILITY__LIVE__DEADLINE?",
    ),
    (
        ("VIABILITY__TENANTS__CLIENTE__HOST", "x"),
        "environment VIABILITY__TENANTS__CLIENTE__HOST: not an address; expected an address such as https://cliente.ozmap.com.br:9994/api/v2",
    ),
    (
        ("VIABILITY__TENANTS__CLIENTE__KEY", "x"),
        "environment VIABILITY__TENANTS__CLIENTE__KEY: unknown key: did you mean VIABILITY__TENANTS__CLIENTE__KEY_ENV or VIABILITY__TENANTS__CLIENTE__KEY_FILE?",
    ),
    (
        ("VIABILITY__TENANTS__CLIENTE__LIVE__CALLS_AT_ONCE", "many"),
        "environment VIABILITY__TENANTS__CLIENTE__LIVE__CALLS_AT_ONCE: expected a whole number from 1 to 1024, got \"many\"",
    ),
    (
        ("VIABILITY__TENANTS__REDE_SUL__HOST", "https://b.example"),
        "config.toml: tenants.rede-sul.key_file: is missing: expected key_file = \"/path/of/a/file\" or key_env = \"VARIABLE\" with the OzMap Key",
    ),
    (
        ("VIABILITY__TENANTS__CLIENTE", "x"),
        "environment VIABILITY__TENANTS__CLIENTE: expected a section, got a value: add __ and a key to VIABILITY__TENANTS__CLIENTE",
    ),
    (
        ("VIABILITY__VIABILITY__MAX_BOXES", "0"),
        "environment VIABILITY__VIABILITY__MAX_BOXES: expected a whole number from 1 to 10000, got 0",
    ),
];
