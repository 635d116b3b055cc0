//! Identifiers with a structure or check digits.

/// 32 hexadecimal digits with hyphens behind the 8th, 12th, 16th and 20th.
pub(super) fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Hexadecimal digits of a usual digest, not only decimal ones.
pub(super) fn is_hex_hash(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 32 | 40 | 64 | 128)
        && bytes.iter().all(u8::is_ascii_hexdigit)
        && !bytes.iter().all(u8::is_ascii_digit)
}

/// A country, two check digits and up to 30 letters and digits, maybe in groups. Moved behind, the first four make a number (with
/// A = 10 … Z = 35) that leaves 1 when divided by 97.
pub(super) fn is_iban(bytes: &[u8]) -> bool {
    let solid: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b' ').collect();
    let (Some(head), 15..=34) = (solid.first_chunk::<4>(), solid.len()) else {
        return false;
    };
    let begins = head[..2].iter().all(u8::is_ascii_uppercase) && head[2..].iter().all(u8::is_ascii_digit);
    begins
        && solid
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && {
            let rest = solid[4..].iter().chain(head).fold(0_u32, |rest, byte| match byte {
                b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
                _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            });
            rest == 1
        }
}

/// 13 to 19 digits that begin as payment cards do, maybe in groups, with Luhn's check digit.
pub(super) fn is_card_number(bytes: &[u8]) -> bool {
    if !bytes
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
    {
        return false;
    }
    let digits: Vec<u32> = bytes
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| u32::from(byte - b'0'))
        .collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, 2 * digit) {
            (0, _) => digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    (13..=19).contains(&digits.len()) && matches!(digits[0], 2..=6) && sum.is_multiple_of(10)
}
