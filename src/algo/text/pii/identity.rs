//! Numbers that a state gives to a person.

use super::context;
use super::run::{Run, begins, ends, value};

/// The social security number that a run begins with: 3, 2 and 4 digits, the area not 000, 666 or from 900 on, no part zero. Nine digits in one
/// piece are one only where words before it say so.
pub fn ssn(text: &str, run: &Run) -> Option<(usize, usize)> {
    const WORDS: [&str; 3] = ["ssn", "social security", "social-security"];
    let bytes = text.as_bytes();
    let (groups, is_parted) = match run {
        run if run.is_shaped(&[3, 2, 4]) => (3, run.is_parted_by(bytes, 3, b"- .")),
        run if run.is_shaped(&[9]) => (1, context::is_before(text, run.start(), 40, &WORDS)),
        _ => return None,
    };
    let (start, end) = (run.start(), run.end(groups));
    let digits = run.digits(groups);
    let is_zero = |part: &[u8]| part.iter().all(|digit| *digit == b'0');
    let is_one = is_parted
        && begins(bytes, start)
        && ends(bytes, end)
        && !is_zero(&digits[..3])
        && !is_zero(&digits[3..5])
        && !is_zero(&digits[5..])
        && &digits[..3] != b"666"
        && digits[0] != b'9';
    is_one.then_some((start, end))
}

/// The identification number of German taxes that a run begins with: 11 digits in one piece or as 2, 3, 3 and 3. Of the first ten one digit comes
/// twice or three times (not three in a row) and no other more than once; the last is the check digit of ISO/IEC 7064, MOD 11,10.
pub fn tax_id(text: &str, run: &Run) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let groups = match run {
        run if run.is_shaped(&[11]) => 1,
        run if run.is_shaped(&[2, 3, 3, 3]) && run.is_parted_by(bytes, 4, b" /-.") => 4,
        _ => return None,
    };
    let (start, end) = (run.start(), run.end(groups));
    let digits = run.digits(groups);
    let mut times = [0; 10];
    digits[..10].iter().for_each(|digit| times[value(*digit) as usize] += 1);
    let repeated = times.iter().filter(|times| **times > 1).count();
    let most = times.iter().copied().max().unwrap_or(0);
    let in_a_row = digits[..10]
        .windows(3)
        .any(|three| three[0] == three[1] && three[1] == three[2]);
    let product = digits[..10].iter().fold(10, |product, digit| {
        let sum = (value(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    let is_one = digits[0] != b'0'
        && repeated == 1
        && most <= 3
        && !in_a_row
        && (11 - product) % 10 == value(digits[10])
        && begins(bytes, start)
        && ends(bytes, end);
    is_one.then_some((start, end))
}

/// The resident registration number that a run begins with: six digits that are a day, and seven of which the first says sex and century. The last
/// is a check digit, except in numbers with a hyphen of people born from October 2020 on, which have none.
pub fn rrn(text: &str, run: &Run) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let groups = match run {
        run if run.is_shaped(&[13]) => 1,
        run if run.is_shaped(&[6, 7]) && run.is_parted_by(bytes, 2, b"-") => 2,
        _ => return None,
    };
    let (start, end) = (run.start(), run.end(groups));
    let digits = run.digits(groups);
    let number = |from: usize, to: usize| {
        digits[from..to]
            .iter()
            .fold(0, |number, digit| number * 10 + value(*digit))
    };
    let (month, day) = (number(2, 4), number(4, 6));
    let century = match digits[6] {
        b'1' | b'2' | b'5' | b'6' => 1900,
        b'3' | b'4' | b'7' | b'8' => 2000,
        _ => 1800,
    };
    let year = century + number(0, 2);
    let is_new = groups == 2 && century == 2000 && (year, month) >= (2020, 10) && year < 2050;
    let is_one =
        is_day(year, month, day) && (is_new || has_check_digit(digits)) && begins(bytes, start) && ends(bytes, end);
    is_one.then_some((start, end))
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether the last of thirteen digits is the check digit; numbers of foreigners count it from another end.
fn has_check_digit(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| value(*digit) * weight)
        .sum();
    let is_foreign = (b'5'..=b'8').contains(&digits[6]);
    let check = if is_foreign { 13 - sum % 11 } else { 11 - sum % 11 } % 10;
    check == value(digits[12])
}

/// The national insurance number whose digits begin at `at`: two letters, six digits, alone or in pairs, and a letter from A to D.
pub fn nino(text: &str, at: usize) -> Option<(usize, usize)> {
    const NEVER: [&[u8]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    let bytes = text.as_bytes();
    let letter = |place: Option<usize>| {
        place
            .and_then(|place| bytes.get(place))
            .is_some_and(u8::is_ascii_alphabetic)
    };
    // AB 12 34 56 C
    let letters_end = match at.checked_sub(1).map(|place| bytes[place]) {
        Some(b' ') => at - 1,
        Some(_) => at,
        None => return None,
    };
    let start = letters_end.checked_sub(2)?;
    let prefix = [bytes[start].to_ascii_uppercase(), bytes[start + 1].to_ascii_uppercase()];
    let is_prefix = prefix
        .iter()
        .all(|byte| byte.is_ascii_uppercase() && !b"DFIQUV".contains(byte))
        && prefix[1] != b'O'
        && !NEVER.contains(&prefix.as_slice());
    if !is_prefix || letter(start.checked_sub(1)) || !begins(bytes, start) {
        return None;
    }
    let (mut place, mut digits) = (at, 0);
    while digits < 6 {
        match bytes.get(place)? {
            byte if byte.is_ascii_digit() => digits += 1,
            b' ' if digits % 2 == 0 && bytes[place - 1].is_ascii_digit() => {}
            _ => return None,
        }
        place += 1;
    }
    if bytes.get(place) == Some(&b' ') {
        place += 1;
    }
    let is_suffix = matches!(bytes.get(place)?.to_ascii_uppercase(), b'A'..=b'D');
    (is_suffix && ends(bytes, place + 1)).then_some((start, place + 1))
}
