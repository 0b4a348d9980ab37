//! An array of JSON objects, element by element.

use super::fault::Unreadable;
use super::told::Told;
use super::{LONGEST_ROW, Row, object};

/// An array on its way through.
#[derive(Default)]
pub(super) struct JsonArray {
    place: Place,
    /// The element being read, or the one that was read last.
    element: Vec<u8>,
    /// Elements that have been read.
    rows: u64,
    written: u64,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before the bracket.
    #[default]
    Before,
    /// Behind the bracket: an element, or the end.
    First,
    /// Behind a comma: an element.
    Next,
    /// Behind an element: a comma, or the end.
    Between,
    /// Within an element, this many brackets deep; 0: a word or a number.
    Within { depth: u32 },
    /// Within a string in an element.
    Text { depth: u32, is_escaped: bool },
    /// Behind the last bracket.
    After,
}

impl JsonArray {
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Row>, Unreadable> {
        while let Some((byte, rest)) = input.split_first() {
            let was = self.place;
            self.place = self.behind(*byte)?;
            let is_whole = self.place == Place::Between && was != Place::Between;
            // What ends a word belongs to what follows it.
            let ends_word = is_whole && was == Place::Within { depth: 0 };
            if !ends_word {
                *input = rest;
                if is_whole || matches!(self.place, Place::Within { .. } | Place::Text { .. }) {
                    if self.element.len() == LONGEST_ROW {
                        return Err(Unreadable::RowTooLong { line: self.rows + 1 });
                    }
                    self.element.push(*byte);
                }
            }
            if is_whole {
                self.rows += 1;
                return Ok(Some(Row { line: self.rows, asked: object::asked(&self.element) }));
            }
        }
        Ok(None)
    }

    /// Where one is behind this byte.
    fn behind(&mut self, byte: u8) -> Result<Place, Unreadable> {
        let misplaced = Unreadable::NotAnArray { row: self.rows };
        match (self.place, byte) {
            (Place::Text { depth, is_escaped }, _) => Ok(behind_text(depth, is_escaped, byte)),
            (Place::Within { depth }, _) => behind_inner(depth, byte).ok_or(misplaced),
            (place, b' ' | b'\t' | b'\r' | b'\n') => Ok(place),
            // A byte order mark, as some editors leave one.
            (Place::Before, 0xef | 0xbb | 0xbf) => Ok(Place::Before),
            (Place::Before, b'[') => Ok(Place::First),
            (Place::First | Place::Between, b']') => Ok(Place::After),
            (Place::Between, b',') => Ok(Place::Next),
            (Place::First | Place::Next, byte) if !matches!(byte, b',' | b'}' | b']') => {
                self.element.clear();
                Ok(match byte {
                    b'{' | b'[' => Place::Within { depth: 1 },
                    b'"' => Place::Text { depth: 0, is_escaped: false },
                    _ => Place::Within { depth: 0 },
                })
            }
            _ => Err(misplaced),
        }
    }

    pub(super) fn last(&self) -> Result<Option<Row>, Unreadable> {
        match self.place {
            Place::After => Ok(None),
            _ => Err(Unreadable::NotAnArray { row: self.rows }),
        }
    }

    pub(super) fn write(&mut self, told: &Told<'_>, output: &mut Vec<u8>) {
        self.begin_element(output);
        object::write(&self.element, told, output);
    }

    pub(super) fn write_alone(&mut self, told: &Told<'_>, output: &mut Vec<u8>) {
        self.begin_element(output);
        object::write(b"{}", told, output);
    }

    fn begin_element(&mut self, output: &mut Vec<u8>) {
        output.extend_from_slice(if self.written == 0 { b"[\n" } else { b",\n" });
        self.written += 1;
    }

    pub(super) fn finish(&self, output: &mut Vec<u8>) {
        output.extend_from_slice(if self.written == 0 { b"[]\n" } else { b"\n]\n" });
    }
}

/// Behind a byte of a string.
fn behind_text(depth: u32, is_escaped: bool, byte: u8) -> Place {
    match byte {
        b'\\' if !is_escaped => Place::Text { depth, is_escaped: true },
        // It was an element by itself.
        b'"' if !is_escaped && depth == 0 => Place::Between,
        b'"' if !is_escaped => Place::Within { depth },
        _ => Place::Text { depth, is_escaped: false },
    }
}

/// Behind a byte of an element, outside of its strings.
fn behind_inner(depth: u32, byte: u8) -> Option<Place> {
    match (depth, byte) {
        (0, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n') | (1, b'}' | b']') => Some(Place::Between),
        (_, b'"') => Some(Place::Text { depth, is_escaped: false }),
        (0, b'{' | b'[' | b'}') => None,
        (_, b'{' | b'[') => Some(Place::Within { depth: depth + 1 }),
        (_, b'}' | b']') => Some(Place::Within { depth: depth - 1 }),
        _ => Some(Place::Within { depth }),
    }
}
