//! Sines of small angles, and back: between two boxes of a town nothing else is asked for, and a call into the system's
//! library for each would be most of what a distance costs.
//!
//! Taylor's series, to the term beyond which nothing changes at [`SMALL`]; larger ones go to the library.

/// In radians, some hundred kilometres on the ground: the first term left out is below 1e-20 of the result.
const SMALL: f64 = 1.0 / 64.0;

/// The sine.
pub(super) fn sin(angle: f64) -> f64 {
    if angle.abs() > SMALL {
        return angle.sin();
    }
    let square = angle * angle;
    angle
        - angle
            * square
            * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5_040.0 - square / 362_880.0)))
}

/// The angle with this sine.
pub(super) fn asin(sine: f64) -> f64 {
    if sine.abs() > SMALL {
        return sine.asin();
    }
    let square = sine * sine;
    sine + sine
        * square
        * (1.0 / 6.0
            + square
                * (3.0 / 40.0
                    + square * (15.0 / 336.0 + square * (105.0 / 3_456.0 + square * (945.0 / 42_240.0)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two units in the last place: what either way may round.
    fn agree(ours: f64, theirs: f64) -> bool {
        (ours - theirs).abs() <= 2.0 * f64::EPSILON * theirs.abs()
    }

    proptest! {
        #[test]
        fn they_are_the_librarys(angle in prop_oneof![-1.0..=1.0, -0.016..=0.016, -1e-4..=1e-4, -1e-9..=1e-9]) {
            prop_assert!(agree(sin(angle), f64::sin(angle)), "sin {}: {} {}", angle, sin(angle), f64::sin(angle));
            prop_assert!(agree(asin(angle), f64::asin(angle)), "asin {}: {} {}", angle, asin(angle), f64::asin(angle));
        }
    }
}
