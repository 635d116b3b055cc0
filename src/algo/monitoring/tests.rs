//! Against NannyML, see tests/oracle/monitoring.py; and how often what is expected comes true.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::Deserialize;

use super::errors::Errors;
use super::expected::{self, Unjudged};
use crate::hash;
use crate::judging::measures;
use crate::metrics::evaluation::{self, Scored};
use crate::monitor::Unwatched;

#[derive(Deserialize)]
struct Binary {
    scores: Vec<f64>,
    probabilities: Vec<f64>,
    predicted: Vec<u32>,
    expected: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Multiclass {
    scores: Vec<Vec<f64>>,
    probabilities: Vec<Vec<f64>>,
    predicted: Vec<u32>,
    expected: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Binary>,
    multiclass: Multiclass,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/oracle/monitoring.json")).unwrap()
}

/// Rows of two classes.
fn of_positive(probabilities: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((probabilities.len(), 2), |(row, class)| match class {
        0 => 1.0 - probabilities[row],
        _ => probabilities[row],
    })
}

fn of_rows(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, class)| rows[row][class])
}

fn estimates(scores: &Array2<f64>, probabilities: &Array2<f64>, predicted: &[u32]) -> BTreeMap<&'static str, [f64; 2]> {
    let rows = Unjudged {
        scores: scores.view(),
        probabilities: probabilities.view(),
        predicted,
    };
    let estimates = expected::classification(rows, &Unwatched).unwrap();
    let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
    (estimates.into_iter())
        .map(|estimate| (estimate.metric, [number(estimate.value), number(estimate.deviation)]))
        .collect()
}

#[test]
fn what_is_expected_is_what_nannyml_expects() {
    let fixture = fixture();
    for case in &fixture.cases {
        let found = estimates(
            &of_positive(&case.scores),
            &of_positive(&case.probabilities),
            &case.predicted,
        );
        for (metric, theirs) in &case.expected {
            // NannyML rounds counts to five digits.
            let ours = found[metric.as_str()][0];
            assert!((ours - theirs).abs() < 2e-6, "{metric}: {ours} {theirs}");
        }
    }
    let case = &fixture.multiclass;
    let found = estimates(&of_rows(&case.scores), &of_rows(&case.probabilities), &case.predicted);
    for (metric, theirs) in &case.expected {
        let ours = found[metric.as_str()][0];
        assert!((ours - theirs).abs() < 2e-6, "{metric}: {ours} {theirs}");
    }
}

/// A number from 0 to 1 that depends on a seed and a row.
fn uniform(seed: u64, row: u64) -> f64 {
    (hash::hash_u64(seed, row) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Metrics of rows whose classes are drawn by their probabilities lie within 1.96 deviations of the expected ones as often as a normal number does.
#[test]
fn what_is_expected_comes_true() {
    const ROWS: u64 = 800;
    const DRAWS: u64 = 400;
    let probabilities: Vec<f64> = (0..ROWS)
        .map(|row| 1.0 / (1.0 + (1.0 - 5.0 * (uniform(1, row) - 0.3)).exp()))
        .collect();
    let three: Vec<Vec<f64>> = (0..ROWS)
        .map(|row| {
            let raw: Vec<f64> = (0..3).map(|class| 0.02 + uniform(2 + class, row).powi(3)).collect();
            let sum: f64 = raw.iter().sum();
            raw.into_iter().map(|part| part / sum).collect()
        })
        .collect();
    for scores in [of_positive(&probabilities), of_rows(&three)] {
        let row_of = |row: usize| scores.row(row).to_vec();
        let predicted: Vec<u32> = (0..ROWS as usize)
            .map(|row| evaluation::decide(&row_of(row), 0.4) as u32)
            .collect();
        let expected = estimates(&scores, &scores, &predicted);
        let mut inside: BTreeMap<&str, u64> = BTreeMap::new();
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for draw in 0..DRAWS {
            let actual: Vec<u32> = (0..ROWS)
                .map(|row| {
                    let (mut left, mut class) = (uniform(100 + draw, row), 0);
                    for probability in row_of(row as usize).iter().take(scores.ncols() - 1) {
                        left -= probability;
                        class += u32::from(left >= 0.0);
                        if left < 0.0 {
                            break;
                        }
                    }
                    class
                })
                .collect();
            let table = evaluation::classification(&actual, scores.view(), 0.4, &Unwatched).unwrap();
            for (metric, value) in table {
                let (Some(value), Some([mean, deviation])) = (value, expected.get(metric)) else {
                    continue;
                };
                *sums.entry(metric).or_default() += value / DRAWS as f64;
                *inside.entry(metric).or_default() += u64::from((value - mean).abs() <= 1.96 * deviation);
            }
        }
        for (metric, [mean, deviation]) in expected {
            let off = sums[metric] - mean;
            assert!(off.abs() < 0.004, "{metric}: {} {mean}", sums[metric]);
            if deviation.is_finite() {
                let coverage = inside[metric] as f64 / DRAWS as f64;
                assert!((0.91..=0.985).contains(&coverage), "{metric}: {coverage}");
            }
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let case = &fixture().cases[0];
    let turned = |values: &[f64]| -> Vec<f64> { values.iter().rev().copied().collect() };
    let predicted: Vec<u32> = case.predicted.iter().rev().copied().collect();
    assert_eq!(
        estimates(
            &of_positive(&case.scores),
            &of_positive(&case.probabilities),
            &case.predicted
        )["roc_auc"],
        estimates(
            &of_positive(&turned(&case.scores)),
            &of_positive(&turned(&case.probabilities)),
            &predicted
        )["roc_auc"],
    );
}

#[test]
fn few_rows_and_rows_of_one_class_are_no_error() {
    assert!(estimates(&of_positive(&[]), &of_positive(&[]), &[]).is_empty());
    let sure = estimates(&of_positive(&[1.0, 1.0]), &of_positive(&[1.0, 1.0]), &[1, 1]);
    assert!(sure["roc_auc"][0].is_nan());
    assert_eq!(sure["accuracy"], [1.0, 0.0]);
    assert_eq!(sure["mcc"], [0.0, 0.0]);
    let half = of_positive(&[0.5]);
    let wrong = Unjudged {
        scores: half.view(),
        probabilities: half.view(),
        predicted: &[2],
    };
    assert!(expected::classification(wrong, &Unwatched).is_err());
    assert!(expected::regression(&[], &Unwatched).unwrap().is_empty());
}

#[test]
fn expected_errors_of_numbers_are_averaged() {
    let rows = [[1.0, 2.0], [3.0, 10.0]];
    let found = expected::regression(&rows, &Unwatched).unwrap();
    let value = |metric: &str| found.iter().find(|estimate| estimate.metric == metric).unwrap();
    assert_eq!(value("mae").value, Some(2.0));
    assert_eq!(value("mse").value, Some(6.0));
    assert_eq!(value("rmse").value, Some(6.0_f64.sqrt()));
    assert_eq!(value("mae").deviation, Some(2.0_f64.sqrt() / 2.0));
}

/// Metrics as [`evaluation`] gives them, of rows that were decided at its threshold.
#[test]
fn realised_metrics_are_those_of_an_evaluation() {
    let fixture = fixture();
    let binary = of_positive(&fixture.cases[1].scores);
    let three = of_rows(&fixture.multiclass.scores);
    for scores in [binary, three] {
        let (rows, classes) = scores.dim();
        let actual: Vec<u32> = (0..rows as u64)
            .map(|row| (uniform(3, row) * classes as f64) as u32)
            .collect();
        let predicted: Vec<u32> = (scores.rows().into_iter())
            .map(|row| evaluation::decide(&row.to_vec(), 0.35) as u32)
            .collect();
        let found = measures::of_decided(&actual, scores.view(), &predicted, &Unwatched).unwrap();
        let theirs = evaluation::classification(&actual, scores.view(), 0.35, &Unwatched).unwrap();
        // The threshold is none of what was decided before.
        let theirs: Vec<_> = theirs.into_iter().filter(|(name, _)| *name != "threshold").collect();
        assert_eq!(
            found.iter().map(|ours| (ours.name, ours.value)).collect::<Vec<_>>(),
            theirs
        );
        for ours in &found {
            if let Some((low, high)) = ours.interval {
                assert!(Some(low) < ours.value && ours.value < Some(high), "{}", ours.name);
            }
        }
    }
    assert!(measures::of_decided(&[1], of_positive(&[0.5]).view(), &[2], &Unwatched).is_err());
    assert!(measures::of_decided(&[1], of_positive(&[0.5]).view(), &[], &Unwatched).is_err());
}

/// Intervals of samples hold the metric of all rows about as often as they say.
#[test]
fn intervals_hold_what_they_say() {
    let draw = |seed: u64, rows: u64| {
        let actual: Vec<u32> = (0..rows).map(|row| u32::from(uniform(seed, row) < 0.3)).collect();
        let scores: Vec<f64> = (0..rows)
            .map(|row| {
                let noise = uniform(seed + 1, row) + uniform(seed + 2, row) - 1.0;
                1.0 / (1.0 + (0.6 - 1.2 * f64::from(actual[row as usize]) - 2.0 * noise).exp())
            })
            .collect();
        let predicted: Vec<u32> = scores.iter().map(|&score| u32::from(score >= 0.45)).collect();
        let found = measures::of_decided(&actual, of_positive(&scores).view(), &predicted, &Unwatched);
        found.unwrap()
    };
    let truth = draw(7, 200_000);
    let mut inside: BTreeMap<&str, u64> = BTreeMap::new();
    for sample in 0..400 {
        for (found, truth) in draw(1000 + 3 * sample, 500).iter().zip(&truth) {
            if let (Some((low, high)), Some(truth)) = (found.interval, truth.value) {
                *inside.entry(found.name).or_default() += u64::from(low <= truth && truth <= high);
            }
        }
    }
    assert_eq!(inside.len(), 9);
    for (metric, inside) in inside {
        let coverage = inside as f64 / 400.0;
        assert!((0.915..=0.995).contains(&coverage), "{metric}: {coverage}");
    }
}

/// Errors grow with the prediction, and the mix of predictions changes: what is expected of rows without truth is what comes true.
#[test]
fn expected_errors_follow_the_predictions() {
    let row = |seed: u64, row: u64, low: f64| {
        let predicted = low + (10.0 - low) * uniform(seed, row);
        let noise = uniform(seed + 1, row) + uniform(seed + 2, row) + uniform(seed + 3, row) - 1.5;
        (predicted, predicted + noise * (0.2 + predicted))
    };
    let learned = Errors::learn((0..5000).map(|place| row(1, place, 0.0)), &Unwatched)
        .unwrap()
        .unwrap();
    let later: Vec<(f64, f64)> = (0..5000).map(|place| row(11, place, 7.0)).collect();
    let errors: Vec<[f64; 2]> = later.iter().map(|row| learned.of(row.0)).collect();
    let expected = expected::regression(&errors, &Unwatched).unwrap();
    let (predicted, actual): (Vec<f64>, Vec<f64>) = later.into_iter().unzip();
    let scored = Scored::Numbers { actual, predicted };
    for realised in measures::measure(&scored, 0.5, None, &Unwatched).unwrap() {
        if let Some(estimate) = expected.iter().find(|estimate| estimate.metric == realised.name) {
            let (ours, theirs) = (estimate.value.unwrap(), realised.value.unwrap());
            assert!((ours / theirs - 1.0).abs() < 0.05, "{}: {ours} {theirs}", realised.name);
        }
    }
    assert_eq!(
        Errors::learn((0..99).map(|place| row(1, place, 0.0)), &Unwatched).unwrap(),
        None
    );
    let same = Errors::learn((0..500).map(|place| (1.0, f64::from(place % 2))), &Unwatched)
        .unwrap()
        .unwrap();
    assert_eq!((same.of(-3.0), same.of(7.0)), ([0.5, 0.5], [0.5, 0.5]));
}
