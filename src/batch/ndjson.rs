//! A JSON object on each line.

use super::fault::Unreadable;
use super::told::Told;
use super::{LONGEST_ROW, Row, object};

/// Lines on their way through.
#[derive(Default)]
pub(super) struct Ndjson {
    /// The line being read, or the one that was read last.
    line: Vec<u8>,
    is_whole: bool,
    /// Lines whose end has been read.
    lines: u64,
}

impl Ndjson {
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Row>, Unreadable> {
        while !input.is_empty() {
            if self.is_whole {
                self.line.clear();
                self.is_whole = false;
            }
            let end = input.iter().position(|byte| *byte == b'\n');
            let (taken, rest) = input.split_at(end.unwrap_or(input.len()));
            if self.line.len() + taken.len() > LONGEST_ROW {
                return Err(Unreadable::RowTooLong { line: self.lines + 1 });
            }
            self.line.extend_from_slice(taken);
            *input = rest.get(1..).unwrap_or_default();
            if end.is_some()
                && let Some(row) = self.ended()
            {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    pub(super) fn last(&mut self) -> Option<Row> {
        if self.is_whole { None } else { self.ended() }
    }

    /// The line is whole: a row, unless nothing stands there.
    fn ended(&mut self) -> Option<Row> {
        self.is_whole = true;
        self.lines += 1;
        if self.lines == 1 && self.line.starts_with("\u{feff}".as_bytes()) {
            self.line.drain(..3);
        }
        let is_blank = self.line.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then(|| Row { line: self.lines, asked: object::asked(&self.line) })
    }

    pub(super) fn write(&self, told: &Told<'_>, output: &mut Vec<u8>) {
        object::write(&self.line, told, output);
        output.push(b'\n');
    }
}

pub(super) fn write_alone(told: &Told<'_>, output: &mut Vec<u8>) {
    object::write(b"{}", told, output);
    output.push(b'\n');
}
