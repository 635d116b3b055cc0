//! By what a model knows rows that it was trained on.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::frame::Frame;
use crate::hash;
use crate::training_set::TrainingSet;

/// Rows that are kept by their hashes. They are the first: the order of training rows depends on their content alone, as a draw would.
const KEPT: usize = 1024;
/// Other rows that are looked at to learn how often different rows are equal.
const COMPARED: usize = 4096;
/// Where more of the other rows than this have a twin among those kept, equal rows tell nothing.
const MOST_TWINS: f64 = 0.001;
/// Fewer equal rows than this are chance.
const FEWEST_SEEN: usize = 5;
/// A smaller share of rows that trained is no reason to speak.
const LEAST_SHARE: f64 = 0.1;

/// Hashes of some training rows with their targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSample {
    /// Rows that trained.
    rows: u64,
    /// Ascending, each once.
    hashes: Vec<u32>,
}

/// Rows that are compared with a sample.
#[derive(Debug, Default)]
pub struct Compared {
    rows: u64,
    seen: HashSet<u32>,
}

/// The hash of an encoded row with its target, a number or the number of its class. O(row).
#[inline]
fn hash_of(row: &[f64], target: f64) -> u32 {
    let numbers = row.iter().chain([&target]).zip(0_u64..);
    let hash = numbers.fold(hash::seeded(0x7ea1), |hash, (value, place)| {
        hash::mix(hash, hash::hash_f64(place, *value))
    });
    hash as u32
}

impl RowSample {
    /// Of the training rows; `None` where rows repeat so often that an equal row may be another one. Cheap: it looks at a few thousand rows.
    pub fn of(train: &TrainingSet, test: Option<&TrainingSet>) -> Option<RowSample> {
        let mut row = vec![0.0; train.frame.columns().len()];
        let mut hashes_of = |set: &TrainingSet, from: usize, most: usize| -> Vec<u32> {
            let to = set.rows().min(from.saturating_add(most));
            let mut hash = |frame: &Frame, index: usize| {
                frame.encode_row(index, &mut row);
                set.target.values().get(index).map(|target| hash_of(&row, *target))
            };
            (from..to).filter_map(|index| hash(&set.frame, index)).collect()
        };
        let mut hashes = hashes_of(train, 0, KEPT);
        let kept = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        let others = match test {
            Some(test) => hashes_of(test, 0, COMPARED),
            None => hashes_of(train, KEPT, COMPARED),
        };
        let twins = others.iter().filter(|hash| hashes.binary_search(hash).is_ok()).count();
        // A row has a twin among all rows more often than among those kept.
        let weight = train.rows() as f64 / kept.max(1) as f64;
        let repeats = (kept - hashes.len()) as f64 / kept.max(1) as f64;
        let shared = twins as f64 / others.len().max(1) as f64 * weight;
        let tells = kept > 0 && repeats <= 0.05 && (shared <= 0.05 || twins as f64 <= MOST_TWINS * others.len() as f64);
        tells.then_some(RowSample {
            rows: train.rows() as u64,
            hashes,
        })
    }

    /// Looks whether a row is one of those kept. O(row + log of those kept).
    #[inline]
    pub fn compare(&self, row: &[f64], target: f64, compared: &mut Compared) {
        compared.rows += 1;
        let hash = hash_of(row, target);
        if self.hashes.binary_search(&hash).is_ok() {
            compared.seen.insert(hash);
        }
    }

    /// About the share of the compared rows that trained the model; `None` where it is small or may be chance.
    pub fn share(&self, compared: &Compared) -> Option<f64> {
        let kept = self.hashes.len().max(1) as f64;
        let trained = compared.seen.len() as f64 / kept * self.rows as f64;
        let share = (trained / compared.rows.max(1) as f64).min(1.0);
        (compared.seen.len() >= FEWEST_SEEN && share >= LEAST_SHARE).then_some(share)
    }

    /// Whether it can be anyone's.
    pub(crate) fn is_sound(&self) -> bool {
        self.hashes.len() <= KEPT && self.hashes.is_sorted_by(|a, b| a < b) && self.rows >= self.hashes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Column;
    use crate::training_set::Target;

    fn set(rows: std::ops::Range<u64>, distinct: u64) -> TrainingSet {
        let number = |row: u64, seed: u64| (hash::hash_u64(seed, row % distinct) % 1000) as f64;
        // In an order that says nothing, as training has it.
        let mut rows: Vec<u64> = rows.collect();
        rows.sort_unstable_by_key(|row| hash::hash_u64(9, *row));
        let numbers = |seed: u64| rows.iter().map(|row| number(*row, seed)).collect::<Vec<f64>>();
        let columns = [1, 2, 3].map(|seed| Column::Number(numbers(seed)));
        let frame = Frame::new(columns.to_vec()).unwrap_or_default();
        TrainingSet::new(frame, Target::Numbers(numbers(4)))
    }

    fn share(train: &TrainingSet, rows: &TrainingSet) -> Option<f64> {
        let sample = RowSample::of(train, None)?;
        assert!(sample.is_sound());
        let mut compared = Compared::default();
        let mut row = vec![0.0; 3];
        for index in 0..rows.rows() {
            rows.frame.encode_row(index, &mut row);
            sample.compare(&row, rows.target.values()[index], &mut compared);
        }
        sample.share(&compared)
    }

    #[test]
    fn rows_that_trained_are_known_again() {
        let train = set(0..20_000, u64::MAX);
        for (rows, expected) in [
            (0..20_000, 1.0),
            (0..25_000, 0.8),
            (10_000..30_000, 0.5),
            (0..2_000, 1.0),
        ] {
            let found = share(&train, &set(rows.clone(), u64::MAX)).unwrap_or(0.0);
            assert!((found - expected).abs() < 0.2, "{rows:?}: {found}");
        }
        assert_eq!(share(&train, &set(20_000..40_000, u64::MAX)), None);
        // A small table is kept whole.
        let small = set(0..300, u64::MAX);
        assert_eq!(share(&small, &set(0..300, u64::MAX)), Some(1.0));
        assert_eq!(share(&small, &set(300..900, u64::MAX)), None);
    }

    #[test]
    fn rows_that_repeat_tell_nothing() {
        let train = set(0..20_000, 500);
        assert_eq!(RowSample::of(&train, None), None);
    }
}
