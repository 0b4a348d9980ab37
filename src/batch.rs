//! Many homes in one stream: rows come in, and the same rows go out with what was said of each.
//!
//! Knows no HTTP and no clock, and holds one row at a time: whoever drives it brings bytes and takes bytes.

pub mod asked;
pub mod campaign;
pub mod columns;
pub mod csv;
pub mod fault;
pub mod format;
mod json;
mod ndjson;
mod object;
pub mod told;

use asked::Asked;
use csv::Csv;
use fault::{RowFault, Unreadable};
use format::Format;
use json::JsonArray;
use ndjson::Ndjson;
use told::Told;

/// The bytes that a row may have. An address with a dozen more columns has some hundred.
pub const LONGEST_ROW: usize = 16 << 10;

/// A row as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The line where it begins, from 1; of a JSON array its place in it, from 1.
    pub line: u64,
    /// What it asks, or why nobody can tell.
    pub asked: Result<Asked, RowFault>,
}

/// Rows of one kind on their way through: each is read, then written with its answer, before the next is read.
pub struct Batch {
    rows: Rows,
    left: u64,
    most: u64,
}

enum Rows {
    Csv(Csv),
    Ndjson(Ndjson),
    Json(JsonArray),
}

impl Batch {
    /// Nothing has come yet; takes at most so many rows.
    pub fn new(format: Format, most: u64) -> Self {
        let rows = match format {
            Format::Csv => Rows::Csv(Csv::default()),
            Format::Ndjson => Rows::Ndjson(Ndjson::default()),
            Format::Json => Rows::Json(JsonArray::default()),
        };
        Self { rows, left: most, most }
    }

    /// Reads the next row out of `input`, which then begins behind it; `None`: there is no whole row left in it.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Row>, Unreadable> {
        let row = match &mut self.rows {
            Rows::Csv(csv) => csv.next(input),
            Rows::Ndjson(lines) => lines.next(input),
            Rows::Json(array) => array.next(input),
        };
        row.and_then(|row| self.counted(row))
    }

    /// The input has ended: the row that only its end closes, if there is one.
    pub fn last(&mut self) -> Result<Option<Row>, Unreadable> {
        let row = match &mut self.rows {
            Rows::Csv(csv) => csv.last(),
            Rows::Ndjson(lines) => Ok(lines.last()),
            Rows::Json(array) => array.last(),
        };
        row.and_then(|row| self.counted(row))
    }

    fn counted(&mut self, row: Option<Row>) -> Result<Option<Row>, Unreadable> {
        if row.is_some() {
            self.left = self.left.checked_sub(1).ok_or(Unreadable::TooManyRows { most: self.most })?;
        }
        Ok(row)
    }

    /// Writes the row that was read last, with its answer.
    pub fn write(&mut self, told: &Told<'_>, output: &mut Vec<u8>) {
        match &mut self.rows {
            Rows::Csv(csv) => csv.write(told, output),
            Rows::Ndjson(lines) => lines.write(told, output),
            Rows::Json(array) => array.write(told, output),
        }
    }

    /// Writes what stands behind the last row.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        match &mut self.rows {
            Rows::Csv(csv) => csv.finish(output),
            Rows::Ndjson(_) => {}
            Rows::Json(array) => array.finish(output),
        }
    }

    /// Writes a last row that tells why no other follows; in JSON the array stays open, so that nobody takes it for whole.
    pub fn break_off(&mut self, why: &Told<'_>, output: &mut Vec<u8>) {
        match &mut self.rows {
            Rows::Csv(csv) => csv.write_alone(why, output),
            Rows::Ndjson(_) => ndjson::write_alone(why, output),
            Rows::Json(array) => array.write_alone(why, output),
        }
    }
}

#[cfg(test)]
mod tests;
