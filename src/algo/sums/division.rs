//! Which rows train and which test, told by the row alone: no row is held to tell it.
//!
//! What is drawn for a row is a hash of its features and its target. Rows that are the same would all be on one side; so those that repeat in the sample
//! are counted while they go by, and each of them is drawn for by itself. Which of them is which does not matter: they are the same.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash;
use crate::split::test_share;
use crate::training_set::{Target, TrainingSet};

/// Rows that repeat and are counted, at most.
const MOST_REPEATS: usize = 1 << 14;

/// How rows are divided.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Division {
    seed: u64,
    /// A row tests where less was drawn for it: one for each class, or one for numbers; none where all rows train.
    bounds: Vec<u64>,
    /// The hashes of rows that repeat in the sample, ascending.
    repeats: Vec<u64>,
}

/// The hash of an encoded row with what is to be learned. O(row).
#[inline]
fn hash_of(seed: u64, values: impl Iterator<Item = f64>, target: f64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, value: f64| {
        // 0 and -0 are one number, and what is none is missing.
        let bits = if value.is_nan() {
            f64::NAN.to_bits()
        } else {
            (value + 0.0).to_bits()
        };
        // Folded products, as in wyhash.
        let product = u128::from(hash.rotate_left(17) ^ bits) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    };
    hash::hash_u64(seed, fold(values.fold(FACTOR, fold), target))
}

/// The bound of a share of all draws.
pub(super) fn bound_of(share: f64) -> u64 {
    // The cast saturates.
    (share * 2.0_f64.powi(64)) as u64
}

impl Division {
    /// Of rows of which `fraction` test. `classes` says how many rows each class has in all: of one that is in the sample as a whole exactly its share
    /// tests, but for rows that repeat. O(sample log sample).
    pub(super) fn of(sample: &TrainingSet, fraction: f64, classes: &[u64], seed: u64) -> Division {
        if fraction <= 0.0 {
            return Division::default();
        }
        let columns = sample.frame.columns();
        let hashes: Vec<u64> = (sample.target.values().iter().enumerate())
            .map(|(row, target)| hash_of(seed, columns.iter().map(|column| column.encoded(row)), *target))
            .collect();
        let mut counts: HashMap<u64, u32> = HashMap::new();
        hashes.iter().for_each(|hash| *counts.entry(*hash).or_default() += 1);
        let mut repeats: Vec<(u32, u64)> = (counts.into_iter().filter(|(_, rows)| *rows > 1))
            .map(|(hash, rows)| (rows, hash))
            .collect();
        // The most frequent ones first.
        repeats.sort_unstable_by(|a, b| b.cmp(a));
        let mut repeats: Vec<u64> = repeats.into_iter().take(MOST_REPEATS).map(|(_, hash)| hash).collect();
        repeats.sort_unstable();
        let mut division = Division {
            seed,
            bounds: vec![bound_of(fraction); classes.len().max(1)],
            repeats,
        };
        if let Target::Classes { numbers, .. } = &sample.target {
            let mut copies = division.counters();
            let mut draws: Vec<Vec<u64>> = vec![Vec::new(); classes.len()];
            for (hash, class) in hashes.iter().zip(numbers) {
                if let Some(draws) = draws.get_mut(*class as usize) {
                    draws.push(draw_of(*hash, &mut copies));
                }
            }
            for ((bound, rows), mut draws) in division.bounds.iter_mut().zip(classes).zip(draws) {
                if draws.len() as u64 == *rows {
                    draws.sort_unstable();
                    *bound = draws.get(test_share(draws.len(), fraction)).copied().unwrap_or(*bound);
                }
            }
        }
        division
    }

    /// Whether some rows test.
    pub fn has_test(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// No row that repeats has been met.
    pub(super) fn counters(&self) -> HashMap<u64, u64> {
        self.repeats.iter().map(|hash| (*hash, 0)).collect()
    }

    /// What is drawn for a row. O(row).
    #[inline]
    pub(super) fn draw(&self, values: &[f64], target: f64, counters: &mut HashMap<u64, u64>) -> u64 {
        draw_of(hash_of(self.seed, values.iter().copied(), target), counters)
    }

    /// Whether a row tests for which so much was drawn.
    #[inline]
    pub(super) fn tests(&self, target: f64, draw: u64) -> bool {
        let bound = match &self.bounds[..] {
            [] => None,
            [bound] => Some(bound),
            bounds => bounds.get(target as usize),
        };
        bound.is_some_and(|bound| draw < *bound)
    }

    /// The rows of the sample, divided as all rows are: those that train, and those that test.
    pub(super) fn divide(&self, sample: &TrainingSet) -> (Vec<u32>, Vec<u32>) {
        let columns = sample.frame.columns();
        let (mut counters, mut train, mut test) = (self.counters(), Vec::new(), Vec::new());
        for (row, &target) in (0_u32..).zip(sample.target.values()) {
            let values = columns.iter().map(|column| column.encoded(row as usize));
            let draw = draw_of(hash_of(self.seed, values, target), &mut counters);
            if self.tests(target, draw) {
                test.push(row)
            } else {
                train.push(row)
            }
        }
        (train, test)
    }

    /// Returns an error for one that rows of so many classes cannot have.
    pub(super) fn validate(&self, classes: usize) -> Result<()> {
        let bounds = self.bounds.is_empty() || self.bounds.len() == classes.max(1);
        if bounds && self.repeats.len() <= MOST_REPEATS && self.repeats.is_sorted() {
            return Ok(());
        }
        Err(Error::damaged("plan of sums", "its division of rows is wrong"))
    }
}

/// What is drawn for a row with this hash; of those that repeat, for each anew.
#[inline]
fn draw_of(hash: u64, counters: &mut HashMap<u64, u64>) -> u64 {
    let copy = match counters.get_mut(&hash) {
        None => 0,
        Some(count) => {
            *count += 1;
            *count
        }
    };
    hash::mix(hash, copy)
}
