//! Tables that the tests of several learners learn from.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::{Monitor, Progress};
use crate::training_set::{Target, TrainingSet};

/// A dataset of `columns`.
pub(crate) fn dataset(columns: Vec<Column>, targets: Vec<f64>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::Numbers(targets))
}

/// Rows of three number columns (one with missing values), a category of seven levels with missing values, and a number that
/// depends on them.
pub(crate) fn mixed(rows: usize, seed: u64) -> (Vec<Column>, Vec<f64>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut uniform = move || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut numbers = vec![Vec::new(), Vec::new(), Vec::new()];
    let (mut codes, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let [a, b, c] = [uniform() * 10.0, uniform(), uniform().powi(3)];
        let code = (uniform() * 7.0) as u32;
        let gone = [uniform() < 0.1, uniform() < 0.1];
        numbers[0].push(a);
        numbers[1].push(if gone[0] { f64::NAN } else { b });
        numbers[2].push(c);
        codes.push(if gone[1] { MISSING } else { code });
        let of_code = f64::from(code * code % 5);
        targets.push(a.sin() + 2.0 * b * c + of_code + f64::from(u8::from(gone[0])) + uniform());
    }
    let mut columns: Vec<Column> = numbers.into_iter().map(Column::Number).collect();
    columns.push(Column::Category { codes, levels: 7 });
    (columns, targets)
}

/// The features that [`mixed`] has, as `validate` takes them.
pub(crate) const MIXED: [usize; 4] = [0, 0, 0, 7];

/// The targets of [`mixed`] in `classes` classes of about equal size.
pub(crate) fn classes(targets: &[f64], classes: usize) -> Vec<f64> {
    let mut sorted = targets.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..classes).map(|i| sorted[i * targets.len() / classes]).collect();
    targets
        .iter()
        .map(|y| cuts.partition_point(|cut| cut <= y) as f64)
        .collect()
}

/// The table that tests/oracle/boosting.py makes.
#[derive(Deserialize)]
pub(crate) struct Table {
    train_rows: usize,
    numbers: Vec<Vec<Option<f64>>>,
    levels: usize,
    level: Vec<u32>,
    /// A target that is a number.
    pub(crate) number: Vec<f64>,
    /// A target of two classes.
    pub(crate) binary: Vec<f64>,
    /// A target of three classes.
    pub(crate) three: Vec<f64>,
    /// Weights of rows.
    pub(crate) weight: Vec<f32>,
}

impl Table {
    /// Reads the table, and what was expected of it.
    pub(crate) fn load() -> Self {
        serde_json::from_str(include_str!("../../../tests/oracle/boosting.json")).unwrap()
    }

    /// Training and test rows: four numbers and, if wanted, a category.
    pub(crate) fn frames(&self, category: bool) -> [Frame; 2] {
        let number = |column: &Vec<Option<f64>>| Column::Number(column.iter().map(|x| x.unwrap_or(f64::NAN)).collect());
        let mut columns: Vec<Column> = self.numbers.iter().map(number).collect();
        if category {
            columns.push(Column::Category {
                codes: self.level.clone(),
                levels: self.levels,
            });
        }
        let all = Frame::new(columns).unwrap();
        let (rows, train) = (all.rows() as u32, self.train_rows as u32);
        [(0..train).collect(), (train..rows).collect()].map(|rows: Vec<u32>| all.take(&rows))
    }

    /// What belongs to training rows and to test rows.
    pub(crate) fn parts<'t, T>(&self, values: &'t [T]) -> [&'t [T]; 2] {
        let (train, test) = values.split_at(self.train_rows);
        [train, test]
    }
}

/// The share of pairs of a row of class 1 and one of class 0 whose scores are in the right order.
pub(crate) fn auc(labels: &[f64], scores: &[f64]) -> f64 {
    let of_class = |class: f64| {
        labels
            .iter()
            .zip(scores)
            .filter(move |(y, _)| **y == class)
            .map(|(_, p)| *p)
    };
    let (mut right, mut pairs) = (0.0, 0.0);
    for positive in of_class(1.0) {
        for negative in of_class(0.0) {
            pairs += 1.0;
            right += match positive.total_cmp(&negative) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    right / pairs
}

/// The mean cross-entropy of probabilities, with weights when there are any.
pub(crate) fn log_loss(labels: &[f64], probabilities: &[Vec<f64>], weights: Option<&[f32]>) -> f64 {
    let weight = |row: usize| weights.map_or(1.0, |w| f64::from(w[row]));
    let rows = labels.iter().zip(probabilities).enumerate();
    let sums = rows.fold((0.0, 0.0), |(loss, total), (row, (y, p))| {
        (loss - weight(row) * p[*y as usize].ln(), total + weight(row))
    });
    sums.0 / sums.1
}

/// A pool of so many threads.
pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// Returns an error from the `stop_after`-th check on, and counts the checks after that.
struct Stopper {
    checks: AtomicUsize,
    stop_after: usize,
}

impl Monitor for Stopper {
    fn check(&self) -> Result<()> {
        let before = self.checks.fetch_add(1, Ordering::Relaxed);
        if before >= self.stop_after {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    fn progress(&self, _: Progress) {}
}

/// Asserts that a fit looks at its monitor at least `least` times, and stops soon at whichever look it is told to.
pub(crate) fn stops_wherever_asked(least: usize, fit: impl Fn(&dyn Monitor) -> Result<()>) {
    let stopper = |stop_after| Stopper {
        checks: AtomicUsize::new(0),
        stop_after,
    };
    let counter = stopper(usize::MAX);
    fit(&counter).unwrap();
    let total = counter.checks.into_inner();
    assert!(total > least, "{total} checks");
    for stop_after in (0..total).step_by(total / 40) {
        let stopper = stopper(stop_after);
        assert_eq!(fit(&stopper), Err(Error::Stopped));
        // Tasks that already run may look once more each.
        assert!(stopper.checks.into_inner() < stop_after + 40);
    }
}

/// Changes bytes of encoded models here and there, and asks `survives` to decode, check and score the row of four values: true
/// for a model that scored, false for bytes that were refused. Asserts that both are met.
pub(crate) fn mutated_bytes(encoded: &[Vec<u8>], survives: impl Fn(&[u8], &[f64]) -> bool) {
    let values = prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-1.0),
        Just(1e300),
        (0..10u32).prop_map(f64::from),
        any::<f64>()
    ];
    let strategy = (
        0..encoded.len(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        prop::collection::vec(values, 4),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(20_000));
    let seen = std::cell::Cell::new((0, 0));
    runner
        .run(&strategy, |(which, changes, row)| {
            let mut bytes = encoded[which].clone();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let (valid, refused) = seen.get();
            seen.set(match survives(&bytes, &row) {
                true => (valid + 1, refused),
                false => (valid, refused + 1),
            });
            Ok(())
        })
        .unwrap();
    let (valid, refused) = seen.get();
    assert!(valid > 100 && refused > 100, "both outcomes are met: {valid} {refused}");
}
