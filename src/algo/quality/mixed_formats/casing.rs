//! Which casing words have, and values that are written in several.

use serde::{Deserialize, Serialize};

use super::convention::Convention::{self, *};
use crate::hash::hash_bytes;

/// Values whose casings are counted.
const VALUES: usize = 48;
/// Under what they are hashed.
const SEED: u64 = 0xca5e;

/// How words are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Casing {
    /// [`TitleCase`], [`LowerCase`], [`UpperCase`] or [`MixedCase`].
    pub(super) style: Convention,
    /// The same for several words of four letters or more, of which none is likely to be an abbreviation.
    pub(super) phrase: Option<Convention>,
}

/// The casing of a text that is a name or a category: up to five words of letters. `None` for others, and for scripts without case.
/// O(1).
pub(super) fn casing(text: &str) -> Option<Casing> {
    if text.len() > 80 || text.ends_with(['!', '?']) {
        return None;
    }
    let (mut upper, mut lower, mut title) = (true, true, true);
    let (mut letters, mut words, mut word, mut shortest) = (0, 0, 0, usize::MAX);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_alphabetic() {
            if c.is_lowercase() {
                upper = false;
                title &= word > 0;
            } else if c.is_uppercase() {
                lower = false;
                // A capital also stands after the apostrophe of O'Brien.
                title &= word == 0 || matches!(before, '\'' | '’');
            } else {
                return None;
            }
            letters += 1;
            words += usize::from(word == 0);
            word += 1;
        } else if matches!(c, ' ' | '-' | '&' | '/' | '.' | ',') {
            if word > 0 {
                shortest = shortest.min(word);
            }
            word = 0;
        } else if !matches!(c, '\'' | '’') && !unicode_normalization::char::is_combining_mark(c) {
            return None;
        }
        before = c;
    }
    if word > 0 {
        shortest = shortest.min(word);
    }
    // One letter is as well a title as in upper case; many words are a sentence.
    if letters < 2 || words > 5 {
        return None;
    }
    let style = match (upper, lower, title) {
        (true, ..) => UpperCase,
        (_, true, _) => LowerCase,
        (.., true) => TitleCase,
        _ => MixedCase,
    };
    let phrase = match style {
        _ if words < 2 || shortest < 4 => None,
        UpperCase => Some(UpperPhrase),
        LowerCase => Some(LowerPhrase),
        TitleCase => Some(TitlePhrase),
        _ => None,
    };
    Some(Casing { style, phrase })
}

/// One value, whatever its casing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct CasedValue {
    hash: u64,
    /// Rows in title, lower, upper and mixed case.
    rows: [u64; 4],
}

/// The casings of a sample of values: those with the least hashes, so that each value of the sample is counted from its first row on,
/// in whatever order rows and parts come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Spellings {
    values: Vec<CasedValue>,
    /// Whether values were left out.
    sampled: bool,
}

/// What a sample says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelled {
    pub(super) values: u64,
    pub(super) rows: u64,
    /// Rows whose casing is not the most frequent of their value.
    pub(super) odd: u64,
    /// Whether it is of all values.
    pub(super) complete: bool,
}

impl Spellings {
    /// Adds a row.
    pub(super) fn push(&mut self, text: &str, style: Convention) {
        let hash = if text.is_ascii() {
            let mut folded = [0; 80];
            let folded = &mut folded[..text.len().min(80)];
            folded.copy_from_slice(&text.as_bytes()[..folded.len()]);
            folded.make_ascii_lowercase();
            hash_bytes(SEED, folded)
        } else {
            hash_bytes(SEED, text.to_lowercase().as_bytes())
        };
        let mut rows = [0; 4];
        rows[style as usize - TitleCase as usize] = 1;
        self.add(CasedValue { hash, rows });
    }

    fn add(&mut self, value: CasedValue) {
        match self.values.binary_search_by_key(&value.hash, |known| known.hash) {
            Ok(place) => self.values[place]
                .rows
                .iter_mut()
                .zip(value.rows)
                .for_each(|(ours, theirs)| *ours += theirs),
            Err(VALUES) => self.sampled = true,
            Err(place) => {
                self.values.insert(place, value);
                self.sampled |= self.values.len() > VALUES;
                self.values.truncate(VALUES);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Spellings) {
        other.values.iter().for_each(|&value| self.add(value));
        self.sampled |= other.sampled;
    }

    pub(super) fn spelled(&self) -> Spelled {
        let sums = self.values.iter().map(|value| {
            let rows: u64 = value.rows.iter().sum();
            (rows, rows - value.rows.iter().max().copied().unwrap_or(0))
        });
        let (rows, odd) = sums.fold((0, 0), |(rows, odd), more| (rows + more.0, odd + more.1));
        Spelled {
            values: self.values.len() as u64,
            rows,
            odd,
            complete: !self.sampled,
        }
    }

    /// The rows of values that a sample of these and others has, too, and of these the rows in another casing than that of most rows there.
    /// They are exact: what is among the least hashes of all is among the least of each part.
    pub(super) fn odd_by(&self, all: &Spellings) -> (u64, u64) {
        let pairs = self.values.iter().filter_map(|value| {
            let place = all.values.binary_search_by_key(&value.hash, |known| known.hash).ok()?;
            let of_all = &all.values[place].rows;
            // Of equals the first.
            let main = (1..of_all.len()).fold(0, |main, style| if of_all[style] > of_all[main] { style } else { main });
            let rows: u64 = value.rows.iter().sum();
            Some((rows, rows - value.rows[main]))
        });
        pairs.fold((0, 0), |(rows, odd), more| (rows + more.0, odd + more.1))
    }

    /// Whether the sample is one, of `most` rows at most.
    pub(super) fn is_sound(&self, most: u64) -> bool {
        let mut counts = self.values.iter().flat_map(|value| value.rows);
        self.values.len() <= VALUES
            && (!self.sampled || self.values.len() == VALUES)
            && self.values.is_sorted_by(|a, b| a.hash < b.hash)
            && counts
                .try_fold(0_u64, |sum, rows| sum.checked_add(rows))
                .is_some_and(|sum| sum <= most)
    }

    pub(super) fn memory(&self) -> usize {
        self.values.capacity() * size_of::<CasedValue>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_casing() {
        for (text, expected) in [
            ("Berlin", Some((TitleCase, None))),
            ("New York", Some((TitleCase, None))),
            ("JOHN SMITH", Some((UpperCase, Some(UpperPhrase)))),
            ("john smith", Some((LowerCase, Some(LowerPhrase)))),
            ("John Smith", Some((TitleCase, Some(TitlePhrase)))),
            ("Patrick O'Brien", Some((TitleCase, Some(TitlePhrase)))),
            ("McDonald", Some((MixedCase, None))),
            ("Ludwig van Beethoven", Some((MixedCase, None))),
            ("ÉCOLE", Some((UpperCase, None))),
            ("BMW AG", Some((UpperCase, None))),
            ("Jean-Luc", Some((TitleCase, None))),
            ("A", None),
            ("abc1", None),
            ("東京", None),
            ("one two three four five six", None),
            ("What?", None),
            ("", None),
        ] {
            assert_eq!(
                casing(text).map(|casing| (casing.style, casing.phrase)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_sample_counts_its_values_exactly() {
        let mut spellings = Spellings::default();
        for row in 0..10_000_u32 {
            spellings.push(
                &format!("value {}", row % 100),
                if row < 9_000 { LowerCase } else { UpperCase },
            );
        }
        let spelled = spellings.spelled();
        assert_eq!((spelled.values, spelled.rows, spelled.odd), (48, 4800, 480));
        assert!(!spelled.complete && spellings.is_sound(10_000) && !spellings.is_sound(4_000));
    }
}
