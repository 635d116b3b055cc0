//! Trees that no learner grows often: chains with many features, nodes where nothing came, leaves alone.

use super::*;
use crate::explain::{LeafValues, Margins};
use crate::trees::testing::stops_wherever_asked;
use crate::trees::tree::{Decision, Trees};

/// The value of a leaf is that of its node.
struct Values(Vec<f64>);

impl LeafValues for Values {
    fn each(&self, _: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        add(0, self.0[node]);
    }
}

/// A tree that asks one feature after the other, as far as `features` go; `repeat` times all of them.
fn chain(features: usize, repeat: usize, covers: impl Fn(usize) -> f64) -> (Trees, Vec<f64>, Values) {
    let mut trees = Trees::default();
    let mut at = trees.plant();
    let mut covers_of = vec![covers(0)];
    for split in 0..features * repeat {
        let decision = Decision::Number {
            column: split % features,
            threshold: 0.5 / (1 + split / features) as f64,
            missing_left: split % 2 == 0,
        };
        at = trees.split(at, decision);
        covers_of.extend([covers(split + 1), (covers(split) - covers(split + 1)).max(0.0)]);
    }
    let values = (0..trees.nodes()).map(|node| (node * 37 % 101) as f64 - 50.0).collect();
    (trees, covers_of, Values(values))
}

fn sum_of(trees: &Trees, values: &Values, row: &[f64]) -> f64 {
    values.0[trees.leaf(0, |column| row[column])]
}

#[test]
fn chains_of_many_features_add_up() {
    for (features, repeat) in [(11, 1), (12, 1), (13, 1), (40, 1), (120, 1), (7, 9), (300, 2)] {
        let (trees, covers, values) = chain(features, repeat, |split| 1e9 * 0.97_f64.powi(split as i32));
        let ensemble = Ensemble {
            trees: &trees,
            covers,
            first: vec![3.0],
            leaves: &values,
            margins: Margins::Sums,
        };
        let kinds = vec![0; features];
        let some: Vec<Vec<f64>> = (0..20)
            .map(|row| {
                (0..features)
                    .map(|feature| ((row * 7 + feature * feature) % (2 + row)) as f64 / 30.0)
                    .collect()
            })
            .collect();
        let background: Vec<f64> = some[12..].concat();
        for baseline in [Baseline::Training, Baseline::Background(&background)] {
            let explainer = TreeExplainer::new(&ensemble, &kinds, baseline, &Unwatched).unwrap();
            for row in &some {
                let sum = explainer.base()[0] + explain(&explainer, row, features).iter().sum::<f64>();
                let exact = 3.0 + sum_of(&trees, &values, row);
                assert!(
                    (sum - exact).abs() < 1e-11,
                    "{features} features, {repeat} times: {sum} {exact}"
                );
            }
        }
    }
}

#[test]
fn nodes_where_nothing_came_do_no_harm() {
    for covers in [
        [4.0, 0.0, 0.0, 0.0],
        [0.0; 4],
        [4.0, 4.0, 4.0, 0.0],
        [1.0, 0.5, 1e-300, 0.0],
    ] {
        let (trees, covers, values) = chain(3, 1, |split| covers[split]);
        let ensemble = Ensemble {
            trees: &trees,
            covers,
            first: vec![0.0],
            leaves: &values,
            margins: Margins::Sums,
        };
        for limits in [Limits::USUAL, WALKED] {
            let explainer = TreeExplainer::limited(&ensemble, &[0; 3], Baseline::Training, limits, &Unwatched).unwrap();
            for row in [[0.0; 3], [1.0; 3], [0.0, 1.0, f64::NAN], [f64::NAN; 3]] {
                let sum = explainer.base()[0] + explain(&explainer, &row, 3).iter().sum::<f64>();
                assert!((sum - sum_of(&trees, &values, &row)).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn leaves_alone_and_models_without_trees_are_their_base() {
    let (trees, covers, values) = chain(1, 0, |_| 5.0);
    let empty = Trees::default();
    for (trees, covers) in [(&trees, covers), (&empty, Vec::new())] {
        let ensemble = Ensemble {
            trees,
            covers,
            first: vec![2.0],
            leaves: &values,
            margins: Margins::Sums,
        };
        for baseline in [Baseline::Training, Baseline::Background(&[1.0, 2.0])] {
            let explainer = TreeExplainer::new(&ensemble, &[0], baseline, &Unwatched).unwrap();
            let added = if trees.count() == 1 { values.0[0] } else { 0.0 };
            assert_eq!(explainer.base(), [2.0 + added]);
            assert_eq!(explain(&explainer, &[0.5; 700], 1), [0.0; 700]);
            assert_eq!(explainer.pairs(&Unwatched).unwrap(), []);
            explainer.interactions(&[0.5], 1, &mut [], &Unwatched).unwrap();
        }
    }
}

#[test]
fn explaining_can_be_stopped() {
    let set = learned(1500, 3, false);
    let boosted = boosting(&set, |_| ());
    let ensemble = boosted.ensemble();
    let (some, background) = (rows(600, 1), rows(50, 2));
    for limits in [Limits::USUAL, WALKED, ROW_BY_ROW] {
        for baseline in [Baseline::Training, Baseline::Background(&background)] {
            stops_wherever_asked(40, |monitor| {
                let explainer = TreeExplainer::limited(&ensemble, &MIXED, baseline, limits, monitor)?;
                let mut out = vec![0.0; some.len() * 3];
                explainer.explain(&some, 4, &mut out, monitor)?;
                let pairs = explainer.pairs(monitor)?;
                explainer.interactions(&some[..40], 4, &mut vec![0.0; 30 * pairs.len()], monitor)
            });
        }
    }
}
