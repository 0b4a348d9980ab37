//! What has been answered, in a file beside the one that it becomes: an interrupted run goes on behind its last whole row.

use super::summary::Summary;
use super::table::{OwnRow, Table};
use crate::cli::Unusable;
use anyhow::{Context, bail};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use viability_proxy::batch::csv::Csv;
use viability_proxy::batch::told::{FIELDS, Told};

/// The file, and what is still to be written to it.
pub(super) struct Part<'p> {
    path: &'p Path,
    beside: PathBuf,
    file: File,
    waiting: Vec<u8>,
    is_titled: bool,
}

impl<'p> Part<'p> {
    /// A new one, or one that goes on: `table` is then behind the rows that have been answered, and these are counted.
    pub(super) fn open(
        path: &'p Path,
        table: &mut Table,
        restart: bool,
        summary: &mut Summary,
    ) -> anyhow::Result<Self> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let known = if restart { Vec::new() } else { known(&part)? };
        let whole = skip_answered(&known, table, summary)
            .with_context(|| format!("{}: go on with --restart, which begins anew", part.display()))?;
        let unusable = |source| Unusable::Output { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&part).map_err(unusable)?;
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(unusable)?;
        Ok(Self { path, beside: part, file, waiting: Vec::new(), is_titled: whole > 0 })
    }

    /// A row with its answer.
    pub(super) fn add(&mut self, row: &OwnRow, told: &Told<'_>, table: &Table) {
        self.entitle(table);
        self.waiting.extend_from_slice(&row.own);
        table.write_told(told, &mut self.waiting);
    }

    fn entitle(&mut self, table: &Table) {
        if !self.is_titled {
            self.is_titled = true;
            self.waiting.extend_from_slice(table.titles());
        }
    }

    /// Writes what was added.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.file
            .write_all(&self.waiting)
            .with_context(|| format!("{} can't be written", self.beside.display()))?;
        self.waiting.clear();
        Ok(())
    }

    /// Lets it become what was asked for.
    pub(super) fn finish(mut self, table: &Table) -> anyhow::Result<()> {
        self.entitle(table);
        self.flush()?;
        fs::rename(&self.beside, self.path)
            .with_context(|| format!("{} can't be written", self.path.display()))
    }
}

/// What an earlier run has left.
fn known(part: &Path) -> anyhow::Result<Vec<u8>> {
    match fs::read(part) {
        Ok(known) => Ok(known),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", part.display())),
    }
}

/// Moves the table behind the rows that are whole in what is known; how many bytes these are.
fn skip_answered(known: &[u8], table: &mut Table, summary: &mut Summary) -> anyhow::Result<usize> {
    let mut csv = Csv::named(table.names().clone()).with_bom();
    let (mut rest, mut whole, mut titles) = (known, 0, Vec::new());
    while csv.next(&mut rest).context("it is no table")?.is_some() {
        // The last row may lack its end.
        let ends_in_two = csv.dialect().is_some_and(|dialect| dialect.line_end == "\r\n");
        let Some(behind) = (if ends_in_two { rest.strip_prefix(b"\n") } else { Some(rest) }) else { break };
        let Some(row) = table.next()? else { bail!("it has more rows than the table") };
        let mut own = Vec::new();
        csv.finish(&mut titles);
        csv.write_own(&mut own);
        if titles != table.titles() || own != row.own {
            bail!("it answers other rows than the table has at line {}", row.row.line);
        }
        summary.count(&row, &answer_in(&csv));
        rest = behind;
        whole = known.len() - rest.len();
    }
    Ok(whole)
}

/// What the last cells of a row tell, as far as it is counted.
fn answer_in(csv: &Csv) -> Told<'static> {
    let cells = csv.cells();
    let first = cells.len().saturating_sub(FIELDS.len());
    let cell = |name: &str| {
        let at = FIELDS.iter().position(|field| *field == name)?;
        let text = cells.get(first + at).map(AsRef::as_ref).filter(|text: &&str| !text.is_empty())?;
        Some(text.to_owned())
    };
    Told {
        viable: cell("viable").map(|viable| viable == "true"),
        viable_reason: cell("viable_reason").map(Into::into),
        row_error: cell("row_error").map(Into::into),
        ..Told::default()
    }
}
