//! Account numbers of ISO 13616, in one piece or in groups, in capitals or not.

use algo::formats::Format;

/// The longest of the registry.
const LONGEST: usize = 34;
/// The shortest.
const SHORTEST: usize = 15;

/// The account whose check digits begin at `digits`.
pub fn around(text: &str, digits: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let start = digits.checked_sub(2)?;
    let is_headed = bytes[start..digits].iter().all(u8::is_ascii_alphabetic)
        && bytes.get(digits + 1).is_some_and(u8::is_ascii_digit)
        && !start
            .checked_sub(1)
            .is_some_and(|before| bytes[before].is_ascii_alphanumeric() || bytes[before] == b'_');
    if !is_headed {
        return None;
    }
    let mut plain = String::with_capacity(LONGEST);
    let mut found = None;
    let mut at = start;
    while plain.len() < LONGEST {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() => plain.push(byte.to_ascii_uppercase().into()),
            // Between groups there is one blank or hyphen.
            Some(b' ' | b'-') if bytes[at - 1].is_ascii_alphanumeric() => {
                at += 1;
                continue;
            }
            Some(_) | None => break,
        }
        at += 1;
        let ends = !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if plain.len() >= SHORTEST && ends && Format::Iban.matches(&plain) {
            found = Some((start, at));
        }
    }
    found
}
