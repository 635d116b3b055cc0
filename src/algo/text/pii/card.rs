//! Numbers of payment cards: an issuer's prefix and length, and Luhn's check digit (ISO/IEC 7812-1).

use super::run::{Run, begins, ends};
use algo::formats::Format;

/// The card that a run begins with.
pub fn find(text: &str, run: &Run) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if run.count() == 0 || !begins(bytes, run.start()) {
        return None;
    }
    // What follows a card, such as when it expires, may look like one more group.
    (1..=run.count()).rev().find_map(|groups| {
        let digits = run.digits(groups);
        // On cards groups have four digits, or ten in the middle.
        let is_grouped = groups <= 5 && run.widths(groups).all(|width| groups == 1 || width >= 3);
        let is_one = is_grouped
            && is_issued(digits)
            && run.is_parted_by(bytes, groups, b" -.")
            && std::str::from_utf8(digits).is_ok_and(|digits| Format::Luhn.matches(digits))
            && ends(bytes, run.end(groups));
        is_one.then(|| (run.start(), run.end(groups)))
    })
}

/// Whether a network has numbers that begin so and are so long.
fn is_issued(digits: &[u8]) -> bool {
    let length = digits.len();
    if !(12..=19).contains(&length) {
        return false;
    }
    let first = digits
        .iter()
        .take(4)
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    match first {
        // Visa
        4000..=4999 => matches!(length, 13 | 16 | 19),
        // Mastercard
        5100..=5599 | 2221..=2720 => length == 16,
        // American Express
        3400..=3499 | 3700..=3799 => length == 15,
        // Diners Club
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length),
        // JCB; in its early days with 15 digits
        3528..=3589 => (16..=19).contains(&length),
        2131 | 1800 => length == 15,
        // Mir
        2200..=2204 => (16..=19).contains(&length),
        // Discover, UnionPay, and Maestro, whose numbers may be short
        6000..=6999 => true,
        5000..=5099 | 5600..=5899 => true,
        _ => false,
    }
}
