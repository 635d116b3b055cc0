//! Where quoted words stand in a text. Case, the kind of spaces, quotation marks and dashes, and forms of characters that look the same do not count;
//! everything else does.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// The fewest letters and digits of a quote that says something.
const LEAST_LETTERS: usize = 4;
/// The fewest words.
const LEAST_WORDS: usize = 2;
/// The most bytes of a quote.
const LONGEST: usize = 1 << 16;

/// The bytes of a text that are looked through between two looks at the monitor.
const PIECE: usize = 1 << 20;

/// Where something stands in a text: in characters from 1, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub start: usize,
    pub end: usize,
}

/// A text as it is compared, with where its parts come from: made once for all quotes that are looked for in it.
pub struct Plain {
    text: String,
    /// For each character of it, the byte at which it begins and the number of the character that it was made of, from 0.
    from: Vec<(u32, u32)>,
}

impl Plain {
    /// A text in which quotes are looked for. Of one that is too long to be numbered, its beginning.
    pub fn of(original: &str, monitor: &dyn Monitor) -> Result<Plain> {
        let mut pace = Pace::new(monitor);
        let mut plain = Plain {
            text: String::new(),
            from: Vec::new(),
        };
        let mut is_space = true;
        for (number, letter) in original.chars().enumerate() {
            pace.spend(8)?;
            if letter.is_whitespace() {
                if !is_space {
                    plain.push(' ', number)?;
                }
                is_space = true;
                continue;
            }
            for letter in std::iter::once(letter).nfkd().flat_map(char::to_lowercase) {
                let folded = fold(letter);
                if let Some(letter) = folded {
                    is_space = letter == ' ';
                    plain.push(letter, number)?;
                }
            }
        }
        while plain.text.ends_with(' ') {
            plain.text.pop();
            plain.from.pop();
        }
        Ok(plain)
    }

    fn push(&mut self, letter: char, number: usize) -> Result<()> {
        let (Ok(byte), Ok(number)) = (u32::try_from(self.text.len()), u32::try_from(number)) else {
            return Ok(());
        };
        room::push(&mut self.from, (byte, number))?;
        room::reserve_text(&mut self.text, letter.len_utf8())?;
        self.text.push(letter);
        Ok(())
    }

    /// The number of the character that the one at a byte was made of.
    fn number_at(&self, byte: usize) -> Option<usize> {
        let byte = u32::try_from(byte).ok()?;
        let place = self.from.binary_search_by_key(&byte, |(byte, _)| *byte).ok()?;
        self.from.get(place).map(|(_, number)| *number as usize)
    }

    /// Where a quote first stands in it; `None` where it does not, or is too short to say something. A quote may be in marks of its own.
    pub fn find(&self, quote: &str, monitor: &dyn Monitor) -> Result<Option<Place>> {
        if quote.len() > LONGEST {
            return Ok(None);
        }
        let quote = quote.trim().trim_matches(|letter| fold(letter) == Some('"'));
        let quote = Plain::of(quote, monitor)?.text;
        let (Some(first), Some(last), true) = (quote.chars().next(), quote.chars().next_back(), is_telling(&quote))
        else {
            return Ok(None);
        };
        // What is looked for is at most as long as a quote; so are the pieces of the text between two looks at the monitor.
        let mut pace = Pace::new(monitor);
        let mut from = 0;
        while from < self.text.len() {
            pace.spend(LONGEST)?;
            let end = self.boundary(from.saturating_add(PIECE).saturating_add(quote.len()));
            let found = self.text[from..end].match_indices(&quote);
            let place = found
                .map(|(start, found)| (from + start, from + start + found.len()))
                .find_map(|(start, end)| self.place(start, end, first, last));
            if place.is_some() {
                return Ok(place);
            }
            from = self.boundary(from.saturating_add(PIECE));
        }
        Ok(None)
    }

    /// The end of the character that a byte is in, or the text's.
    fn boundary(&self, mut byte: usize) -> usize {
        while byte < self.text.len() && !self.text.is_char_boundary(byte) {
            byte += 1;
        }
        byte.min(self.text.len())
    }

    /// The place of what stands between two bytes, with its first and last character; `None` where it is a part of a word.
    fn place(&self, start: usize, end: usize, first: char, last: char) -> Option<Place> {
        let before = self.text[..start].chars().next_back();
        let after = self.text[end..].chars().next();
        let breaks_word = before.is_some_and(|before| is_word(before) && is_word(first))
            || after.is_some_and(|after| is_word(last) && is_word(after))
            || after.is_some_and(is_combining_mark);
        if breaks_word {
            return None;
        }
        let last_byte = end - last.len_utf8();
        let (from, to) = (self.number_at(start)?, self.number_at(last_byte)?);
        // What is one character there is quoted as a whole.
        let is_whole = before_differs(self, start, from) && self.number_at(end) != Some(to);
        is_whole.then_some(Place {
            start: from + 1,
            end: to + 2,
        })
    }
}

/// A character as it is compared; `None` for one that nobody sees.
fn fold(letter: char) -> Option<char> {
    use unicode_categories::UnicodeCategories;
    match letter {
        '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' => Some('\''),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => Some('"'),
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => Some('-'),
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => None,
        letter if letter.is_control() || letter.is_other_format() || letter.is_other_private_use() => None,
        letter => Some(letter),
    }
}

/// Whether a character goes on with a word that is written with spaces around it: "30 days" is not quoted from "130 days".
fn is_word(letter: char) -> bool {
    letter.is_numeric() || is_combining_mark(letter) || (letter.is_alphabetic() && letter < '\u{0590}')
}

/// Whether a quote is long enough to say something: two words, or a word of a script without spaces.
fn is_telling(quote: &str) -> bool {
    let letters = quote.chars().filter(|letter| letter.is_alphanumeric()).count();
    let words = quote.unicode_words().take(LEAST_WORDS).count();
    let is_unspaced = quote
        .chars()
        .any(|letter| letter.is_alphabetic() && letter >= '\u{0E00}');
    (words >= LEAST_WORDS && letters >= LEAST_LETTERS) || (is_unspaced && letters >= 2)
}

/// Whether what stands before a byte was made of another character.
fn before_differs(plain: &Plain, start: usize, number: usize) -> bool {
    let before = plain.text[..start].chars().next_back();
    before.is_none_or(|before| plain.number_at(start - before.len_utf8()) != Some(number))
}
