//! Search by words: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) over postings that are kept in
//! segments, each of them blocks of documents with the most that a block can be worth, so that most blocks need not be looked at.
//!
//! A document is a number; it is in one segment, or not in one yet ([`pending`]). What was removed stays in its segment until the segment is merged.

pub mod block;
pub mod pending;
mod search;
pub mod segment;
mod top;
mod weighing;

pub use search::{Postings, search};
pub use top::{Found, Top};
pub use weighing::{Corpus, Weighing};

#[cfg(test)]
mod tests;
