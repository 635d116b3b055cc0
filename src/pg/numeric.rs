//! Values of type numeric as doubles, read from their digits: PostgreSQL's own way goes by a text.

use std::fmt::Write;

/// What the first two bytes tell.
const KIND: u16 = 0xC000;
const SHORT: u16 = 0x8000;
const SPECIAL: u16 = 0xC000;
const NEGATIVE: u16 = 0x4000;
const SHORT_NEGATIVE: u16 = 0x2000;
/// A short value's weight: seven bits with their sign.
const SHORT_WEIGHT: u16 = 0x007F;
/// Which special value it is.
const SPECIAL_KIND: u16 = 0xF000;
const POSITIVE_INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// Powers of ten that a double holds.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// Below it every whole number is a double.
const EXACT: u64 = 1 << 53;

/// The double nearest to a numeric, given the bytes behind its length; beyond all doubles an infinity. `None` for bytes that are no numeric.
pub(super) fn nearest(bytes: &[u8]) -> Option<f64> {
    let (header, rest) = bytes.split_first_chunk::<2>()?;
    let header = u16::from_ne_bytes(*header);
    let (negative, weight, digits) = match header & KIND {
        SPECIAL => {
            return Some(match header & SPECIAL_KIND {
                POSITIVE_INFINITY => f64::INFINITY,
                NEGATIVE_INFINITY => f64::NEG_INFINITY,
                _ => f64::NAN,
            });
        }
        SHORT => {
            // The sign of seven bits becomes that of sixteen.
            let weight = (((header & SHORT_WEIGHT) << 9) as i16) >> 9;
            (header & SHORT_NEGATIVE != 0, weight, rest)
        }
        long => {
            let (weight, digits) = rest.split_first_chunk::<2>()?;
            (long == NEGATIVE, i16::from_ne_bytes(*weight), digits)
        }
    };
    let magnitude = magnitude(digits, i32::from(weight))?;
    Some(if negative { -magnitude } else { magnitude })
}

/// The value of digits to base 10,000, of which the first counts 10,000 to the power of `weight`.
fn magnitude(digits: &[u8], weight: i32) -> Option<f64> {
    let (digits, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    let digits = digits.iter().map(|&digit| u16::from_ne_bytes(digit));
    let exponent = 4 * (weight + 1 - i32::try_from(digits.len()).ok()?);
    // One rounding at most: both are exact.
    if digits.len() <= 4 {
        let whole = digits.clone().fold(0, |whole, digit| 10_000 * whole + u64::from(digit));
        let power = usize::try_from(exponent.unsigned_abs()).ok()?;
        if whole < EXACT
            && let Some(power) = POWERS.get(power)
        {
            return Some(match exponent < 0 {
                true => whole as f64 / power,
                false => whole as f64 * power,
            });
        }
    }
    let mut text = String::with_capacity(4 * digits.len() + 8);
    for digit in digits {
        // Writing to a String cannot fail.
        let _ = write!(text, "{digit:04}");
    }
    let _ = write!(text, "e{exponent}");
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(negative: bool, weight: i16, digits: &[u16]) -> Vec<u8> {
        let sign = if negative { SHORT_NEGATIVE } else { 0 };
        let header = SHORT | sign | (weight as u16 & SHORT_WEIGHT);
        std::iter::once(&header)
            .chain(digits)
            .flat_map(|part| part.to_ne_bytes())
            .collect()
    }

    #[test]
    fn digits_are_the_double_that_their_text_is() {
        for (negative, weight, digits, value) in [
            (false, 0, &[][..], 0.0),
            (false, 0, &[1], 1.0),
            (true, 0, &[12], -12.0),
            (false, -1, &[1000], 0.1),
            (false, 0, &[5, 1415, 9265, 3589, 7932], 5.141592653589793),
            (false, 4, &[1], 1e16),
            (false, 3, &[9007, 1992, 5474, 992], 9007199254740992.0),
            (false, 2, &[9, 71, 9925, 4740, 9920], 900719925.4740992),
            (true, -2, &[1234, 5678], -0.000012345678),
            (false, 60, &[1], 1e240),
            (false, -64, &[1], 1e-256),
        ] {
            let found = nearest(&short(negative, weight, digits)).unwrap();
            assert_eq!(found.to_bits(), f64::to_bits(value), "{value} {found}");
        }
    }

    #[test]
    fn long_and_special_values_are_read() {
        let long = |sign: u16, weight: i16, digits: &[u16]| -> Vec<u8> {
            let parts = [sign, weight as u16];
            parts.iter().chain(digits).flat_map(|part| part.to_ne_bytes()).collect()
        };
        assert_eq!(nearest(&long(0, 100, &[1])), Some(f64::INFINITY));
        assert_eq!(nearest(&long(NEGATIVE, 76, &[5])), Some(-5e304));
        assert_eq!(nearest(&long(0, -100, &[1])), Some(0.0));
        assert_eq!(nearest(&POSITIVE_INFINITY.to_ne_bytes()), Some(f64::INFINITY));
        assert_eq!(nearest(&NEGATIVE_INFINITY.to_ne_bytes()), Some(f64::NEG_INFINITY));
        assert!(nearest(&SPECIAL.to_ne_bytes()).is_some_and(f64::is_nan));
    }

    #[test]
    fn other_bytes_are_no_numeric() {
        for bytes in [&[][..], &[0], &[0, 0], &[0, 0, 0], &[0, 0, 0, 0, 1]] {
            assert_eq!(nearest(bytes), None, "{bytes:?}");
        }
    }
}
