//! Isolation forests (Liu, Ting and Zhou, "Isolation Forest", 2008): trees split few rows at random until each is alone, and what is strange is alone
//! soon.
//!
//! A tree learns from rows drawn for it alone, so that only these are read. A split is by a feature drawn among those whose values differ: a number at a
//! point drawn between the least and the greatest, a category by a random half of all levels. The score of a row is 2 to the power of minus the mean
//! length of its paths, in units of the mean length that a search takes for what is not there: near 1 for what is strange, below 0.5 for what is not.
//!
//! - A missing value goes to the side that a coin says, at each split for all rows; where no drawn row of the node had one, to the side with more rows.
//!   Where all other values are the same, rows with a missing value are split from those with one.
//! - Levels that training did not see go to the side with fewer rows: such rows are alone sooner.
//!
//! | file | idea |
//! |---|---|
//! | `grow` | one tree of drawn rows |
//! | `fit` | the rows of each tree, and what is learned of all trees |
//! | `model` | what is fitted |
//! | `scorer` | trees laid out for many rows |

mod fit;
mod grow;
mod model;
mod scorer;
#[cfg(test)]
mod tests;

pub use model::IsolationForest;

use serde_json::Value as Json;

use crate::error::Result;
use crate::forest::Amount;
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::parameters::{Range, Value, any, at_least, from_to, hyperparameters};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

/// Which rows are called anomalies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contamination {
    /// The learner names no bound. scikit-learn's `"auto"` is a score above 0.5, which most rows of a table with categories have.
    Auto,
    /// Those with a score that this share of the training rows exceed.
    Share(f64),
}

/// The range is that of shares.
impl Value for Contamination {
    fn read(json: &Json) -> Option<Contamination> {
        match json.as_str() {
            Some("auto") => Some(Contamination::Auto),
            Some(_) => None,
            None => f64::read(json).map(Contamination::Share),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            Contamination::Auto => true,
            Contamination::Share(share) => *share > 0.0 && share.is_in(range),
        }
    }

    fn allowed(_: Range) -> String {
        "\"auto\", or a number above 0 and at most 0.5".into()
    }

    fn show(&self) -> String {
        match self {
            Contamination::Auto => "\"auto\"".into(),
            Contamination::Share(share) => share.show(),
        }
    }
}

hyperparameters! {
    /// Hyperparameters of isolation forests.
    pub struct IsolationForestParams {
        /// How many trees there are.
        num_trees or "n_estimators": usize = 100, from_to(1.0, 10_000.0), from "scikit-learn's `IsolationForest`, as `n_estimators`";
        /// How many rows each tree learns from, at most all: so many, or this share of all. They are drawn without replacement, and with it where rows
        /// have weights that differ, each as often as its weight says.
        max_samples: Amount = Amount::Count(256), at_least(1.0), from "scikit-learn's `IsolationForest`";
        /// How many columns each tree may split by: so many, or this share of all. They are drawn for each tree.
        max_features: Amount = Amount::Fraction(1.0), at_least(1.0), from "scikit-learn's `IsolationForest`";
        /// Which rows `assay.detect_anomalies` calls anomalies unless it is told: those with a score that this share of the training rows exceed; "auto"
        /// leaves it to `assay.detect_anomalies`, which takes 0.01.
        contamination: Contamination = Contamination::Auto, from_to(0.0, 0.5), from "scikit-learn's `IsolationForest`";
        /// The seed of every draw.
        seed or "random_state": u64 = 0, any(), from "scikit-learn's `IsolationForest`, as `random_state`";
    }
}

/// The learner.
pub struct IsolationForestLearner;

/// Reads only the rows that are drawn, and some to know how strange they are.
impl Learner for IsolationForestLearner {
    const NAME: &'static str = "isolation_forest";
    const TASKS: &'static [Task] = &[Task::AnomalyDetection];
    const ABOUT: &'static str = "how soon random splits have a row alone, as scikit-learn's `IsolationForest`; the score is from 0 to 1, and higher is \
                                 stranger. Levels of a category are split into random halves";
    type Parameters = IsolationForestParams;
    type Fitted = IsolationForest;

    fn memory(params: &IsolationForestParams, shape: &Shape) -> usize {
        fit::memory_needed(params, shape)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<IsolationForest> {
        fit::fit(params, set, monitor)
    }
}
