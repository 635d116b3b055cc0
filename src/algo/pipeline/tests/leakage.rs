//! What a learner may learn of its target by way of the columns.

use super::*;
use crate::frame::{Column, Frame};
use crate::pipeline::fit::{Learned, Raw, learn};
use crate::training_set::{Target, TrainingSet};
use crate::trees::testing::auc;

const ROWS: usize = 6000;
const LEVELS: usize = 1200;

/// Levels and a target that have nothing to do with each other.
fn noise(seed: u64, rows: usize) -> (Column, Vec<f64>) {
    let draw = |row: usize, salt: u64| hash_u64(seed * 10 + salt, row as u64);
    let codes = (0..rows).map(|row| (draw(row, 1) % LEVELS as u64) as u32).collect();
    let target = (0..rows).map(|row| (draw(row, 2) % 2) as f64).collect();
    (Column::Category { codes, levels: LEVELS }, target)
}

/// Learns target encoding from rows; gives these as the learner sees them, and others.
fn encoded(train: Column, test: Column, target: &[f64]) -> Learned {
    let spec = spec(&json!({"encode": "target"}));
    let levels = Levels {
        names: (0..LEVELS)
            .map(|level| format!("{level:04}"))
            .collect::<Vec<_>>()
            .into(),
        other: false,
        added: None,
    };
    let raw = Raw {
        column: "c".into(),
        feature: Feature {
            name: "c".into(),
            kind: Kind::Category(levels),
        },
        train,
        test,
        steps: spec.steps_of("c", ColumnType::Category),
    };
    let target = Target::Classes {
        numbers: target.to_vec(),
        count: 2,
    };
    learn(&spec, vec![raw], Vec::new(), (&target, &[]), 253, &Unwatched).unwrap()
}

/// The area under the curve of a learner's scores on rows that it did not learn from.
fn held_out_auc(algorithm: &str, train: Vec<Column>, target: &[f64], test: Vec<Column>, actual: &[f64]) -> f64 {
    let set = |columns, numbers: &[f64]| {
        let numbers = numbers.to_vec();
        TrainingSet::new(Frame::new(columns).unwrap(), Target::Classes { numbers, count: 2 })
    };
    let params = if algorithm == "gradient_boosting" {
        json!({"n_estimators": 30})
    } else {
        json!({})
    };
    let learner = learners::named(algorithm)
        .unwrap()
        .configure(params.as_object().unwrap(), 1)
        .unwrap();
    let (fitted, _) = learner.fit(&set(train, target), &Unwatched).unwrap();
    let test = set(test, actual);
    let mut out = vec![0.0; test.rows() * 2];
    fitted.score_rows(&test.frame, 0..test.rows(), &mut out);
    let scores: Vec<f64> = out.chunks(2).map(|pair| pair[1]).collect();
    auc(actual, &scores)
}

/// The naive encoding learns from all rows, those among them that are held out later: it tells their own target.
#[test]
fn target_encoding_finds_nothing_in_noise_and_the_naive_one_does() {
    for algorithm in ["logistic_regression", "gradient_boosting"] {
        for seed in 1..4 {
            let (column, target) = noise(seed, ROWS);
            let half = ROWS / 2;
            let (first, second): (Vec<u32>, Vec<u32>) =
                ((0..half as u32).collect(), (half as u32..ROWS as u32).collect());
            let (train, test) = (column.take(&first), column.take(&second));
            let ours = encoded(train, test, &target[..half]);
            let area = held_out_auc(algorithm, ours.train, &target[..half], ours.test, &target[half..]);
            assert!(area <= 0.52, "{algorithm}, seed {seed}: {area}");
            let naive = encoded(column.clone(), column, &target);
            let take = |rows: &[u32]| naive.test.iter().map(|column| column.take(rows)).collect::<Vec<_>>();
            let area = held_out_auc(algorithm, take(&first), &target[..half], take(&second), &target[half..]);
            assert!(area > 0.6, "{algorithm}, seed {seed}: the naive encoding's {area}");
        }
    }
}
