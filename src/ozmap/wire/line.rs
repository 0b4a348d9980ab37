//! A line of JSON in a place of fixed size: what is put into it are moves of known length, not calls.

use std::ops::Range;

/// More than a box takes whose name is no longer than [`Line::LONGEST_NAME`].
const ROOM: usize = 512;

/// Text that grows at its end, up to [`ROOM`] bytes; more is a bug, and panics.
pub(super) struct Line {
    bytes: [u8; ROOM],
    length: usize,
}

impl Line {
    /// What a name in JSON may take here; a longer one has to go another way.
    pub(super) const LONGEST_NAME: usize = 192;

    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    /// What it holds; from then on nothing.
    pub(super) fn take(&mut self) -> &[u8] {
        &self.bytes[..std::mem::take(&mut self.length)]
    }

    /// So many bytes, known when this is compiled.
    pub(super) fn words<const LENGTH: usize>(&mut self, words: &[u8; LENGTH]) {
        self.begin_of(words, LENGTH);
    }

    /// Any text.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.bytes[self.length..][..text.len()].copy_from_slice(text);
        self.length += text.len();
    }

    /// Of `words` the first `length`: all are moved, which takes less time than to move so many.
    fn begin_of<const LENGTH: usize>(&mut self, words: &[u8; LENGTH], length: usize) {
        self.bytes[self.length..][..LENGTH].copy_from_slice(words);
        self.length += length.min(LENGTH);
    }

    /// A whole number.
    pub(super) fn number(&mut self, number: u32) {
        if number >= 10_000 {
            return self.text(itoa::Buffer::new().format(number).as_bytes());
        }
        let digits = u32::from_le_bytes(four_digits(number));
        // The first digit is the lowest byte; the last stays, and if it is a zero.
        let zeros = ((digits ^ ZEROS) | 1 << 24).trailing_zeros() / 8;
        self.begin_of(&(digits >> (8 * zeros)).to_le_bytes(), 4 - zeros as usize);
    }

    /// Metres to the nearest hundredth.
    pub(super) fn hundredths(&mut self, metres: f64) {
        // No distance on Earth is longer than 2^32 hundredths of a metre.
        let hundredths = nearest(metres * 100.0);
        self.number(hundredths / 100);
        let [tenth, hundredth] = PAIRS[(hundredths % 100) as usize];
        match (tenth, hundredth) {
            (b'0', b'0') => {}
            (_, b'0') => self.words(&[b'.', tenth]),
            _ => self.words(&[b'.', tenth, hundredth]),
        }
    }

    /// A coordinate as JavaScript writes it, for OZmap is written in it: `30`, not `30.0`, and `0.000005`.
    pub(super) fn degrees(&mut self, degrees: f64) {
        let scaled = nearest(degrees.abs() * STEPS);
        // A decimal of fifteen digits or fewer that is this number when read is the shortest that is: the quotient of two
        // whole numbers that are exact is rounded like the decimal itself.
        let is_exact = (f64::from(scaled) / STEPS).to_bits() == degrees.abs().to_bits();
        if !is_exact || (1..SMALLEST_PLAIN).contains(&scaled) {
            return self.any_degrees(degrees);
        }
        // There is no -0 in JSON that JavaScript wrote.
        if degrees < 0.0 {
            self.words(b"-");
        }
        let (whole, part) = (scaled / 10_000_000, scaled % 10_000_000);
        self.number(whole);
        if part != 0 {
            let mut digits = [0; 8];
            digits[..4].copy_from_slice(&four_digits(part / 1_000));
            // Its last digit is one too many, a zero.
            digits[4..].copy_from_slice(&four_digits(part % 1_000 * 10));
            let zeros = (u64::from_le_bytes(digits) ^ (u64::from(ZEROS) << 32 | u64::from(ZEROS)))
                .leading_zeros()
                / 8;
            self.words(b".");
            self.begin_of(&digits, 8 - zeros as usize);
        }
    }

    /// One with more decimals than seven, or so near the equator that JavaScript may write an exponent.
    fn any_degrees(&mut self, degrees: f64) {
        if WITHOUT_EXPONENT.contains(&degrees.abs()) {
            return self.text(degrees.to_string().as_bytes());
        }
        let mut buffer = zmij::Buffer::new();
        let written = buffer.format_finite(degrees);
        self.text(written.strip_suffix(".0").unwrap_or(written).as_bytes());
    }
}

/// Coordinates have seven decimals at most, but for a few: a centimetre.
const STEPS: f64 = 1e7;
/// From so many steps on, a millionth of a degree, JavaScript writes no exponent.
const SMALLEST_PLAIN: u32 = 10;
/// The numbers that JavaScript writes with all their zeros and the formatter with an exponent.
const WITHOUT_EXPONENT: Range<f64> = 1e-6..1e-5;

/// Four times `0`.
const ZEROS: u32 = u32::from_le_bytes(*b"0000");

/// The two digits of each number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut all = [[0; 2]; 100];
    let mut number = 0_u8;
    while number < 100 {
        all[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    all
};

/// Of a number below ten thousand, leading zeros too.
fn four_digits(number: u32) -> [u8; 4] {
    let ([a, b], [c, d]) = (PAIRS[(number / 100) as usize], PAIRS[(number % 100) as usize]);
    [a, b, c, d]
}

/// The nearest whole number, upwards from the middle, as `f64::round` gives for what isn't negative, and faster.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cutting off is what is wanted")]
fn nearest(number: f64) -> u32 {
    let whole = number as u32;
    whole + u32::from(number - f64::from(whole) >= 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(put: impl FnOnce(&mut Line)) -> String {
        let mut line = Line::new();
        put(&mut line);
        String::from_utf8(line.take().to_vec()).unwrap()
    }

    /// As `JSON.stringify` writes them (ECMA-262, `Number::toString`).
    #[test]
    fn a_place_near_the_equator_is_written_as_javascript_writes_it() {
        for (degrees, text) in [
            (5e-6, "0.000005"),
            (-1.25e-6, "-0.00000125"),
            (1e-6, "0.000001"),
            (9.99e-6, "0.00000999"),
            (1e-5, "0.00001"),
            (9e-7, "9e-7"),
            (-3.5e-9, "-3.5e-9"),
            (0.0, "0"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (-180.0, "-180"),
            (1e-7, "1e-7"),
        ] {
            assert_eq!(written(|line| line.degrees(degrees)), text);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_the_standard_library_writes_them(number in prop_oneof![any::<u32>(), 0..20_000_u32]) {
            prop_assert_eq!(written(|line| line.number(number)), number.to_string());
        }

        #[test]
        fn degrees_are_the_shortest_text_that_is_read_as_the_same(
            degrees in prop_oneof![
                -180.0..=180.0_f64,
                (-1_800_000_000..=1_800_000_000_i64).prop_map(|steps| steps as f64 / 1e7),
                (-180_000_000_000_000..=180_000_000_000_000_i64).prop_map(|steps| steps as f64 / 1e12),
                (0..20_i32, -180.0..=180.0_f64).prop_map(|(digits, degrees)| {
                    let scale = 10_f64.powi(digits);
                    (degrees * scale).round() / scale
                }),
            ],
        ) {
            prop_assume!(degrees.abs() >= 1e-6);
            // Rust's own is the shortest too, and has no exponent.
            prop_assert_eq!(written(|line| line.degrees(degrees)), (degrees + 0.0).to_string());
        }

        #[test]
        fn metres_are_rounded_as_javascript_would(metres in prop_oneof![0.0..2_000.0_f64, 0.0..20_040_000.0, (0..100_000_u32).prop_map(|n| f64::from(n) / 200.0)]) {
            let rounded = (metres * 100.0).round() / 100.0;
            prop_assert_eq!(written(|line| line.hundredths(metres)), rounded.to_string());
        }
    }
}
