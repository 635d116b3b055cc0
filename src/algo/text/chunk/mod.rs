//! Pieces of a text: of so many characters, words, sentences, paragraphs or tokens, or cut where the text itself is parted.
//!
//! Words, sentences and what readers take for one character (a grapheme, which is never cut) are those of Unicode's annex 29, by the crate
//! `unicode-segmentation`. A text is read once, from its beginning to its end, and no more of it is held than a chunk's boundaries.

mod boundaries;
mod chunker;
mod graphemes;
mod lines;
mod markdown;
mod pieces;
mod segments;
mod structure;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::embedder::Encoder;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

pub use chunker::Chunker;
pub(crate) use segments::Segments;

/// Where a text may be cut, and in what the size of chunks is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Strategy {
    /// After any character; sizes are of characters.
    Characters,
    /// Between words; sizes are of words.
    Words,
    /// Between sentences; sizes are of sentences.
    Sentences,
    /// At blank lines; sizes are of paragraphs.
    Paragraphs,
    /// At the strongest boundary that there is: blank lines, then line breaks, ends of sentences, spaces, words without spaces, characters. Sizes
    /// are of characters.
    Recursive,
    /// As [`Strategy::Recursive`], but headings are stronger than blank lines, the higher the stronger, and a heading stays with what follows it.
    Markdown,
    /// Between words, at ends of tokens of the embedder of this name; sizes are of its tokens.
    Tokens(String),
}

impl Strategy {
    /// What people may write.
    const ALLOWED: &'static str = "characters, words, sentences, paragraphs, recursive, markdown or tokens(embedder)";

    /// The embedder that counts its tokens, if one does.
    pub fn embedder(&self) -> Option<&str> {
        match self {
            Strategy::Tokens(embedder) => Some(embedder),
            Strategy::Characters
            | Strategy::Words
            | Strategy::Sentences
            | Strategy::Paragraphs
            | Strategy::Recursive
            | Strategy::Markdown => None,
        }
    }

    /// The strategy of a name.
    pub fn parse(name: &str) -> Result<Strategy> {
        let embedder = || name.strip_prefix("tokens(")?.strip_suffix(')').map(str::trim);
        match name {
            "characters" => Ok(Strategy::Characters),
            "words" => Ok(Strategy::Words),
            "sentences" => Ok(Strategy::Sentences),
            "paragraphs" => Ok(Strategy::Paragraphs),
            "recursive" => Ok(Strategy::Recursive),
            "markdown" => Ok(Strategy::Markdown),
            _ => match embedder() {
                Some(embedder) if !embedder.is_empty() => Ok(Strategy::Tokens(embedder.into())),
                _ => Err(Error::Parameter {
                    name: "strategy",
                    value: format!("\"{name}\""),
                    allowed: Strategy::ALLOWED.into(),
                }),
            },
        }
    }
}

impl TryFrom<String> for Strategy {
    type Error = Error;

    fn try_from(name: String) -> Result<Strategy> {
        Strategy::parse(&name)
    }
}

impl From<Strategy> for String {
    fn from(strategy: Strategy) -> String {
        match strategy {
            Strategy::Characters => "characters".into(),
            Strategy::Words => "words".into(),
            Strategy::Sentences => "sentences".into(),
            Strategy::Paragraphs => "paragraphs".into(),
            Strategy::Recursive => "recursive".into(),
            Strategy::Markdown => "markdown".into(),
            Strategy::Tokens(embedder) => format!("tokens({embedder})"),
        }
    }
}

/// How texts are cut: as JSON, `{"strategy": "recursive", "size": 1000, "overlap": 100}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chunking {
    /// Where.
    pub strategy: Strategy,
    /// The most that a chunk has, in units of the strategy.
    pub size: usize,
    /// The most that a chunk repeats of the end of the chunk before it.
    pub overlap: usize,
}

impl Default for Chunking {
    fn default() -> Chunking {
        Chunking {
            strategy: Strategy::Recursive,
            size: 1000,
            overlap: 100,
        }
    }
}

impl Chunking {
    /// Returns an error for a size of 0, and for an overlap that is not smaller than the size.
    pub fn check(&self) -> Result<()> {
        if self.size == 0 {
            return Err(Error::Parameter {
                name: "size",
                value: self.size.to_string(),
                allowed: "at least 1".into(),
            });
        }
        if self.overlap >= self.size {
            return Err(Error::Parameter {
                name: "overlap",
                value: self.overlap.to_string(),
                allowed: format!("less than the size, {}", self.size).into(),
            });
        }
        Ok(())
    }
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The byte at which it begins.
    pub start: usize,
    /// The byte behind its last one.
    pub end: usize,
    /// Characters of the text before it.
    pub start_character: usize,
    /// Characters of the text up to its end.
    pub end_character: usize,
}

/// All chunks of a text; [`Chunker`] gives them one by one. `encoder` is the embedder that [`Strategy::Tokens`] names. Returns an error when
/// stopped, when memory lacks, and for a chunking that [`Chunking::check`] refuses.
pub fn chunk(
    text: &str,
    chunking: &Chunking,
    encoder: Option<&dyn Encoder>,
    monitor: &dyn Monitor,
) -> Result<Vec<Chunk>> {
    let mut chunker = Chunker::new(text, chunking, encoder, monitor)?;
    let mut chunks = Vec::new();
    while let Some(chunk) = chunker.next_chunk()? {
        crate::room::push(&mut chunks, chunk)?;
    }
    Ok(chunks)
}
