//! The command line: from arguments to an exit code (0 done, 1 failed, 2 wrong usage or configuration).

mod bar;
mod batch;
mod calibrate;
mod check;
mod coverage;
mod demo;
mod doctor;
mod explain;
mod health;
mod log;
mod manual;
mod serve;
mod signals;
mod systemd;
mod written;

use anyhow::Context;
use bar::Bars;
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime;
use viability_proxy::config::fault::{ConfigErrors, Fault};
use viability_proxy::config::load::{Source, UnreadableFile, load};
use viability_proxy::config::{Config, Tenant};

/// The configuration file where none is named.
const USUAL_FILE: &str = "config.toml";

/// Answers OZmap's fibre viability queries from memory, in OZmap's own format.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the proxy.
    Serve(ConfigFile),
    /// Run a simulated OZmap and the proxy in front of it: no account needed.
    Demo(demo::Options),
    /// Tell whether a configuration is sound.
    Check(check::Options),
    /// Ask OZmap at chosen points, and tell by which settings the proxy answers as it does.
    Calibrate(calibrate::Options),
    /// Write the network as GeoJSON: its boxes, and the ground from where a free port is within a radius.
    Coverage(coverage::Options),
    /// Ask a running proxy about a whole table of addresses.
    Batch(batch::Options),
    /// Print the effective configuration as a file that can be used: of secrets it tells where they stand.
    Config(ConfigFile),
    /// Tell why the proxy that runs with this configuration answers an address as it does, or offers a box or doesn't.
    Explain(explain::Options),
    /// Look at everything around the proxy, here and at OZmap, and say what to do about it.
    Doctor(doctor::Options),
    /// Ask the proxy that runs with this configuration whether it is well: exit code 0, or 1.
    Health(health::Options),
    /// Print what a shell needs to complete this command line.
    Completions(manual::Completions),
    /// Print the manual page.
    Man(manual::Pages),
}

/// Where the configuration comes from, beside the environment (`VIABILITY__SECTION__KEY`).
#[derive(Args)]
struct ConfigFile {
    /// The configuration file; without it ./config.toml, if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A failure that is the operator's to mend before anything can run: exit code 2.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    File(#[from] UnreadableFile),
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// What is missing, a file should have told.
    #[error(
        "there is no configuration file {}: create it, name another one with --config, or set everything in the environment\n{faults}",
        looked_for.display()
    )]
    NoFile { looked_for: PathBuf, faults: ConfigErrors },
    #[error("there are several tenants: name one of {known} with --tenant")]
    WhichTenant { known: String },
    #[error("there is no tenant {name}: name one of {known} with --tenant")]
    NoSuchTenant { name: String, known: String },
    #[error("--proxy {proxy}: expected an address such as https://viability.cliente.com.br:9994")]
    Proxy { proxy: String },
    #[error("--key-env {variable}: there is no OZmap key in that variable")]
    KeyVariable { variable: String },
    /// The running proxy can't read it.
    #[error("{0}")]
    Question(String),
    #[error("{} can't be the folder of a recording: name a new one", path.display())]
    Record { path: PathBuf, source: io::Error },
    #[error("{} can't be written: name a file in a folder that is there", path.display())]
    Output { path: PathBuf, source: io::Error },
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(file) => serve::run(file),
        Command::Demo(options) => demo::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Calibrate(options) => calibrate::run(&options),
        Command::Coverage(options) => coverage::run(&options),
        Command::Batch(options) => batch::run(&options),
        Command::Config(file) => print_config(&file),
        Command::Explain(options) => explain::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Health(options) => health::run(&options),
        Command::Completions(options) => manual::completions(&options),
        Command::Man(options) => manual::pages(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut stderr = io::stderr().lock();
            // With stderr gone there is nobody left to tell.
            let _told = writeln!(stderr, "{error:#}");
            ExitCode::from(if error.is::<Unusable>() { 2 } else { 1 })
        }
    }
}

impl ConfigFile {
    /// The file that is named, or the usual one if it is there.
    fn path(&self) -> Option<&Path> {
        let usual = Path::new(USUAL_FILE);
        self.config.as_deref().or_else(|| usual.exists().then_some(usual))
    }

    /// The same file by its whole path: paths that start at its folder then mean the same from everywhere.
    fn absolute(&self) -> anyhow::Result<Self> {
        let path =
            self.path().map(std::path::absolute).transpose().context("the current folder is unknown")?;
        Ok(Self { config: path })
    }

    /// Without a file the environment may say all.
    fn load(&self) -> Result<Config, Unusable> {
        let source = self.path().map(Source::read).transpose()?.unwrap_or_default();
        load(&source, &environment()).map_err(|faults| {
            if !faults.faults().iter().any(Fault::lacks_a_file) {
                return Unusable::Config(faults);
            }
            let looked_for = std::path::absolute(USUAL_FILE).unwrap_or_else(|_| USUAL_FILE.into());
            Unusable::NoFile { looked_for, faults }
        })
    }
}

/// Names that aren't Unicode can't be ours; of a value that isn't, what replaces it is refused like any other.
fn environment() -> BTreeMap<String, String> {
    let variables = env::vars_os();
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect()
}

/// The tenant that is meant.
fn chosen<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Tenant, Unusable> {
    let known = || config.tenants.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, config.tenants.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Unusable::WhichTenant { known: known() }),
        (Some(name), tenants) => {
            let named = tenants.iter().find(|tenant| tenant.name.as_str() == name);
            named.ok_or_else(|| Unusable::NoSuchTenant { name: name.to_owned(), known: known() })
        }
    }
}

fn print_config(file: &ConfigFile) -> anyhow::Result<()> {
    let config = file.absolute()?.load()?;
    warn_of(&config)?;
    say(&config.to_toml_redacted())
}

/// Writes to standard output.
fn say(text: &str) -> anyhow::Result<()> {
    io::stdout().lock().write_all(text.as_bytes()).context("standard output can't be written")
}

/// Warns of what is sound and may not have been meant.
fn warn_of(config: &Config) -> anyhow::Result<()> {
    config.warnings.iter().try_for_each(|warning| warn(&warning.to_string()))
}

/// Writes a warning to standard error.
fn warn(text: &str) -> anyhow::Result<()> {
    writeln!(io::stderr().lock(), "warning: {text}").context("standard error can't be written")
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let done = runtime.block_on(work);
    // A thread that waits for a disk that hangs must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}
