//! The order of rows, which does not depend on how the query delivered them.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::column::{Apart, ColumnValues, ReadColumn};
use super::target::TargetColumn;
use crate::error::Result;
use crate::frame::MISSING;
use crate::lines::Lines;
use crate::monitor::Monitor;
use crate::{hash, split};

/// Rows hashed at a time: few enough that their lines stay in the second cache while column after column is hashed.
const BLOCK: usize = 1024;

/// What the order of rows depends on.
pub(super) struct Order<'a> {
    pub(super) columns: &'a [ReadColumn],
    pub(super) lines: &'a [Lines],
    pub(super) target: Option<&'a TargetColumn>,
    pub(super) weights: Option<&'a [f32]>,
    pub(super) apart: &'a [(usize, Apart)],
    pub(super) rows: usize,
}

impl Order<'_> {
    /// The rows that have a target in canonical order: by a hash of the row's content, so that a parallel plan, which gives rows in any order,
    /// trains the same model. Weights and columns set apart decide between rows that are equal otherwise, and nothing else: so that the same
    /// rows test whatever the weights.
    pub(super) fn of_labelled(&self, seed: u64, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        let mut hashes = self.row_hashes(seed, monitor)?;
        let (mut order, repeats) = split::canonical_order(&hashes, monitor)?;
        if repeats {
            if self.weights.is_some() || !self.apart.is_empty() {
                self.sort_equal_rows(&hashes, &mut order);
                monitor.check()?;
            }
            separate_equal_rows(&mut hashes, &order);
            order = split::canonical_order(&hashes, monitor)?.0;
        }
        drop(hashes);
        monitor.check()?;
        if let Some(target) = self.target {
            order.retain(|&row| !target.values[row as usize].is_nan());
        }
        Ok(order)
    }

    /// Puts rows of one hash in the order of their weights, and those of one weight in that of the columns set apart.
    fn sort_equal_rows(&self, hashes: &[u64], order: &mut [u32]) {
        let by_weight = |a: usize, b: usize| self.weights.map_or(Ordering::Equal, |w| w[a].total_cmp(&w[b]));
        let by_column = |a: usize, b: usize| {
            let orderings = self.apart.iter().map(|(_, column)| match column {
                Apart::Numbers(numbers) => numbers[a].total_cmp(&numbers[b]),
                Apart::Codes { codes, levels } => {
                    let text = |row: usize| (codes[row] != MISSING).then(|| levels.get(codes[row] as usize));
                    text(a).cmp(&text(b))
                }
            });
            orderings.fold(Ordering::Equal, Ordering::then)
        };
        for run in order.chunk_by_mut(|&a, &b| hashes[a as usize] == hashes[b as usize]) {
            if run.len() > 1 {
                run.sort_unstable_by(|&a, &b| {
                    let (a, b) = (a as usize, b as usize);
                    by_weight(a, b).then_with(|| by_column(a, b))
                });
            }
        }
    }

    /// A hash of each row's values and the seed.
    fn row_hashes(&self, seed: u64, monitor: &dyn Monitor) -> Result<Vec<u64>> {
        /// A column's values, to be hashed, or their levels' hashes.
        enum Part<'a> {
            Lane(&'a Lines, usize),
            Codes(&'a [u32], Vec<u64>),
            Numbers(&'a [f64]),
        }
        let mut parts: Vec<Part<'_>> = Vec::new();
        for column in self.columns {
            let place = parts.len() as u64;
            match &column.values {
                ColumnValues::Lane { lines, lane } => parts.push(Part::Lane(&self.lines[*lines], *lane)),
                ColumnValues::Vectors(lines) => parts.extend((0..lines.width()).map(|lane| Part::Lane(lines, lane))),
                ColumnValues::Codes { codes, levels, .. } => {
                    let mut hashes = vec![0; levels.len()];
                    (hashes.par_chunks_mut(BLOCK).enumerate()).try_for_each(|(block, hashes)| -> Result<()> {
                        monitor.check()?;
                        for (hash, level) in hashes.iter_mut().zip(block * BLOCK..) {
                            *hash = hash::hash_bytes(place, levels.get(level).as_bytes());
                        }
                        Ok(())
                    })?;
                    parts.push(Part::Codes(codes, hashes));
                }
            }
        }
        parts.extend(self.target.map(|target| Part::Numbers(&target.values)));
        let mut hashes = vec![hash::seeded(seed); self.rows];
        hashes
            .par_chunks_mut(BLOCK)
            .enumerate()
            .try_for_each(|(block, hashes)| -> Result<()> {
                monitor.check()?;
                let first = block * BLOCK;
                for (part, place) in parts.iter().zip(0_u64..) {
                    let mix = |(hash, value): (&mut u64, f64)| *hash = hash::mix(*hash, hash::hash_f64(place, value));
                    match part {
                        Part::Lane(lines, lane) => hashes.iter_mut().zip(lines.column_from(*lane, first)).for_each(mix),
                        Part::Numbers(values) => hashes.iter_mut().zip(values[first..].iter().copied()).for_each(mix),
                        Part::Codes(codes, levels) => {
                            hashes.iter_mut().zip(&codes[first..]).for_each(|(hash, &code)| {
                                *hash = hash::mix(*hash, levels.get(code as usize).copied().unwrap_or(0))
                            })
                        }
                    }
                }
                Ok(())
            })?;
        Ok(hashes)
    }
}

/// Gives each of several equal rows a hash of its own, by counting them. Equal rows that stayed together would all
/// train or all test, which would teach the opposite of what the test rows hold. Which of them is counted first does not matter.
fn separate_equal_rows(hashes: &mut [u64], order: &[u32]) {
    let mut previous = None;
    let mut count = 0;
    for &row in order {
        let hash = hashes[row as usize];
        count = if previous == Some(hash) { count + 1 } else { 0 };
        previous = Some(hash);
        if count > 0 {
            hashes[row as usize] = hash::mix(hash, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    /// Rows that repeat, each with a label drawn for itself: the test rows hold about the share of positives that the training rows do.
    #[test]
    fn equal_rows_are_divided_too() {
        let rows = 4000_u64;
        let mut hashes: Vec<u64> = (0..rows).map(|row| hash::mix(hash::seeded(3), row % 8)).collect();
        let (order, repeats) = split::canonical_order(&hashes, &Unwatched).unwrap_or_default();
        assert!(repeats);
        separate_equal_rows(&mut hashes, &order);
        let (order, repeats) = split::canonical_order(&hashes, &Unwatched).unwrap_or_default();
        assert!(!repeats);
        let first_half: Vec<usize> = order.iter().take(2000).map(|&row| row as usize).collect();
        for value in 0..8 {
            let share = first_half.iter().filter(|&&row| row % 8 == value).count();
            assert!(
                (200..300).contains(&share),
                "{share} of 500 rows with value {value} are in the first half"
            );
        }
    }
}
