//! By what a model knows rows that it was trained on.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::frame::Frame;
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
/// So many rows are all compared with a sample; of those after them one in [`ONE_IN`], which is drawn.
const ALL_OF: u64 = 32_768;
const ONE_IN: u32 = 8;
/// Leading bits of a hash that tell most rows from those kept.
const LEADING: u32 = 16;

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
    /// A bit for all hashes with the same leading bits: whether one of them is kept. Empty before the first row.
    leading: Vec<u64>,
    /// How many rows those seen stand for.
    weight: u32,
    /// Where the draws are.
    state: u32,
}

impl Compared {
    /// How many rows the next one stands for; `None` where it is not drawn, as most of many are not. Draws do not follow a period that the rows may have.
    #[inline]
    fn draw(&mut self) -> Option<u32> {
        self.rows += 1;
        if self.rows <= ALL_OF {
            return Some(1);
        }
        // The generator of Numerical Recipes, of which the leading bits are the best.
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.state >> (u32::BITS - ONE_IN.ilog2()) == 0).then_some(ONE_IN)
    }
}

/// Which of the rows of a pass are among those that are kept: each of them is looked at, so that passes over parts of the rows make up that over all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    rows: u64,
    /// Ascending, each once.
    hashes: Vec<u32>,
}

impl Seen {
    /// Adds a row, with its hash where it is one of those that are kept.
    pub fn push(&mut self, hash: Option<u32>) {
        self.rows = self.rows.saturating_add(1);
        if let Some(hash) = hash
            && let Err(place) = self.hashes.binary_search(&hash)
        {
            self.hashes.insert(place, hash);
        }
    }

    /// Adds the rows of another pass.
    pub fn merge(&mut self, other: &Seen) {
        self.rows = self.rows.saturating_add(other.rows);
        self.hashes.extend_from_slice(&other.hashes);
        self.hashes.sort_unstable();
        self.hashes.dedup();
    }

    /// How many rows were looked at.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether it can be of the rows of one model.
    pub fn is_sound(&self) -> bool {
        self.hashes.len() <= KEPT && self.hashes.is_sorted_by(|a, b| a < b) && self.rows >= self.hashes.len() as u64
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.hashes.capacity() * size_of::<u32>()
    }
}

impl Compared {
    /// Adds rows that were looked at elsewhere.
    pub fn add(&mut self, seen: &Seen) {
        self.rows = self.rows.saturating_add(seen.rows);
        for &hash in &seen.hashes {
            self.weight += u32::from(self.seen.insert(hash));
        }
    }
}

/// The hash of an encoded row with its target, a number or the number of its class. O(row).
#[inline]
fn hash_of(row: &[f64], target: f64) -> u32 {
    // Folded products, as in wyhash: evaluation does this for every row. Nobody gains by rows that collide.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, value: &f64| {
        // 0 and -0 are one number.
        let product = u128::from(hash ^ (value + 0.0).to_bits()) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    };
    let hash = row
        .iter()
        .chain([&target])
        .fold(FACTOR, |hash, value| fold(hash.rotate_left(17), value));
    (hash ^ hash >> 32) as u32
}

/// Where the bit of a hash's leading bits stands: in which word, and which it is.
#[inline]
fn place(hash: u32) -> (usize, u64) {
    let leading = hash >> (u32::BITS - LEADING);
    ((leading / u64::BITS) as usize, 1 << (leading % u64::BITS))
}

impl RowSample {
    /// Of the training rows; `None` where rows repeat so often that an equal row may be another one. Cheap: it looks at a few thousand rows.
    pub fn of(train: &TrainingSet, test: Option<&TrainingSet>) -> Option<RowSample> {
        let mut row = vec![0.0; train.frame.width()];
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

    /// The same where the rows that it was made of are themselves a draw of so many that trained.
    pub fn of_rows(self, rows: u64) -> RowSample {
        RowSample {
            rows: rows.max(self.rows),
            ..self
        }
    }

    /// Looks whether a row is one of those kept; of many rows only at some. O(row + log of those kept).
    #[inline]
    pub fn compare(&self, row: &[f64], target: f64, compared: &mut Compared) {
        if let Some(weight) = compared.draw() {
            self.look(hash_of(row, target), weight, compared);
        }
    }

    /// The hash of a row for [`RowSample::compare_hash`]. O(row).
    pub(crate) fn hash(&self, row: &[f64], target: f64) -> u32 {
        hash_of(row, target)
    }

    /// As [`RowSample::compare`], of a row whose hash is known.
    pub(crate) fn compare_hash(&self, hash: u32, compared: &mut Compared) {
        if let Some(weight) = compared.draw() {
            self.look(hash, weight, compared);
        }
    }

    /// The hash of a row that is one of those kept; `None` for any other. O(row + log of those kept).
    #[inline]
    pub fn seen(&self, row: &[f64], target: f64) -> Option<u32> {
        let hash = hash_of(row, target);
        self.hashes.binary_search(&hash).is_ok().then_some(hash)
    }

    #[inline]
    fn look(&self, hash: u32, weight: u32, compared: &mut Compared) {
        if compared.leading.is_empty() {
            compared.leading = self.leading();
        }
        let (word, bit) = place(hash);
        if compared.leading[word] & bit != 0 && self.hashes.binary_search(&hash).is_ok() && compared.seen.insert(hash) {
            compared.weight += weight;
        }
    }

    /// The leading bits of those kept.
    fn leading(&self) -> Vec<u64> {
        let mut leading = vec![0; 1 << (LEADING - u64::BITS.ilog2())];
        for &hash in &self.hashes {
            let (word, bit) = place(hash);
            leading[word] |= bit;
        }
        leading
    }

    /// About the share of the compared rows that trained the model; `None` where it is small or may be chance.
    pub fn share(&self, compared: &Compared) -> Option<f64> {
        let kept = self.hashes.len().max(1) as f64;
        let trained = f64::from(compared.weight) / kept * self.rows as f64;
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
    use crate::hash;
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
            // Not all of these are looked at.
            (0..80_000, 0.25),
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
    fn parts_of_the_rows_tell_what_all_of_them_tell() {
        let train = set(0..20_000, u64::MAX);
        let sample = RowSample::of(&train, None).unwrap();
        let rows = set(10_000..30_000, u64::MAX);
        let (mut parts, mut row) = ([Seen::default(), Seen::default()], vec![0.0; 3]);
        for index in 0..rows.rows() {
            rows.frame.encode_row(index, &mut row);
            parts[index % 2].push(sample.seen(&row, rows.target.values()[index]));
        }
        let [mut all, part] = parts;
        all.merge(&part);
        assert!(all.is_sound() && all.rows() == 20_000);
        let mut compared = Compared::default();
        compared.add(&all);
        assert_eq!(sample.share(&compared), share(&train, &rows));
    }

    #[test]
    fn rows_that_repeat_tell_nothing() {
        let train = set(0..20_000, 500);
        assert_eq!(RowSample::of(&train, None), None);
    }
}
