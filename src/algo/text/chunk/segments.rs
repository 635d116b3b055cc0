//! The words or sentences of a text, found in a part of it at a time, so that one that is very long can be stopped.

use unicode_segmentation::{USentenceBounds, UWordBounds, UnicodeSegmentation};

use crate::error::Result;
use crate::monitor::Pace;

/// Bytes of a part.
const PART: usize = 1 << 16;
/// Bytes before a part's end in which no boundary is believed: what follows may have a say in it.
const MARGIN: usize = 1 << 10;

/// How segments are found in a part of a text.
pub(crate) trait Finder<'t>: Iterator<Item = &'t str> {
    fn open(part: &'t str) -> Self;
}

impl<'t> Finder<'t> for UWordBounds<'t> {
    fn open(part: &'t str) -> Self {
        part.split_word_bounds()
    }
}

impl<'t> Finder<'t> for USentenceBounds<'t> {
    fn open(part: &'t str) -> Self {
        part.split_sentence_bounds()
    }
}

/// Segments of a text, one after the other, without gaps; one of more than 63 kB is several.
pub(crate) struct Segments<'t, F> {
    text: &'t str,
    finder: F,
    /// Where the part begins and ends.
    start: usize,
    end: usize,
    /// Where the next segment begins.
    at: usize,
}

impl<'t, F: Finder<'t>> Segments<'t, F> {
    pub(crate) fn new(text: &'t str) -> Self {
        let end = text.floor_char_boundary(PART);
        Segments {
            text,
            finder: F::open(&text[..end]),
            start: 0,
            end,
            at: 0,
        }
    }

    /// The end of the next segment; none at the text's end.
    pub(crate) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<usize>> {
        while self.at < self.text.len() {
            let is_last = self.end == self.text.len();
            if let Some(segment) = self.finder.next() {
                let stop = self.at + segment.len();
                if is_last || self.at == self.start || stop + MARGIN <= self.end {
                    pace.spend(segment.len())?;
                    self.at = stop;
                    return Ok(Some(stop));
                }
            }
            pace.spend(MARGIN)?;
            (self.start, self.end) = (self.at, self.text.floor_char_boundary(self.at + PART));
            self.finder = F::open(&self.text[self.start..self.end]);
        }
        Ok(None)
    }
}
