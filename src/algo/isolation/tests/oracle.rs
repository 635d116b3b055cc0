//! The same tables, scored by scikit-learn; see tests/oracle/isolation_forest.py.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::trees::testing::auc;

/// Seeds whose scores are averaged: trees are drawn, and of two forests none has the other's.
const SEEDS: u64 = 20;

#[derive(Deserialize)]
struct Case {
    columns: Vec<Vec<f64>>,
    params: Json,
    planted: usize,
    scores: Vec<f64>,
    auc: f64,
    auc_spread: f64,
}

#[derive(Deserialize)]
struct Expected {
    cases: BTreeMap<String, Case>,
}

/// The place of each value in ascending order.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    (order.iter().enumerate()).for_each(|(rank, &row)| ranks[row] = rank as f64);
    ranks
}

/// Spearman's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / product(&a, &a)
}

#[test]
fn scores_are_those_of_scikit_learn_but_for_draws() {
    let text = include_str!("../../../../tests/oracle/isolation_forest.json");
    let expected: Expected = serde_json::from_str(text).unwrap();
    assert_eq!(expected.cases.len(), 6);
    for (name, case) in &expected.cases {
        let set = set_of(
            case.columns
                .iter()
                .map(|column| Column::Number(column.clone()))
                .collect(),
        );
        let strange: Vec<f64> = (0..set.rows())
            .map(|row| f64::from(u8::from(row + case.planted >= set.rows())))
            .collect();
        let (mut means, mut mean_auc) = (vec![0.0; set.rows()], 0.0);
        for seed in 0..SEEDS {
            let mut params = case.params.clone();
            params["seed"] = json!(seed);
            let scores = scores(&learn(params, &set).unwrap(), &set.frame);
            assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
            mean_auc += auc(&strange, &scores) / SEEDS as f64;
            (means.iter_mut().zip(&scores)).for_each(|(mean, score)| *mean += score / SEEDS as f64);
        }
        let same = correlation(&means, &case.scores);
        assert!(same > 0.99, "{name}: {same}");
        // Not only the ranks: the scores themselves, to a few times what draws make of the mean.
        for (ours, theirs) in means.iter().zip(&case.scores) {
            assert!((ours - theirs).abs() < 0.015, "{name}: {ours} {theirs}");
        }
        let error = 3.0 * (2.0 / SEEDS as f64).sqrt() * case.auc_spread + 0.001;
        assert!((mean_auc - case.auc).abs() < error, "{name}: {mean_auc} {}", case.auc);
    }
}
