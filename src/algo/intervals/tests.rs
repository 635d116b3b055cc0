//! Against MAPIE, see tests/oracle/intervals.py; and what intervals promise.

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::frame::{Column, Frame};
use crate::hash;
use crate::learners::named;
use crate::monitor::Unwatched;
use crate::training_set::Target;

/// Predicts its first column.
#[derive(Debug)]
struct First;

impl Estimator for First {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out[0] = row[0];
    }
}

fn set(columns: Vec<Vec<f64>>, targets: Vec<f64>) -> TrainingSet {
    let columns = columns.into_iter().map(Column::Number).collect();
    TrainingSet::new(Frame::new(columns).unwrap(), Target::Numbers(targets))
}

#[derive(Deserialize)]
struct Case {
    level: f64,
    predicted: Vec<f64>,
    targets: Vec<f64>,
    groups: Vec<f64>,
    test: Vec<f64>,
    test_groups: Vec<f64>,
    split: Vec<[f64; 2]>,
    mondrian: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Quantiles {
    level: f64,
    /// The predicted quantiles and the target of rows to learn from.
    rows: Vec<[f64; 3]>,
    test: Vec<[f64; 2]>,
    intervals: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    quantiles: Vec<Quantiles>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/oracle/intervals.json")).unwrap()
}

#[test]
fn intervals_of_one_width_are_those_of_mapie() {
    for case in fixture().cases {
        let rows = set(vec![case.predicted.clone(), case.groups.clone()], case.targets.clone());
        for (feature, expected) in [(None, &case.split), (Some(1), &case.mondrian)] {
            let learned = Intervals::learn(case.level, None, feature, &First, &rows, &Unwatched).unwrap();
            assert_eq!(learned.small_groups, 0);
            for ((&value, &group), expected) in case.test.iter().zip(&case.test_groups).zip(expected) {
                let ours = learned.intervals.of(value, &[value, group], None);
                assert!(
                    (ours[0] - expected[0]).abs() < 1e-9 && (ours[1] - expected[1]).abs() < 1e-9,
                    "{ours:?} {expected:?}"
                );
            }
        }
    }
}

/// A linear model whose answer is one of its columns.
fn column(number: usize) -> Box<dyn Fitted> {
    let value = |row: u64, column: u64| (hash::hash_u64(column, row) % 1000) as f64;
    let columns: Vec<Vec<f64>> = (0..2)
        .map(|column| (0..100).map(|row| value(row, column)).collect())
        .collect();
    let targets = columns[number].clone();
    let learner = named("linear_regression")
        .unwrap()
        .configure(json!({}).as_object().unwrap(), 1)
        .unwrap();
    learner.fit(&set(columns, targets), &Unwatched).unwrap().0
}

#[test]
fn intervals_between_quantiles_are_those_of_mapie() {
    for case in fixture().quantiles {
        let part = |place: usize| case.rows.iter().map(|row| row[place]).collect::<Vec<f64>>();
        let rows = set(vec![part(0), part(1)], part(2));
        let quantiles = Some([column(0), column(1)]);
        let learned = Intervals::learn(case.level, quantiles, None, &First, &rows, &Unwatched).unwrap();
        for (test, expected) in case.test.iter().zip(&case.intervals) {
            let ours = learned.intervals.of(f64::NAN, test, None);
            assert!(
                (ours[0] - expected[0]).abs() < 1e-6 && (ours[1] - expected[1]).abs() < 1e-6,
                "{ours:?} {expected:?}"
            );
        }
        let bytes = learned.intervals.encode("it", Vec::new(), &Unwatched).unwrap();
        let read = Intervals::decode("it", &bytes, &Unwatched).unwrap();
        read.validate(&[0, 0], &Unwatched).unwrap();
        assert!(read.validate(&[0], &Unwatched).is_err());
        assert_eq!(
            read.of(1.0, &case.test[0], None),
            learned.intervals.of(1.0, &case.test[0], None)
        );
    }
}

#[test]
fn too_few_rows_are_told_and_small_groups_have_the_correction_of_all() {
    assert_eq!([0.5, 0.8, 0.9, 0.95, 0.99].map(fewest_rows), [1, 4, 9, 19, 99]);
    let rows = |count: usize| {
        let numbers: Vec<f64> = (0..count).map(|row| row as f64).collect();
        let groups = (0..count).map(|row| if row < 3 { f64::NAN } else { 1.0 }).collect();
        set(vec![numbers.clone(), groups], numbers.iter().map(|x| 2.0 * x).collect())
    };
    assert!(Intervals::learn(0.9, None, None, &First, &rows(8), &Unwatched).is_err());
    let learned = Intervals::learn(0.9, None, Some(1), &First, &rows(40), &Unwatched).unwrap();
    assert_eq!(learned.small_groups, 1);
    // Of 41 x 0.9 the 37th error of all rows, of 38 x 0.9 the 35th of those of group 1, whose first error is 3.
    assert_eq!(learned.intervals.of(0.0, &[0.0, f64::NAN], None), [-36.0, 36.0]);
    assert_eq!(learned.intervals.of(0.0, &[0.0, 1.0], None), [-37.0, 37.0]);
    assert_eq!(learned.intervals.of(0.0, &[0.0, 7.0], None), [-36.0, 36.0]);
}

/// The mean of shares is from the level to the level + 1 / (rows + 1), but for three standard errors.
fn assert_within_bound(shares: &[f64], level: f64, rows: usize) {
    let count = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / count;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let sigma = (variance / count).sqrt();
    let most = level + 1.0 / (rows + 1) as f64;
    assert!(
        mean >= level - 3.0 * sigma && mean <= most + 3.0 * sigma,
        "{mean} +- {sigma}, {rows}"
    );
}

/// In 200 repetitions the mean coverage is from the level to the level + 1 / (rows + 1), but for chance; also in each group.
#[test]
fn coverage_is_within_its_bound() {
    const REPETITIONS: u64 = 200;
    const ROWS: usize = 99;
    const TESTS: usize = 100;
    let level = 0.9;
    let uniform = |seed: u64, row: usize| (hash::hash_u64(seed, row as u64) >> 11) as f64 / (1u64 << 53) as f64;
    // The errors of group 1 are five times those of group 0, and not normal.
    let sample = |seed: u64, count: usize| {
        let groups: Vec<f64> = (0..count)
            .map(|row| f64::from(u8::from(uniform(seed, row) < 0.4)))
            .collect();
        let numbers: Vec<f64> = (0..count).map(|row| uniform(seed ^ 1, row)).collect();
        let error = |row: usize| -uniform(seed ^ 2, row).ln() * (1.0 + 4.0 * groups[row]);
        let targets = (0..count).map(|row| numbers[row] + error(row)).collect();
        set(vec![numbers, groups], targets)
    };
    let mut shares: [Vec<f64>; 4] = Default::default();
    for repetition in 0..REPETITIONS {
        let (rows, tests) = (sample(16 * repetition + 16, ROWS), sample(16 * repetition + 24, TESTS));
        let [all, own] = [None, Some(1)].map(|feature| {
            Intervals::learn(level, None, feature, &First, &rows, &Unwatched)
                .unwrap()
                .intervals
        });
        let mut coverage = [Coverage::default(); 4];
        for (index, &y) in tests.targets().unwrap().iter().enumerate() {
            let mut row = [0.0; 2];
            tests.frame.encode_row(index, &mut row);
            let group = row[1] as usize;
            coverage[0].push(y, all.of(row[0], &row, None));
            coverage[1].push(y, own.of(row[0], &row, None));
            coverage[2 + group].push(y, own.of(row[0], &row, None));
        }
        for (shares, coverage) in shares.iter_mut().zip(coverage) {
            shares.push(coverage.metrics()[0].1);
        }
    }
    for (shares, fewest) in shares.iter().zip([ROWS, ROWS, ROWS / 3, ROWS / 4]) {
        assert_within_bound(shares, level, fewest);
    }
}

/// The same of quantiles that boosting learned from other rows.
#[test]
fn coverage_between_learned_quantiles_is_within_its_bound() {
    const ROWS: usize = 99;
    let level = 0.8;
    let params = json!({"n_estimators": 15, "num_leaves": 4, "min_child_samples": 5});
    let learner = named("gradient_boosting")
        .unwrap()
        .configure(params.as_object().unwrap(), 1)
        .unwrap();
    let uniform = |seed: u64, row: usize| (hash::hash_u64(seed, row as u64) >> 11) as f64 / (1u64 << 53) as f64;
    let sample = |seed: u64, count: usize| {
        let numbers: Vec<f64> = (0..count).map(|row| uniform(seed, row)).collect();
        let error = |row: usize| (uniform(seed ^ 1, row) - 0.5) * numbers[row] * 4.0;
        let targets = (0..count).map(|row| numbers[row] + error(row)).collect();
        set(
            vec![numbers, (0..count).map(|row| uniform(seed ^ 2, row)).collect()],
            targets,
        )
    };
    let mut shares = Vec::new();
    for repetition in 0..200 {
        let [train, rows, tests] =
            [(0, 150), (4, ROWS), (8, 100)].map(|(salt, count)| sample(16 * repetition + 5000 + salt, count));
        let fit = |learner: &dyn crate::learner::Configured| learner.fit(&train, &Unwatched).unwrap().0;
        let quantiles = [0.1, 0.9].map(|alpha| fit(&*learner.quantile(alpha).unwrap().unwrap()));
        let model = fit(&*learner);
        let learned = Intervals::learn(level, Some(quantiles), None, &*model, &rows, &Unwatched).unwrap();
        let coverage = Coverage::of(&learned.intervals, &*model, &tests, &Unwatched).unwrap();
        shares.push(coverage.metrics()[0].1);
    }
    assert_within_bound(&shares, level, ROWS);
}
