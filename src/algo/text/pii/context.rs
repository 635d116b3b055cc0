//! Words around a number that say what it is: whole ones in small letters, or beginnings of words, which end in a star.

/// Whether one of `words` is among those in the `width` bytes before `start`.
pub fn is_before(text: &str, start: usize, width: usize, words: &[&str]) -> bool {
    let mut from = start.saturating_sub(width);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    has_word(&text[from..start], words)
}

/// Whether one of `words` is among those in the `width` bytes behind `end`.
pub fn is_behind(text: &str, end: usize, width: usize, words: &[&str]) -> bool {
    let mut to = text.len().min(end + width);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    has_word(&text[end..to], words)
}

fn has_word(text: &str, words: &[&str]) -> bool {
    let bytes = text.as_bytes();
    let begins = |place: usize| place == 0 || !bytes[place - 1].is_ascii_alphanumeric();
    (0..bytes.len()).filter(|place| begins(*place)).any(|place| {
        let rest = &bytes[place..];
        words.iter().any(|word| {
            let (word, is_beginning) = word.strip_suffix('*').map_or((*word, false), |word| (word, true));
            rest.get(..word.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
                && (is_beginning || !rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric))
        })
    })
}
