//! Which convention a number keeps to.

use super::convention::Convention::{self, *};
use crate::formats::numbers::is_grouped;

/// What a number shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    /// Its decimal mark: [`NoMark`], [`DecimalPoint`], [`DecimalComma`], or one that may be a separator: [`CommaThree`],
    /// [`PointThree`].
    pub(super) mark: Convention,
    /// Whether its thousands are separated. `None` when it has none, or when the mark may be the separator.
    pub(super) thousands: Option<Convention>,
}

/// The number without sign, percent sign, and symbol or code of a currency.
fn bare(text: &str) -> &str {
    let is_symbol = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹' | '%');
    let without_code = |text: &str| {
        let is_code = |code: &[u8]| code.iter().all(u8::is_ascii_uppercase);
        let bytes = text.as_bytes();
        match bytes.len() {
            5.. if is_code(&bytes[..3]) => (3, bytes.len()),
            5.. if is_code(&bytes[bytes.len() - 3..]) => (0, bytes.len() - 3),
            length => (0, length),
        }
    };
    let (start, end) = without_code(text);
    text.get(start..end)
        .unwrap_or(text)
        .trim_matches(|c: char| is_symbol(c) || c.is_whitespace())
        .trim_start_matches(['+', '-'])
        .trim_start_matches(|c: char| is_symbol(c) || c.is_whitespace())
}

/// What a text shows that is a number; `None` when it is none. O(1).
pub(super) fn numeral(text: &str) -> Option<Numeral> {
    if text.len() > 60 {
        return None;
    }
    let number = bare(text);
    if !number.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let is_separator = |c: char| matches!(c, ',' | '.' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    if !number.chars().all(|c| c.is_ascii_digit() || is_separator(c)) {
        return None;
    }
    let mut separators = number.chars().filter(|c| !c.is_ascii_digit());
    let Some(first) = separators.next() else {
        // Leading zeros make an identifier, and so do very many digits.
        let thousands = (4..=15).contains(&number.len()) && !number.starts_with('0');
        return Some(Numeral {
            mark: NoMark,
            thousands: thousands.then_some(Ungrouped),
        });
    };
    let last = separators.next_back();
    let (whole, fraction) = number.rsplit_once(is_separator)?;
    match last {
        None => single(whole, first, fraction),
        Some(last) if last == first => is_grouped(number, first).then_some(Numeral {
            mark: match first {
                ',' => DecimalPoint,
                '.' => DecimalComma,
                _ => NoMark,
            },
            thousands: Some(Grouped),
        }),
        Some(last) => {
            let mark = decimal(last)?;
            is_grouped(whole, first).then_some(Numeral {
                mark,
                thousands: Some(Grouped),
            })
        }
    }
}

fn decimal(mark: char) -> Option<Convention> {
    match mark {
        '.' => Some(DecimalPoint),
        ',' => Some(DecimalComma),
        _ => None,
    }
}

/// A number with one separator.
fn single(whole: &str, separator: char, fraction: &str) -> Option<Numeral> {
    let may_group = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    let (mark, thousands) = match (separator, may_group) {
        (',', true) => (CommaThree, None),
        ('.', true) => (PointThree, None),
        (_, true) => (NoMark, Some(Grouped)),
        _ => (decimal(separator)?, (whole.len() >= 4).then_some(Ungrouped)),
    };
    Some(Numeral { mark, thousands })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_conventions() {
        for (text, mark, thousands) in [
            ("1234", NoMark, Some(Ungrouped)),
            ("999", NoMark, None),
            ("00123", NoMark, None),
            ("12345678901234567890", NoMark, None),
            ("1,234", CommaThree, None),
            ("1.234", PointThree, None),
            ("0.234", DecimalPoint, None),
            ("1234.567", DecimalPoint, Some(Ungrouped)),
            ("12.5", DecimalPoint, None),
            (".5", DecimalPoint, None),
            ("12,50", DecimalComma, None),
            ("1,234.56", DecimalPoint, Some(Grouped)),
            ("1.234,56", DecimalComma, Some(Grouped)),
            ("1,234,567", DecimalPoint, Some(Grouped)),
            ("1.234.567", DecimalComma, Some(Grouped)),
            ("1 234 567,8", DecimalComma, Some(Grouped)),
            ("1\u{a0}234", NoMark, Some(Grouped)),
            ("1'234.50", DecimalPoint, Some(Grouped)),
            ("-$1,234.50", DecimalPoint, Some(Grouped)),
            ("1.234,50 €", DecimalComma, Some(Grouped)),
            ("EUR 12,5", DecimalComma, None),
            ("12,5 EUR", DecimalComma, None),
            ("12.5%", DecimalPoint, None),
        ] {
            assert_eq!(numeral(text), Some(Numeral { mark, thousands }), "{text}");
        }
        for text in [
            "",
            "abc",
            "1,2,3",
            "10.0.0.1",
            "25.12.2024",
            "1-2",
            "12.",
            "1 2",
            "12 34.5",
            "1,23,456",
            "$",
            "ABC",
            "€uro1",
        ] {
            assert_eq!(numeral(text), None, "{text}");
        }
    }
}
