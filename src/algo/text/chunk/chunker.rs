//! Chunks from boundaries.

use std::collections::VecDeque;

use super::boundaries::{Boundaries, Boundary, Strength};
use super::graphemes::{self, Graphemes};
use super::{Chunk, Chunking, Strategy};
use crate::embedder::Encoder;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};

/// The chunks of a text, one after the other.
pub struct Chunker<'t> {
    text: &'t str,
    size: usize,
    overlap: usize,
    spaces: Spaces,
    boundaries: Boundaries<'t>,
    pace: Pace<'t>,
    /// Boundaries behind the chunk's beginning, and the first that is too far away.
    waiting: VecDeque<Boundary>,
    is_exhausted: bool,
    /// Where the next chunk begins.
    start: Boundary,
    /// Where the last one ended.
    end: Boundary,
}

/// What becomes of spaces around a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spaces {
    /// They are counted, and stay.
    Stay,
    /// They are left out.
    Go,
    /// They are left out, but for those before a line's first letter, which mean something in programs and lists.
    Indent,
}

impl<'t> Chunker<'t> {
    /// Chunks of `text`. `encoder` is the embedder that [`Strategy::Tokens`] names. Returns an error for a chunking that [`Chunking::check`]
    /// refuses.
    pub fn new(
        text: &'t str,
        chunking: &Chunking,
        encoder: Option<&dyn Encoder>,
        monitor: &'t dyn Monitor,
    ) -> Result<Chunker<'t>> {
        chunking.check()?;
        let start = Boundary {
            at: 0,
            letters: 0,
            bare: 0,
            units: 0,
            strength: Strength::Block,
        };
        Ok(Chunker {
            text,
            size: chunking.size,
            overlap: chunking.overlap,
            spaces: match chunking.strategy {
                Strategy::Characters => Spaces::Stay,
                Strategy::Words | Strategy::Sentences | Strategy::Tokens(_) => Spaces::Go,
                Strategy::Paragraphs | Strategy::Recursive | Strategy::Markdown => Spaces::Indent,
            },
            boundaries: Boundaries::new(text, chunking, encoder, monitor)?,
            pace: Pace::new(monitor),
            waiting: VecDeque::new(),
            is_exhausted: false,
            start,
            end: start,
        })
    }

    /// The next chunk, none behind the text's end. Returns an error when stopped, and when memory lacks.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        while self.end.at < self.text.len() {
            self.fill()?;
            let end = match self.strongest()? {
                Some(end) => end,
                None => {
                    let repeats = self.start.at < self.end.at;
                    let inside = match repeats && self.start.strength != Strength::Letter {
                        true => None,
                        false => Some(self.within()?),
                    };
                    let inside = inside.filter(|inside| !repeats || self.is_further(inside) && self.is_within(inside));
                    let Some(inside) = inside else {
                        // Nothing new fits behind what would be repeated.
                        self.begin(self.end);
                        continue;
                    };
                    inside
                }
            };
            let chunk = self.without_spaces(end);
            self.end = end;
            let next = self.repeated(chunk.start)?;
            self.begin(next);
            if chunk.start < chunk.end {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// The most units before a chunk's end.
    fn reach(&self) -> usize {
        self.start.units.saturating_add(self.size)
    }

    /// Whether a chunk that ends here is not too long.
    fn is_within(&self, end: &Boundary) -> bool {
        let units = if self.boundaries.counts_letters() {
            end.bare
        } else {
            end.units
        };
        units <= self.reach()
    }

    /// Whether a chunk that ends here has more than the last one.
    fn is_further(&self, end: &Boundary) -> bool {
        end.at > self.end.at && (self.start.at == self.end.at || end.bare > self.end.letters)
    }

    /// Finds all boundaries up to the first that is too far away.
    fn fill(&mut self) -> Result<()> {
        while !self.is_exhausted && self.waiting.back().is_none_or(|last| self.is_within(last)) {
            match self.boundaries.next(&mut self.pace)? {
                Some(boundary) => {
                    let more = self.waiting.try_reserve(1);
                    more.map_err(|_| Error::OutOfMemory {
                        needed: 2 * self.waiting.len() * size_of::<Boundary>(),
                    })?;
                    self.waiting.push_back(boundary);
                }
                None => self.is_exhausted = true,
            }
        }
        Ok(())
    }

    /// The chunk begins here; what is before is not needed any more.
    fn begin(&mut self, start: Boundary) {
        self.start = start;
        while self.waiting.front().is_some_and(|first| first.at <= start.at) {
            self.waiting.pop_front();
        }
    }

    /// The best boundary within reach behind the last chunk: of the strongest the last. Spaces are better than other ends of words only where
    /// they do not leave more than half of the room. The text's end is best of all.
    fn strongest(&mut self) -> Result<Option<Boundary>> {
        self.pace.spend(self.waiting.len())?;
        let half = self.start.units.saturating_add(self.size / 2);
        let grade = |boundary: &Boundary| match boundary.strength {
            Strength::Word if boundary.units < half => Strength::Piece,
            strength => strength,
        };
        let mut best: Option<Boundary> = None;
        let candidates = self.waiting.iter();
        for boundary in candidates.filter(|boundary| self.is_further(boundary) && self.is_within(boundary)) {
            if boundary.at == self.text.len() || best.is_none_or(|best| grade(boundary) >= grade(&best)) {
                best = Some(*boundary);
            }
        }
        Ok(best)
    }

    /// Where a chunk ends that no boundary is within reach of: the last end of a grapheme there, where sizes are of characters and such ends
    /// count; else at the first boundary.
    fn within(&mut self) -> Result<Boundary> {
        let first = self.waiting.front().copied();
        let first = first.ok_or(Error::Internal("a text has no end"))?;
        if !self.boundaries.counts_letters() {
            return Ok(first);
        }
        let reach = self.reach();
        let inside = self.letters_until(self.start, |letters| letters > reach)?;
        Ok(inside.map_or(
            first,
            |(before, after)| if before.at > self.start.at { before } else { after },
        ))
    }

    /// Where the next chunk begins: as far before the last one's end as may be repeated, at the beginning of a sentence or something greater if
    /// there is one, else of a word, else of a character; behind the last one's start in any case.
    fn repeated(&mut self, start: usize) -> Result<Boundary> {
        let end = self.end;
        let repeatable = if self.boundaries.counts_letters() {
            end.bare
        } else {
            end.units
        };
        let from = repeatable.saturating_sub(self.overlap);
        if self.overlap == 0 || end.at == self.text.len() {
            return Ok(end);
        }
        self.pace.spend(self.waiting.len())?;
        let mut best: Option<Boundary> = None;
        let candidates = (self.waiting.iter())
            .filter(|boundary| boundary.units >= from && boundary.at > start && boundary.at < end.at);
        for boundary in candidates {
            let strength = |boundary: &Boundary| boundary.strength.min(Strength::Sentence);
            if best.is_none_or(|best| strength(boundary) > strength(&best)) {
                best = Some(*boundary);
            }
        }
        if let Some(best) = best {
            return Ok(best);
        }
        if end.strength != Strength::Letter || self.start.units >= from {
            return Ok(end);
        }
        // The last chunk ended in a word so long that even what is repeated is part of it.
        let before = (self.waiting.iter())
            .take_while(|boundary| boundary.units < from)
            .last();
        let before = before.copied().unwrap_or(self.start);
        let inside = self.letters_until(before, |letters| letters >= from)?;
        let start = inside.map_or(end, |(_, after)| after);
        Ok(if start.at < end.at { start } else { end })
    }

    /// The last end of a grapheme, from a boundary on, before one at which so many letters are enough, and that one; nothing where they never
    /// are.
    fn letters_until(
        &mut self,
        from: Boundary,
        is_enough: impl Fn(usize) -> bool,
    ) -> Result<Option<(Boundary, Boundary)>> {
        let mut graphemes = Graphemes::new(self.text, from.at);
        let mut last = from;
        while last.at < self.text.len() {
            let at = graphemes.next(&mut self.pace)?;
            let grapheme = &self.text[last.at..at];
            let letters = last.letters + grapheme.chars().count();
            let next = Boundary {
                at,
                letters,
                bare: if grapheme.trim_start().is_empty() {
                    last.bare
                } else {
                    letters
                },
                units: letters,
                strength: Strength::Letter,
            };
            if is_enough(letters) {
                return Ok(Some((last, next)));
            }
            last = next;
        }
        Ok(None)
    }

    /// The chunk that ends here, with no more spaces around it than are wanted.
    fn without_spaces(&self, end: Boundary) -> Chunk {
        let (start, text) = (self.start, self.text);
        let mut chunk = Chunk {
            start: start.at,
            end: end.at,
            start_character: start.letters,
            end_character: end.letters,
        };
        let spaced = &text[start.at..end.at];
        let kept = match self.spaces {
            Spaces::Stay => return chunk,
            Spaces::Go => spaced.trim_start(),
            Spaces::Indent => {
                let leading = spaced.len() - spaced.trim_start().len();
                let line = spaced[..leading].rfind(['\n', '\r']).map(|end| end + 1);
                let begins_line = start.at == 0 || text[..start.at].ends_with(['\n', '\r']);
                &spaced[line.unwrap_or(if begins_line { 0 } else { leading })..]
            }
        };
        let bare = kept.trim_end();
        let (left, right) = (spaced.len() - kept.len(), kept.len() - bare.len());
        if bare.is_empty() {
            chunk.end = chunk.start;
            return chunk;
        }
        // A space can have a mark of its own, and what precedes one can be bound to it.
        if graphemes::ends_before_spaces(text, start.at + left) {
            chunk.start += left;
            chunk.start_character += spaced[..left].chars().count();
        }
        if graphemes::ends_before_spaces(text, end.at - right) {
            chunk.end -= right;
            chunk.end_character -= text[chunk.end..end.at].chars().count();
        }
        chunk
    }
}
