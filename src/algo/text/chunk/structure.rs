//! Boundaries of every strength: where lines, sentences and words begin.

use unicode_segmentation::{USentenceBounds, UWordBounds};

use super::boundaries::{Cut, Strength};
use super::lines::Lines;
use super::markdown::Markdown;
use super::segments::Segments;
use crate::error::Result;
use crate::monitor::Pace;

/// Words with the sentences and lines that begin where they end.
pub(super) struct Structure<'t> {
    text: &'t str,
    words: Segments<'t, UWordBounds<'t>>,
    sentences: Segments<'t, USentenceBounds<'t>>,
    /// Where the sentence ends that was found last.
    sentence: usize,
    places: Places<'t>,
    /// The beginning of a line that was found last.
    line: Option<(usize, Strength)>,
}

/// Beginnings of lines, and how strong they are.
enum Places<'t> {
    Plain(Plain<'t>),
    Markdown(Markdown<'t>),
}

impl<'t> Structure<'t> {
    /// Of a text without marks.
    pub(super) fn plain(text: &'t str) -> Self {
        Structure::of(text, Places::Plain(Plain::new(text)))
    }

    /// Of Markdown.
    pub(super) fn markdown(text: &'t str) -> Self {
        Structure::of(text, Places::Markdown(Markdown::new(text)))
    }

    fn of(text: &'t str, places: Places<'t>) -> Self {
        Structure {
            text,
            words: Segments::new(text),
            sentences: Segments::new(text),
            sentence: 0,
            places,
            line: Some((0, Strength::Block)),
        }
    }

    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Cut>> {
        while let Some(at) = self.words.next(pace)? {
            if let Some(strength) = self.strength(at, pace)? {
                return Ok(Some(Cut { at, strength, units: 0 }));
            }
        }
        Ok(None)
    }

    /// How much speaks for cutting where a word ends; nothing where spaces follow.
    fn strength(&mut self, at: usize, pace: &mut Pace<'_>) -> Result<Option<Strength>> {
        while self.sentence < at {
            match self.sentences.next(pace)? {
                Some(end) => self.sentence = end,
                None => break,
            }
        }
        while self.line.is_some_and(|(start, _)| start < at) {
            self.line = match &mut self.places {
                Places::Plain(plain) => plain.next(pace)?,
                Places::Markdown(markdown) => markdown.next(pace)?,
            };
        }
        let (before, after) = self.text.split_at(at);
        Ok(match self.line {
            _ if after.is_empty() => Some(Strength::Block),
            Some((start, strength)) if start == at => Some(strength),
            _ if after.starts_with(char::is_whitespace) => None,
            _ if self.sentence == at => Some(Strength::Sentence),
            _ if before.ends_with(char::is_whitespace) => Some(Strength::Word),
            _ => Some(Strength::Piece),
        })
    }
}

/// Lines, and those after blank ones.
struct Plain<'t> {
    text: &'t str,
    lines: Lines<'t>,
    is_after_blank: bool,
}

impl<'t> Plain<'t> {
    fn new(text: &'t str) -> Self {
        Plain {
            text,
            lines: Lines::new(text),
            is_after_blank: false,
        }
    }

    fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<(usize, Strength)>> {
        for line in self.lines.by_ref() {
            pace.spend(line.len())?;
            let is_blank = self.text[line.clone()].trim_start().is_empty();
            let is_after_blank = std::mem::replace(&mut self.is_after_blank, is_blank);
            if !is_blank {
                let strength = if is_after_blank {
                    Strength::Block
                } else {
                    Strength::Line
                };
                return Ok(Some((line.start, strength)));
            }
        }
        Ok(None)
    }
}
