//! Places where a text may be cut, one after the other.

use super::graphemes::{self, Graphemes};
use super::pieces::{Letters, Paragraphs, Sentences, Tokens, Words};
use super::structure::Structure;
use super::{Chunking, Strategy};
use crate::embedder::Encoder;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};

/// How much speaks for cutting a text at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// It is between two characters.
    Letter,
    /// A word, in the sense of a dictionary or of punctuation, ends here.
    Piece,
    /// Spaces end here.
    Word,
    /// A sentence begins.
    Sentence,
    /// A line begins.
    Line,
    /// An item of a list begins, or a part of a program.
    Item,
    /// A paragraph begins, or what is like one.
    Block,
    /// A heading begins: 1 for the lowest, 6 for the highest.
    Heading(u8),
}

/// A place at which a text may be cut, as a source finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) at: usize,
    pub(super) strength: Strength,
    /// Units of the strategy before it, where they are not characters.
    pub(super) units: usize,
}

/// A place at which a text may be cut, and what is before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boundary {
    pub(super) at: usize,
    /// Characters before it.
    pub(super) letters: usize,
    /// The same without the spaces right before it, where those are left out of chunks.
    pub(super) bare: usize,
    /// Units of the strategy before it.
    pub(super) units: usize,
    pub(super) strength: Strength,
}

/// Where cuts come from: in ascending order, the last at the text's end.
enum Source<'t> {
    Letters(Letters<'t>),
    Words(Words<'t>),
    Sentences(Sentences<'t>),
    Paragraphs(Paragraphs<'t>),
    Structure(Structure<'t>),
    Tokens(Tokens<'t>),
}

/// The boundaries of a text after its beginning, the last at its end; none is within a grapheme.
pub(super) struct Boundaries<'t> {
    text: &'t str,
    source: Source<'t>,
    graphemes: Graphemes<'t>,
    /// The last boundary that was found.
    last: Boundary,
}

impl<'t> Boundaries<'t> {
    pub(super) fn new(
        text: &'t str,
        chunking: &Chunking,
        encoder: Option<&dyn Encoder>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let source = match &chunking.strategy {
            Strategy::Characters => Source::Letters(Letters::new(text)),
            Strategy::Words => Source::Words(Words::new(text)),
            Strategy::Sentences => Source::Sentences(Sentences::new(text)),
            Strategy::Paragraphs => Source::Paragraphs(Paragraphs::new(text)),
            Strategy::Recursive => Source::Structure(Structure::plain(text)),
            Strategy::Markdown => Source::Structure(Structure::markdown(text)),
            Strategy::Tokens(_) => {
                let encoder = encoder.ok_or(Error::Internal("chunks of tokens need an embedder"))?;
                Source::Tokens(Tokens::new(text, encoder.token_ends(text, monitor)?))
            }
        };
        Ok(Boundaries {
            text,
            source,
            graphemes: Graphemes::new(text, 0),
            last: Boundary {
                at: 0,
                letters: 0,
                bare: 0,
                units: 0,
                strength: Strength::Block,
            },
        })
    }

    /// Whether sizes are of characters.
    pub(super) fn counts_letters(&self) -> bool {
        matches!(self.source, Source::Letters(_) | Source::Structure(_))
    }

    /// How far chunks that end here really reach.
    fn bare(&self, at: usize, letters: usize) -> usize {
        let part = &self.text[self.last.at..at];
        let bare = part.trim_end();
        match bare.is_empty() {
            true => self.last.bare,
            false if graphemes::ends_before_spaces(self.text, self.last.at + bare.len()) => {
                letters - part[bare.len()..].chars().count()
            }
            false => letters,
        }
    }

    /// The next boundary; none behind the text's end.
    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<Boundary>> {
        loop {
            let cut = match &mut self.source {
                Source::Letters(letters) => letters.next(pace),
                Source::Words(words) => words.next(pace),
                Source::Sentences(sentences) => sentences.next(pace),
                Source::Paragraphs(paragraphs) => paragraphs.next(pace),
                Source::Structure(structure) => structure.next(pace),
                Source::Tokens(tokens) => tokens.next(pace),
            };
            let Some(Cut { at, strength, units }) = cut? else {
                return Ok(None);
            };
            // Those of letters are ends of graphemes, and need not be found again.
            if !matches!(self.source, Source::Letters(_)) && !self.graphemes.is_boundary(at, pace)? {
                continue;
            }
            let letters = self.last.letters + self.text[self.last.at..at].chars().count();
            let bare = match self.source {
                Source::Letters(_) => letters,
                Source::Words(_)
                | Source::Sentences(_)
                | Source::Paragraphs(_)
                | Source::Structure(_)
                | Source::Tokens(_) => self.bare(at, letters),
            };
            let units = if self.counts_letters() { letters } else { units };
            self.last = Boundary {
                at,
                letters,
                bare,
                units,
                strength,
            };
            return Ok(Some(self.last));
        }
    }
}
