//! Days and points in time: as ISO 8601 writes them in its extended form, and as people do.

use super::Notation;

/// Takes two digits, as a number, from the beginning of a text.
fn two_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let number = digits.bytes().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })?;
    Some((number, rest))
}

/// Takes a date from the beginning of a text.
fn after_date(text: &str) -> Option<&str> {
    let (century, rest) = two_digits(text)?;
    let (year, rest) = two_digits(rest)?;
    let (month, rest) = two_digits(rest.strip_prefix('-')?)?;
    let (day, rest) = two_digits(rest.strip_prefix('-')?)?;
    let year = century * 100 + year;
    (1..=days(year, month)?).contains(&day).then_some(rest)
}

/// The days of a month in the Gregorian calendar.
pub(crate) fn days(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Takes a time from the beginning of a text.
fn after_time(text: &str) -> Option<&str> {
    let (hour, rest) = two_digits(text)?;
    if hour > 23 {
        return None;
    }
    after_minutes(rest.strip_prefix(':')?)
}

/// Takes what follows the hour and its colon from the beginning of a text.
fn after_minutes(text: &str) -> Option<&str> {
    let (minute, rest) = two_digits(text)?;
    if minute > 59 {
        return None;
    }
    let Some(rest) = rest.strip_prefix(':') else {
        return Some(rest);
    };
    let (second, rest) = two_digits(rest)?;
    if second > 60 {
        return None;
    }
    let Some(rest) = rest.strip_prefix(['.', ',']) else {
        return Some(rest);
    };
    let after = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    (after.len() < rest.len()).then_some(after)
}

/// Whether a text is nothing, `Z`, or an offset from UTC.
fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return matches!(text, "" | "Z" | "z");
    };
    let Some((hours, minutes)) = two_digits(offset) else {
        return false;
    };
    let minutes = match minutes {
        "" => Some((0, "")),
        minutes => two_digits(minutes.strip_prefix(':').unwrap_or(minutes)),
    };
    hours <= 23 && minutes.is_some_and(|(minutes, rest)| minutes <= 59 && rest.is_empty())
}

pub(super) fn is_date(text: &str) -> bool {
    after_date(text) == Some("")
}

pub(super) fn is_time(text: &str) -> bool {
    after_time(text) == Some("")
}

pub(super) fn is_timestamp(text: &str) -> bool {
    after_date(text)
        .and_then(|rest| rest.strip_prefix(['T', 't', ' ']))
        .and_then(after_time)
        .is_some_and(is_zone)
}

/// Calls `found` with each format of digits and separators that is a date.
pub(super) fn dates(bytes: &[u8], mut found: impl FnMut(Notation)) {
    if bytes.len() == 8
        && let (Some(year), Some(month), Some(day)) = (digits(&bytes[..4]), digits(&bytes[4..6]), digits(&bytes[6..]))
    {
        if (1900..2100).contains(&year) && exists(year, month, day) {
            found(Notation::DateCompact);
        }
        return;
    }
    let Some(&separator) = bytes.iter().find(|byte| !byte.is_ascii_digit()) else {
        return;
    };
    let mut parts = bytes.split(|&byte| byte == separator);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let (Some(x), Some(y), Some(z)) = (digits(a), digits(b), digits(c)) else {
        return;
    };
    let short = |part: &[u8]| part.len() <= 2;
    if a.len() == 4 && short(b) && short(c) && exists(x, y, z) {
        match separator {
            b'-' => found(Notation::DateYmdDash),
            b'/' => found(Notation::DateYmdSlash),
            b'.' => found(Notation::DateYmdDot),
            _ => (),
        }
    }
    if short(a) && short(b) && c.len() == 4 {
        let (day_first, month_first) = (exists(z, y, x), exists(z, x, y));
        match separator {
            b'.' if day_first => found(Notation::DateDmyDot),
            b'/' | b'-' => {
                let slash = separator == b'/';
                if day_first {
                    found(if slash {
                        Notation::DateDmySlash
                    } else {
                        Notation::DateDmyDash
                    });
                }
                if month_first {
                    found(if slash {
                        Notation::DateMdySlash
                    } else {
                        Notation::DateMdyDash
                    });
                }
            }
            _ => (),
        }
    }
}

/// The number of a month by its English name or its first three letters, with a point or without.
pub(crate) fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.trim_end_matches('.');
    let is_name = |name: &&str| name.eq_ignore_ascii_case(word) || name[..3].eq_ignore_ascii_case(word);
    if word.eq_ignore_ascii_case("sept") {
        return Some(9);
    }
    MONTHS.iter().position(is_name).map(|place| place as u32 + 1)
}

/// A day, the English name of a month and a year, or the month before the day.
pub(super) fn is_month_date(text: &str, month_first: bool) -> bool {
    if !text.is_ascii() || !(8..=20).contains(&text.len()) {
        return false;
    }
    let mut parts = text.split([' ', '-', ',']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (day, name) = if month_first { (b, a) } else { (a, b) };
    match (digits(day.as_bytes()), month(name), digits(c.as_bytes())) {
        (Some(day), Some(month), Some(year)) => c.len() == 4 && exists(year, month, day),
        _ => false,
    }
}

/// A time of day as [`is_time`] has it, maybe with one digit for the hour.
pub(super) fn is_clock_time(text: &str) -> bool {
    match text.as_bytes() {
        [hour, b':', ..] => hour.is_ascii_digit() && after_minutes(&text[2..]) == Some(""),
        _ => is_time(text),
    }
}

/// A date with the year first, joined by hyphens or slashes, and a time of day, maybe with an offset or the abbreviation of a zone.
pub(super) fn is_written_timestamp(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else {
        return false;
    };
    let mut is_day = false;
    dates(date.as_bytes(), |notation| {
        is_day |= matches!(notation, Notation::DateYmdDash | Notation::DateYmdSlash)
    });
    let is_abbreviation = |zone: &str| zone.len() <= 5 && zone.bytes().all(|byte| byte.is_ascii_uppercase());
    is_day
        && rest
            .strip_prefix(['T', 't', ' '])
            .and_then(after_time)
            .map(str::trim_ascii)
            .is_some_and(|zone| is_zone(zone) || is_abbreviation(zone))
}

/// The number that up to 4 digits write.
fn digits(bytes: &[u8]) -> Option<u32> {
    let sound = (1..=4).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
    sound.then(|| {
        bytes
            .iter()
            .fold(0, |number, byte| number * 10 + u32::from(byte - b'0'))
    })
}

/// Whether the Gregorian calendar has the day.
fn exists(year: u32, month: u32, day: u32) -> bool {
    year > 0 && days(year, month).is_some_and(|days| (1..=days).contains(&day))
}
