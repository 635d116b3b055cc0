//! The order of rows, which does not depend on how the query delivered them, and their division into those that train and those that test.

use rayon::prelude::*;

use super::column::{ColumnValues, ReadColumn};
use super::feature::Division;
use super::target::TargetColumn;
use super::{Plan, Split};
use crate::error::Result;
use crate::lines::Lines;
use crate::monitor::Monitor;
use crate::{hash, split};

/// Rows hashed at a time: few enough that their lines stay in the second cache while column after column is hashed.
const BLOCK: usize = 1024;

/// What the order of rows, and their division, depend on.
pub(super) struct Order<'a> {
    pub(super) columns: &'a [ReadColumn],
    pub(super) lines: &'a [Lines],
    pub(super) target: Option<&'a TargetColumn>,
    pub(super) weights: Option<&'a [f32]>,
    pub(super) rows: usize,
}

impl Order<'_> {
    /// The training and the test rows, each in canonical order: by a hash of the row's content, so that a parallel plan, which gives rows in
    /// any order, trains the same model. Weights decide between rows that are equal otherwise, and nothing else: so that the same rows
    /// test whatever the weights. Rows without a target are in neither.
    pub(super) fn divide(&self, plan: &Plan, tests: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Division> {
        let is_labelled = |row: usize| self.target.is_none_or(|target| !target.values[row].is_nan());
        let mut hashes = self.row_hashes(plan.seed, monitor)?;
        let (mut order, repeats) = split::canonical_order(&hashes, monitor)?;
        if repeats {
            if let Some(weights) = self.weights {
                sort_equal_rows(&hashes, &mut order, weights);
                monitor.check()?;
            }
            separate_equal_rows(&mut hashes, &order);
            order = split::canonical_order(&hashes, monitor)?.0;
        }
        drop(hashes);
        monitor.check()?;
        if matches!(plan.split, Split::None) && (0..self.rows).all(is_labelled) {
            return Ok(Division {
                train: order,
                test: Vec::new(),
            });
        }
        let is_test: Vec<bool> = match (plan.split, tests) {
            (Split::Fraction(fraction), _) => {
                let classes = self.target.map(TargetColumn::strata);
                split::test_rows(&order, classes.as_deref(), fraction, monitor)?
            }
            (_, Some(tests)) => tests.iter().map(|&test| test == 1.0).collect(),
            _ => vec![false; order.len()],
        };
        monitor.check()?;
        let labelled = order.into_iter().filter(|&row| is_labelled(row as usize));
        let (train, test) = labelled.partition(|&row| !is_test[row as usize]);
        Ok(Division { train, test })
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

/// Puts rows of one hash in the order of their weights.
fn sort_equal_rows(hashes: &[u64], order: &mut [u32], weights: &[f32]) {
    for run in order.chunk_by_mut(|&a, &b| hashes[a as usize] == hashes[b as usize]) {
        if run.len() > 1 {
            run.sort_unstable_by(|&a, &b| weights[a as usize].total_cmp(&weights[b as usize]));
        }
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
