//! Columns of text that mix conventions: dates in two orders, decimal points and commas, yes/no and 1/0, misread encodings.
//!
//! [`FormatTally`] counts the conventions of one segment; [`find_conflicts()`] says in which families they conflict, within segments and between
//! them.

mod casing;
mod casing_conflicts;
mod conflicts;
mod convention;
mod dates;
mod encoding;
mod numerals;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use conflicts::{Conflict, ConventionRows, Params, find_conflicts};
pub use convention::{Convention, Family};

use self::casing::Spellings;
use super::{MAX_ROWS, count_rows};
use crate::accumulator::Accumulator;
use crate::coded;
use crate::error::{Error, Result};
use crate::hash::hash_bytes;

/// Examples kept of each convention.
const EXAMPLES: usize = 3;
/// The most characters of an example.
const EXAMPLE_CHARACTERS: usize = 40;
/// How much of a text is looked at, in bytes.
const LOOKED_AT: usize = 1 << 14;
/// Under what texts are hashed.
const SEED: u64 = 0xf0a7;

/// The conventions that the texts of one segment keep to. About a kilobyte, and three more in a column of words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormatTally {
    /// Texts.
    rows: u64,
    /// Of these, those that say nothing: empty ones, and words for it.
    blank: u64,
    /// By the code of the convention.
    #[serde(deserialize_with = "coded::list::<_, _, { Convention::COUNT }>")]
    seen: Vec<Seen>,
    spellings: Spellings,
}

/// One convention.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Seen {
    rows: u64,
    /// Those with the least hashes, so that the order of the rows does not matter.
    examples: Vec<(u64, String)>,
}

impl Default for FormatTally {
    fn default() -> Self {
        FormatTally {
            rows: 0,
            blank: 0,
            seen: vec![Seen::default(); Convention::COUNT],
            spellings: Spellings::default(),
        }
    }
}

impl FormatTally {
    /// Adds a text. Of longer ones the first 16 kB are looked at. O(length).
    pub fn push(&mut self, text: &str) {
        let looked_at = &text[..text.floor_char_boundary(LOOKED_AT)];
        let mut row = IncomingText {
            tally: self,
            text: looked_at,
            hash: None,
        };
        row.tally.rows += 1;
        row.count(encoding::soundness(looked_at));
        let trimmed = looked_at.trim();
        if is_blank(trimmed) {
            row.tally.blank += 1;
            return;
        }
        let padded = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
        row.count(if padded {
            Convention::Padded
        } else {
            Convention::Trimmed
        });
        if let Some(form) = encoding::normal_form(looked_at) {
            row.count(form);
        }
        if let Some(words) = boolean(trimmed) {
            row.count(words);
        }
        if let Some((order, year)) = dates::conventions(trimmed) {
            row.count(order);
            row.count(year);
        } else if let Some(numeral) = numerals::numeral(trimmed) {
            row.count(numeral.mark);
            numeral.thousands.into_iter().for_each(|thousands| row.count(thousands));
        } else if let Some(casing) = casing::casing(trimmed) {
            row.count(casing.style);
            casing.phrase.into_iter().for_each(|phrase| row.count(phrase));
            row.tally.spellings.push(trimmed, casing.style);
        }
    }

    /// The texts.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn rows_of(&self, convention: Convention) -> u64 {
        self.seen[convention as usize].rows
    }
}

/// A text on its way into a tally.
struct IncomingText<'r> {
    tally: &'r mut FormatTally,
    text: &'r str,
    /// Of the text, once it is needed.
    hash: Option<u64>,
}

impl IncomingText<'_> {
    fn count(&mut self, convention: Convention) {
        let seen = &mut self.tally.seen[convention as usize];
        seen.rows += 1;
        // What is normal needs no example.
        if !matches!(
            convention,
            Convention::SoundText | Convention::Trimmed | Convention::NoMark
        ) {
            let hash = *self.hash.get_or_insert_with(|| hash_bytes(SEED, self.text.as_bytes()));
            seen.offer(hash, || self.text.chars().take(EXAMPLE_CHARACTERS).collect());
        }
    }
}

impl Seen {
    fn offer(&mut self, hash: u64, text: impl FnOnce() -> String) {
        if self.examples.len() == EXAMPLES && self.examples.last().is_some_and(|&(last, _)| last <= hash) {
            return;
        }
        if let Err(place) = self.examples.binary_search_by_key(&hash, |&(known, _)| known) {
            self.examples.truncate(EXAMPLES - 1);
            self.examples.insert(place, (hash, text()));
        }
    }

    fn is_sound(&self, most: u64) -> bool {
        self.rows <= most
            && self.examples.len() as u64 <= self.rows.min(EXAMPLES as u64)
            && self.examples.is_sorted_by(|a, b| a.0 < b.0)
            && self
                .examples
                .iter()
                .all(|(_, text)| text.chars().nth(EXAMPLE_CHARACTERS).is_none())
    }
}

/// What is wrong with the encoding of a text, for people; `None` where it is sound. O(length).
pub fn damage(text: &str) -> Option<&'static str> {
    match encoding::soundness(text) {
        Convention::SoundText => None,
        damage => Some(damage.name()),
    }
}

/// Whether a text was read in another encoding than it was written in, or has lost characters. O(length).
pub(crate) fn is_damaged(text: &str) -> bool {
    use Convention::{EncodedTwice, Mojibake, ReplacementCharacter};
    matches!(
        encoding::soundness(text),
        Mojibake | EncodedTwice | ReplacementCharacter
    )
}

/// Whether a trimmed text stands for no value.
fn is_blank(text: &str) -> bool {
    const WORDS: [&str; 6] = ["n/a", "na", "null", "none", "-", "?"];
    text.is_empty() || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The pair of words that a text is one of.
fn boolean(text: &str) -> Option<Convention> {
    const PAIRS: [(&str, &str, Convention); 6] = [
        ("true", "false", Convention::TrueFalse),
        ("yes", "no", Convention::YesNo),
        ("on", "off", Convention::OnOff),
        ("t", "f", Convention::TF),
        ("y", "n", Convention::YN),
        ("1", "0", Convention::OneZero),
    ];
    let is_one = |word: &str| word.eq_ignore_ascii_case(text);
    let pair = PAIRS.iter().find(|(yes, no, _)| is_one(yes) || is_one(no))?;
    Some(pair.2)
}

impl Accumulator for FormatTally {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.rows = count_rows(self.rows, other.rows)?;
        self.blank += other.blank;
        for (ours, theirs) in self.seen.iter_mut().zip(&other.seen) {
            ours.rows += theirs.rows;
            for (hash, text) in &theirs.examples {
                ours.offer(*hash, || text.clone());
            }
        }
        self.spellings.merge(&other.spellings);
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let sound = self.rows <= MAX_ROWS
            && self.blank <= self.rows
            && self.seen.len() == Convention::COUNT
            && self.seen.iter().all(|seen| seen.is_sound(self.rows))
            && self.spellings.is_sound(self.rows);
        if sound {
            return Ok(());
        }
        Err(Error::damaged("tally of formats", "counts or examples do not agree"))
    }

    fn memory(&self) -> usize {
        let examples = self
            .seen
            .iter()
            .flat_map(|seen| &seen.examples)
            .map(|(_, text)| text.capacity());
        let lists = self
            .seen
            .iter()
            .map(|seen| seen.examples.capacity() * size_of::<(u64, String)>());
        self.seen.capacity() * size_of::<Seen>()
            + examples.sum::<usize>()
            + lists.sum::<usize>()
            + self.spellings.memory()
    }
}
