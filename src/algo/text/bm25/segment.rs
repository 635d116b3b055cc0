//! A segment: the postings of many documents, made at once and never changed.

use super::Corpus;
use super::block::{Block, Posting, blocks};
use crate::analyze::Bag;
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::sort;

/// Documents that are to become a segment.
#[derive(Default)]
pub struct Builder {
    words: Dictionary,
    /// A word by its code, and a document that has it.
    postings: Vec<(u32, Posting)>,
    corpus: Corpus,
}

/// Postings that are sorted at once.
const RUN: usize = 1 << 16;

impl Builder {
    /// Adds a document that is not in it yet.
    pub fn add(&mut self, document: i64, bag: &Bag) -> Result<()> {
        self.count(bag.length());
        bag.words()
            .try_for_each(|(word, frequency)| self.push(word, document, frequency, bag.length()))
    }

    /// Counts a document of so many words.
    pub fn count(&mut self, length: u32) {
        self.corpus = self.corpus.and(Corpus {
            documents: 1,
            words: u64::from(length),
        });
    }

    /// Adds a word of a document that was counted.
    pub fn push(&mut self, word: &str, document: i64, frequency: u32, length: u32) -> Result<()> {
        let code = self.words.code(word, u32::MAX)?;
        let code = code.ok_or(Error::Internal("a segment has too many words"))?;
        let posting = Posting {
            document,
            frequency,
            length,
        };
        room::push(&mut self.postings, (code, posting))
    }

    /// How much is in it.
    pub fn corpus(&self) -> Corpus {
        self.corpus
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.words.memory() + self.postings.capacity() * size_of::<(u32, Posting)>()
    }

    /// Hands its words, ascending, to `write`, each with its blocks. Returns an error of `write`'s, and when stopped. O(postings x log postings).
    pub fn finish<E: From<Error>>(
        mut self,
        monitor: &dyn Monitor,
        mut write: impl FnMut(&str, Vec<Block>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut codes: Vec<u32> = room::with_capacity(self.words.len())?;
        codes.extend(0..self.words.len() as u32);
        let by_word = |a: &u32, b: &u32| self.words.text(*a).cmp(self.words.text(*b));
        sort::sort_by(&mut codes, RUN / 8, by_word, monitor)?;
        // From here on words are numbered in their order.
        let mut places = room::filled(0_u32, codes.len())?;
        (codes.iter().zip(0..)).for_each(|(code, place)| places[*code as usize] = place);
        self.postings
            .iter_mut()
            .for_each(|(code, _)| *code = places[*code as usize]);
        sort::sort_by(&mut self.postings, RUN, Ord::cmp, monitor)?;
        let mut pace = Pace::new(monitor);
        let mut own = Vec::new();
        for same in self.postings.chunk_by(|a, b| a.0 == b.0) {
            pace.spend(same.len())?;
            own.clear();
            room::reserve(&mut own, same.len())?;
            own.extend(same.iter().map(|(_, posting)| *posting));
            write(self.words.text(codes[same[0].0 as usize]), blocks(&own)?)?;
        }
        Ok(())
    }
}
