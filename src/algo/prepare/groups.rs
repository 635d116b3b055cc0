//! Rows that belong together: those with one value in a column set apart. A row without a value is a group of its own.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::column::Apart;
use super::rows::Rows;
use super::target::NOT_READ;
use crate::error::{Error, Result};
use crate::frame::MISSING;
use crate::hash;
use crate::monitor::Monitor;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// The groups of the rows of [`Rows::order`].
pub(super) struct Groups {
    /// The group of each row, in canonical order.
    pub(super) of_rows: Vec<u32>,
    /// How many rows each group has.
    sizes: Vec<u32>,
    /// The groups in an order that depends on their values and the seed alone.
    drawn: Vec<u32>,
}

impl Groups {
    /// The groups by the column at a place. Returns an error when there is only one.
    pub(super) fn of(rows: &Rows, place: usize, seed: u64, monitor: &dyn Monitor) -> Result<Groups> {
        let column = rows.apart(place).ok_or(NOT_READ)?;
        let value = |row: usize| match column {
            Apart::Numbers(numbers) => (!numbers[row].is_nan()).then(|| (numbers[row] + 0.0).to_bits()),
            Apart::Codes { codes, .. } => (codes[row] != MISSING).then(|| u64::from(codes[row])),
        };
        let mut known: HashMap<u64, u32> = HashMap::new();
        let (mut of_rows, mut sizes, mut hashes) = (Vec::new(), Vec::<u32>::new(), Vec::new());
        for (place, &row) in rows.order().iter().enumerate() {
            if place % BLOCK == 0 {
                monitor.check()?;
            }
            let next = sizes.len() as u32;
            let group = match value(row as usize) {
                Some(value) => *known.entry(value).or_insert(next),
                None => next,
            };
            if group == next {
                sizes.push(0);
                let hash = match column {
                    _ if value(row as usize).is_none() => hash::hash_u64(1, place as u64),
                    Apart::Numbers(numbers) => hash::hash_f64(2, numbers[row as usize]),
                    Apart::Codes { codes, levels } => {
                        hash::hash_bytes(3, levels.get(codes[row as usize] as usize).as_bytes())
                    }
                };
                hashes.push(hash::mix(hash::seeded(seed), hash));
            }
            sizes[group as usize] += 1;
            of_rows.push(group);
        }
        if sizes.len() < 2 {
            return Err(Error::data(
                format!("column \"{}\" has one value in all rows", rows.apart_name(place)),
                "name a column of which rows have several values, so that some can be set aside",
            ));
        }
        let mut drawn: Vec<u32> = (0..sizes.len() as u32).collect();
        drawn.sort_by_key(|&group| hashes[group as usize]);
        monitor.check()?;
        Ok(Groups { of_rows, sizes, drawn })
    }

    /// Whether each group is set aside for testing, so that they have about `wanted` rows: groups are drawn, and each is taken that brings the
    /// number nearer. At least one is, and one is not.
    pub(super) fn test(&self, wanted: usize) -> Vec<bool> {
        let mut is_test = vec![false; self.sizes.len()];
        let (mut rows, mut taken) = (0_usize, 0);
        for &group in &self.drawn {
            let more = rows + self.sizes[group as usize] as usize;
            if more.abs_diff(wanted) < rows.abs_diff(wanted) && taken + 1 < self.sizes.len() {
                (rows, taken) = (more, taken + 1);
                is_test[group as usize] = true;
            }
        }
        if taken == 0 {
            // Each has more than twice as many: the smallest.
            if let Some(&group) = self.drawn.iter().min_by_key(|&&group| self.sizes[group as usize]) {
                is_test[group as usize] = true;
            }
        }
        is_test
    }

    /// The fold of each group, of so many: the largest go first, each to the fold with the fewest rows, as in scikit-learn's GroupKFold; those of
    /// one size as they are drawn. Returns an error when there are fewer groups than folds.
    pub(super) fn folds(&self, folds: usize) -> Result<Vec<u32>> {
        if self.sizes.len() < folds {
            return Err(Error::data(
                format!("there are {} groups for {folds} folds", self.sizes.len()),
                "ask for fewer folds, or group by a column with more values",
            ));
        }
        let mut order = self.drawn.clone();
        order.sort_by_key(|&group| Reverse(self.sizes[group as usize]));
        let mut rows = vec![0_u64; folds];
        let mut fold_of = vec![0; self.sizes.len()];
        for group in order {
            let fold = (0..folds).min_by_key(|&fold| rows[fold]).unwrap_or(0);
            rows[fold] += u64::from(self.sizes[group as usize]);
            fold_of[group as usize] = fold as u32;
        }
        Ok(fold_of)
    }
}
