//! The words of texts by which they are found: what is indexed of a text, and what is asked for by a question.
//!
//! A text is brought into Unicode's form NFKC and folded to lower case; its words are the runs of letters, digits and their marks. Scripts that
//! put no spaces between words, and Korean, which adds particles to them, are cut into overlapping pairs of characters instead, as is usual in
//! search engines (Lucene's CJKBigramFilter). No word is left out. A [`Language`] takes its words' endings off.

mod cut;
mod language;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::texts::Texts;

pub use cut::LONGEST_WORD;
pub use language::Language;

/// Whose words are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those of a text that is to be found: characters that stand for words are there alone and in pairs.
    Document,
    /// Those of a question: of such characters the pairs, and one alone only where it has no neighbour.
    Question,
}

/// The words of a text with the number of times that each is there.
#[derive(Default)]
pub struct Bag {
    /// As they follow each other.
    texts: Texts,
    /// The different ones, ascending by their bytes: where each is among them, and how often.
    counted: Vec<(usize, u32)>,
}

impl Bag {
    /// The words of a text that is to be found. Returns an error when stopped, and where there is no room. O(words x log words).
    pub fn of(text: &str, language: Language, monitor: &dyn Monitor) -> Result<Bag> {
        /// Words that are sorted at once.
        const RUN: usize = 1 << 13;
        let mut texts = Texts::default();
        cut::words(text, language, Side::Document, monitor, &mut |word| {
            texts.reserve(word)?;
            texts.push(word);
            Ok(())
        })?;
        let mut places: Vec<usize> = room::with_capacity(texts.len())?;
        places.extend(0..texts.len());
        crate::sort::sort_by(&mut places, RUN, |a, b| texts.get(*a).cmp(texts.get(*b)), monitor)?;
        let mut counted: Vec<(usize, u32)> = Vec::new();
        for place in places {
            match counted.last_mut() {
                Some((last, count)) if texts.get(*last) == texts.get(place) => *count = count.saturating_add(1),
                Some(_) | None => room::push(&mut counted, (place, 1))?,
            }
        }
        Ok(Bag { texts, counted })
    }

    /// The different words, ascending by their bytes, and how often each is there.
    pub fn words(&self) -> impl ExactSizeIterator<Item = (&str, u32)> {
        self.counted
            .iter()
            .map(|(place, count)| (self.texts.get(*place), *count))
    }

    /// How many words the text has, each counted as often as it is there.
    pub fn length(&self) -> u32 {
        u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.texts.memory() + self.counted.capacity() * size_of::<(usize, u32)>()
    }
}

/// The words of a question, ascending, each once: a word that is asked for twice is not twice as important. Returns an error when stopped, and
/// where there is no room.
pub fn question(text: &str, language: Language, monitor: &dyn Monitor) -> Result<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    cut::words(text, language, Side::Question, monitor, &mut |word| {
        room::push(&mut words, word.to_string())
    })?;
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

#[cfg(test)]
mod tests;
