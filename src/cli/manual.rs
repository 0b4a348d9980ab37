//! `viability-proxy completions` and `viability-proxy man`: out of the definition of the command line itself.

use super::{Arguments, say};
use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::PathBuf;

/// For whom.
#[derive(Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Which pages.
#[derive(Args)]
pub(super) struct Pages {
    /// Write the pages of all commands into this folder instead.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn completions(options: &Completions) -> anyhow::Result<()> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    say(&String::from_utf8(script).context("the completions are no text")?)
}

pub(super) fn pages(options: &Pages) -> anyhow::Result<()> {
    let command = Arguments::command();
    if let Some(directory) = &options.directory {
        let context = || format!("the manual pages can't be written to {}", directory.display());
        return clap_mangen::generate_to(command, directory).with_context(context);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    say(&String::from_utf8(page).context("the page is no text")?)
}
