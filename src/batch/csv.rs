//! Tables in text as spreadsheets write them: `,` or `;` or tabs between cells, decimal commas, quotes.

mod cells;
mod dialect;
mod record;

use super::Row;
use super::asked::{Asked, has_comma};
use super::columns::{Columns, Names};
use super::fault::{RowFault, Unreadable};
use super::told::{FIELDS, Told};
pub use cells::Cells;
use csv_core::{Reader, ReaderBuilder};
pub use dialect::{Decimal, Dialect};
use record::Record;
use std::borrow::Cow;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// A table on its way through.
#[derive(Default)]
pub struct Csv {
    names: Names,
    /// Whether the answer begins with a byte order mark in any case.
    is_marked: bool,
    /// Lines whose end has been read.
    lines: u64,
    stage: Stage,
}

enum Stage {
    /// The first line, as far as it has come.
    First(Vec<u8>),
    Rows(Box<Table>),
}

impl Default for Stage {
    fn default() -> Self {
        Self::First(Vec::new())
    }
}

/// What is known once the first line has been read, and the row that was read last.
struct Table {
    reader: Reader,
    dialect: Dialect,
    has_bom: bool,
    header: Option<Header>,
    is_titled: bool,
    record: Record,
}

/// What the columns are.
struct Header {
    columns: Columns,
    titles: Vec<String>,
}

impl Csv {
    /// One whose columns are called so.
    pub fn named(names: Names) -> Self {
        Self { names, ..Self::default() }
    }

    /// The same, with a byte order mark before what is written: spreadsheets take UTF-8 for something else without.
    #[must_use]
    pub fn with_bom(self) -> Self {
        Self { is_marked: true, ..self }
    }

    /// How the table is written; `None` before its first line has been read.
    pub fn dialect(&self) -> Option<Dialect> {
        match &self.stage {
            Stage::First(_) => None,
            Stage::Rows(table) => Some(table.dialect),
        }
    }

    /// The next row, as [`super::Batch::next`] says.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Row>, Unreadable> {
        if let Stage::First(first) = &mut self.stage {
            if !dialect::until_line_end(first, input)? {
                return Ok(None);
            }
            let first = std::mem::take(first);
            self.begin(&first)?;
        }
        self.rows(input)
    }

    /// The last row, as [`super::Batch::last`] says.
    pub fn last(&mut self) -> Result<Option<Row>, Unreadable> {
        if let Stage::First(first) = &mut self.stage {
            let mut first = std::mem::take(first);
            if first.is_empty() {
                return Err(Unreadable::Empty);
            }
            first.push(b'\n');
            self.begin(&first)?;
        }
        // What only the end of the input closes, the end of a line closes too; but for a quote.
        let row = if self.open_line().is_some() { self.rows(&mut b"\n".as_slice())? } else { None };
        match (self.open_line(), &self.stage) {
            (Some(line), _) => Err(Unreadable::OpenQuote { line }),
            // After a hint there were no names.
            (None, Stage::Rows(table)) if table.header.is_none() => Err(Unreadable::Empty),
            (None, _) => Ok(row),
        }
    }

    /// The line where a row begins that isn't whole yet.
    fn open_line(&self) -> Option<u64> {
        match &self.stage {
            Stage::First(_) => None,
            Stage::Rows(table) => table.record.open_line(),
        }
    }

    /// Learns from the first line how the table is written.
    fn begin(&mut self, first: &[u8]) -> Result<(), Unreadable> {
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            return Err(Unreadable::Utf16);
        }
        let (has_bom, text) = match first.strip_prefix(BOM) {
            Some(text) => (true, text),
            None => (self.is_marked, first),
        };
        if let Some(dialect) = Dialect::told(text) {
            // The names stand on the next line.
            self.lines += line_ends(text);
            self.stage = Stage::Rows(Box::new(Table::new(dialect, has_bom)));
            return Ok(());
        }
        self.stage = Stage::Rows(Box::new(Table::new(Dialect::guessed(text), has_bom)));
        // It holds the names, and no row.
        let mut rest = text;
        self.rows(&mut rest).map(drop)
    }

    /// The next row; the names of the columns come before the first.
    fn rows(&mut self, input: &mut &[u8]) -> Result<Option<Row>, Unreadable> {
        let Self { names, lines, stage: Stage::Rows(table), .. } = self else { return Ok(None) };
        while table.record.read(&mut table.reader, input, lines)? {
            if table.header.is_none() {
                table.header = Some(Header::read(&table.record, names)?);
            } else if !table.record.is_blank() {
                return Ok(Some(Row { line: table.record.line(), asked: table.asked() }));
            }
        }
        Ok(None)
    }

    /// The cells of the row that was read last, or of the header before the first; what isn't text in them is replaced.
    pub fn cells(&self) -> Vec<Cow<'_, str>> {
        match &self.stage {
            Stage::First(_) => Vec::new(),
            Stage::Rows(table) => table.record.cells().map(text_of).collect(),
        }
    }

    /// Writes the row that was read last, with its answer.
    pub(super) fn write(&mut self, told: &Told<'_>, output: &mut Vec<u8>) {
        self.write_own(output);
        self.write_told(told, output);
    }

    /// Writes the row that was read last as far as it is the client's: [`Self::write_told`] has to follow.
    pub fn write_own(&mut self, output: &mut Vec<u8>) {
        if let Stage::Rows(table) = &mut self.stage {
            table.write_titles(output);
            table.write_own(&mut Cells::new(table.dialect, output));
        }
    }

    /// Writes an answer behind its row, and ends the line.
    pub fn write_told(&self, told: &Told<'_>, output: &mut Vec<u8>) {
        if let Stage::Rows(table) = &self.stage {
            let mut cells = Cells::behind_others(table.dialect, output);
            told.write_cells(&mut cells);
            cells.end();
        }
    }

    /// Writes an answer to no row.
    pub(super) fn write_alone(&mut self, told: &Told<'_>, output: &mut Vec<u8>) {
        if let Stage::Rows(table) = &mut self.stage {
            table.write_titles(output);
            let mut cells = Cells::new(table.dialect, output);
            for _ in table.header.iter().flat_map(Header::passed) {
                cells.own("");
            }
            told.write_cells(&mut cells);
            cells.end();
        }
    }

    /// Writes the names of the columns, unless a row has made that necessary before.
    pub fn finish(&mut self, output: &mut Vec<u8>) {
        if let Stage::Rows(table) = &mut self.stage {
            table.write_titles(output);
        }
    }
}

impl Header {
    fn read(record: &Record, names: &Names) -> Result<Self, Unreadable> {
        let titles: Vec<_> = record.cells().map(|title| text_of(title).into_owned()).collect();
        let columns = Columns::find(&titles, names)?;
        Ok(Self { columns, titles })
    }

    /// The columns that are passed through, with their names; those that an earlier answer filled are made anew.
    fn passed(&self) -> impl Iterator<Item = (usize, &String)> {
        self.titles.iter().enumerate().filter(|(_, title)| !FIELDS.contains(&title.as_str()))
    }
}

impl Table {
    fn new(dialect: Dialect, has_bom: bool) -> Self {
        let reader = ReaderBuilder::new().delimiter(dialect.separator).build();
        Self { reader, dialect, has_bom, header: None, is_titled: false, record: Record::new() }
    }

    /// What the row asks that was read last.
    fn asked(&mut self) -> Result<Asked, RowFault> {
        let Self { record, header: Some(Header { columns, titles }), .. } = self else {
            return Err(RowFault::TooManyCells);
        };
        if !record.is_text() {
            return Err(RowFault::NotText);
        }
        if record.cells().skip(titles.len()).any(|cell| !cell.is_empty()) {
            return Err(RowFault::TooManyCells);
        }
        let cell = |at: usize| record.cells().nth(at).map(text_of).unwrap_or_default();
        let (lat, lng) = (cell(columns.lat), cell(columns.lng));
        let radius = columns.radius.map(cell).unwrap_or_default();
        let asked = Asked::read(&lat, &lng, &radius)?;
        if has_comma(&lat) || has_comma(&lng) {
            self.dialect.decimal = Decimal::Comma;
        }
        Ok(asked)
    }

    fn write_titles(&mut self, output: &mut Vec<u8>) {
        if self.is_titled {
            return;
        }
        self.is_titled = true;
        if self.has_bom {
            output.extend_from_slice(BOM);
        }
        let mut cells = Cells::new(self.dialect, output);
        for (_, title) in self.header.iter().flat_map(Header::passed) {
            cells.own(title);
        }
        for field in FIELDS {
            cells.own(field);
        }
        cells.end();
    }

    /// The row's own cells. Those that belong to no column are joined to the last.
    fn write_own(&self, cells: &mut Cells<'_>) {
        let Some(header) = &self.header else { return };
        let own: Vec<_> = self.record.cells().map(text_of).collect();
        let (own, surplus) = own.split_at(own.len().min(header.titles.len()));
        let surplus = if surplus.iter().all(|cell| cell.is_empty()) { &[] } else { surplus };
        let separator = char::from(self.dialect.separator).to_string();
        let mut passed = header.passed().peekable();
        while let Some((at, _)) = passed.next() {
            let cell = own.get(at).map(AsRef::as_ref).unwrap_or_default();
            if passed.peek().is_none() && !surplus.is_empty() {
                cells.own(&format!("{cell}{separator}{}", surplus.join(separator.as_str())));
            } else {
                cells.own(cell);
            }
        }
    }
}

/// A cell's text; what is none is replaced, and so is a NUL.
fn text_of(cell: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(cell);
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text }
}

fn line_ends(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
