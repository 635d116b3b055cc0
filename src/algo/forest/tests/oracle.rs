//! The same table, learned by scikit-learn; see tests/oracle/forest.py.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::monitor::{Monitor, Progress};
use crate::trees::testing::{Table, auc, log_loss};

#[derive(Deserialize)]
struct Tree {
    splits: Vec<usize>,
    scores: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    trees: BTreeMap<String, Tree>,
    forests: BTreeMap<String, f64>,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("../../../../tests/oracle/forest.json")).unwrap()
}

#[test]
fn trees_are_the_same() {
    let table = Table::load();
    let expected = expected();
    let [train, _] = table.frames(false);
    let grown = |mut limits: Value, more: Value| {
        limits
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        limits
    };
    let small = |more| grown(json!({"max_depth": 5, "min_samples_leaf": 10}), more);
    let smaller = |more| grown(json!({"max_depth": 4, "min_samples_leaf": 20}), more);
    let cases = [
        ("squared_error", small(json!({})), 0, &table.number),
        ("gini", small(json!({})), 2, &table.binary),
        ("entropy", small(json!({"criterion": "entropy"})), 2, &table.binary),
        ("weighted", small(json!({"class_weight": "balanced"})), 2, &table.binary),
        ("weighted_number", small(json!({})), 0, &table.number),
        ("three", smaller(json!({})), 3, &table.three),
        (
            "three_entropy",
            smaller(json!({"criterion": "entropy"})),
            3,
            &table.three,
        ),
        ("leaves", json!({"max_leaf_nodes": 12}), 0, &table.number),
        ("decrease", json!({"min_impurity_decrease": 0.01}), 0, &table.number),
    ];
    for (name, params, count, targets) in cases {
        let mut data = dataset(train.columns().to_vec(), table.parts(targets)[0].to_vec());
        if name.starts_with("weighted") {
            data = data.weighted(table.parts(&table.weight)[0].to_vec());
        }
        let model = tree(params, count, &data).unwrap();
        let splits: Vec<usize> = model.importance(0).unwrap().iter().map(|i| i.splits).collect();
        assert_eq!(splits, expected.trees[name].splits, "{name}");
        for (ours, theirs) in scores(&model, &train).iter().zip(&expected.trees[name].scores) {
            let ours = ours.last().unwrap();
            assert!((ours - theirs).abs() < 1e-6, "{name}: {ours} {theirs}");
        }
    }
}

/// Keeps the last loss.
struct LastLoss(std::sync::Mutex<f64>);

impl Monitor for LastLoss {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn progress(&self, progress: Progress) {
        *self.0.lock().unwrap() = progress.loss;
    }
}

/// Fits a forest to training rows with the category; the scores of test rows, and the last loss.
fn learned(table: &Table, params: Value, count: usize, targets: &[f64]) -> (Vec<Vec<f64>>, f64) {
    let [train, test] = table.frames(true);
    let data = dataset(train.columns().to_vec(), table.parts(targets)[0].to_vec());
    let params = super::params(ForestParams::default(), &params, &[]).unwrap();
    let monitor = LastLoss(std::sync::Mutex::new(f64::NAN));
    let model = fit(&params, &of_classes(&data, count), &monitor).unwrap();
    (scores(&model, &test), monitor.0.into_inner().unwrap())
}

/// Mean squared deviation from the mean.
fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / values.len() as f64
}

#[test]
fn forests_are_as_good() {
    let table = Table::load();
    let expected = expected().forests;
    let (regression, error) = learned(&table, json!({"oob_score": true}), 0, &table.number);
    let [train, test] = table.parts(&table.number);
    let errors = regression.iter().zip(test).map(|(p, y)| (p[0] - y).powi(2));
    let r2 = 1.0 - errors.sum::<f64>() / test.len() as f64 / variance(test);
    assert!(r2 > expected["r2"] - 0.005, "{r2}");
    let out_of_bag = 1.0 - error / variance(train);
    assert!((out_of_bag - expected["out_of_bag_r2"]).abs() < 0.02, "{out_of_bag}");

    let (binary, error) = learned(&table, json!({"oob_score": true}), 2, &table.binary);
    let positive: Vec<f64> = binary.iter().map(|p| p[1]).collect();
    let auc = auc(table.parts(&table.binary)[1], &positive);
    assert!(auc > expected["auc"] - 0.005, "{auc}");
    assert!((1.0 - error - expected["out_of_bag_accuracy"]).abs() < 0.02, "{error}");

    let (three, _) = learned(&table, json!({"min_samples_leaf": 3}), 3, &table.three);
    let loss = log_loss(table.parts(&table.three)[1], &three, None);
    assert!(loss < expected["three_log_loss"] + 0.01, "{loss}");
}
