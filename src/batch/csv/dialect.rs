//! How a table is written.

use super::super::LONGEST_ROW;
use super::super::fault::Unreadable;

/// How a table is written, and so its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells: `,`, `;` or a tab.
    pub separator: u8,
    /// Within numbers.
    pub decimal: Decimal,
    /// At the end of a line.
    pub line_end: &'static str,
}

/// What stands between a number's whole part and its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `.`
    Point,
    /// `,`
    Comma,
}

/// In the order in which they are preferred where a line has as many of one as of the other.
const SEPARATORS: [u8; 3] = [b';', b'\t', b','];

impl Dialect {
    /// Of the line that holds the names of the columns.
    pub(super) fn guessed(line: &[u8]) -> Self {
        let counts = SEPARATORS.map(|separator| (outside_quotes(line, separator), separator));
        // Of equals the first: the last is what `max` would take.
        let (_, separator) = counts.into_iter().rev().max_by_key(|(count, _)| *count).unwrap_or((0, b','));
        Self::of(separator, line)
    }

    /// Of Excel's hint, `sep=;`, where there is one.
    pub(super) fn told(line: &[u8]) -> Option<Self> {
        let bare = line.trim_ascii_end();
        let hint = bare.get(..4).filter(|word| word.eq_ignore_ascii_case(b"sep="))?;
        // A tab is one of the spaces that were trimmed.
        let separator = *line.get(hint.len())?;
        SEPARATORS.contains(&separator).then(|| Self::of(separator, line))
    }

    fn of(separator: u8, line: &[u8]) -> Self {
        let line_end = if line.ends_with(b"\r") || line.ends_with(b"\r\n") { "\r\n" } else { "\n" };
        Self { separator, decimal: Decimal::Point, line_end }
    }
}

fn outside_quotes(line: &[u8], separator: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line {
        quoted ^= *byte == b'"';
        count += usize::from(!quoted && *byte == separator);
    }
    count
}

/// Moves the beginning of `input` to `line`, through the first end of a line; `false`: there is none yet.
pub(super) fn until_line_end(line: &mut Vec<u8>, input: &mut &[u8]) -> Result<bool, Unreadable> {
    let end = input.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let (taken, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
    if line.len() + taken.len() > LONGEST_ROW {
        return Err(Unreadable::RowTooLong { line: 1 });
    }
    line.extend_from_slice(taken);
    *input = rest;
    Ok(end.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_separates_cells() {
        for (line, separator) in [
            ("lat;lng\n", b';'),
            ("lat,lng\n", b','),
            ("lat\tlng\n", b'\t'),
            ("\"a,b,c\";lat;lng\n", b';'),
            ("nome, apelido;lat;lng\n", b';'),
            ("a,b;lat\n", b';'),
            ("lat", b';'),
        ] {
            assert_eq!(Dialect::guessed(line.as_bytes()).separator, separator, "{line}");
        }
        assert_eq!(Dialect::guessed(b"lat;lng\r").line_end, "\r\n");
        assert_eq!(Dialect::told(b"sep=;\r\n").unwrap().separator, b';');
        assert_eq!(Dialect::told(b"SEP=\t\n").unwrap().separator, b'\t');
        for no_hint in ["sep=x\n", "sep=\n", "separador;lat;lng\n", "se"] {
            assert_eq!(Dialect::told(no_hint.as_bytes()), None, "{no_hint}");
        }
    }
}
