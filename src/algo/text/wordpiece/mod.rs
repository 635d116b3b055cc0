//! Words in pieces (Schuster and Nakajima, "Japanese and Korean voice search", 2012), as BERT cuts them (Devlin et al., 2019): the same
//! tokens as those of the crate tokenizers from the same tokenizer.json, whose tables of characters it uses.

mod added;
mod characters;
mod file;
mod words;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};

use added::Added;
pub use added::AddedToken;
use characters::Cleaner;
pub use file::{File, read};
pub use words::Vocabulary;
use words::Words;

/// A place in what a model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Piece {
    /// The tokens of the first text.
    First { kind: u32 },
    /// The tokens of the second text.
    Second { kind: u32 },
    /// This token.
    Token { token: u32, kind: u32 },
}

/// How texts become tokens, besides the vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Whether control characters are left out, and white space becomes spaces.
    pub clean_text: bool,
    /// Whether Chinese characters are words of their own.
    pub handle_chinese_chars: bool,
    /// Whether marks are left out.
    pub strip_accents: bool,
    /// Whether letters become small.
    pub lowercase: bool,
    /// The token of what is not in the vocabulary.
    pub unknown: u32,
    /// What pieces within a word begin with.
    pub prefix: String,
    /// The longest word that is cut.
    pub most_characters: usize,
    /// What one text becomes.
    pub single: Vec<Piece>,
    /// What two texts become.
    pub pair: Vec<Piece>,
    /// Tokens that are found before texts are cut.
    pub added: Vec<AddedToken>,
}

/// A token, and the byte of the text after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: u32,
    /// Where it ends.
    pub end: usize,
}

/// Cuts texts by rules.
pub struct Tokenizer {
    rules: Rules,
    raw: Added,
    cleaned: Added,
}

impl Tokenizer {
    /// Returns an error when added tokens cannot be searched for.
    pub fn new(rules: Rules) -> Result<Tokenizer> {
        let raw = Added::new(&rules.added, |token| !token.normalized, |content| Ok(content.into()))?;
        let cleaned = Added::new(&rules.added, |token| token.normalized, |content| rules.cleaned(content))?;
        Ok(Tokenizer { rules, raw, cleaned })
    }

    /// By what it cuts.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The first `most` tokens of a text. Returns an error when the vocabulary is damaged, when stopped, and where there is no room.
    pub fn tokens(
        &self,
        vocabulary: Vocabulary<'_>,
        text: &str,
        most: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Token>> {
        let mut pace = Pace::new(monitor);
        let mut words = Words::new(&self.rules, vocabulary, most);
        self.raw.split(text, &mut |token, range| {
            if let Some(id) = token {
                return words.token(id, range.end);
            }
            let Some(piece) = text.get(range.clone()) else {
                return Err(Error::Internal("a text was cut within a character"));
            };
            if self.cleaned.is_empty() {
                let go_on = Cleaner::new(&self.rules)
                    .each(piece, range.start, &mut pace, &mut |c, end| words.character(c, end))?;
                return Ok(go_on && words.finish()?);
            }
            self.cut_cleaned(piece, range.start, &mut pace, &mut words)
        })?;
        Ok(words.into_tokens())
    }

    /// Cuts a piece in which tokens are searched for once it is clean.
    fn cut_cleaned(&self, piece: &str, start: usize, pace: &mut Pace<'_>, words: &mut Words<'_>) -> Result<bool> {
        let mut clean = String::new();
        let mut ends: Vec<(usize, usize)> = Vec::new();
        Cleaner::new(&self.rules).each(piece, start, pace, &mut |c, end| {
            crate::room::reserve_text(&mut clean, c.len_utf8())?;
            clean.push(c);
            crate::room::push(&mut ends, (clean.len(), end))?;
            Ok(true)
        })?;
        self.cleaned
            .split(&clean, &mut |token, range| {
                let first = ends.partition_point(|(end, _)| *end <= range.start);
                let last = ends.partition_point(|(end, _)| *end <= range.end);
                let ends = ends.get(first..last).unwrap_or_default();
                if let Some(id) = token {
                    return words.token(id, ends.last().map_or(start, |(_, end)| *end));
                }
                let piece = clean.get(range).unwrap_or_default();
                for (c, (_, end)) in piece.chars().zip(ends) {
                    pace.spend(c.len_utf8())?;
                    if !words.character(c, *end)? {
                        return Ok(false);
                    }
                }
                words.finish()
            })
            .map(|()| words.go_on())
    }
}

impl Rules {
    /// A text as the vocabulary has it.
    fn cleaned(&self, text: &str) -> Result<String> {
        let mut clean = String::new();
        let mut pace = Pace::new(&crate::monitor::Unwatched);
        Cleaner::new(self).each(text, 0, &mut pace, &mut |c, _| {
            clean.push(c);
            Ok(true)
        })?;
        Ok(clean)
    }
}

#[cfg(test)]
mod tests;
