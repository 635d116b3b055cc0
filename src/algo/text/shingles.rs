//! Runs of neighbouring words (shingles: Broder 1997), by which texts are compared: the share of their runs that two texts have in common, by Jaccard.

use std::borrow::Cow;
use std::cmp::Ordering;

pub use algo::quality::near_duplicates::{Groups, Pieced, group, jaccard};
use unicode_normalization::UnicodeNormalization;

use crate::error::Result;
use crate::hash::{hash_bytes, hash_u64, mix, seeded};
use crate::monitor::Monitor;
use crate::room;
use crate::words::each_word;

/// Words of a run, unless something else is asked for: short enough that one changed word of a sentence leaves most runs as they are.
pub const WORDS: usize = 3;
/// The most words of a run.
pub const MOST_WORDS: usize = 16;
/// Under what words are hashed.
const SEED: u64 = 0x5117;

/// The hashes of a text's runs of so many words: a set, sorted. Case, compatibility forms and what stands between words do not matter. A text of fewer words
/// is one run, and one without words has none. O(length log length).
pub fn shingles(text: &str, words: usize, monitor: &dyn Monitor) -> Result<Vec<u64>> {
    let words = words.clamp(1, MOST_WORDS);
    // Of the last words, the one at `count % words` the oldest.
    let (mut last, mut count) = ([0_u64; MOST_WORDS], 0_usize);
    let (mut runs, mut folded) = (Vec::new(), String::new());
    each_word(text, monitor, |word, _| {
        last[count % words] = fold(word, &mut folded);
        count += 1;
        if count >= words {
            room::push(&mut runs, run(&last, count, words))?;
        }
        Ok(())
    })?;
    if runs.is_empty() && count > 0 {
        runs.push(run(&last, count, count));
    }
    runs.sort_unstable();
    runs.dedup();
    Ok(runs)
}

/// The hash of the last words.
fn run(last: &[u64; MOST_WORDS], count: usize, words: usize) -> u64 {
    (count - words..count).fold(seeded(SEED), |hash, place| {
        mix(hash, hash_u64(SEED, last[place % words]))
    })
}

/// The hash of a word without its case.
fn fold(word: &str, folded: &mut String) -> u64 {
    folded.clear();
    match word.is_ascii() {
        true => folded.extend(word.bytes().map(|letter| char::from(letter.to_ascii_lowercase()))),
        false => folded.extend(word.nfkc().flat_map(char::to_lowercase)),
    }
    hash_bytes(SEED, folded.as_bytes())
}

/// The similarity of two texts: of their runs of three words the share that both have. 1 of texts with the same words, 0 of those without a run in common.
pub fn similarity(one: &str, other: &str, monitor: &dyn Monitor) -> Result<f64> {
    Ok(jaccard(
        &shingles(one, WORDS, monitor)?,
        &shingles(other, WORDS, monitor)?,
    ))
}

/// The runs of many texts, one text after the other.
#[derive(Debug, Default)]
pub struct Collection {
    runs: Vec<u64>,
    ends: Vec<usize>,
}

impl Collection {
    /// Adds the runs of a text, as [`shingles`] gives them.
    pub fn push(&mut self, shingles: &[u64]) -> Result<()> {
        room::reserve(&mut self.runs, shingles.len())?;
        self.runs.extend_from_slice(shingles);
        room::push(&mut self.ends, self.runs.len())
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.runs.capacity() * size_of::<u64>() + self.ends.capacity() * size_of::<usize>()
    }

    /// The runs of a text.
    pub fn of(&self, place: usize) -> &[u64] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.runs[start..self.ends[place]]
    }
}

impl Pieced for Collection {
    fn count(&self) -> usize {
        self.ends.len()
    }

    fn pieces(&self, place: u32) -> Cow<'_, [u64]> {
        Cow::Borrowed(self.of(place as usize))
    }

    /// Of texts that have much in common the least hashes are mostly the same.
    fn order(&self, one: u32, other: u32) -> Ordering {
        self.of(one as usize).cmp(self.of(other as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn alike(one: &str, other: &str) -> f64 {
        similarity(one, other, &Unwatched).unwrap()
    }

    #[test]
    fn runs_of_words_are_compared() {
        assert_eq!(
            alike("You have 14 days to return it.", "you have 14 DAYS, to return it"),
            1.0
        );
        assert_eq!(alike("ＡＢＣ d e", "abc D E"), 1.0);
        // a b c, b c d, c d e and b c d, c d e, d e f.
        assert_eq!(alike("a b c d e", "b c d e f"), 0.5);
        assert_eq!(alike("a b", "a b"), 1.0);
        assert_eq!(alike("a b", "b a"), 0.0);
        assert_eq!(alike("a b", "a b c"), 0.0);
        assert_eq!(alike("", "..."), 1.0);
        assert_eq!(alike("", "a"), 0.0);
        assert_eq!(alike("a b c a b c a b c", "a b c a b c"), 1.0);
    }

    #[test]
    fn the_number_of_words_is_heeded() {
        let count = |words| shingles("a b c d e f", words, &Unwatched).unwrap().len();
        assert_eq!([1, 2, 3, 6, 7, 16].map(count), [6, 5, 4, 1, 1, 1]);
        assert_eq!(count(0), 6);
        assert_eq!(count(99), 1);
    }

    #[test]
    fn near_texts_of_a_collection_are_grouped() {
        let text = |row: u64, change: u64| {
            let word = |place: u64| match place == change {
                true => "changed".to_string(),
                false => format!("w{}", hash_u64(row, place) % 10_000),
            };
            (0..60).map(word).collect::<Vec<_>>().join(" ")
        };
        let mut collection = Collection::default();
        for row in 0..1000 {
            let shingles = shingles(&text(row, 99), WORDS, &Unwatched).unwrap();
            collection.push(&shingles).unwrap();
        }
        // One word of 60 is in 3 of 58 runs: 55 of 61 are common.
        for row in 0..1000 {
            let shingles = shingles(&text(row, row % 40 + 5), WORDS, &Unwatched).unwrap();
            collection.push(&shingles).unwrap();
        }
        let found = group(&collection, 0.8, &Unwatched).unwrap();
        let pairs = (0..1000).filter(|row| found.leaders[row + 1000] == *row as u32).count();
        assert!(pairs >= 995, "{pairs}");
        assert!((0..1000).all(|row| found.leaders[row] == row as u32));
        assert_eq!(found.capped_blocks, 0);
    }
}
