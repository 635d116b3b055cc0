//! Texts of anybody's rows, made harmless for a terminal and for a browser.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text on one line that a terminal shows as it is: control characters, line ends and what is invisible or turns the direction of writing are
/// escaped as in PostgreSQL's E'' strings; a text that is written from right to left is kept apart from its neighbours (UAX 9).
pub fn harmless(text: &str) -> String {
    /// More would never be shown.
    const LONGEST: usize = 256;
    let mut safe = String::with_capacity(text.len().min(LONGEST));
    let mut rightward = false;
    for character in text.chars().take(LONGEST) {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if character.is_ascii() && !character.is_control() => safe.push(character),
            // Controls, marks of direction, joiners, combining marks; blanks other than the usual one, ends of lines and paragraphs.
            _ if character.width().unwrap_or(0) == 0 || character.is_whitespace() => {
                safe.push_str(&escaped(character));
            }
            _ => {
                rightward |= is_right_to_left(character);
                safe.push(character);
            }
        }
    }
    if rightward {
        /// Begins and ends an isolate.
        const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];
        safe.insert(0, ISOLATE[0]);
        safe.push(ISOLATE[1]);
    }
    safe
}

fn escaped(character: char) -> String {
    match u32::from(character) {
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Letters of the blocks whose scripts are written from right to left.
fn is_right_to_left(character: char) -> bool {
    matches!(u32::from(character), 0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff)
}

/// A text of at most `width` cells; where something is cut off, it ends in an ellipsis.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        short.push(character);
    }
    if width > 0 {
        short.push('…');
    }
    if short.starts_with('\u{2068}') {
        short.push('\u{2069}');
    }
    short
}

/// A text for a browser, which shows what combines and what joins as it is meant: controls, marks of direction and what is no character are
/// written out as in PostgreSQL's E'' strings; of a longer text the beginning, with an ellipsis. Line ends stay where `lines` says so.
pub fn visible(text: &str, most: usize, lines: bool) -> String {
    let mut shown = String::with_capacity(text.len().min(4 * most));
    for (place, character) in text.chars().enumerate() {
        if place == most {
            shown.push('…');
            break;
        }
        match character {
            '\n' if lines => shown.push('\n'),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str(if lines { "    " } else { "\\t" }),
            _ if is_unsafe(character) => shown.push_str(&escaped(character)),
            _ => shown.push(character),
        }
    }
    shown
}

/// Controls, marks that turn the direction of what follows, ends of lines and paragraphs, and what Unicode says is no character.
fn is_unsafe(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || matches!(code, 0x061c | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfdd0..=0xfdef | 0xfeff)
        || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_no_control_and_no_mark_of_direction() {
        assert_eq!(
            visible("a\u{7}b\u{202e}c\u{fffe}\nd", 99, false),
            r"a\u0007b\u202ec\ufffe\nd"
        );
        assert_eq!(visible("one\ntwo\tx", 99, true), "one\ntwo    x");
        assert_eq!(
            visible("👩\u{200d}🔬 e\u{301} שלום", 99, false),
            "👩\u{200d}🔬 e\u{301} שלום"
        );
        assert_eq!(visible(&"x".repeat(10_000), 3, false), "xxx…");
    }
}
