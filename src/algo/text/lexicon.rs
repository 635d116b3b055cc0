//! Words in the bytes of an embedder: found by their hash, without anything to be parsed or copied.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::hash::hash_bytes;
use crate::image::{Section, Sections};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::texts::Texts;

/// The words, one behind the other.
pub(crate) const WORDS: Section = Section {
    tag: *b"WORD",
    version: 1,
};
/// Where each ends: eight bytes each.
pub(crate) const ENDS: Section = Section {
    tag: *b"WEND",
    version: 1,
};
/// The places of words by their hashes, each plus one, 0 for none: four bytes each, a power of two of them.
pub(crate) const TABLE: Section = Section {
    tag: *b"WTAB",
    version: 1,
};

/// The contents of the three sections.
pub(crate) struct Written {
    pub(crate) words: Vec<u8>,
    pub(crate) ends: Vec<u64>,
    pub(crate) table: Vec<u32>,
}

impl Written {
    /// Of words that are all different. O(bytes). Returns an error when stopped, and when memory lacks.
    pub(crate) fn new(words: &Texts, monitor: &dyn Monitor) -> Result<Written> {
        let count = words.len();
        let slots = (2 * count).max(1).next_power_of_two();
        if u32::try_from(count).is_err_and(|_| true) {
            return Err(Error::data("there are too many words", "leave out the rarest"));
        }
        let (mut bytes, mut ends) = (room::with_capacity(words.bytes())?, room::with_capacity(count)?);
        let (mut table, mut pace) = (room::filled(0_u32, slots)?, Pace::new(monitor));
        for (place, word) in (1..).zip(words.iter()) {
            pace.spend(16 + word.len())?;
            bytes.extend_from_slice(word.as_bytes());
            ends.push(bytes.len() as u64);
            let mut slot = slot_of(word, slots);
            while table[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = place;
        }
        Ok(Written {
            words: bytes,
            ends,
            table,
        })
    }

    /// The contents by their sections.
    pub(crate) fn contents(&self) -> [(Section, &[u8]); 3] {
        [
            (WORDS, &self.words),
            (ENDS, bytemuck::cast_slice(&self.ends)),
            (TABLE, bytemuck::cast_slice(&self.table)),
        ]
    }
}

fn slot_of(word: &str, slots: usize) -> usize {
    hash_bytes(0, word.as_bytes()) as usize & (slots - 1)
}

/// The words of an image that was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexicon<'b> {
    words: &'b [u8],
    ends: &'b [u64],
    table: &'b [u32],
    what: &'static str,
}

impl<'b> Lexicon<'b> {
    /// Where its sections are. O(1).
    pub(crate) fn open(sections: &Sections, image: &'b [u8], what: &'static str) -> Result<Lexicon<'b>> {
        let lexicon = Lexicon {
            words: sections.bytes(image, WORDS)?,
            ends: sections.numbers(image, ENDS)?,
            table: sections.numbers(image, TABLE)?,
            what,
        };
        match lexicon.table.len().is_power_of_two() && lexicon.table.len() > lexicon.ends.len() {
            true => Ok(lexicon),
            false => Err(lexicon.damaged("its table of words has no room for them")),
        }
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word at a place.
    pub(crate) fn word(&self, place: usize) -> Result<&'b str> {
        let end = |place: usize| self.ends.get(place).map(|end| *end as usize);
        let start = place.checked_sub(1).map_or(Some(0), end);
        let range = start.zip(end(place)).map(|(start, end)| Range { start, end });
        let bytes = range.and_then(|range| self.words.get(range));
        let word = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        word.ok_or_else(|| self.damaged("a word is not where it should be"))
    }

    /// The place of a word, as it is written.
    pub(crate) fn find(&self, word: &str) -> Result<Option<usize>> {
        let slots = self.table.len();
        let mut slot = slot_of(word, slots);
        for _ in 0..slots {
            let place = match self.table[slot] {
                0 => return Ok(None),
                place => place as usize - 1,
            };
            if self.word(place)? == word {
                return Ok(Some(place));
            }
            slot = (slot + 1) & (slots - 1);
        }
        Ok(None)
    }

    /// The place of a word of a text: as it is written, else in small letters.
    pub(crate) fn find_any_case(&self, word: &str) -> Result<Option<usize>> {
        match self.find(word)? {
            None if word.chars().any(char::is_uppercase) => self.find(&word.to_lowercase()),
            place => Ok(place),
        }
    }

    fn damaged(&self, problem: &str) -> Error {
        Error::damaged(self.what, problem)
    }
}
