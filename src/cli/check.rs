//! `viability-proxy check`: is the configuration sound, can what it names be used, and does OZmap accept the keys?

use super::{ConfigFile, block_on, say, warn, warn_of};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use std::sync::Arc;
use viability_proxy::config::{Config, Tenant};
use viability_proxy::doctor::{Finding, Verdict, certificate, host};
use viability_proxy::metrics::Metrics;
use viability_proxy::ozmap::wire::List;
use viability_proxy::ozmap::wire::rows::ProjectRow;
use viability_proxy::ozmap::{Client, Lane, pages};
use viability_proxy::wording::{with_causes, with_remedy};

/// What to check.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Also ask each tenant's OZmap with its key.
    #[arg(long)]
    online: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let config = options.file.load()?;
    warn_of(&config)?;
    let faults = around(&config)?;
    if !faults.is_empty() {
        bail!(faults.join("\n"));
    }
    say(&format!("configuration sound, tenants: {}\n", config.tenants.len()))?;
    if options.online {
        block_on(async {
            let mut failed = 0;
            for tenant in &config.tenants {
                match ask(tenant).await {
                    Ok(projects) => {
                        say(&format!("{}: OZmap answers; the key sees {projects} projects\n", tenant.name))?;
                    }
                    Err(error) => {
                        failed += 1;
                        say(&format!("{}: {error:#}\n", tenant.name))?;
                    }
                }
            }
            if failed > 0 {
                bail!("{failed} of {} tenants can't be served", config.tenants.len());
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What is wrong with the files and folders that the configuration names, a line each; warnings are told at once.
fn around(config: &Config) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let folder = config.snapshot_directory.as_deref();
    let folder = folder.map(|folder| host::snapshots(Some(folder))).unwrap_or_default();
    for Finding { subject, verdict, text } in certificate::of_listeners(config).into_iter().chain(folder) {
        let told = format!("{subject}: {text}");
        match verdict {
            Verdict::Fine => {}
            Verdict::Warning => warn(&told)?,
            Verdict::Failed => faults.push(told),
        }
    }
    Ok(faults)
}

async fn ask(tenant: &Tenant) -> anyhow::Result<usize> {
    let client = Client::new(tenant, Arc::new(Metrics::new()?))?;
    let projects =
        pages::read_all::<ProjectRow>(&client, &tenant.key, List::Projects, Lane::Waiting, &|_| ())
            .await
            .map_err(|error| anyhow!(with_remedy(with_causes(&error), error.remedy())))
            .with_context(|| format!("{}/{}", tenant.host.base(), List::Projects.path()))?;
    if projects.rows.is_empty() {
        bail!("the key is valid but sees no project; give its user access to the projects concerned");
    }
    Ok(projects.rows.len())
}
