//! One record of a table.

use super::super::LONGEST_ROW;
use super::super::fault::Unreadable;
use super::line_ends;
use csv_core::{ReadRecordResult, Reader};

/// More than any table has; a row of separators only would otherwise have sixteen thousand.
const MOST_COLUMNS: usize = 256;

/// A record as far as it has come: its cells one behind the other, and where each ends.
pub(super) struct Record {
    text: Box<[u8]>,
    length: usize,
    ends: Box<[usize]>,
    cells: usize,
    line: u64,
    /// Whether it has begun and isn't whole.
    is_open: bool,
}

impl Record {
    /// Nothing has come yet.
    pub(super) fn new() -> Self {
        Self {
            text: vec![0; LONGEST_ROW].into_boxed_slice(),
            length: 0,
            ends: vec![0; MOST_COLUMNS].into_boxed_slice(),
            cells: 0,
            line: 0,
            is_open: false,
        }
    }

    /// Reads on until it is whole, in the place of one that was; `false`: the input ends first. Counts ends of lines.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader,
        input: &mut &[u8],
        lines: &mut u64,
    ) -> Result<bool, Unreadable> {
        if !self.is_open {
            // Empty lines, and what is left of the end of the line before.
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let (skipped, rest) = input.split_at(blank);
            *lines += line_ends(skipped);
            *input = rest;
        }
        if input.is_empty() {
            // To the reader that would be the end of all.
            return Ok(false);
        }
        if !self.is_open {
            (self.length, self.cells, self.line, self.is_open) = (0, 0, *lines + 1, true);
        }
        let (room, ends) = (&mut self.text[self.length..], &mut self.ends[self.cells..]);
        let (result, taken, written, ended) = reader.read_record(input, room, ends);
        let (taken, rest) = input.split_at(taken);
        *lines += line_ends(taken);
        *input = rest;
        self.length += written;
        self.cells += ended;
        match result {
            ReadRecordResult::Record => {
                self.is_open = false;
                Ok(true)
            }
            ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok(false),
            ReadRecordResult::OutputFull => Err(Unreadable::RowTooLong { line: self.line }),
            ReadRecordResult::OutputEndsFull => Err(Unreadable::TooManyColumns { most: MOST_COLUMNS }),
        }
    }

    /// Where it begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Where it begins, if it isn't whole.
    pub(super) fn open_line(&self) -> Option<u64> {
        self.is_open.then_some(self.line)
    }

    /// Its cells, without their quotes.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).take(self.cells).map(|(start, end)| &self.text[start..*end])
    }

    /// Whether nothing stands in any cell: such rows are left at the end of many tables.
    pub(super) fn is_blank(&self) -> bool {
        self.text[..self.length].iter().all(u8::is_ascii_whitespace)
    }

    /// Whether every cell is UTF-8 without NUL.
    pub(super) fn is_text(&self) -> bool {
        self.cells().all(|cell| str::from_utf8(cell).is_ok() && !cell.contains(&0))
    }
}
