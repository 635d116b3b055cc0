//! The mathematics of checks that need more than a predicate on a row.
//!
//! A check that compares segments has one accumulator per segment, of a few kilobytes at most; one function compares them all.

pub mod mixed_formats;
pub mod moving;
pub mod near_duplicates;
pub mod null_share;
pub mod outlook;
pub mod runs;
pub mod scale_shift;
pub mod sentinels;
pub mod suspects;
pub mod threshold;

use super::error::{Error, Result};

/// The most rows of an accumulator: more than anyone has, and exact as a floating-point number.
pub const MAX_ROWS: u64 = 1 << 53;

/// The rows of two accumulators. Returns an error above [`MAX_ROWS`].
pub(super) fn count_rows(ours: u64, theirs: u64) -> Result<u64> {
    match ours.checked_add(theirs) {
        Some(rows) if rows <= MAX_ROWS => Ok(rows),
        _ => Err(Error::data(
            "more rows than can be counted",
            "merge states of fewer rows",
        )),
    }
}
