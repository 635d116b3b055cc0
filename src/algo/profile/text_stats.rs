//! What is counted of every text.

use serde::{Deserialize, Serialize};

use super::elements::{ArrayDetails, JsonDetails, Spread};
use crate::block::Kind;

/// Bytes that are kept of the least and the greatest text.
const PREFIX: usize = 1024;

/// Lengths and blanks of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lengths {
    /// Characters.
    pub characters: Spread,
    /// Texts without a character.
    pub empty: u64,
    /// Texts of white space only, empty ones not among them.
    pub blank: u64,
    /// Texts that begin with white space and have more than that.
    pub leading: u64,
    /// Texts that end with white space and have more than that.
    pub trailing: u64,
}

/// Exact statistics of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TextStats {
    pub(super) lengths: Lengths,
    /// The first and the last text by their bytes, or their beginnings: as these are in the same order as the texts, whatever is
    /// cut off makes no other text the first.
    pub(super) range: Option<(Box<str>, Box<str>)>,
    pub(super) json: Option<JsonDetails>,
    pub(super) array: Option<ArrayDetails>,
}

impl TextStats {
    pub(super) fn new(kind: Kind) -> TextStats {
        TextStats {
            lengths: Lengths::default(),
            range: None,
            json: (kind == Kind::Json).then(JsonDetails::default),
            array: (kind == Kind::Array).then(ArrayDetails::default),
        }
    }

    /// Adds a text that `rows` rows have. O(bytes).
    pub(super) fn push(&mut self, text: &str, rows: u64) {
        self.widen(text, text);
        let lengths = &mut self.lengths;
        lengths.characters.push(text.chars().count() as u64, rows);
        let blank = |edge: Option<char>| edge.is_some_and(char::is_whitespace);
        let (leading, trailing) = (blank(text.chars().next()), blank(text.chars().next_back()));
        if text.is_empty() {
            lengths.empty += rows;
        } else if leading && trailing && text.chars().all(char::is_whitespace) {
            lengths.blank += rows;
        } else {
            lengths.leading += if leading { rows } else { 0 };
            lengths.trailing += if trailing { rows } else { 0 };
        }
        if let Some(json) = &mut self.json {
            json.push(text, rows);
        }
        if let Some(array) = &mut self.array {
            array.push(text, rows);
        }
    }

    fn widen(&mut self, first: &str, last: &str) {
        let prefix = |text: &str| -> Box<str> { text[..text.floor_char_boundary(PREFIX)].into() };
        match &mut self.range {
            None => self.range = Some((prefix(first), prefix(last))),
            Some((least, greatest)) => {
                if *first < **least {
                    *least = prefix(first);
                }
                // A text that goes on where the greatest one was cut off is no greater, as far as is kept.
                if *last > **greatest && (greatest.len() + 4 <= PREFIX || !last.starts_with(&**greatest)) {
                    *greatest = prefix(last);
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &TextStats) {
        if let Some((first, last)) = &other.range {
            self.widen(first, last);
        }
        let (ours, theirs) = (&mut self.lengths, &other.lengths);
        ours.characters.merge(&theirs.characters);
        ours.empty = ours.empty.saturating_add(theirs.empty);
        ours.blank = ours.blank.saturating_add(theirs.blank);
        ours.leading = ours.leading.saturating_add(theirs.leading);
        ours.trailing = ours.trailing.saturating_add(theirs.trailing);
        if let (Some(ours), Some(theirs)) = (&mut self.json, &other.json) {
            ours.merge(theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.array, &other.array) {
            ours.merge(theirs);
        }
    }

    /// Whether these can be the statistics of `rows` texts.
    pub(super) fn is_sound(&self, kind: Kind, rows: u64) -> bool {
        let Lengths {
            characters,
            empty,
            blank,
            leading,
            trailing,
        } = self.lengths;
        let counts = [empty, blank, leading, trailing];
        characters.rows == rows
            && characters.least <= characters.greatest
            && counts.iter().all(|&count| count <= rows)
            && self.range.is_some() == (rows > 0)
            && self
                .range
                .as_ref()
                .is_none_or(|(least, greatest)| least <= greatest && greatest.len() <= PREFIX)
            && self.json.is_some() == (kind == Kind::Json)
            && self.array.is_some() == (kind == Kind::Array)
            && self.json.is_none_or(|json| {
                let types = [
                    json.objects.rows,
                    json.arrays.rows,
                    json.strings,
                    json.numbers,
                    json.booleans,
                    json.nulls,
                ];
                types.iter().try_fold(0_u64, |sum, &rows| sum.checked_add(rows)) == Some(rows)
            })
            && self
                .array
                .is_none_or(|array| array.elements.rows == rows && array.empty <= rows)
    }

    pub(super) fn memory(&self) -> usize {
        self.range
            .as_ref()
            .map_or(0, |(least, greatest)| least.len() + greatest.len())
    }
}
