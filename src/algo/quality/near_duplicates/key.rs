//! What texts are compared by: a key without case, accents, punctuation and the order of words, and the pieces of it.

use unicode_normalization::UnicodeNormalization;

use crate::hash::hash_u64;

/// How much of a text is compared, in bytes.
pub(super) const COMPARED: usize = 1 << 12;
/// Under what pieces are hashed.
const SEED: u64 = 0x3672;

/// Letters that Unicode does not take apart, as they are written without their strokes.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

/// The key of a text: compatibility forms (NFKD) without diacritical marks, in lower case, its words sorted, one blank between them.
/// Apostrophes join, other characters than letters and digits separate. Of long texts the first 4 kB. O(length log words).
pub fn key(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(COMPARED)];
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase) {
        // A lower-case letter may itself come with a mark, as that of İ does.
        match c {
            '\u{300}'..='\u{36f}' | '\'' | '’' => {}
            c if c.is_alphanumeric() => match plain(c) {
                Some(plain) => folded.push_str(plain),
                None => folded.push(c),
            },
            // The marks of other scripts are letters of theirs.
            c if unicode_normalization::char::is_combining_mark(c) => folded.push(c),
            _ => folded.push(' '),
        }
    }
    let mut words: Vec<&str> = folded.split_ascii_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// The hashes of the three-character pieces of a key, with a blank before and after it: a set, sorted. O(length log length).
pub(super) fn pieces(key: &str) -> Vec<u64> {
    let mut window = [u64::from(b' '); 3];
    let mut pieces: Vec<u64> = key
        .chars()
        .chain([' '])
        .map(|c| {
            window = [window[1], window[2], c.into()];
            hash_u64(SEED, window[0] << 42 | window[1] << 21 | window[2])
        })
        .collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// Jaccard's similarity of two sorted sets: the share of what either has that both have. O(n).
pub fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0_usize);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        common += usize::from(a == b);
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    let all = one.len() + other.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_what_does_not_matter() {
        for (text, expected) in [
            ("  Müller,  Jörg ", "jorg muller"),
            ("JÖRG MÜLLER", "jorg muller"),
            ("Jo\u{308}rg-Mu\u{308}ller", "jorg muller"),
            ("O’Brien", "obrien"),
            ("Straße 5/a", "5 a strasse"),
            ("ＡＣＭＥ ﬁne", "acme fine"),
            ("İstanbul Łódź", "istanbul lodz"),
            ("東京 都", "東京 都"),
            ("हिन्दी", "हिन्दी"),
            ("--- !", ""),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
        assert!(key(&"é".repeat(1 << 20)).len() <= COMPARED);
    }

    #[test]
    fn similarity_is_that_of_sets() {
        let similarity = |one: &str, other: &str| jaccard(&pieces(one), &pieces(other));
        assert_eq!(similarity("abc", "abc"), 1.0);
        // "  a", " ab", "abc", "bc " and "  a", " ab", "abd", "bd ".
        assert_eq!(similarity("abc", "abd"), 2.0 / 6.0);
        assert_eq!(similarity("abc", "xyz"), 0.0);
        assert_eq!(jaccard(&[], &[]), 1.0);
    }
}
