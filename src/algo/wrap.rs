//! Texts in columns of a page: how wide they are on a screen, and how they are broken into lines.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width of the widest line of a text.
pub fn width(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Breaks a text into lines of at most `most` columns, between words where it can, else behind underscores. Controls become blanks.
pub fn wrap(text: &str, most: usize) -> String {
    let most = most.max(2);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (mut lines, mut line, mut filled) = (Vec::new(), String::new(), 0);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if filled > 0 {
            if filled + 1 + word.width() <= most {
                line.push(' ');
                filled += 1;
            } else {
                lines.push(std::mem::take(&mut line));
                filled = 0;
            }
        }
        for part in word.split_inclusive('_') {
            if filled > 0 && filled + part.width() > most {
                lines.push(std::mem::take(&mut line));
                filled = 0;
            }
            for character in part.chars() {
                let needed = character.width().unwrap_or(0);
                if filled + needed > most {
                    lines.push(std::mem::take(&mut line));
                    filled = 0;
                }
                line.push(character);
                filled += needed;
            }
        }
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrap("8 of 1004 rows fail", 10), "8 of 1004\nrows fail");
        assert_eq!(wrap("", 10), "");
        assert_eq!(wrap("one\ttwo\nthree", 40), "one two three");
        assert_eq!(wrap("no_null_in_a_column x", 8), "no_null_\nin_a_\ncolumn x");
        assert_eq!(wrap("unbreakable", 4), "unbr\neaka\nble");
    }

    #[test]
    fn wide_characters_count_twice_and_no_line_is_wider_than_allowed() {
        assert_eq!(wrap("\u{6771}\u{4eac}\u{90fd}", 4), "\u{6771}\u{4eac}\n\u{90fd}");
        for most in 2..20 {
            let text = wrap("ab \u{6771}\u{4eac} a-very-long-word \u{e9}t\u{e9} x", most);
            assert!(width(&text) <= most, "{most}: {text}");
        }
    }
}
