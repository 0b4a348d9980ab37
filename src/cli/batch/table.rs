//! The table that is asked about, row by row.

use super::encoding::{self, Text};
use anyhow::Context;
use encoding_rs::Encoding;
use std::path::{Path, PathBuf};
use viability_proxy::batch::Row;
use viability_proxy::batch::columns::Names;
use viability_proxy::batch::csv::Csv;
use viability_proxy::batch::fault::Unreadable;
use viability_proxy::batch::told::Told;

/// A row with its own cells.
pub(super) struct OwnRow {
    pub(super) row: Row,
    /// As they go out again.
    pub(super) own: Vec<u8>,
    /// Whether one of them would be computed by a spreadsheet.
    pub(super) has_formula: bool,
}

/// A table being read.
pub(super) struct Table {
    path: PathBuf,
    text: Text,
    csv: Csv,
    piece: Vec<u8>,
    taken: usize,
    names: Names,
    /// The first line, as it goes out again.
    titles: Vec<u8>,
}

/// How it is written and how many rows it has. A table that can't be read to its end is told by where that is.
pub(super) fn survey(path: &Path, names: &Names) -> anyhow::Result<(&'static Encoding, u64)> {
    let encoding = encoding::of(path).with_context(|| format!("{} can't be read", path.display()))?;
    let mut table = Table::open(path, encoding, names.clone())?;
    let mut rows = 0;
    while table.next()?.is_some() {
        rows += 1;
    }
    Ok((encoding, rows))
}

impl Table {
    /// Before its first row.
    pub(super) fn open(path: &Path, encoding: &'static Encoding, names: Names) -> anyhow::Result<Self> {
        let text = Text::open(path, encoding).with_context(|| format!("{} can't be read", path.display()))?;
        // Without the mark spreadsheets here take UTF-8 for something else.
        let csv = Csv::named(names.clone()).with_bom();
        let (piece, titles) = (Vec::new(), Vec::new());
        Ok(Self { path: path.to_owned(), text, csv, piece, taken: 0, names, titles })
    }

    /// The next row.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<OwnRow>> {
        let row = match self.read() {
            Ok(row) => row,
            Err(error) => return Err(error.context(format!("{}", self.path.display()))),
        };
        if self.titles.is_empty() {
            self.csv.finish(&mut self.titles);
        }
        let Some(row) = row else { return Ok(None) };
        let mut own = Vec::new();
        self.csv.write_own(&mut own);
        let has_formula = self.csv.cells().iter().any(|cell| is_formula(cell));
        Ok(Some(OwnRow { row, own, has_formula }))
    }

    fn read(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            let mut rest = &self.piece[self.taken..];
            let row = self.csv.next(&mut rest).map_err(told)?;
            self.taken = self.piece.len() - rest.len();
            if row.is_some() {
                return Ok(row);
            }
            match self.text.next()? {
                Some(piece) => {
                    self.piece.clear();
                    self.piece.extend_from_slice(piece);
                    self.taken = 0;
                }
                None => return self.csv.last().map_err(told),
            }
        }
    }

    /// The next rows, so many at the most; none at the end.
    pub(super) fn block(&mut self, most: usize) -> anyhow::Result<Vec<OwnRow>> {
        let mut block = Vec::new();
        while block.len() < most
            && let Some(row) = self.next()?
        {
            block.push(row);
        }
        Ok(block)
    }

    /// What its columns are called.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// The first line of the answers, once a row has been read or there is none.
    pub(super) fn titles(&self) -> &[u8] {
        &self.titles
    }

    /// Writes the answer behind a row's own cells.
    pub(super) fn write_told(&self, told: &Told<'_>, output: &mut Vec<u8>) {
        self.csv.write_told(told, output);
    }
}

/// What is wrong, in words for whoever has the table.
fn told(fault: Unreadable) -> anyhow::Error {
    match fault {
        Unreadable::NoColumn { column } => {
            anyhow::anyhow!("{fault}; name another with --{column}-column")
        }
        fault => fault.into(),
    }
}

/// Whether a spreadsheet would compute it. Numbers with a sign, of telephones too, are none.
fn is_formula(cell: &str) -> bool {
    let signed = |rest: &str| {
        !rest
            .trim_start()
            .starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | ',' | '('))
    };
    match cell.chars().next() {
        Some('=' | '@') => true,
        Some('+' | '-') => cell.len() > 1 && signed(&cell[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_number_is_no_formula() {
        for cell in ["-27.5", "-27,5", "+55 48 99999-0000", "-", "+(48) 1", "", "Rua = 1", "- .5"] {
            assert!(!is_formula(cell), "{cell}");
        }
        for cell in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-SUM(1)"] {
            assert!(is_formula(cell), "{cell}");
        }
    }
}
