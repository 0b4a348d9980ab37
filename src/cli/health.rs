//! `viability-proxy health`: for those that watch a process by running a command, as container engines do.

use super::{ConfigFile, block_on, say};
use anyhow::{anyhow, bail};
use clap::Args;
use viability_proxy::doctor::door::Door;
use viability_proxy::wording::with_causes;

/// What to ask.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Ask whether every tenant can answer from memory (/readyz), not only whether the process runs (/healthz).
    #[arg(long)]
    ready: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let admin = options.file.load()?.admin;
    let path = if options.ready { "/readyz" } else { "/healthz" };
    block_on(async {
        let door =
            Door::to(admin.listen, admin.tls.as_ref()).map_err(|error| anyhow!(with_causes(&error)))?;
        let answer = door.get(path).await.map_err(|error| anyhow!(with_causes(&error)))?;
        if !answer.status.is_success() || !answer.is_ours {
            bail!("{}{path} answers {}: {}", door.base(), answer.status, answer.body.trim());
        }
        say(&format!("{}\n", answer.body.trim()))
    })
}
