//! Dates and times as texts, in the calendar.

use super::Format;

/// Calls `found` with each format of digits and separators that is a date.
pub(super) fn dates(bytes: &[u8], mut found: impl FnMut(Format)) {
    if bytes.len() == 8
        && let (Some(year), Some(month), Some(day)) = (digits(&bytes[..4]), digits(&bytes[4..6]), digits(&bytes[6..]))
    {
        if (1900..2100).contains(&year) && exists(year, month, day) {
            found(Format::DateCompact);
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
            b'-' => found(Format::DateYmdDash),
            b'/' => found(Format::DateYmdSlash),
            b'.' => found(Format::DateYmdDot),
            _ => (),
        }
    }
    if short(a) && short(b) && c.len() == 4 {
        let (day_first, month_first) = (exists(z, y, x), exists(z, x, y));
        match separator {
            b'.' if day_first => found(Format::DateDmyDot),
            b'/' | b'-' => {
                let slash = separator == b'/';
                if day_first {
                    found(if slash {
                        Format::DateDmySlash
                    } else {
                        Format::DateDmyDash
                    });
                }
                if month_first {
                    found(if slash {
                        Format::DateMdySlash
                    } else {
                        Format::DateMdyDash
                    });
                }
            }
            _ => (),
        }
    }
}

/// A day, the English name of a month and a year, or the month before the day.
pub(super) fn is_month_date(text: &str, month_first: bool) -> bool {
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
    if !text.is_ascii() || text.len() > 20 || text.len() < 8 {
        return false;
    }
    let mut parts = text.split([' ', '-', ',']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (day, month) = if month_first { (b, a) } else { (a, b) };
    let month = month.trim_end_matches('.').to_ascii_lowercase();
    let named = |name: &&str| {
        **name == month
            || (month.len() == 3 && name.starts_with(&month))
            || (month == "sept" && name.starts_with("sept"))
    };
    let Some(number) = MONTHS.iter().position(named) else {
        return false;
    };
    match (digits(day.as_bytes()), digits(c.as_bytes())) {
        (Some(day), Some(year)) if c.len() == 4 => exists(year, number as u32 + 1, day),
        _ => false,
    }
}

/// Hours and minutes, maybe seconds with a fraction.
pub(super) fn is_time(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|&byte| byte == b':');
    let (Some(hours), Some(minutes), seconds, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let below = |part: &[u8], limit: u32| part.len() == 2 && digits(part).is_some_and(|number| number < limit);
    let whole = |seconds: &[u8]| {
        let mut parts = seconds.splitn(2, |&byte| byte == b'.');
        parts.next().is_some_and(|whole| below(whole, 61))
            && parts
                .next()
                .is_none_or(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    (hours.len() == 1 && hours[0].is_ascii_digit() || below(hours, 25))
        && below(minutes, 60)
        && seconds.is_none_or(whole)
}

/// A date with the year first, and a time of day, maybe with a zone.
pub(super) fn is_timestamp(bytes: &[u8]) -> bool {
    let Some((date, rest)) = bytes.split_at_checked(10) else {
        return false;
    };
    let mut is_date = false;
    dates(date, |format| {
        is_date |= matches!(format, Format::DateYmdDash | Format::DateYmdSlash)
    });
    let Some((b' ' | b'T' | b't', rest)) = rest.split_first() else {
        return false;
    };
    let end = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b':' | b'.'))
        .unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let zone = zone.trim_ascii();
    let is_zone = match zone.split_first() {
        None => true,
        Some((b'Z' | b'z', rest)) => rest.is_empty(),
        Some((b'+' | b'-', rest)) => {
            (2..=5).contains(&rest.len()) && rest.iter().all(|b| b.is_ascii_digit() || *b == b':')
        }
        Some(_) => zone.len() <= 5 && zone.iter().all(u8::is_ascii_uppercase),
    };
    is_date && is_time(time) && is_zone
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
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
}
