//! Numbers, and numbers with check digits.

use super::chars::all;
use super::codes::{iban_length, is_currency};

pub(super) fn is_integer(text: &str) -> bool {
    all(text.strip_prefix(['+', '-']).unwrap_or(text), |byte| {
        byte.is_ascii_digit()
    })
}

pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() + fraction.len() > 0 && are_digits(whole) && are_digits(fraction) && exponent.is_none_or(is_integer)
}

/// The characters without the single blanks or hyphens between them; of the two only one kind. `None` when there are others, or more
/// characters than `most`.
fn ungrouped(text: &str, most: usize) -> Option<Vec<u8>> {
    let mut characters = Vec::with_capacity(text.len().min(most));
    let (mut separator, mut separated) = (None, true);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            if characters.len() == most {
                return None;
            }
            characters.push(byte);
            separated = false;
        } else {
            let allowed = matches!(byte, b' ' | b'-') && !separated && *separator.get_or_insert(byte) == byte;
            if !allowed {
                return None;
            }
            separated = true;
        }
    }
    (!separated).then_some(characters)
}

/// The value of a digit.
fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

/// The sum of digits, each times the weight of its place, places counted from 0 on the left. `None` when one is no digit.
fn weighted_sum(digits: &[u8], weight: impl Fn(usize) -> u32) -> Option<u32> {
    let terms = digits.iter().enumerate();
    terms.map(|(place, &byte)| Some(digit(byte)? * weight(place))).sum()
}

/// Whether the last of the digits is Luhn's check digit.
fn has_luhn_digit(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().try_fold(0, |sum, (place, &byte)| {
        let value = digit(byte)? << (place % 2);
        Some((sum + value / 10 + value % 10) % 10)
    });
    sum == Some(0)
}

pub(super) fn is_luhn(text: &str) -> bool {
    text.len() >= 2 && has_luhn_digit(text.as_bytes())
}

pub(super) fn is_credit_card(text: &str) -> bool {
    ungrouped(text, 19).is_some_and(|digits| digits.len() >= 12 && digits[0] != b'0' && has_luhn_digit(&digits))
}

/// Whether thirteen digits end in the check digit of GS1.
fn has_gs1_digit(digits: &[u8]) -> bool {
    let sum = weighted_sum(digits, |place| if place % 2 == 0 { 1 } else { 3 });
    digits.len() == 13 && sum.is_some_and(|sum| sum.is_multiple_of(10))
}

pub(super) fn is_ean13(text: &str) -> bool {
    text.len() == 13 && has_gs1_digit(text.as_bytes())
}

pub(super) fn is_isbn(text: &str) -> bool {
    let Some(digits) = ungrouped(text, 13) else {
        return false;
    };
    if digits.len() != 10 {
        return has_gs1_digit(&digits) && (digits.starts_with(b"978") || digits.starts_with(b"979"));
    }
    let check = match digits[9] {
        b'X' | b'x' => Some(10),
        byte => digit(byte),
    };
    let sum = weighted_sum(&digits[..9], |place| 10 - place as u32);
    sum.zip(check)
        .is_some_and(|(sum, check)| (sum + check).is_multiple_of(11))
}

pub(super) fn is_iban(text: &str) -> bool {
    /// The longest of the registry.
    const LONGEST: usize = 34;
    // On paper there is a blank after each four characters.
    let grouped = text
        .bytes()
        .enumerate()
        .all(|(place, byte)| (byte == b' ') == (place % 5 == 4));
    if text.contains('-') || text.contains(' ') && !grouped {
        return false;
    }
    let Some(characters) = ungrouped(text, LONGEST) else {
        return false;
    };
    let Some((head, rest)) = characters.split_at_checked(4) else {
        return false;
    };
    let right_length = std::str::from_utf8(&head[..2]).ok().and_then(iban_length) == Some(characters.len());
    // Letters count as the numbers from 10 on, and the head stands last.
    let remainder = rest.iter().chain(head).try_fold(0, |remainder, &byte| {
        let value = char::from(byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        (!byte.is_ascii_lowercase()).then_some((remainder * shift + value) % 97)
    });
    right_length && head[2..].iter().all(u8::is_ascii_digit) && remainder == Some(1)
}

/// Two or more digits that begin with 0.
pub(super) fn is_code(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && all(text, |byte| byte.is_ascii_digit())
}

/// Whether a number is in groups of three digits, the first of one to three, with one separator between.
pub(crate) fn is_grouped(number: &str, separator: char) -> bool {
    let mut groups = number.split(separator);
    let are_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()) && are_digits(first))
        && groups.all(|group| group.len() == 3 && are_digits(group))
}

/// [`is_number`], or a number with a decimal comma, or with its thousands in groups apart by a comma, a point, a space or an apostrophe.
pub(super) fn is_written(text: &str) -> bool {
    if is_number(text) {
        return true;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    [('.', ','), (',', '.'), ('.', ' '), (',', ' '), ('.', '\'')]
        .into_iter()
        .any(|(point, mark)| {
            let (whole, fraction) = unsigned.split_once(point).unwrap_or((unsigned, ""));
            let is_plain = !fraction.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
            fraction.bytes().all(|byte| byte.is_ascii_digit())
                && (is_plain || whole.contains(mark) && is_grouped(whole, mark))
        })
}

/// A number and a sign of per cent.
pub(super) fn is_percentage(text: &str) -> bool {
    text.strip_suffix('%')
        .is_some_and(|number| is_written(number.trim_end()))
}

/// A number with a currency.
pub(super) fn is_currency_amount(text: &str) -> bool {
    const SYMBOLS: [char; 15] = [
        '$', '€', '£', '¥', '₹', '₩', '₽', '₺', '₴', '₪', '₫', '₦', '฿', '₱', '¢',
    ];
    let signed = text.strip_prefix(['-', '+']).unwrap_or(text);
    let code = |three: Option<&str>| three.is_some_and(is_currency);
    let end = signed.len().saturating_sub(3);
    let number = signed
        .strip_prefix(SYMBOLS)
        .or_else(|| signed.strip_suffix(SYMBOLS))
        .or_else(|| signed.get(3..).filter(|_| code(signed.get(..3))))
        .or_else(|| signed.get(..end).filter(|_| code(signed.get(end..))));
    number.is_some_and(|number| is_written(number.trim()))
}

/// Two numbers of degrees with decimal places: latitude first, in `POINT(…)` longitude first.
pub(super) fn is_coordinates(text: &str) -> bool {
    let (inner, longitude_first) = match text.strip_prefix("POINT").map(|rest| rest.trim_start()) {
        Some(point) => (point, true),
        None => (text, false),
    };
    let inner = inner
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(inner);
    let mut parts = inner.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let degrees = |part: &str, limit: f64| {
        let decimal = part.split_once('.').is_some_and(|(_, fraction)| !fraction.is_empty());
        let plain = part
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
        decimal && plain && part.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= limit)
    };
    let (latitude, longitude) = if longitude_first { (b, a) } else { (a, b) };
    degrees(latitude, 90.0) && degrees(longitude, 180.0)
}
