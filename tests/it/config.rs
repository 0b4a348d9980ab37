//! The configuration as an operator meets it: layers, faults, secrets, and the file that documents it.
//!
//! [`load`] takes a text and an environment; [`TENANT`] is the least that loads.

mod broken;
mod broken_keys;
mod broken_tenants;
mod secrets;
mod warnings;

use crate::tls::Pki;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};
use viability_proxy::config::fault::ConfigErrors;
use viability_proxy::config::load::{self, BUILT_IN, Source};
use viability_proxy::config::{Config, Forward, LogFormat, WhenExpired};

/// One tenant whose key stands in the variable `K`.
const TENANT: &str = "[tenants.cliente]\nhost = \"https://cliente.example\"\nkey_env = \"K\"\n";

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let always = [("K", "raw-key"), ("EMPTY", "")];
    always.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    load_in(Path::new(""), text, env)
}

fn load_in(folder: &Path, text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let source = Source { path: folder.join("config.toml"), text: text.to_owned() };
    load::load(&source, &environment(env))
}

#[test]
fn a_tenant_with_host_and_key_is_all_that_must_be_said() {
    let config = load(TENANT, &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:9994");
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:9995");
    assert!(config.admin.token.is_none() && config.admin.hosts.is_empty());
    assert_eq!(config.snapshot_directory, None);
    assert_eq!(config.admin.refresh_gap, Duration::from_secs(10));
    let server = &config.server;
    let caps = [server.max_connections, server.max_connections_per_address, server.max_in_flight];
    assert_eq!(caps.map(std::num::NonZero::get), [8_192, 256, 512]);
    let timeouts = [server.header_timeout, server.write_timeout, server.drain, server.shutdown_delay];
    assert_eq!(timeouts.map(|timeout| timeout.as_secs()), [5, 10, 10, 0]);
    assert_eq!(server.queue_timeout, Duration::from_millis(500));
    assert_eq!((server.requests_per_second_per_key, &server.tls), (None, &None));
    assert_eq!(
        (config.log.filter.as_str(), config.log.format),
        ("info,tokio_cron_scheduler=warn", LogFormat::Text)
    );
    let [tenant] = config.tenants.as_slice() else { panic!("one tenant") };
    assert_eq!(tenant.host.base().as_str(), "https://cliente.example/api/v2");
    assert_eq!(tenant.key.header_value(), "raw-key");
    assert_eq!((tenant.forward, tenant.forwards_at_once.get()), (Forward::Read, 16));
    assert_eq!(tenant.rules.default_radius.map(|radius| radius.metres().round().to_string()).unwrap(), "150");
    assert_eq!(tenant.refresh.full.as_str(), "0 0 */6 * * *");
    assert_eq!(tenant.freshness.max_stale, Duration::from_hours(72));
    assert_eq!(tenant.freshness.when_expired, WhenExpired::Serve);
    assert_eq!(tenant.live.deadline, Duration::from_millis(800));
    assert_eq!(tenant.live.cache_bytes, 16 * 1024 * 1024);
    assert_eq!(tenant.access.max_keys, 10_000);
    assert_eq!((tenant.batch.at_once, tenant.batch.max_rows), (2, 1_000_000));
}

#[test]
fn the_file_counts_before_the_defaults_and_the_environment_before_the_file() {
    let file = format!("[live]\ndeadline = \"1s\"\ntimeout = \"20s\"\n{TENANT}");
    let config = load(&file, &[("VIABILITY__LIVE__TIMEOUT", "30s")]).unwrap();
    let live = &config.tenants[0].live;
    assert_eq!(live.cache_ttl, Duration::from_secs(30));
    assert_eq!(live.deadline, Duration::from_secs(1));
    assert_eq!(live.timeout, Duration::from_secs(30));
}

#[test]
fn what_stands_below_a_tenant_counts_before_what_stands_for_all_whatever_the_layer() {
    let file = format!("{TENANT}[tenants.cliente.live]\ndeadline = \"1s\"\n");
    let config = load(&file, &[("VIABILITY__LIVE__DEADLINE", "2s")]).unwrap();
    assert_eq!(config.tenants[0].live.deadline, Duration::from_secs(1));
}

#[test]
fn the_environment_reaches_keys_of_a_tenant() {
    let env = [
        ("VIABILITY__TENANTS__CLIENTE__HOST", "http://other.example:9994/ozmap/"),
        ("VIABILITY__TENANTS__CLIENTE__HOSTS", "[\"A.example\", \"b.example\"]"),
        ("VIABILITY__TENANTS__CLIENTE__FORWARDS_AT_ONCE", "3"),
        ("VIABILITY__TENANTS__CLIENTE__LIVE__CALLS_PER_SECOND", "0.5"),
        ("VIABILITY__TENANTS__CLIENTE__VIABILITY__DEFAULT_RADIUS_M", "none"),
        ("VIABILITY__TENANTS__CLIENTE__VIABILITY__BLOCKED_PORTS_ARE_FREE", "true"),
    ];
    let tenant = load(TENANT, &env).unwrap().tenants.remove(0);
    assert_eq!(tenant.host.base().as_str(), "http://other.example:9994/ozmap/api/v2");
    assert_eq!(tenant.hosts, ["a.example", "b.example"]);
    assert_eq!(tenant.forwards_at_once.get(), 3);
    assert_eq!(tenant.live.calls_per_second.to_bits(), 0.5_f64.to_bits());
    assert_eq!(tenant.rules.default_radius, None);
    assert!(tenant.rules.blocked_ports_are_free);
}

#[test]
fn a_tenant_may_live_in_the_environment_alone_and_a_hyphen_is_written_as_either_sign() {
    for name in ["REDE_SUL", "REDE-SUL"] {
        let (host, key) =
            (format!("VIABILITY__TENANTS__{name}__HOST"), format!("VIABILITY__TENANTS__{name}__KEY_ENV"));
        let env = environment(&[(&host, "https://sul.example"), (&key, "K")]);
        let config = load::load(&Source::default(), &env).unwrap();
        assert_eq!(config.tenants[0].name.as_str(), "rede-sul");
    }
}

#[test]
fn several_tenants_are_sorted_and_each_has_its_own() {
    let text = "[refresh]\npage_size = 100\n\
        [tenants.sul]\nhost = \"https://sul.example\"\nkey_env = \"K\"\nhosts = [\"Sul.example\"]\nforward = \"off\"\n\
        [tenants.sul.refresh]\npages_at_once = 2\n\
        [tenants.norte]\nhost = \"https://norte.example\"\nkey_env = \"K\"\n\
        [tenants.norte.refresh]\npage_size = 50\n";
    let config = load(text, &[]).unwrap();
    let seen = |tenant: &viability_proxy::config::Tenant| {
        let refresh = &tenant.refresh;
        (tenant.name.to_string(), tenant.forward, refresh.page_size.get(), refresh.pages_at_once.get())
    };
    let seen: Vec<_> = config.tenants.iter().map(seen).collect();
    let expected = [("norte".to_owned(), Forward::Read, 50, 4), ("sul".to_owned(), Forward::Off, 100, 2)];
    assert_eq!(seen, expected);
    assert_eq!(config.tenants[1].hosts, ["sul.example"]);
}

#[test]
fn all_faults_of_all_layers_are_told_at_once_in_order() {
    let text = "[live]\ndeadline = 25\ndedline = 1\n[tenants.Api]\nhost = \"ftp://x\"\nkey_env = \"NONE\"\n";
    let errors = load(text, &[("VIABILITY__LOG__FORMAT", "xml")]).unwrap_err();
    let expected = "\
config.toml:2: live.deadline: expected a duration such as \"25m\", got 25: write a number and a unit (ms, s, m, h, d) in quotes
config.toml:3: live.dedline: unknown key: did you mean live.deadline?
config.toml:4: tenants.Api: not a name for a tenant: expected up to 40 lower-case letters, digits and \"-\", and not api, admin, metrics, healthz, readyz, viability
config.toml:5: tenants.Api.host: neither http nor https; expected an address such as https://cliente.ozmap.com.br:9994/api/v2
config.toml:6: tenants.Api.key_env: the environment variable NONE is not set: set it to the key, or use key_file
environment VIABILITY__LOG__FORMAT: expected \"text\" or \"json\", got \"xml\"";
    assert_eq!(errors.to_string(), expected);
    assert_eq!(errors.faults().len(), 6);
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.key"), "  Bearer a-key\n").unwrap();
    fs::write(folder.path().join("token"), "a-token\n").unwrap();
    fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let text = "[admin]\ntoken_file = \"token\"\n\
        [tenants.a]\nhost = \"https://a.example\"\nkey_file = \"a.key\"\nca_file = \"ca.pem\"\n";
    let config = load_in(folder.path(), text, &[]).unwrap();
    assert!(config.admin.token.is_some());
    assert_eq!(config.tenants[0].key.header_value(), "Bearer a-key");
    assert_eq!(config.tenants[0].ca_file, Some(folder.path().join("ca.pem")));
}

#[test]
fn a_file_that_is_not_there_is_told_with_what_to_do() {
    let error = Source::read(Path::new("no/such.toml")).unwrap_err();
    let text = "can't read the configuration file no/such.toml: create it, make it readable, or name another one with --config";
    assert_eq!(error.to_string(), text);
    assert!(std::error::Error::source(&error).is_some());
}

/// `# key = value` and `# [section]` are commented out; every other comment is prose.
fn uncommented(text: &str) -> String {
    let is_key = |line: &str| {
        let word = line.split(" = ").next().filter(|word| word.len() < line.len());
        word.is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    let is_section = |line: &str| line.starts_with('[') && line.ends_with(']');
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_key(rest) || is_section(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn keys(above: &str, table: &Table, into: &mut BTreeSet<String>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) => keys(&format!("{above}{name}."), inner, into),
            _ => drop(into.insert(format!("{above}{name}"))),
        }
    }
}

#[test]
fn config_toml_tells_every_key_that_the_code_reads_and_no_other() {
    let mut told = BTreeSet::new();
    keys("", &uncommented(BUILT_IN).parse().unwrap(), &mut told);
    let known = load::known_keys("cliente");
    assert_eq!(told.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "told, not read");
    // The example tenant shows two of the keys it may override; the prose above them names the sections.
    let overridable = ["viability", "refresh", "freshness", "live", "access", "batch", "canary", "console"];
    let global = |key: &String| {
        key.strip_prefix("tenants.cliente.").filter(|rest| rest.contains('.')).map(str::to_owned)
    };
    let missing: Vec<_> =
        known.difference(&told).filter(|key| global(key).is_none_or(|key| !told.contains(&key))).collect();
    assert_eq!(missing, Vec::<&String>::new(), "read, not told");
    let sections: BTreeSet<_> =
        known.iter().filter_map(|key| Some(global(key)?.split('.').next()?.to_owned())).collect();
    assert_eq!(sections, overridable.map(str::to_owned).into());
    assert!(known.len() > 60, "{}", known.len());
}

#[test]
fn every_key_for_all_of_an_overridable_section_is_a_key_of_a_tenant_too() {
    let known = load::known_keys("cliente");
    for section in ["viability", "refresh", "freshness", "live", "access"] {
        let of_all: Vec<_> = known.iter().filter(|key| key.starts_with(&format!("{section}."))).collect();
        assert!(of_all.len() >= 3, "{section}");
        for key in of_all {
            assert!(known.contains(&format!("tenants.cliente.{key}")), "{key}");
        }
    }
}

#[test]
fn config_toml_loads_with_its_example_uncommented() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("admin-token"), "a-token").unwrap();
    fs::write(folder.path().join("cliente.key"), "a-key").unwrap();
    let pki = Pki::new();
    for file in ["cliente-ca.pem", "public-cert.pem", "admin-cert.pem"] {
        fs::copy(pki.cert(), folder.path().join(file)).unwrap();
    }
    for file in ["public-key.pem", "admin-key.pem"] {
        fs::copy(pki.key(), folder.path().join(file)).unwrap();
    }
    let text = uncommented(BUILT_IN).replace("/etc/viability-proxy/", "");
    // Of each pair only one may be given.
    let one_of_two = |line: &&str| !line.starts_with("key_env") && !line.starts_with("token_env");
    let text = text.lines().filter(one_of_two).collect::<Vec<_>>().join("\n");
    let config = load_in(folder.path(), &text, &[]).unwrap();
    assert_eq!(config.tenants[0].hosts, ["viability.cliente.com.br"]);
    assert!(config.tenants[0].outbound_proxy.is_some() && config.admin.token.is_some());
    assert!(config.server.tls.is_some() && config.admin.tls.is_some());
}

#[test]
fn the_redacted_configuration_is_toml_that_loads_again() {
    let text = format!(
        "[server]\nrequests_per_second_per_key = 2.5\n[admin]\nhosts = [\"Proxy.example\"]\n\
        [viability]\ndefault_radius_m = \"none\"\n[live]\ncalls_per_second = 0.25\n{TENANT}\
        outbound_proxy = \"http://proxy.example:3128\"\nhosts = [\"a.example\"]\n\
        [tenants.cliente.access]\nrejected_ttl = \"0s\"\n[log]\nfilter = \"info,viability_proxy=debug\"\n"
    );
    let first = load(&text, &[]).unwrap();
    let dump = first.to_toml_redacted();
    let again = load(&dump, &[]).unwrap();
    assert_eq!(format!("{again:?}"), format!("{first:?}"));
    assert_eq!(again.to_toml_redacted(), dump);
    let mut told = BTreeSet::new();
    keys("", &dump.parse().unwrap(), &mut told);
    let absent = [
        "admin.tls_cert_file",
        "admin.tls_key_file",
        "admin.token_env",
        "admin.token_file",
        "server.tls_cert_file",
        "server.tls_key_file",
        "tenants.cliente.ca_file",
        "tenants.cliente.console.map_tiles",
        "tenants.cliente.key_file",
    ];
    let effective =
        |key: &&String| ["server.", "admin.", "log.", "tenants."].iter().any(|part| key.starts_with(part));
    let known = load::known_keys("cliente");
    assert_eq!(known.iter().filter(effective).filter(|key| !told.contains(*key)).collect::<Vec<_>>(), absent);
}
