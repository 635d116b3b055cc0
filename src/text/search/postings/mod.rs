//! The words of a vectorizer's chunks, in tables: what text search reads. A chunk is a document here, and its number is that of its row in the store;
//! a number is never given again.
//!
//! | file | idea |
//! |---|---|
//! | `write` | chunks come and go |
//! | `segment` | what is pending becomes a segment, small segments become a larger one, and what is gone is left out |
//! | `find` | the best chunks for some words |

mod find;
mod segment;
mod write;

pub use find::{Among, find};
pub use write::{add, forget, remove};

/// The columns of `assay.posting`, as PostgreSQL counts them.
mod column {
    pub const WORD: usize = 2;
    pub const SEGMENT: usize = 3;
    pub const FIRST: usize = 4;
    pub const LAST: usize = 5;
    pub const DOCUMENTS: usize = 6;
    pub const MAX_FREQUENCY: usize = 7;
    pub const MIN_LENGTH: usize = 8;
    pub const CONTENT: usize = 9;
}

use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::cell::Column;
use crate::pg::error::{Error, INTERNAL, Result};
use algo_text::bm25::Corpus;
use algo_text::bm25::block::Summary;

/// A column that is declared NOT NULL.
fn require<T: Column>(row: &CatalogRow, column: usize) -> Result<T> {
    row.get(column)?
        .ok_or_else(|| Error::new(INTERNAL, format!("column {column} of a table of postings is NULL")))
}

/// What a row of `assay.posting` says of its block.
fn summary(row: &CatalogRow) -> Result<Summary> {
    // What is out of range is no block's, and found to be none when it is read.
    let number = |column| Ok::<u32, Error>(u32::try_from(require::<i64>(row, column)?).unwrap_or(0));
    Ok(Summary {
        first: require(row, column::FIRST)?,
        last: require(row, column::LAST)?,
        documents: number(column::DOCUMENTS)?,
        max_frequency: number(column::MAX_FREQUENCY)?,
        min_length: number(column::MIN_LENGTH)?,
    })
}

/// The segments of a vectorizer under the active snapshot, in the order of their numbers, and what is in them.
fn segments(vectorizer: i64) -> Result<Vec<(i64, Corpus)>> {
    let mut segments = Vec::new();
    catalog::find(
        c"posting_segment",
        c"posting_segment_pkey",
        &[Key::BigInt(1, vectorizer)],
        |row| {
            let count = |column| Ok::<u64, Error>(u64::try_from(require::<i64>(row, column)?).unwrap_or(0));
            let corpus = Corpus {
                documents: count(3)?,
                words: count(4)?,
            };
            segments.push((require(row, 2)?, corpus));
            Ok(None::<()>)
        },
    )?;
    segments.sort_by_key(|(segment, _)| *segment);
    Ok(segments)
}

/// Whether a document is gone.
fn is_removed(vectorizer: i64, document: i64) -> Result<bool> {
    let keys = [Key::BigInt(1, vectorizer), Key::BigInt(2, document)];
    Ok(catalog::find(c"posting_removed", c"posting_removed_pkey", &keys, |_| Ok(Some(())))?.is_some())
}
