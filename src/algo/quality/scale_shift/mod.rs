//! Numbers in another unit: a source, a period, or a part of a column that is off by a constant factor, such as cents among dollars.
//!
//! On a logarithmic scale a factor is a shift, so [`ScaleTally`] is a histogram of the numbers' orders of magnitude, and [`find_shifts()`] looks
//! for segments whose histogram is that of the others, moved.

mod bins;
mod clusters;
mod compare;
mod conversion;
mod known;
mod mixture;
mod shifts;

#[cfg(test)]
mod found_units;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use clusters::{Of, Side, Split, find_splits, shift_of, with_conversions};
pub use conversion::{Cluster, QUANTILES};
pub use shifts::{Extent, Params, ScaleShift, find_shifts};

use super::{MAX_ROWS, count_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};

/// Bins of a decade: neighbours differ by 3.7%.
const BINS: usize = 64;
/// The least order of magnitude that is distinguished: that of 1e-12.
const LEAST: i32 = -12;
/// All bins: up to 1e15.
const ALL_BINS: usize = 27 * BINS;

/// The orders of magnitude of the numbers of one segment, whatever their signs. Eight bytes for each bin between the least and the
/// greatest, which is 1.5 kB for numbers of three decades, and 14 kB at most.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScaleTally {
    /// Numbers in bins.
    rows: u64,
    zeros: u64,
    negatives: u64,
    /// Numbers beyond all bins, and those that are not finite.
    beyond: u64,
    /// The place of the first bin. Bin i has the numbers from 10^(-12 + i/64) on.
    first: u16,
    /// From the first to the last bin that is not empty.
    counts: Vec<u64>,
}

impl ScaleTally {
    /// Adds a number. O(1), but for new extremes.
    pub fn push(&mut self, number: f64) {
        self.extend([number]);
    }

    /// Adds numbers.
    pub fn extend(&mut self, numbers: impl IntoIterator<Item = f64>) {
        let bins = &*bins::ALL;
        for number in numbers {
            if number == 0.0 {
                self.zeros += 1;
                continue;
            }
            match bins.of(number.abs()) {
                Some(bin) => {
                    self.negatives += u64::from(number < 0.0);
                    self.add(bin, 1);
                }
                None => self.beyond += 1,
            }
        }
    }

    #[inline]
    fn add(&mut self, bin: usize, rows: u64) {
        let first = usize::from(self.first);
        self.rows += rows;
        if self.counts.is_empty() {
            self.first = bin as u16;
            self.counts.push(rows);
        } else if bin < first {
            self.counts.splice(0..0, (bin..first).map(|_| 0));
            self.first = bin as u16;
            self.counts[0] += rows;
        } else {
            if bin - first >= self.counts.len() {
                self.counts.resize(bin - first + 1, 0);
            }
            self.counts[bin - first] += rows;
        }
    }

    /// Numbers that have an order of magnitude.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Zeros.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// Numbers below zero.
    pub fn negatives(&self) -> u64 {
        self.negatives
    }
}

impl Accumulator for ScaleTally {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let seen = |tally: &ScaleTally| tally.rows.saturating_add(tally.zeros).saturating_add(tally.beyond);
        count_rows(seen(self), seen(other))?;
        let bins = other.counts.iter().enumerate().filter(|&(_, &rows)| rows > 0);
        bins.for_each(|(place, &rows)| self.add(usize::from(other.first) + place, rows));
        self.zeros += other.zeros;
        self.negatives += other.negatives;
        self.beyond += other.beyond;
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let total = self.counts.iter().try_fold(0_u64, |sum, &rows| sum.checked_add(rows));
        let ends_are_used = self.counts.first() != Some(&0) && self.counts.last() != Some(&0);
        let seen = self
            .rows
            .checked_add(self.zeros)
            .and_then(|sum| sum.checked_add(self.beyond));
        let sound = total == Some(self.rows)
            && ends_are_used
            && usize::from(self.first) + self.counts.len() <= ALL_BINS
            && (self.first == 0 || !self.counts.is_empty())
            && self.negatives <= self.rows
            && seen.is_some_and(|seen| seen <= MAX_ROWS);
        if sound {
            return Ok(());
        }
        Err(Error::damaged("tally of magnitudes", "counts do not agree"))
    }

    fn memory(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}
