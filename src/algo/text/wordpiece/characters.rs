//! Characters as BERT cleans them: `BertNormalizer` and `BertPreTokenizer` of the crate tokenizers.

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::char::{canonical_combining_class, decompose_canonical};

use super::Rules;
use crate::error::Result;
use crate::monitor::Pace;

/// Takes a character and the byte of the text after what it came from; whether it wants more.
pub type Taker<'t> = dyn FnMut(char, usize) -> Result<bool> + 't;

/// Cleans texts, character by character.
pub struct Cleaner<'r> {
    rules: &'r Rules,
    /// Marks that wait for others of their letter, with their class: those are put in order before they go on.
    marks: Vec<(u8, char, usize)>,
}

impl<'r> Cleaner<'r> {
    pub fn new(rules: &'r Rules) -> Self {
        Cleaner {
            rules,
            marks: Vec::new(),
        }
    }

    /// Hands the characters of a text that begins at byte `start` on. Returns whether all were wanted.
    pub fn each(mut self, text: &str, start: usize, pace: &mut Pace<'_>, take: &mut Taker<'_>) -> Result<bool> {
        for (place, c) in text.char_indices() {
            pace.spend(c.len_utf8())?;
            let end = start + place + c.len_utf8();
            let c = match c {
                '\t' | '\n' | '\r' if self.rules.clean_text => ' ',
                _ if self.rules.clean_text && (c == '\0' || c == '\u{fffd}' || c.is_other()) => continue,
                _ if self.rules.clean_text && c.is_whitespace() => ' ',
                _ => c,
            };
            let more = if self.rules.handle_chinese_chars && is_chinese(c) {
                self.decompose(' ', end - c.len_utf8(), take)?
                    && self.decompose(c, end, take)?
                    && self.decompose(' ', end, take)?
            } else {
                self.decompose(c, end, take)?
            };
            if !more {
                return Ok(false);
            }
        }
        self.order(take)
    }

    fn decompose(&mut self, c: char, end: usize, take: &mut Taker<'_>) -> Result<bool> {
        if !self.rules.strip_accents {
            return self.lower(c, end, take);
        }
        if c.is_ascii() {
            return Ok(self.order(take)? && self.lower(c, end, take)?);
        }
        // At most four characters (Unicode Standard Annex 15).
        let mut parts = [None; 8];
        let mut places = parts.iter_mut();
        decompose_canonical(c, |part| {
            if let Some(place) = places.next() {
                *place = Some(part);
            }
        });
        for part in parts.into_iter().flatten() {
            let class = canonical_combining_class(part);
            if class == 0 && !self.order(take)? {
                return Ok(false);
            }
            if part.is_mark_nonspacing() {
                continue;
            }
            if class == 0 {
                if !self.lower(part, end, take)? {
                    return Ok(false);
                }
            } else if self.marks.len() <= self.rules.most_characters {
                // A word with more characters than it may have is unknown, whatever follows.
                self.marks.push((class, part, end));
            }
        }
        Ok(true)
    }

    /// Hands marks on in the order of their classes.
    fn order(&mut self, take: &mut Taker<'_>) -> Result<bool> {
        if self.marks.is_empty() {
            return Ok(true);
        }
        let mut marks = std::mem::take(&mut self.marks);
        marks.sort_by_key(|(class, ..)| *class);
        for (_, mark, end) in marks {
            if !self.lower(mark, end, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn lower(&self, c: char, end: usize, take: &mut Taker<'_>) -> Result<bool> {
        if !self.rules.lowercase {
            return take(c, end);
        }
        for small in c.to_lowercase() {
            if !take(small, end)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a character is a word of its own.
pub fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || (!c.is_ascii() && c.is_punctuation())
}

/// The blocks of unified ideographs, as BERT lists them.
fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x20000..=0x2a6df
            | 0x2a700..=0x2b73f
            | 0x2b740..=0x2b81f
            | 0x2b920..=0x2ceaf
            | 0xf900..=0xfaff
            | 0x2f800..=0x2fa1f
    )
}
