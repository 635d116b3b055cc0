//! Which convention a date keeps to.

use super::convention::Convention::{self, *};
use crate::formats::dates::month;

/// Years that dates are believed to have.
const YEARS: std::ops::RangeInclusive<u32> = 1800..=2199;

/// The order of a text that is a date, maybe with a time after it, and the digits of its year. O(1).
pub(super) fn conventions(text: &str) -> Option<(Convention, Convention)> {
    // The longest date, September 30, 2024, and a time with its zone.
    if text.len() > 50 {
        return None;
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        numeric(text).or_else(|| named(text))
    } else {
        named(text)
    }
}

/// The leading digits, at most four, as a number, with how many there are.
fn digits(text: &str) -> Option<(u32, usize, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    (1..=4)
        .contains(&length)
        .then_some((digits.parse().ok()?, length, rest))
}

/// Whether nothing, or a time, stands after a date.
fn is_end(rest: &str) -> bool {
    match rest.strip_prefix(['T', ' ']) {
        Some(time) => time.starts_with(|first: char| first.is_ascii_digit()) && time.contains(':'),
        None => rest.is_empty(),
    }
}

fn numeric(text: &str) -> Option<(Convention, Convention)> {
    let (a, a_length, rest) = digits(text)?;
    let mark = rest.chars().next().filter(|mark| matches!(mark, '-' | '/' | '.'))?;
    let (b, b_length, rest) = digits(rest.strip_prefix(mark)?)?;
    let (c, c_length, rest) = digits(rest.strip_prefix(mark)?)?;
    if !is_end(rest) || b_length > 2 || !(1..=31).contains(&b) {
        return None;
    }
    let pick = |dashed, slashed, dotted| match mark {
        '-' => dashed,
        '/' => slashed,
        _ => dotted,
    };
    if a_length == 4 {
        let is_date = YEARS.contains(&a) && b <= 12 && c_length <= 2 && (1..=31).contains(&c);
        let order = pick(YearMonthDayDashed, YearMonthDaySlashed, YearMonthDayDotted);
        return is_date.then_some((order, FourDigitYear));
    }
    let year = match c_length {
        4 if YEARS.contains(&c) && a_length <= 2 => FourDigitYear,
        // Of shorter numbers many other things are made, such as versions.
        2 if a_length == 2 && b_length == 2 => TwoDigitYear,
        _ => return None,
    };
    let order = match (a, b) {
        (13..=31, 1..=12) => pick(DayMonthYearDashed, DayMonthYearSlashed, DayMonthYearDotted),
        (1..=12, 13..=31) => pick(MonthDayYearDashed, MonthDayYearSlashed, MonthDayYearDotted),
        // Where points are used the day comes first.
        (1..=12, 1..=12) => pick(DayOrMonthDashed, DayOrMonthSlashed, DayMonthYearDotted),
        _ => return None,
    };
    Some((order, year))
}

fn named(text: &str) -> Option<(Convention, Convention)> {
    let mut words = text.split([' ', '-', '/', ',', '.']).filter(|word| !word.is_empty());
    let (first, second, third) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some_and(|time| !time.contains(':')) {
        return None;
    }
    let (order, day) = if month(second).is_some() {
        (DayMonthName, first)
    } else if month(first).is_some() {
        (MonthNameDay, second)
    } else {
        return None;
    };
    let whole = |word| digits(word).filter(|(_, _, rest)| rest.is_empty());
    let (day, day_length, _) = whole(day)?;
    let year = match whole(third)? {
        (year, 4, _) if YEARS.contains(&year) => FourDigitYear,
        (_, 2, _) => TwoDigitYear,
        _ => return None,
    };
    (day_length <= 2 && (1..=31).contains(&day)).then_some((order, year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_their_conventions() {
        for (text, expected) in [
            ("2024-12-25", Some((YearMonthDayDashed, FourDigitYear))),
            ("2024-12-25T10:00:00Z", Some((YearMonthDayDashed, FourDigitYear))),
            ("2024/1/5 10:00", Some((YearMonthDaySlashed, FourDigitYear))),
            ("25/12/2024", Some((DayMonthYearSlashed, FourDigitYear))),
            ("12/25/2024 8:00 PM", Some((MonthDayYearSlashed, FourDigitYear))),
            ("3/4/2024", Some((DayOrMonthSlashed, FourDigitYear))),
            ("25.12.2024", Some((DayMonthYearDotted, FourDigitYear))),
            ("03.04.24", Some((DayMonthYearDotted, TwoDigitYear))),
            ("12-25-24", Some((MonthDayYearDashed, TwoDigitYear))),
            ("25 Dec 2024", Some((DayMonthName, FourDigitYear))),
            ("25-DEC-24", Some((DayMonthName, TwoDigitYear))),
            ("September 3, 2024", Some((MonthNameDay, FourDigitYear))),
            ("2024-25-12", None),
            ("32/12/2024", None),
            ("1.12.30", None),
            ("192.168.10.1", None),
            ("2024-12", None),
            ("555-12-3456", None),
            ("12/25/2024 and more", None),
            ("may 5 be 2024", None),
            ("12-25/2024", None),
        ] {
            assert_eq!(conventions(text), expected, "{text}");
        }
    }
}
