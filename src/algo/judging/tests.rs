//! Calibration against scikit-learn, and fairness against fairlearn (tests/oracle/judging.py).

use serde_json::Value;

use super::apart::{self, Criterion, With};
use super::calibration;
use super::calibration::Strategy;
use super::fairness::{Group, GroupMetric, Groups};
use super::scores::Scores;
use crate::metrics::Ranking;
use crate::monitor::Unwatched;

const FIXTURE: &str = include_str!("../../../tests/oracle/judging.json");

fn cases() -> Vec<Value> {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    fixture["cases"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn rows(case: &Value) -> Vec<(bool, f64)> {
    let labels = numbers(&case["labels"]).into_iter().map(|label| label == 1.0);
    labels.zip(numbers(&case["scores"])).collect()
}

fn assert_close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() < 1e-12, "{what}: {ours} {theirs}");
}

#[test]
fn calibration_curves_and_brier_scores_are_those_of_scikit_learn() {
    for case in cases() {
        let ranking = Ranking::of(rows(&case).into_iter(), &Unwatched).unwrap();
        let scores = Scores::of(&ranking, &Unwatched).unwrap();
        for expected in case["curves"].as_array().unwrap() {
            let bins = expected["bins"].as_u64().unwrap() as usize;
            let strategy = Strategy::named(expected["strategy"].as_str().unwrap()).unwrap();
            let what = format!("{} {strategy:?} {bins}", case["name"]);
            let curve = calibration::curve(&scores, bins, strategy);
            let (actual, predicted) = (numbers(&expected["actual"]), numbers(&expected["predicted"]));
            assert_eq!(curve.len(), actual.len(), "{what}");
            for (bin, (actual, predicted)) in curve.iter().zip(actual.iter().zip(&predicted)) {
                assert_close(bin.actual(), *actual, &what);
                assert_close(bin.predicted, *predicted, &what);
            }
        }
        let parts = calibration::decompose(&scores, &calibration::exact(&scores)).unwrap();
        assert_close(parts.brier, case["brier"].as_f64().unwrap(), "brier");
    }
}

#[test]
fn groups_are_measured_as_fairlearn_and_scikit_learn_measure_them() {
    for case in cases() {
        let (rows, of_row) = (rows(&case), numbers(&case["groups"]));
        let count = of_row.iter().copied().fold(0.0, f64::max) as usize + 1;
        let of_group = |group: usize| {
            let places = 0..rows.len() as u32;
            places
                .filter(|&place| of_row[place as usize] as usize == group)
                .collect()
        };
        let places: Vec<Vec<u32>> = (0..count).map(of_group).collect();
        let row = |place: u32| rows[place as usize];
        let Groups { overall, groups } = Groups::of(row, &places, 0.5, &Unwatched).unwrap();
        for metric in [
            GroupMetric::SelectionRate,
            GroupMetric::TruePositiveRate,
            GroupMetric::FalsePositiveRate,
            GroupMetric::Precision,
            GroupMetric::RocAuc,
        ] {
            for (group, theirs) in groups.iter().zip(numbers(&case["by_group"][metric.name()])) {
                assert_close(group.value(metric).unwrap(), theirs, metric.name());
            }
        }
        let ranking = Ranking::of(rows.iter().copied(), &Unwatched).unwrap();
        let scores = Scores::of(&ranking, &Unwatched).unwrap();
        let bins = calibration::curve(&scores, 10, Strategy::Uniform);
        let error = calibration::decompose(&scores, &bins).unwrap().expected_error;
        let ours = overall.value(GroupMetric::ExpectedCalibrationError).unwrap();
        assert_close(ours, error, "expected_calibration_error");
        let all: Vec<&Group> = groups.iter().collect();
        for (method, reference) in [("between_groups", None), ("to_overall", Some(With::All(&overall)))] {
            for criterion in Criterion::ALL {
                let apart = apart::apart(criterion, &all, reference, &Unwatched).unwrap();
                let theirs = numbers(&case["apart"][method][criterion.name()]);
                assert_close(apart.difference.unwrap().value, theirs[0], criterion.name());
                assert_close(apart.ratio.unwrap().value, theirs[1], criterion.name());
            }
        }
    }
}
