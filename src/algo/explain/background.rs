//! The rows that explained rows are compared with.

use super::columns::Columns;
use super::counting::Weights;
use super::paths::Covered;
use super::values::LeafTable;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// What trees are walked by against a background, block by block or row by row.
pub(super) struct BackgroundWalker<'w> {
    pub(super) covered: &'w Covered,
    pub(super) columns: &'w Columns,
    pub(super) leaves: &'w LeafTable,
    pub(super) background: &'w Background,
    pub(super) monitor: &'w dyn Monitor,
}

/// The coded rows of a background, those that are alike once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Background {
    /// One column after the other.
    codes: Vec<u16>,
    /// How many rows of the background each is.
    counts: Vec<i32>,
    total: f64,
    weights: Weights,
}

impl Background {
    /// Of coded rows, one after the other.
    pub(super) fn new(coded: &[u16], columns: usize) -> Result<Background> {
        let mut rows: Vec<&[u16]> = coded.chunks_exact(columns.max(1)).collect();
        if i32::try_from(rows.len()).is_err() {
            return Err(Error::data(
                format!("a background of {} rows is too large", rows.len()),
                "give a sample of the rows to compare with",
            ));
        }
        let total = rows.len() as f64;
        rows.sort_unstable();
        let (mut alike, mut counts) = (Vec::new(), Vec::new());
        for same in rows.chunk_by(|a, b| a == b) {
            room::push(&mut alike, same[0])?;
            room::push(&mut counts, same.len() as i32)?;
        }
        let mut codes = room::with_capacity(alike.len() * columns)?;
        for column in 0..columns {
            codes.extend(alike.iter().map(|row| row[column]));
        }
        Ok(Background {
            codes,
            counts,
            total,
            weights: Weights::new(),
        })
    }

    /// How many different rows there are.
    pub(super) fn rows(&self) -> usize {
        self.counts.len()
    }

    /// The codes of a column, by row.
    #[inline]
    pub(super) fn column(&self, column: usize) -> &[u16] {
        &self.codes[column * self.counts.len()..][..self.counts.len()]
    }

    /// How many rows of the background each row is.
    pub(super) fn counts(&self) -> &[i32] {
        &self.counts
    }

    /// How many rows the background has.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// What its games are played by.
    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The share of the background that a row is.
    #[inline]
    pub(super) fn share(&self, row: usize) -> f64 {
        f64::from(self.counts[row]) / self.total
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        self.codes.capacity() * size_of::<u16>() + self.counts.capacity() * size_of::<i32>()
    }
}
