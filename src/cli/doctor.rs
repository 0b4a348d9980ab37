//! `viability-proxy doctor`: one line for each thing looked at, and what to do about it.

mod bundle;

use super::written::Output;
use super::{ConfigFile, Unusable, block_on, say};
use anyhow::{Context, anyhow, bail};
use bundle::Bundle;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use viability_proxy::config::Config;
use viability_proxy::doctor::instance::{self, Instance};
use viability_proxy::doctor::{Finding, Verdict, certificate, host, listener, upstream};
use viability_proxy::metrics::Metrics;
use viability_proxy::wording::with_causes;

/// What to look at, and what to keep of it.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Also write what whoever is asked for help needs to know, without keys, tokens and places.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let output = options.bundle.as_deref().map(Output::create).transpose()?;
    let mut told = Told::default();
    let mut bundle = Bundle::default();
    match options.file.load() {
        Ok(config) => {
            bundle.configuration = Some(config.to_toml_redacted());
            bundle.instance = block_on(examine(&config, &mut told))?;
        }
        Err(fault) => {
            for fault in faults(&fault) {
                told.tell(Finding::failed("configuration", fault))?;
            }
        }
    }
    if let Some(output) = output {
        let text = bundle.text(&told.findings);
        output.finish(text.as_bytes()).context("the bundle can't be written")?;
    }
    told.end()
}

/// A line for each fault of a configuration.
fn faults(fault: &Unusable) -> Vec<String> {
    match fault {
        Unusable::File(fault) => vec![with_causes(fault)],
        fault => fault.to_string().lines().map(str::to_owned).collect(),
    }
}

/// Nearest first: what is wrong there explains what is wrong beyond.
async fn examine(config: &Config, told: &mut Told) -> anyhow::Result<Option<Instance>> {
    for warning in &config.warnings {
        told.tell(Finding::warning("configuration", warning.to_string()))?;
    }
    let tenants = config.tenants.len();
    told.tell(Finding::fine("configuration", format!("sound, tenants: {tenants}")))?;
    told.tell_all(certificate::of_listeners(config))?;
    told.tell_all(host::snapshots(config.snapshot_directory.as_deref()))?;
    told.tell_all(listener::examine(config).await)?;
    let asked = Instance::ask(config).await;
    told.tell_all(instance::findings(&asked))?;
    let instance = asked.ok().flatten();
    let limit = instance.as_ref().and_then(Instance::open_files);
    told.tell(host::open_files(&config.server, limit))?;
    let metrics = Arc::new(Metrics::new()?);
    for tenant in &config.tenants {
        let findings = upstream::examine(tenant, Arc::clone(&metrics)).await;
        told.tell_all(findings.map_err(|error| anyhow!("{}: {}", tenant.name, with_causes(&error)))?)?;
    }
    Ok(instance)
}

/// What has been told.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
}

impl Told {
    /// At once: what comes next may take its time.
    fn tell(&mut self, finding: Finding) -> anyhow::Result<()> {
        say(&format!("{finding}\n"))?;
        self.findings.push(finding);
        Ok(())
    }

    fn tell_all(&mut self, findings: Vec<Finding>) -> anyhow::Result<()> {
        findings.into_iter().try_for_each(|finding| self.tell(finding))
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// What it comes to.
    fn end(&self) -> anyhow::Result<()> {
        let [fine, warnings, failed] =
            [Verdict::Fine, Verdict::Warning, Verdict::Failed].map(|verdict| self.count(verdict));
        if failed > 0 {
            bail!("{failed} failed, {warnings} warnings, {fine} ok");
        }
        say(&format!("nothing failed; {warnings} warnings, {fine} ok\n"))
    }
}
