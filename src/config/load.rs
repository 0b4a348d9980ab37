//! Loads a configuration out of its three layers: a pure function, files with secrets and certificates aside,
//! and the clock that tells whether a schedule comes round at all.

use super::Config;
use super::fault::{ConfigErrors, Fault, Origin};
use super::files;
use super::layers::Layers;
use super::listeners;
use super::lookalikes;
use super::reader::{Faulty, Reader};
use super::sections::{self, Overridable};
use super::tenants::{self, Forwarding};
use super::warnings;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// `config.toml` as it was built in: every key, its default and its meaning.
pub const BUILT_IN: &str = include_str!("../../config.toml");

/// A configuration file, read but not understood.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Where it stands: faults name it, relative paths start at its folder. Empty when there is no file.
    pub path: PathBuf,
    /// What it says; TOML.
    pub text: String,
}

impl Source {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self, UnreadableFile> {
        match files::read(path) {
            Ok(text) => Ok(Self { path: path.to_owned(), text }),
            Err(source) => Err(UnreadableFile { path: path.to_owned(), source }),
        }
    }
}

/// The configuration file itself can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read the configuration file {}: create it, make it readable, or name another one with --config", path.display())]
pub struct UnreadableFile {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// Defaults, below `source`, below the variables `VIABILITY__SECTION__KEY` of `env`.
///
/// `env` is the whole environment of the process: keys such as `key_env` name other variables in it.
pub fn load(source: &Source, env: &BTreeMap<String, String>) -> Result<Config, ConfigErrors> {
    let layers = layers(source, env).map_err(ConfigErrors::new)?;
    let mut reader = Reader::new(layers, source.path.clone(), env);
    let config = read(&mut reader);
    match (config, reader.faults()) {
        (Ok(config), faults) if faults.is_empty() => {
            Ok(Config { warnings: warnings::of(&reader, &config), ..config })
        }
        (_, mut faults) => {
            // What is missing may stand there.
            faults.extend(lookalikes::warnings(&reader));
            faults.sort();
            Err(ConfigErrors::new(faults))
        }
    }
}

/// Every key that exists, dotted, those of a tenant with this name among them.
///
/// They are the keys that [`load`] asks for: there is no list that could differ from it.
pub fn known_keys(tenant: &str) -> BTreeSet<String> {
    let env = BTreeMap::new();
    let source = Source { path: PathBuf::new(), text: format!("[tenants.{tenant}]") };
    let mut reader = Reader::new(layers(&source, &env).unwrap_or_default(), PathBuf::new(), &env);
    // The tenant lacks its host and key; what was asked for is all that matters.
    let _incomplete = read(&mut reader);
    reader.asked().clone()
}

/// A text that is not TOML has no keys: to read on would call every one of them missing.
fn layers(source: &Source, env: &BTreeMap<String, String>) -> Result<Layers, Vec<Fault>> {
    let mut layers = Layers::default();
    layers.add_toml(BUILT_IN, &|line| Origin::BuiltIn { line })?;
    layers.add_toml(&source.text, &|line| Origin::File { path: source.path.clone(), line: Some(line) })?;
    layers.add_environment(env);
    Ok(layers)
}

/// Reads every section before the first `?`, so that all faults are found.
fn read(reader: &mut Reader<'_>) -> Result<Config, Faulty> {
    let server = listeners::server(reader.section("server", None));
    let admin = listeners::admin(reader.section("admin", None));
    let log = sections::log(reader.section("log", None));
    let snapshot_directory = sections::snapshot_directory(reader.section("snapshot", None));
    // A fault in a section for all is told even where every tenant overrides the key.
    let defaults = Forwarding::read(&mut reader.section("tenant_defaults", None));
    let overridable = Overridable::read(reader, None);
    let tenants = tenants::tenants(reader);
    let (server, admin) = (server?, admin?);
    listeners::distinct(reader, &server, &admin)?;
    defaults?;
    overridable?;
    let (log, snapshot_directory, tenants) = (log?, snapshot_directory?, tenants?);
    Ok(Config { server, admin, log, snapshot_directory, tenants, warnings: Vec::new() })
}
