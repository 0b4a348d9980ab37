//! ids like MongoDB's: 12 bytes, written as 24 lower-case hex digits, ascending with creation.

use std::fmt;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The second of the first id: August 2019.
const FIRST_SECOND: u64 = 0x5d51_a870;

/// The id of a row. Bytes order as the hex digits do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id([u8; 12]);

impl Id {
    /// Reads 24 lower-case hex digits; anything else is no id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 24 {
            return None;
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// An id that is new at every read: of a port or a fibre, told apart by `read`, `row` and `place`.
    pub(crate) fn passing(read: u32, row: u32, place: u32) -> Self {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&read.wrapping_mul(0x9e37_79b1).to_be_bytes());
        bytes[4..8].copy_from_slice(&row.to_be_bytes());
        bytes[8..].copy_from_slice(&place.to_be_bytes());
        Self(bytes)
    }

    /// The id of something that is derived from this row and listed nowhere, such as a client.
    pub(crate) fn sibling(self, mark: u8) -> Self {
        let mut bytes = self.0;
        bytes[4] ^= mark;
        Self(bytes)
    }

    /// A number that is spread evenly over rows and does not change.
    pub(crate) fn hash(self) -> u32 {
        // FNV-1a: small, and the same everywhere.
        self.0.iter().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
            >> 7
    }

    /// When the row was made, in milliseconds since 1970.
    pub(crate) fn created_ms(self) -> i64 {
        i64::from(u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]])) * 1_000
    }

    /// Appends the 24 digits.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let mut digits = [0; 24];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        out.extend_from_slice(&digits);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Makes ids, each larger than all before.
#[derive(Debug)]
pub(crate) struct IdSource {
    made: u64,
    machine: [u8; 5],
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        let mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        Self { made: 0, machine: [mixed[0], mixed[1], mixed[2], mixed[3], mixed[4]] }
    }

    pub(crate) fn next(&mut self) -> Id {
        let mut bytes = [0; 12];
        // Four ids a second: the counter wraps only where the second steps.
        bytes[..4].copy_from_slice(&(FIRST_SECOND + self.made / 4).to_be_bytes()[4..]);
        bytes[4..9].copy_from_slice(&self.machine);
        bytes[9..].copy_from_slice(&self.made.to_be_bytes()[5..]);
        self.made += 1;
        Id(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_and_read_back() {
        let mut source = IdSource::new(1);
        let ids: Vec<Id> = (0..1_000).map(|_| source.next()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b && a.to_string() < b.to_string()));
        assert!(ids.iter().all(|id| Id::parse(&id.to_string()) == Some(*id)));
        source.made = (1 << 24) - 1;
        assert!(source.next() < source.next(), "the wrapping counter keeps the order");
    }

    #[test]
    fn only_lower_case_hex_is_an_id() {
        assert_eq!(Id::parse("5DC06D1275FC7D0006732521"), None);
        assert_eq!(Id::parse("5dc06d1275fc7d000673252"), None);
        assert!(Id::parse("5dc06d1275fc7d0006732521").is_some());
    }
}
