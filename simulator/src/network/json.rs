//! JSON written straight into a buffer: a list of rows is many megabytes, a tree of values would be many more.

use std::io::Write;

use super::id::Id;
use super::time;

/// Which properties of a row the caller asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    /// `None`: all of them.
    pub(crate) selected: Option<Vec<String>>,
    /// Properties to show as whole objects.
    pub(crate) populated: Vec<String>,
}

impl Fields {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.iter().any(|wanted| wanted == name))
    }

    pub(crate) fn populates(&self, name: &str) -> bool {
        self.populated.iter().any(|wanted| wanted == name)
    }
}

/// One object being written.
pub(crate) struct Object<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Writes the key (which needs no escapes); the value is to follow.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        self.out.extend_from_slice(if self.empty { b"\"" } else { b",\"" });
        self.empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

/// Writes the items with commas, in brackets.
pub(crate) fn array<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (place, value) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        item(out, value);
    }
    out.push(b']');
}

pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

pub(crate) fn id(out: &mut Vec<u8>, id: Id) {
    out.push(b'"');
    id.write(out);
    out.push(b'"');
}

pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// The shortest digits that read back as the same number; what is no number becomes null, as in JavaScript.
pub(crate) fn number(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        // Writing to a vector can not fail.
        let _ = write!(out, "{value}");
    } else {
        null(out);
    }
}

pub(crate) fn count(out: &mut Vec<u8>, value: usize) {
    let _ = write!(out, "{value}");
}

pub(crate) fn instant(out: &mut Vec<u8>, ms: i64) {
    string(out, &time::iso(ms));
}

/// `[lng, lat]`, in this order.
pub(crate) fn position(out: &mut Vec<u8>, lng: f64, lat: f64) {
    out.push(b'[');
    number(out, lng);
    out.push(b',');
    number(out, lat);
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awkward_strings_read_back() {
        for text in ["CTO \"São João\" 3", "Caixa d'Água 7", "a\\b\tc\nd\u{1}e", "🡒"] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
