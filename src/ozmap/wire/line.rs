//! A line of JSON in a place of fixed size: what is put into it are moves of known length, not calls.

use std::ops::Range;

/// More than a box takes whose name is no longer than [`Line::LONGEST_NAME`].
const ROOM: usize = 512;

/// Where a line is put together.
pub(super) struct Room([u8; ROOM]);

impl Room {
    /// For one line after the other.
    pub(super) fn new() -> Self {
        Self([0; ROOM])
    }

    /// A line with nothing in it.
    pub(super) fn line(&mut self) -> Line<'_> {
        Line { bytes: &mut self.0, length: 0 }
    }
}

/// Text that grows at its end, up to [`ROOM`] bytes; more is a bug, and panics.
///
/// Handed on from word to word, so that its length stays in a register: each word waits for the length before it.
pub(super) struct Line<'r> {
    bytes: &'r mut [u8; ROOM],
    length: usize,
}

impl Line<'_> {
    /// What a name in JSON may take here; a longer one has to go another way.
    pub(super) const LONGEST_NAME: usize = 192;

    /// What it holds.
    pub(super) fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The same with nothing in it.
    pub(super) fn emptied(self) -> Self {
        Self { length: 0, ..self }
    }

    /// Text whose length is known when this is compiled.
    pub(super) fn fixed<const LENGTH: usize>(self, text: &[u8; LENGTH]) -> Self {
        self.begin_of(text, LENGTH)
    }

    /// Any text.
    pub(super) fn text(self, text: &[u8]) -> Self {
        self.bytes[self.length..][..text.len()].copy_from_slice(text);
        Self { length: self.length + text.len(), ..self }
    }

    /// Of `text` the first `length` bytes: all are moved, which takes less time than to move so many.
    fn begin_of<const LENGTH: usize>(self, text: &[u8; LENGTH], length: usize) -> Self {
        self.bytes[self.length..][..LENGTH].copy_from_slice(text);
        Self { length: self.length + length.min(LENGTH), ..self }
    }

    /// A whole number.
    pub(super) fn number(self, number: u32) -> Self {
        match number {
            0..10 => self.fixed(&[digit(number)]),
            10..100 => self.fixed(&[digit(number / 10), digit(number % 10)]),
            100..1_000 => self.fixed(&[digit(number / 100), digit(number / 10 % 10), digit(number % 10)]),
            1_000..100_000_000 => {
                let digits = eight_digits(number);
                let zeros = digits.trailing_zeros() / 8;
                self.begin_of(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize)
            }
            _ => self.text(itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    /// Metres to the nearest hundredth.
    pub(super) fn hundredths(self, metres: f64) -> Self {
        // No distance on Earth is longer than 2^32 hundredths of a metre.
        let hundredths = nearest(metres * 100.0);
        let (tenth, hundredth) = (hundredths / 10 % 10, hundredths % 10);
        let length = match (tenth, hundredth) {
            (0, 0) => 0,
            (_, 0) => 2,
            _ => 3,
        };
        self.number(hundredths / 100).begin_of(&[b'.', digit(tenth), digit(hundredth)], length)
    }

    /// A coordinate as JavaScript writes it, for OZmap is written in it: `30`, not `30.0`, and `0.000005`.
    pub(super) fn degrees(self, degrees: f64) -> Self {
        let scaled = nearest(degrees.abs() * STEPS);
        // A decimal of fifteen digits or fewer that is this number when read is the shortest that is: the quotient of two
        // whole numbers that are exact is rounded like the decimal itself.
        let is_exact = (f64::from(scaled) / STEPS).to_bits() == degrees.abs().to_bits();
        if !is_exact || (1..SMALLEST_PLAIN).contains(&scaled) {
            return self.any_degrees(degrees);
        }
        let (whole, part) = (scaled / 10_000_000, scaled % 10_000_000);
        // There is no -0 in JSON that JavaScript wrote.
        let line = self.begin_of(b"-", usize::from(degrees < 0.0)).number(whole);
        if part == 0 {
            return line;
        }
        // An eighth digit, a zero, is one of those that aren't written.
        let digits = eight_digits(10 * part);
        line.fixed(b".").begin_of(&(digits | ZEROS).to_le_bytes(), 8 - digits.leading_zeros() as usize / 8)
    }

    /// One with more decimals than seven, or so near the equator that JavaScript may write an exponent.
    fn any_degrees(self, degrees: f64) -> Self {
        if WITHOUT_EXPONENT.contains(&degrees.abs()) {
            return self.text(degrees.to_string().as_bytes());
        }
        let mut buffer = zmij::Buffer::new();
        let written = buffer.format_finite(degrees);
        self.text(written.strip_suffix(".0").unwrap_or(written).as_bytes())
    }
}

/// Coordinates have seven decimals at most, but for a few: a centimetre.
const STEPS: f64 = 1e7;
/// From so many steps on, a millionth of a degree, JavaScript writes no exponent.
const SMALLEST_PLAIN: u32 = 10;
/// The numbers that JavaScript writes with all their zeros and the formatter with an exponent.
const WITHOUT_EXPONENT: Range<f64> = 1e-6..1e-5;

/// Eight times `0`.
const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// Of a number below ten.
fn digit(number: u32) -> u8 {
    b'0' + number.to_le_bytes()[0]
}

/// The digits of a number below a hundred million, leading zeros too, the first in the lowest byte. All at once: fours, of
/// these pairs, of these digits, side by side in one word (P. Khuong, "How to print integers really fast", 2017).
fn eight_digits(number: u32) -> u64 {
    let fours = u64::from(number / 10_000) | u64::from(number % 10_000) << 32;
    // A hundredth of what is below ten thousand, a tenth of what is below a hundred: by a product and a shift.
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (fours - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (pairs - 10 * tens) << 8
}

/// The nearest whole number, of one below 2^32, upwards from the middle, as `f64::round` gives for what isn't negative, and faster.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cutting off is what is wanted")]
fn nearest(number: f64) -> u32 {
    let whole = number as u32;
    whole.saturating_add(u32::from(number - f64::from(whole) >= 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(put: impl FnOnce(Line<'_>) -> Line<'_>) -> String {
        String::from_utf8(put(Room::new().line()).written().to_vec()).unwrap()
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

    #[test]
    fn eight_digits_are_those_of_the_number() {
        for number in (0..100_000_000).step_by(9_973).chain(0..20_000).chain(99_980_000..100_000_000) {
            let digits = (eight_digits(number) | ZEROS).to_le_bytes();
            assert_eq!(String::from_utf8(digits.to_vec()).unwrap(), format!("{number:08}"));
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
