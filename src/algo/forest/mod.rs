//! Decision trees and random forests on quantised columns.
//!
//! A tree splits its rows by the column and bin that lower the impurity most (Breiman, Friedman, Olshen and Stone,
//! "Classification and Regression Trees", 1984); a forest averages trees that each learn from rows drawn with replacement and
//! look at few columns drawn anew for each split (Breiman, "Random Forests", 2001). Columns are in at most 255 bins, missing
//! values go where the impurity falls most, and levels of a category are put in order once (see `order`).
//!
//! A tree's draws come from the seed and its number, and sums are added in the order of rows: a model does not depend on the
//! number of threads.
//!
//! | file | idea |
//! |---|---|
//! | `params` | hyperparameters and their ranges |
//! | `order` | categories as ordered bins |
//! | `tally` | what is asked of a node, of its rows at once or in pieces |
//! | `moments` | ... of numbers or two classes |
//! | `classes` | ... of more classes |
//! | `grow` | one tree |
//! | `held` | ... of rows as they are |
//! | `packed` | ... of packed rows |
//! | `fit` | all trees |
//! | `bag` | scores of rows by trees that did not see them |
//! | `leaves` | what leaves say |
//! | `statistics` | the training rows of leaves and nodes |

mod bag;
mod classes;
mod fit;
mod grow;
mod held;
mod leaves;
mod moments;
mod order;
mod packed;
mod params;
mod statistics;
mod tally;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use params::{Amount, ClassWeight, Criterion, ForestParams, MaxFeatures};
pub(crate) use statistics::LeafRows;
pub use statistics::NodeRows;

use crate::calibration::Scale;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::exchange::{self, Head, Known, Link, Outline, TreeSum, TreesOutline};
use crate::explain::{Baseline, Ensemble, Explainer, LeafValues, Margins, TreeExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::frame::Frame;
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::packed::Packed;
use crate::parameters::refuse;
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};
use crate::trees::Importance;
use crate::trees::tree::Trees;
use leaves::Leaves;

/// Rows that are scored in one go.
const ROWS: usize = 256;

/// The learner of one tree.
pub struct DecisionTree;

impl Learner for DecisionTree {
    const NAME: &'static str = "decision_tree";
    const TASKS: &'static [Task] = &[Task::Classification, Task::Regression];
    const ABOUT: &'static str = "one tree, as scikit-learn's `DecisionTreeClassifier` and `DecisionTreeRegressor`";
    const WITHOUT: &'static [&'static str] = &["n_estimators", "bootstrap", "max_samples", "oob_score"];
    type Parameters = ForestParams;
    type Fitted = RandomForest;

    fn defaults() -> ForestParams {
        ForestParams::one_tree()
    }

    fn check(params: &ForestParams) -> Result<()> {
        match params.class_weight {
            Some(ClassWeight::BalancedSubsample) => {
                refuse("class_weight", "balanced_subsample", "null or balanced for one tree")
            }
            Some(ClassWeight::Balanced) | None => Ok(()),
        }
    }

    fn memory(params: &ForestParams, shape: &Shape) -> usize {
        fit::memory_needed(params, shape)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<RandomForest> {
        fit::fit(params, set, monitor)
    }

    fn bins(params: &ForestParams, kind: TargetKind) -> Option<usize> {
        packed::packs(kind).then_some(params.max_bin)
    }

    fn packed_memory(params: &ForestParams, shape: &Shape) -> usize {
        packed::memory_needed(params, shape)
    }

    fn fit_packed(params: &Checked<Self>, packed: &Packed, monitor: &dyn Monitor) -> Result<RandomForest> {
        packed::fit(params, packed, monitor)
    }
}

/// The learner of many trees.
pub struct Forest;

impl Learner for Forest {
    const NAME: &'static str = "random_forest";
    const TASKS: &'static [Task] = &[Task::Classification, Task::Regression];
    const ABOUT: &'static str = "the mean of trees of rows and columns drawn at random, as scikit-learn's `RandomForestClassifier` and \
                                 `RandomForestRegressor`";
    type Parameters = ForestParams;
    type Fitted = RandomForest;

    fn memory(params: &ForestParams, shape: &Shape) -> usize {
        fit::memory_needed(params, shape)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<RandomForest> {
        fit::fit(params, set, monitor)
    }

    fn bins(params: &ForestParams, kind: TargetKind) -> Option<usize> {
        packed::packs(kind).then_some(params.max_bin)
    }

    fn packed_memory(params: &ForestParams, shape: &Shape) -> usize {
        packed::memory_needed(params, shape)
    }

    fn fit_packed(params: &Checked<Self>, packed: &Packed, monitor: &dyn Monitor) -> Result<RandomForest> {
        packed::fit(params, packed, monitor)
    }
}

/// A fitted forest; a decision tree is a forest of one tree. A node takes 16 bytes, a leaf 4 to 12 more (see `leaves`), and 4
/// or 8 for its training rows (see `statistics`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomForest {
    trees: Trees,
    leaves: Leaves,
    leaf_rows: LeafRows,
    /// The mean answer over the rows that each tree learned from.
    base: Vec<f64>,
    importance: Vec<Importance>,
}

impl RandomForest {
    /// The trees.
    pub fn trees(&self) -> &Trees {
        &self.trees
    }

    /// The training rows of each node; see [`RandomForest::trees`]. O(nodes).
    pub fn node_rows(&self) -> Vec<NodeRows> {
        self.leaf_rows.of_nodes(&self.trees)
    }
}

impl Form for RandomForest {
    const CODE: u16 = 4;
}

impl Fitted for RandomForest {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("forest", problem));
        if self.trees.count() == 0 {
            return damaged("there is no tree");
        }
        let finite = |i: &Importance| i.gain.is_finite() && i.cover.is_finite();
        if self.importance.len() != features.len() || !self.importance.iter().all(finite) {
            return damaged("the importance of columns is wrong");
        }
        if !is_base(&self.base, self.outputs()) {
            return damaged("the mean answers are wrong");
        }
        self.leaves.validate()?;
        self.leaf_rows.validate(self.leaves.len())?;
        self.trees.validate(features, self.leaves.len(), monitor)
    }

    fn memory(&self) -> usize {
        self.trees.memory()
            + self.leaves.memory()
            + self.leaf_rows.memory()
            + self.importance.capacity() * size_of::<Importance>()
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        self.score(row, out);
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
        Ok(Box::new(TreeExplainer::new(
            &self.ensemble(),
            features,
            baseline,
            monitor,
        )?))
    }

    fn outline(&self) -> Option<Outline<'_>> {
        let head = match &self.leaves {
            Leaves::Means(_) => Head::Identity,
            Leaves::Shares(_) => Head::Share,
            Leaves::Classes { .. } => Head::Shares,
        };
        Some(Outline::Trees(TreesOutline {
            trees: &self.trees,
            first: vec![0.0; self.leaves.width()],
            leaves: self,
            head,
        }))
    }

    /// A row's shares are often 0 or 1, which have no odds.
    fn calibration_scale(&self) -> Scale {
        Scale::Probability
    }

    fn tree_sum(&self, monitor: &dyn Monitor) -> Result<Option<TreeSum>> {
        let link = match &self.leaves {
            Leaves::Means(_) => Link::Identity,
            Leaves::Shares(_) => Link::Share,
            Leaves::Classes { classes, .. } => Link::Shares { classes: *classes },
        };
        let (trees, rows) = (self.trees.count() as f64, self.node_rows());
        let leaf = |node: usize, sum: usize| {
            let mut value = 0.0;
            self.leaves.each(self.trees.number(node), |place, part| {
                if place == sum {
                    value = part / trees;
                }
            });
            let known = Known {
                rows: u32::try_from(rows[node].rows).unwrap_or(u32::MAX),
                cover: rows[node].weight,
            };
            (value, known)
        };
        exchange::copied(&self.trees, link, &leaf, monitor).map(Some)
    }

    /// `gain` is the sum of the decreases of impurity, each times the node's share of its tree's weight; `cover` the sum of the nodes'
    /// weights.
    fn importance(&self, _: usize) -> Option<Vec<Importance>> {
        Some(self.importance.clone())
    }
}

impl RandomForest {
    /// As explanations see it. O(nodes).
    pub(crate) fn ensemble(&self) -> Ensemble<'_> {
        let margins = match &self.leaves {
            Leaves::Means(_) => Margins::Sums,
            Leaves::Shares(_) => Margins::Second,
            Leaves::Classes { .. } => Margins::Shares,
        };
        Ensemble {
            trees: &self.trees,
            covers: self.node_rows().iter().map(|node| node.weight).collect(),
            first: vec![0.0; self.leaves.width()],
            leaves: self,
            margins,
        }
    }
}

impl LeafValues for RandomForest {
    fn each(&self, _: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        let trees = self.trees.count() as f64;
        self.leaves
            .each(self.trees.number(node), |sum, value| add(sum, value / trees));
    }
}

impl Estimator for RandomForest {
    fn outputs(&self) -> usize {
        self.leaves.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.trees
            .leaves(row, |leaf| self.leaves.add(self.trees.number(leaf), out));
        self.leaves.finish(self.trees.count() as f64, out);
    }

    /// Tree by tree: of fully grown ones each is as large as a cache.
    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let (width, outputs) = (frame.width().max(1), self.outputs());
        let mut encoded = vec![f64::NAN; ROWS.min(rows.len()) * width];
        for (start, out) in rows.step_by(ROWS).zip(out.chunks_mut(ROWS * outputs)) {
            let encoded = &mut encoded[..out.len() / outputs * width];
            for (row, encoded) in (start..).zip(encoded.chunks_exact_mut(width)) {
                frame.encode_row(row, encoded);
            }
            out.fill(0.0);
            for tree in 0..self.trees.count() {
                self.trees.leaves_of_rows(tree, encoded, width, |row, leaf| {
                    let number = self.trees.number(leaf);
                    self.leaves.add(number, &mut out[row * outputs..(row + 1) * outputs]);
                });
            }
            for out in out.chunks_exact_mut(outputs) {
                self.leaves.finish(self.trees.count() as f64, out);
            }
        }
    }
}
