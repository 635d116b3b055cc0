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
//! | `tally` | what is asked of a node |
//! | `moments` | ... of numbers or two classes |
//! | `classes` | ... of more classes |
//! | `grow` | one tree |
//! | `fit` | all trees |
//! | `bag` | scores of rows by trees that did not see them |
//! | `leaves` | what leaves say |

mod bag;
mod classes;
mod fit;
mod grow;
mod leaves;
mod moments;
mod order;
mod params;
mod tally;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fit::memory_needed;
pub use params::{
    Amount, ClassWeight, Criterion, DecisionTreeParams, ForestValidParams, Hyperparameters, MaxFeatures,
    RandomForestParams,
};

use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::monitor::Monitor;
use crate::trees::Importance;
use crate::trees::tree::Trees;
use leaves::Leaves;

/// A fitted forest; a decision tree is a forest of one tree. A node takes 16 bytes, a leaf 4 to 12 more (see `leaves`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomForest {
    trees: Trees,
    leaves: Leaves,
    importance: Vec<Importance>,
}

impl RandomForest {
    /// The trees.
    pub fn trees(&self) -> &Trees {
        &self.trees
    }

    /// What the trees make of each column: `gain` is the sum of the decreases of impurity, each times the node's share of its
    /// tree's weight; `cover` the sum of the nodes' weights.
    pub fn importance(&self) -> &[Importance] {
        &self.importance
    }

    /// Checks that scoring any encoded row is safe; features[i] is 0 for a number column and the level count of a category. Errs
    /// with [`Error::Damaged`]. O(nodes).
    pub fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("forest", problem));
        if self.trees.count() == 0 {
            return damaged("there is no tree");
        }
        let finite = |i: &Importance| i.gain.is_finite() && i.cover.is_finite();
        if self.importance.len() != features.len() || !self.importance.iter().all(finite) {
            return damaged("the importance of columns is wrong");
        }
        self.leaves.validate()?;
        self.trees.validate(features, self.leaves.len(), monitor)
    }
}

impl Estimator for RandomForest {
    fn outputs(&self) -> usize {
        match self.leaves {
            Leaves::Shares(_) => 2,
            _ => self.leaves.width(),
        }
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.trees
            .leaves(row, |leaf| self.leaves.add(self.trees.number(leaf), out));
        let trees = self.trees.count() as f64;
        match self.leaves {
            Leaves::Means(_) => out[0] /= trees,
            Leaves::Shares(_) => {
                out[1] = out[0] / trees;
                out[0] = 1.0 - out[1];
            }
            Leaves::Classes { .. } => {
                // Shares are rounded, so they add up to the number of trees only nearly.
                let sum: f64 = out.iter().sum();
                out.iter_mut().for_each(|share| *share /= sum);
            }
        }
    }
}
