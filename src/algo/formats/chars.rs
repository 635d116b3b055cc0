//! Formats that are rows of characters: identifiers, colours, versions.

/// Whether all of a part, which is not empty, are of a kind.
pub(super) fn all(text: &str, is: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Whether the parts between separators are as long as `lengths` say, and of hexadecimal digits.
fn is_grouped(text: &str, separator: char, lengths: &[usize]) -> bool {
    let groups = || text.split(separator);
    groups().map(str::len).eq(lengths.iter().copied()) && groups().all(|group| all(group, is_hex))
}

pub(super) fn is_uuid(text: &str) -> bool {
    is_grouped(text, '-', &[8, 4, 4, 4, 12])
}

pub(super) fn is_mac_address(text: &str) -> bool {
    is_grouped(text, ':', &[2; 6]) || is_grouped(text, '-', &[2; 6]) || is_grouped(text, '.', &[4; 3])
}

pub(super) fn is_hex_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| matches!(digits.len(), 3 | 4 | 6 | 8) && all(digits, is_hex))
}

pub(super) fn is_boolean(text: &str) -> bool {
    const WORDS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "t", "f", "y", "n", "1", "0"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

pub(super) fn is_phone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (7..=15).contains(&digits.len()) && !digits.starts_with('0') && all(digits, is_digit))
}

pub(super) fn is_us_zip(text: &str) -> bool {
    let (zip, more) = text.split_once('-').unwrap_or((text, "0000"));
    zip.len() == 5 && more.len() == 4 && all(zip, is_digit) && all(more, is_digit)
}

pub(super) fn is_base64(text: &str) -> bool {
    let letters = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(text);
    text.len().is_multiple_of(4)
        && all(letters, |byte| {
            byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
        })
}

pub(super) fn is_semver(text: &str) -> bool {
    let is_word = |word: &str| all(word, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_number = |word: &str| all(word, is_digit) && (word == "0" || !word.starts_with('0'));
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (core, pre_release) = match rest.split_once('-') {
        Some((core, pre_release)) => (core, Some(pre_release)),
        None => (rest, None),
    };
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && pre_release.is_none_or(|words| {
            words
                .split('.')
                .all(|word| is_word(word) && (!all(word, is_digit) || is_number(word)))
        })
        && build.is_none_or(|words| words.split('.').all(is_word))
}

/// Hexadecimal digits of a usual digest, not only decimal ones.
pub(super) fn is_hex_hash(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 64 | 128) && all(text, is_hex) && !all(text, is_digit)
}
