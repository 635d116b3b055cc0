//! What is fitted: trees, and how long the path to each leaf is.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::scorer::Scorer;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Ensemble, Explainer, LeafValues, Margins, TreeExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::forest::LeafRows;
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::task::Answer;
use crate::training_set::TrainingSet;
use crate::trees::tree::Trees;
use crate::unsupervised::{Assessment, Unsupervised, are_quantiles};

/// Rows that one task assesses.
const BLOCK_ROWS: usize = 1024;
/// The longest path, in units of the mean one: as long as one of a billion rows that are taken off one by one.
const LONGEST: f64 = 1e8;

/// An isolation forest. A node takes 16 bytes, a leaf 12 more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsolationForest {
    trees: Trees,
    /// The length of the path to each leaf, in units of the mean length of a search among the rows of its tree.
    lengths: Vec<f64>,
    leaf_rows: LeafRows,
    /// Minus the mean length, over the rows that each tree learned from.
    base: [f64; 1],
    quantiles: Vec<f64>,
    /// The score above which a row is called an anomaly; `None` where no share of anomalies was given.
    bound: Option<f64>,
    training: Training,
}

/// What the scores of the training rows that were looked at say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Training {
    pub(super) mean_score: f64,
    /// The share above the bound, where there is one.
    pub(super) anomaly_share: Option<f64>,
}

impl IsolationForest {
    /// Without the scores of the training rows, which are learned next.
    pub(super) fn new(trees: Trees, lengths: Vec<f64>, leaf_rows: LeafRows) -> IsolationForest {
        let mut forest = IsolationForest {
            trees,
            lengths,
            leaf_rows,
            base: [0.0],
            quantiles: Vec::new(),
            bound: None,
            training: Training::default(),
        };
        forest.base = [forest.mean_margin()];
        forest
    }

    /// Takes what is known of the scores of the training rows.
    pub(super) fn learn(&mut self, quantiles: Vec<f64>, bound: Option<f64>, training: Training) {
        (self.quantiles, self.bound, self.training) = (quantiles, bound, training);
    }

    fn mean_margin(&self) -> f64 {
        let rows = self.leaf_rows.of_nodes(&self.trees);
        let mean = |tree: usize| {
            let (mut sum, mut all) = (0.0, 0.0);
            for node in self
                .trees
                .tree(tree)
                .filter(|&node| self.trees.children(node).is_none())
            {
                sum += rows[node].weight * self.lengths[self.trees.number(node)];
                all += rows[node].weight;
            }
            sum / all
        };
        -(0..self.trees.count()).map(mean).sum::<f64>() / self.trees.count() as f64
    }

    /// The score of a row whose paths are as long as those of the rows that trees learned from, in the mean.
    pub(super) fn usual_score(&self) -> f64 {
        self.base[0].exp2()
    }

    /// The trees.
    pub(super) fn trees(&self) -> &Trees {
        &self.trees
    }

    /// The length of the path to each leaf, by its number.
    pub(super) fn lengths(&self) -> &[f64] {
        &self.lengths
    }

    /// What scores faster, and the same to the bit; `None` for trees that are too deep for it.
    pub(super) fn prepared(&self) -> Option<Scorer> {
        Scorer::new(self)
    }

    /// Minus the mean length of a row's paths.
    fn minus_length(&self, row: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.trees
            .leaves(row, |leaf| sum += self.lengths[self.trees.number(leaf)]);
        margin(sum, self.trees.count())
    }
}

/// The margin of a row by the sum of the lengths of its paths.
#[inline]
pub(super) fn margin(sum: f64, trees: usize) -> f64 {
    -(sum / trees as f64)
}

/// No metric says which of two is better without rows that are known to be strange.
fn assessment(mean_score: Option<f64>, anomaly_share: Option<f64>) -> Assessment {
    Assessment {
        metrics: vec![("mean_score", mean_score), ("anomaly_share", anomaly_share)],
        decisive: None,
    }
}

impl Form for IsolationForest {
    const CODE: u16 = 24;
}

impl Estimator for IsolationForest {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.minus_length(row).exp2();
    }
}

impl Fitted for IsolationForest {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("isolation forest", problem));
        if self.trees.count() == 0 {
            return damaged("there is no tree");
        }
        if !self.lengths.iter().all(|length| (0.0..=LONGEST).contains(length)) {
            return damaged("the length of a path is wrong");
        }
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        if !is_base(&self.base, 1) || self.base[0] > 0.0 || !self.bound.iter().all(is_share) {
            return damaged("the mean length of paths or the bound of anomalies is wrong");
        }
        let shares = self.training.anomaly_share.iter().chain([&self.training.mean_score]);
        if !are_quantiles(&self.quantiles) || !shares.into_iter().all(is_share) {
            return damaged("the scores of the training rows are wrong");
        }
        self.leaf_rows.validate(self.lengths.len())?;
        self.trees.validate(features, self.lengths.len(), monitor)
    }

    fn memory(&self) -> usize {
        let numbers = self.lengths.capacity() + self.quantiles.capacity();
        self.trees.memory() + self.leaf_rows.memory() + numbers * size_of::<f64>()
    }

    /// The logarithm of the score to base 2: minus the mean length of the row's paths.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.minus_length(row);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(
        &self,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>> {
        let ensemble = Ensemble {
            trees: &self.trees,
            covers: (self.leaf_rows.of_nodes(&self.trees).iter())
                .map(|node| node.weight)
                .collect(),
            first: vec![0.0],
            leaves: self,
            margins: Margins::Sums,
        };
        Ok(Box::new(TreeExplainer::new(&ensemble, features, baseline, monitor)?))
    }

    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        Some(self)
    }

    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        let scorer = self.prepared()?;
        Some(Box::new(scorer))
    }
}

impl LeafValues for IsolationForest {
    fn each(&self, _: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        let length = self.lengths[self.trees.number(node)];
        add(0, -length / self.trees.count() as f64);
    }
}

impl Unsupervised for IsolationForest {
    fn answer(&self) -> Answer {
        Answer::Strangeness
    }

    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        let (weights, scorer) = (weights_of(set)?, self.prepared());
        let estimator: &(dyn Estimator + Sync) = match &scorer {
            Some(scorer) => scorer,
            None => self,
        };
        let blocks = set.rows().div_ceil(BLOCK_ROWS);
        let sums = (0..blocks).into_par_iter().map(|block| {
            monitor.check()?;
            let rows: Range<usize> = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(set.rows());
            let mut scores = vec![0.0; rows.len()];
            estimator.score_rows(&set.frame, rows.clone(), &mut scores);
            let mut sums = [0.0; 3];
            for (row, score) in rows.zip(scores) {
                let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
                sums[0] += weight * score;
                sums[1] += if self.bound.is_some_and(|bound| score > bound) {
                    weight
                } else {
                    0.0
                };
                sums[2] += weight;
            }
            Ok(sums)
        });
        let sums: Vec<[f64; 3]> = sums.collect::<Result<_>>()?;
        let [scores, anomalies, weight] = sums.iter().fold([0.0; 3], |sum, of_block| {
            std::array::from_fn(|place| sum[place] + of_block[place])
        });
        let share = |part: f64| (weight > 0.0).then(|| part / weight);
        Ok(assessment(share(scores), self.bound.and_then(|_| share(anomalies))))
    }

    /// Of those that were looked at when it was learned.
    fn assess_training(&self, _: &TrainingSet, _: &dyn Monitor) -> Result<Assessment> {
        Ok(assessment(Some(self.training.mean_score), self.training.anomaly_share))
    }

    fn strangeness(&self, row: &[f64]) -> f64 {
        self.minus_length(row).exp2()
    }

    fn strangeness_quantiles(&self) -> &[f64] {
        &self.quantiles
    }

    fn bound(&self) -> Option<f64> {
        self.bound
    }
}
