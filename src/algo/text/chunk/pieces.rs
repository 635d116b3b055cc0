//! The units of texts: characters, words, sentences, paragraphs, tokens. What is between two belongs to the first.

use unicode_segmentation::{USentenceBounds, UWordBounds};

use super::boundaries::{Cut, Strength};
use super::graphemes::Graphemes;
use super::lines::Lines;
use super::segments::Segments;
use crate::error::Result;
use crate::monitor::Pace;

/// Ends of graphemes.
pub(super) struct Letters<'t> {
    text: &'t str,
    graphemes: Graphemes<'t>,
    at: usize,
}

impl<'t> Letters<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Letters {
            text,
            graphemes: Graphemes::new(text, 0),
            at: 0,
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        if self.at == self.text.len() {
            return Ok(None);
        }
        self.at = self.graphemes.next(pace)?;
        Ok(Some(Cut {
            at: self.at,
            strength: Strength::Letter,
            units: 0,
        }))
    }
}

/// Counts units as their beginnings are found.
struct Units<'t> {
    text: &'t str,
    count: usize,
    is_over: bool,
}

impl<'t> Units<'t> {
    fn new(text: &'t str) -> Self {
        Units {
            text,
            count: 0,
            is_over: text.is_empty(),
        }
    }

    /// Another unit begins here.
    fn begin(&mut self, at: usize) -> Cut {
        self.count += 1;
        Cut {
            at,
            strength: Strength::Piece,
            units: self.count,
        }
    }

    /// The text ends, once.
    fn end(&mut self) -> Option<Cut> {
        let is_over = std::mem::replace(&mut self.is_over, true);
        (!is_over).then(|| self.begin(self.text.len()))
    }
}

/// Beginnings of words: parts with a letter or a digit.
pub(super) struct Words<'t> {
    units: Units<'t>,
    segments: Segments<'t, UWordBounds<'t>>,
    at: usize,
    /// Whether the unit has its word.
    has_word: bool,
    /// Where the first spaces after it end.
    space: Option<usize>,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Words {
            units: Units::new(text),
            segments: Segments::new(text),
            at: 0,
            has_word: false,
            space: None,
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        while let Some(end) = self.segments.next(pace)? {
            let start = std::mem::replace(&mut self.at, end);
            let segment = &self.units.text[start..end];
            if segment.chars().any(char::is_alphanumeric) {
                let cut = self.space.take().unwrap_or(start);
                if std::mem::replace(&mut self.has_word, true) {
                    return Ok(Some(self.units.begin(cut)));
                }
            } else if self.has_word && self.space.is_none() && segment.starts_with(char::is_whitespace) {
                self.space = Some(end);
            }
        }
        Ok(self.units.end())
    }
}

/// Beginnings of sentences.
pub(super) struct Sentences<'t> {
    units: Units<'t>,
    segments: Segments<'t, USentenceBounds<'t>>,
    at: usize,
    has_sentence: bool,
}

impl<'t> Sentences<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Sentences {
            units: Units::new(text),
            segments: Segments::new(text),
            at: 0,
            has_sentence: false,
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        while let Some(end) = self.segments.next(pace)? {
            let start = std::mem::replace(&mut self.at, end);
            let is_blank = self.units.text[start..end].trim_start().is_empty();
            if !is_blank && std::mem::replace(&mut self.has_sentence, true) {
                return Ok(Some(self.units.begin(start)));
            }
        }
        Ok(self.units.end())
    }
}

/// Beginnings of paragraphs: lines between blank lines.
pub(super) struct Paragraphs<'t> {
    units: Units<'t>,
    lines: Lines<'t>,
    has_paragraph: bool,
    is_after_blank: bool,
}

impl<'t> Paragraphs<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Paragraphs {
            units: Units::new(text),
            lines: Lines::new(text),
            has_paragraph: false,
            is_after_blank: false,
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        for line in self.lines.by_ref() {
            pace.spend(line.len())?;
            let is_blank = self.units.text[line.clone()].trim_start().is_empty();
            let begins = std::mem::replace(&mut self.is_after_blank, is_blank) && !is_blank && self.has_paragraph;
            self.has_paragraph |= !is_blank;
            if begins {
                return Ok(Some(self.units.begin(line.start)));
            }
        }
        Ok(self.units.end())
    }
}

/// Ends of an embedder's tokens.
pub(super) struct Tokens<'t> {
    text: &'t str,
    ends: std::vec::IntoIter<usize>,
    count: usize,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str, ends: Vec<usize>) -> Self {
        Tokens {
            text,
            ends: ends.into_iter(),
            count: 0,
            at: 0,
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        if self.at == self.text.len() {
            return Ok(None);
        }
        // Tokens may end where others do, and the last before the text's end.
        for end in self.ends.by_ref() {
            self.count += 1;
            pace.spend(1)?;
            if end > self.at && self.text.is_char_boundary(end) {
                self.at = end;
                let strength = match is_within_word(self.text, end) {
                    true => Strength::Piece,
                    false => Strength::Word,
                };
                return Ok(Some(self.cut(strength)));
            }
        }
        self.at = self.text.len();
        Ok(Some(self.cut(Strength::Word)))
    }

    fn cut(&self, strength: Strength) -> Cut {
        Cut {
            at: self.at,
            strength,
            units: self.count,
        }
    }
}

/// Whether letters or digits are on both sides of a place.
fn is_within_word(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
}
