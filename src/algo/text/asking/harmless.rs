//! Texts without what a model or a terminal would act upon: signs that nobody sees, and the marks by which servers tell a model who speaks.

use std::convert::Infallible;

use unicode_categories::UnicodeCategories;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// What is sent instead of an angle or a bracket that may begin such a mark: the same sign in full width, which Unicode's form NFKC makes the same again.
const WIDE_LESS: char = '＜';
const WIDE_BRACKET: char = '［';

/// Whether a character is one that nobody sees, and that is no part of a word: controls, directions, tags, signs of no width. Those that join letters and
/// pictures stay.
fn is_hidden(letter: char) -> bool {
    match letter {
        '\n' | '\t' | '\u{200C}' | '\u{200D}' => false,
        // Selectors of variants, by which any bytes can be hidden behind one sign.
        '\u{FE00}'..='\u{FE0E}' | '\u{E0100}'..='\u{E01EF}' => true,
        // Fillers that are letters to Unicode, and look like nothing.
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => true,
        '\u{E0000}'..='\u{E007F}' => true,
        _ => letter.is_control() || letter.is_other_format() || letter.is_other_private_use(),
    }
}

/// Whether what follows an angle makes it the beginning of a mark, such as `<|im_start|>`, `</s>` or `<<end`: in a sum or between words it is none.
fn begins_mark(next: Option<char>) -> bool {
    next.is_some_and(|next| next.is_alphabetic() || matches!(next, '|' | '/' | '<' | '!' | '?' | '｜' | '_' | '▁'))
}

/// Whether a text that follows a bracket makes it the beginning of a mark, such as `[INST]` or `[/TOOL_CALLS]`.
fn begins_tag(rest: &str) -> bool {
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let length = rest
        .bytes()
        .take_while(|letter| letter.is_ascii_uppercase() || *letter == b'_')
        .count();
    length >= 3 && rest[length..].starts_with(']')
}

/// A text that is nothing but one: without signs that nobody sees, with plain line ends, and without marks that a server might take for its own. As long in
/// characters, but for what is left out.
pub fn harmless(text: &str) -> String {
    let cleaned: std::result::Result<String, Infallible> = clean(text, String::with_capacity(text.len()), || Ok(()));
    match cleaned {
        Ok(cleaned) => cleaned,
        Err(never) => match never {},
    }
}

/// The same of a text that may be long. Returns an error when stopped.
pub fn harmless_of(text: &str, monitor: &dyn Monitor) -> Result<String> {
    let mut pace = Pace::new(monitor);
    let mut out = String::new();
    room::reserve_text(&mut out, text.len())?;
    clean(text, out, || pace.spend(4))
}

/// Writes it; `step` is told of each character.
fn clean<E>(
    text: &str,
    mut out: String,
    mut step: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<String, E> {
    let mut letters = text.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        step()?;
        let next = letters.peek().map(|(_, next)| *next);
        match letter {
            '\r' if next == Some('\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{B}' | '\u{C}' => out.push('\n'),
            letter if is_hidden(letter) => {}
            '<' if begins_mark(seen_next(&text[place + 1..])) => out.push(WIDE_LESS),
            '[' if begins_tag(&text[place + 1..]) => out.push(WIDE_BRACKET),
            letter => out.push(letter),
        }
    }
    Ok(out)
}

/// The next character that stays.
fn seen_next(rest: &str) -> Option<char> {
    rest.chars().find(|letter| !is_hidden(*letter))
}
