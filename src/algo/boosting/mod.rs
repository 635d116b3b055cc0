//! Gradient boosted decision trees on quantised columns.
//!
//! A round fits one tree (for several classes, one a class) to the first and second derivatives of the loss at the scores so
//! far (Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001; Chen and Guestrin, "XGBoost", 2016).
//! Splits are found on histograms over at most 255 bins a column, trees grow leaf-wise, and a leaf's histogram is its
//! parent's less its sibling's (Ke et al., "LightGBM", 2017). Missing values go where the gain is; a category is split by a
//! set of its levels.
//!
//! Columns in bins, the parting of rows and trees as such are in [`super::trees`].
//!
//! Sums in histograms are sums of integers, so that a model does not depend on the number of threads.
//!
//! | file | idea |
//! |---|---|
//! | `params` | hyperparameters and their ranges |
//! | `objective` | losses of numbers |
//! | `loss` | derivatives of all rows |
//! | `packing` | derivatives to integers |
//! | `records`, `histogram`, `running` | sums by bin |
//! | `split`, `category` | the best split of a leaf |
//! | `store` | where the rows are that a tree grows on |
//! | `grow` | one tree |
//! | `fit` | the rounds |
//! | `packed` | the same of packed rows |
//! | `forest` | the model's trees |
//! | `scorer` | the trees prepared for scoring many rows |

mod category;
mod fit;
mod forest;
mod grow;
mod histogram;
mod loss;
mod objective;
mod packed;
mod packing;
mod params;
mod records;
mod running;
mod scorer;
mod split;
mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fit::fit;
pub use forest::{Forest, NodeStats};
pub use objective::{Gamma, Huber, NumberLoss, Poisson, Quantile, SquaredError, Tweedie};
pub use params::{BoostingParams, ClassWeight, NumberObjective, Objective};
pub(crate) use scorer::Blocks;
pub use scorer::Scorer;

use crate::error::{Error, Result};
use crate::estimator::{Criterion, Estimator};
use crate::exchange::{self, Head, Outline, TreeSum, TreesOutline};
use crate::explain::{Baseline, Ensemble, Explainer, LeafValues, Margins, TreeExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::learner::{Checked, Learner};
use crate::linear::model::softmax;
use crate::linear::probabilities;
use crate::monitor::Monitor;
use crate::packed::Packed;
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};
pub use crate::trees::Importance;
pub use crate::trees::tree::Decision;

/// The learner.
pub struct GradientBoosting;

impl Learner for GradientBoosting {
    const NAME: &'static str = "gradient_boosting";
    const TASKS: &'static [Task] = &[Task::Classification, Task::Regression];
    const ABOUT: &'static str = "leaf-wise trees on histograms, each fitted to what those before leave, as LightGBM's";
    type Parameters = BoostingParams;
    type Fitted = Boosting;

    fn quantile(params: &BoostingParams, alpha: f64) -> Option<BoostingParams> {
        let objective = Some(NumberObjective::Quantile);
        Some(BoostingParams {
            objective,
            alpha,
            ..params.clone()
        })
    }

    fn more_pages() -> String {
        objective::page()
    }

    fn memory(params: &BoostingParams, shape: &Shape) -> usize {
        fit::memory_needed(params, shape)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Boosting> {
        fit(params, set, None, monitor)
    }

    fn bins(params: &BoostingParams, kind: TargetKind) -> Option<usize> {
        packed::packs(params, kind).then_some(params.max_bin)
    }

    fn packed_memory(params: &BoostingParams, shape: &Shape) -> usize {
        packed::memory_needed(params, shape)
    }

    fn fit_packed(params: &Checked<Self>, packed: &Packed, monitor: &dyn Monitor) -> Result<Boosting> {
        packed::fit(params, packed, monitor)
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosting {
    objective: Objective,
    /// The scores before the first tree, one a tree of a round.
    scores: Vec<f64>,
    /// The means of the scores over the training rows.
    base: Vec<f64>,
    forest: Forest,
    losses: Vec<f64>,
    eval_losses: Vec<f64>,
}

impl Boosting {
    /// What the model predicts.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The trees. Tree t belongs to class `t % trees_per_round`, and adds to that class's raw score.
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The raw scores before the first tree: one, or one a class.
    pub fn first_scores(&self) -> &[f64] {
        &self.scores
    }

    /// The mean training loss after each round: squared error, log-loss or cross-entropy. After early stopping there are more rounds
    /// here than trees are kept for.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The mean of each raw score over the rows that the trees learned from: what a node's value is worth goes by its number of rows. O(nodes).
    fn mean_scores(&self) -> Vec<f64> {
        let (mut means, width) = (self.scores.clone(), self.scores.len());
        for tree in 0..self.forest.trees() {
            means[tree % width] += self.forest.mean_value(tree);
        }
        means
    }
}

impl Form for Boosting {
    const CODE: u16 = 3;
}

impl Fitted for Boosting {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let width = self.objective.trees_per_round();
        let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
        if width == 0 || self.scores.len() != width || !self.forest.trees().is_multiple_of(width) {
            return Err(Error::damaged("boosted model", "the number of classes is wrong"));
        }
        if self.objective.number_loss().is_some_and(|loss| !loss.is_sound()) {
            return Err(Error::damaged(
                "boosted model",
                "its objective has parameters that no fit has",
            ));
        }
        if !finite(&self.scores) || !finite(&self.losses) || !finite(&self.eval_losses) || !is_base(&self.base, width) {
            return Err(Error::damaged("boosted model", "a number is not finite"));
        }
        self.forest.validate(features, monitor)
    }

    fn memory(&self) -> usize {
        self.forest.memory() + (self.losses.capacity() + self.eval_losses.capacity()) * size_of::<f64>()
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.scores);
        self.forest.add_scores(row, out);
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

    fn importance(&self, columns: usize) -> Option<Vec<Importance>> {
        Some(self.forest.importance(columns))
    }

    fn outline(&self) -> Option<Outline<'_>> {
        let head = match self.objective {
            Objective::Regression | Objective::Huber(_) | Objective::Quantile(_) => Head::Identity,
            Objective::Poisson(_) | Objective::Gamma(_) | Objective::Tweedie(_) => Head::Exp,
            Objective::Binary => Head::Logistic,
            Objective::Multiclass { .. } => Head::Softmax,
        };
        Some(Outline::Trees(TreesOutline {
            trees: self.forest.flat(),
            first: self.scores.clone(),
            leaves: self,
            head,
        }))
    }

    /// Of the validation rows. After early stopping there are more rounds here than trees are kept for.
    fn eval_losses(&self) -> &[f64] {
        &self.eval_losses
    }

    fn tree_sum(&self, _: &dyn Monitor) -> Result<Option<TreeSum>> {
        let link = match self.objective {
            Objective::Regression | Objective::Huber(_) | Objective::Quantile(_) => exchange::Link::Identity,
            Objective::Poisson(_) | Objective::Gamma(_) | Objective::Tweedie(_) => exchange::Link::Exp,
            Objective::Binary => exchange::Link::Binary { scale: 1.0 },
            Objective::Multiclass { classes } => exchange::Link::Softmax { classes },
        };
        TreeSum::boosted(link, &self.scores, &self.base, &self.forest).map(Some)
    }

    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        Some(Box::new(Scorer::new(self)?))
    }
}

impl Boosting {
    /// As explanations see it. O(nodes).
    pub(crate) fn ensemble(&self) -> Ensemble<'_> {
        let forest = &self.forest;
        Ensemble {
            trees: forest.flat(),
            covers: (0..forest.flat().nodes())
                .map(|node| f64::from(forest.stats(node).rows))
                .collect(),
            first: self.scores.clone(),
            leaves: self,
            margins: Margins::Sums,
        }
    }
}

impl LeafValues for Boosting {
    fn each(&self, tree: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        add(tree % self.scores.len(), self.forest.stats(node).value);
    }
}

impl Estimator for Boosting {
    fn outputs(&self) -> usize {
        self.objective.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.objective
            .score(&self.scores, out, |sums| self.forest.add_scores(row, sums));
    }

    fn criterion(&self) -> Option<&dyn Criterion> {
        match self.objective {
            // Its metrics are those of every regression.
            Objective::Regression => None,
            _ => self.objective.number_loss().map(|loss| loss as &dyn Criterion),
        }
    }
}

/// The trees of a model with one score add to so many sums that take turns: additions that wait for each other are slow.
const LANES: usize = 4;

/// The score of a model with one, which `add` makes of that before the first tree: it adds tree t to the sum `t % sums.len()`.
#[inline]
pub(crate) fn in_lanes(first: f64, add: impl FnOnce(&mut [f64])) -> f64 {
    let mut lanes = [0.0; LANES];
    add(&mut lanes);
    first + ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
}

impl Objective {
    /// Writes what [`Estimator::score`] gives. `first` are the scores before the first tree; `add` adds tree t to the sum
    /// `t % sums.len()`.
    #[inline]
    fn score(self, first: &[f64], out: &mut [f64], add: impl FnOnce(&mut [f64])) {
        if let Objective::Multiclass { .. } = self {
            out.copy_from_slice(first);
            add(out);
            return softmax(out);
        }
        let score = in_lanes(first[0], add);
        match out {
            [value] => *value = self.link().predicted(score),
            out => out.copy_from_slice(&probabilities(score)),
        }
    }
}
