//! Vectors of words: learned from sentences, or given; what is near a word; and texts as the mean of their words.

mod corpus;
mod huffman;
mod options;
mod random;
mod rows;
mod train;
mod vectors;

pub use corpus::Sentences;
pub use options::Options;
pub use vectors::{FORMAT, Neighbour, WordVectors, build, build_sorted};

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::texts::Texts;

/// Words with a vector each.
pub struct Trained {
    /// The words, the most frequent first.
    pub words: Texts,
    /// How often each occurs.
    pub counts: Vec<u64>,
    /// Their vectors, one after the other.
    pub vectors: Vec<f32>,
}

/// Learns vectors. The same for the same sentences in any order, unless that is to count, and any number of threads. Returns an error when stopped, for an option out of its
/// range, and where no word is frequent enough.
pub fn train(sentences: Sentences, options: &Options, monitor: &dyn Monitor) -> Result<Trained> {
    options.check()?;
    let corpus = sentences.corpus(options.min_count, options.shuffle, monitor)?;
    let vectors = train::train(&corpus, options, monitor)?;
    Ok(Trained {
        words: corpus.vocabulary,
        counts: corpus.counts,
        vectors,
    })
}
