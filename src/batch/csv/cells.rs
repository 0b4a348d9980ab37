//! Cells on their way out.

use super::dialect::{Decimal, Dialect};

/// A spreadsheet takes a cell that begins with one of these for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes one line.
pub struct Cells<'o> {
    dialect: Dialect,
    output: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Cells<'o> {
    /// At the beginning of a line.
    pub fn new(dialect: Dialect, output: &'o mut Vec<u8>) -> Self {
        Self { dialect, output, is_first: true }
    }

    /// Behind cells that have been written.
    pub(super) fn behind_others(dialect: Dialect, output: &'o mut Vec<u8>) -> Self {
        Self { dialect, output, is_first: false }
    }

    /// Text as it is, whatever it begins with: what the client's own cells hold is the client's.
    pub fn own(&mut self, text: &str) {
        self.separate();
        let separator = self.dialect.separator;
        let special = |byte: u8| byte == separator || matches!(byte, b'"' | b'\r' | b'\n');
        if text.bytes().any(special) {
            self.output.push(b'"');
            for byte in text.bytes() {
                if byte == b'"' {
                    self.output.push(b'"');
                }
                self.output.push(byte);
            }
            self.output.push(b'"');
        } else {
            self.output.extend_from_slice(text.as_bytes());
        }
    }

    /// Text that the client didn't write: where a spreadsheet would take it for a formula, a `'` makes it text.
    pub fn foreign(&mut self, text: &str) {
        if text.trim_start_matches([' ', '\n']).starts_with(FORMULA) {
            self.own(&format!("'{text}"));
        } else {
            self.own(text);
        }
    }

    /// A number.
    pub fn number(&mut self, number: f64) {
        let text = number.to_string();
        match self.dialect.decimal {
            Decimal::Point => self.own(&text),
            Decimal::Comma => self.own(&text.replace('.', ",")),
        }
    }

    /// The end of the line.
    pub fn end(self) {
        self.output.extend_from_slice(self.dialect.line_end.as_bytes());
    }

    fn separate(&mut self) {
        if !self.is_first {
            self.output.push(self.dialect.separator);
        }
        self.is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_need_be_and_foreign_ones_are_no_formulas() {
        let dialect = Dialect { separator: b';', decimal: Decimal::Comma, line_end: "\r\n" };
        let mut line = Vec::new();
        let mut cells = Cells::new(dialect, &mut line);
        for own in ["=1+1", "a;b", "say \"oi\"", "two\nlines", ""] {
            cells.own(own);
        }
        for foreign in ["=1+1", "@SUM(A1)", "+55", "-1", "\tx", "\rx", "\n=x", " =x", "CTO-1", "=a;b"] {
            cells.foreign(foreign);
        }
        cells.number(12.5);
        cells.end();
        let expected = "=1+1;\"a;b\";\"say \"\"oi\"\"\";\"two\nlines\";;\
            '=1+1;'@SUM(A1);'+55;'-1;'\tx;\"'\rx\";\"'\n=x\";' =x;CTO-1;\"'=a;b\";12,5\r\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }
}
