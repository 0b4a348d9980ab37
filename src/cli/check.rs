//! `viability-proxy check`: is the configuration sound, and does OZmap accept the keys?

use super::{ConfigFile, block_on, say};
use anyhow::{Context, bail};
use clap::Args;
use std::sync::Arc;
use viability_proxy::config::Tenant;
use viability_proxy::metrics::Metrics;
use viability_proxy::ozmap::wire::rows::ProjectRow;
use viability_proxy::ozmap::{Client, pages};
use viability_proxy::server::tls;

use viability_proxy::ozmap::wire::List;
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
    for (section, files) in [("server", &config.server.tls), ("admin", &config.admin.tls)] {
        if let Some(files) = files {
            tls::check(files).context(section)?;
        }
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

async fn ask(tenant: &Tenant) -> anyhow::Result<usize> {
    let client = Client::new(tenant, Arc::new(Metrics::new()?))?;
    let projects = pages::read_all::<ProjectRow>(&client, &tenant.key, &|_| ())
        .await
        .with_context(|| format!("{}/{}", tenant.host.base(), List::Projects.path()))?;
    if projects.rows.is_empty() {
        bail!("the key is valid but sees no project; give its user access to the projects concerned");
    }
    Ok(projects.rows.len())
}
