//! Attributions are the Shapley values of the game of features, by its definition.

use super::*;
use crate::explain::paths::Covered;
use crate::trees::tree::{Decision, Trees};

/// Whether a split sends a value to the left.
pub(super) fn goes_left(decision: Decision<'_>, row: &[f64]) -> bool {
    match decision {
        Decision::Leaf => true,
        Decision::Number {
            column,
            threshold,
            missing_left,
        } => match row[column].is_nan() {
            true => missing_left,
            false => row[column] <= threshold,
        },
        Decision::Category {
            column,
            levels,
            missing_left,
        } => match row[column].is_nan() {
            true => missing_left,
            false => row[column] < 256.0 && levels[row[column] as usize / 64] >> (row[column] as usize % 64) & 1 == 1,
        },
    }
}

/// What the trees add to a sum when only the features of a coalition are known: the others are met as training met them.
fn value(
    ensemble: &Ensemble<'_>,
    covered: &Covered,
    node: usize,
    tree: usize,
    sum: usize,
    row: &[f64],
    coalition: usize,
) -> f64 {
    let decision = ensemble.trees.decision(node);
    let (Some((left, right)), Decision::Number { column, .. } | Decision::Category { column, .. }) =
        (ensemble.trees.children(node), decision)
    else {
        let mut total = 0.0;
        ensemble.leaves.each(tree, node, &mut |of, value| {
            total += if of == sum { value } else { 0.0 }
        });
        return total;
    };
    let below = |child| value(ensemble, covered, child, tree, sum, row, coalition);
    if coalition >> column & 1 == 1 {
        return below(if goes_left(decision, row) { left } else { right });
    }
    covered.ratio(node, left) * below(left) + covered.ratio(node, right) * below(right)
}

/// What a coalition is worth: all sums under a baseline.
pub(super) fn worth(ensemble: &Ensemble<'_>, baseline: Baseline<'_>, sum: usize, row: &[f64], coalition: usize) -> f64 {
    let trees: &Trees = ensemble.trees;
    let covered = Covered {
        trees: trees.clone(),
        covers: ensemble.covers.clone(),
    };
    let all = |row: &[f64], coalition| -> f64 {
        (0..trees.count())
            .map(|tree| value(ensemble, &covered, trees.tree(tree).start, tree, sum, row, coalition))
            .sum()
    };
    match baseline {
        Baseline::Training | Baseline::Means(_) => all(row, coalition),
        Baseline::Background(others) => {
            let others = others.chunks_exact(row.len());
            let count = others.len() as f64;
            let mixed = |other: &[f64]| -> Vec<f64> {
                (0..row.len())
                    .map(|feature| {
                        if coalition >> feature & 1 == 1 {
                            row[feature]
                        } else {
                            other[feature]
                        }
                    })
                    .collect()
            };
            others.map(|other| all(&mixed(other), usize::MAX)).sum::<f64>() / count
        }
    }
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

fn shapley(worths: &[f64], features: usize, feature: usize) -> f64 {
    let without = (0..worths.len()).filter(|coalition| coalition >> feature & 1 == 0);
    let parts = without.map(|coalition| {
        let size = coalition.count_ones() as usize;
        let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
        weight * (worths[coalition | 1 << feature] - worths[coalition])
    });
    parts.sum()
}

#[test]
fn attributions_are_shapley_values() {
    let background = rows(9, 5);
    for classes in [0, 3] {
        let set = learned(600, classes, classes == 3);
        let boosted = boosting(&set, |params| params.n_estimators = 4);
        let grown = forest(&set, |params| params.n_estimators = 3);
        for ensemble in [boosted.ensemble(), grown.ensemble()] {
            let sums = ensemble.first.len();
            for limits in [Limits::USUAL, WALKED, SPLIT, ROW_BY_ROW] {
                for baseline in [Baseline::Training, Baseline::Background(&background)] {
                    let explainer = explainer(&ensemble, baseline, limits);
                    for row in rows(6, 6).chunks_exact(4) {
                        let explained = explain(&explainer, row, 4);
                        for (sum, parts) in explained.chunks_exact(4).enumerate().take(sums) {
                            let worths: Vec<f64> = (0..16)
                                .map(|coalition| worth(&ensemble, baseline, sum, row, coalition))
                                .collect();
                            for (feature, ours) in parts.iter().enumerate() {
                                let exact = shapley(&worths, 4, feature);
                                // Shares of classes are rounded to single precision, and what is missing is given to the features.
                                assert!((ours - exact).abs() < 1e-7, "{feature}: {ours} {exact}");
                            }
                        }
                    }
                }
            }
        }
    }
}
