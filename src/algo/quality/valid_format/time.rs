//! Points in time, as ISO 8601 writes them in its extended form.

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
pub(in crate::quality) fn days(year: u32, month: u32) -> Option<u32> {
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
    let (minute, rest) = two_digits(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 {
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
