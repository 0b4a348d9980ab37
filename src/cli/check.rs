//! `viability-proxy check`: is the configuration sound, can what it names be used, and does OZmap accept the keys?

mod directory;

use super::{ConfigFile, block_on, say, warn, warn_of};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use viability_proxy::config::{Config, Tenant};
use viability_proxy::metrics::Metrics;
use viability_proxy::ozmap::wire::List;
use viability_proxy::ozmap::wire::rows::ProjectRow;
use viability_proxy::ozmap::{Client, Lane, pages};
use viability_proxy::server::tls::{self, Expiry, Validity};
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
    for (section, files) in [("server", &config.server.tls), ("admin", &config.admin.tls)] {
        let Some(files) = files else { continue };
        match tls::check(files) {
            Ok(expiry) => match about_the_end(expiry, &files.cert, SystemTime::now()) {
                None => {}
                Some(Finding::Warning(told)) => warn(&format!("{section}: {told}"))?,
                Some(Finding::Fault(told)) => faults.push(format!("{section}: {told}")),
            },
            Err(error) => faults.push(format!("{section}: {}", with_causes(&error))),
        }
    }
    if let Some(folder) = &config.snapshot_directory
        && let Err(error) = directory::try_out(folder)
    {
        let remedy = "name another, or let the user that this runs as write there";
        faults.push(format!(
            "snapshot.directory: {} can't be written to ({error}): {remedy}",
            folder.display()
        ));
    }
    Ok(faults)
}

/// What was found in what the configuration names.
enum Finding {
    /// It works for now.
    Warning(String),
    /// It doesn't work.
    Fault(String),
}

/// What there is to tell of a certificate's end.
fn about_the_end(expiry: Option<Expiry>, file: &Path, now: SystemTime) -> Option<Finding> {
    let file = file.display();
    let Some(expiry) = expiry else {
        return Some(Finding::Warning(format!("when the certificate in {file} ends can't be read")));
    };
    match expiry.validity(now) {
        Validity::Good => None,
        Validity::Near => {
            Some(Finding::Warning(format!("the certificate in {file} ends soon, at {expiry}: renew it")))
        }
        Validity::Over => {
            Some(Finding::Fault(format!("the certificate in {file} has expired, at {expiry}: renew it")))
        }
    }
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
