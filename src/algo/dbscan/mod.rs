//! Clusters of rows that are dense: DBSCAN (Ester, Kriegel, Sander and Xu, "A Density-Based Algorithm for Discovering Clusters", 1996), exact.
//!
//! A row is a core row when enough rows are within a distance of it. Core rows within that distance of each other are in one cluster; another row is in
//! the cluster of the nearest core row within the distance, and without one it is noise. scikit-learn's `DBSCAN` puts a row that two clusters reach
//! into whichever it found first; here it does not matter in which order rows come.
//!
//! No lists of neighbours are kept. Rows are gathered in boxes, most of them so small that all rows in one are neighbours of each other: whether rows
//! are core rows is counted until there are enough, and two boxes are joined by the first pair of neighbours (Gan and Tao, "DBSCAN Revisited",
//! 2015, do so with cells of a grid). linfa's estimator takes 1.7 times as long as scikit-learn's, so this one is our own.
//!
//! | file | idea |
//! |---|---|
//! | `boxes` | rows in boxes, found by distance |
//! | `density` | which rows are core rows |
//! | `joining` | which core rows are in one cluster |
//! | `nearest` | the nearest core row |
//! | `fit` | all of these, and how clusters are numbered |
//! | `model` | what is fitted |

mod boxes;
mod density;
mod fit;
mod joining;
mod model;
mod nearest;
#[cfg(test)]
mod tests;

pub use model::Dbscan;

use crate::error::Result;
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::parameters::{any, at_least, from_to, hyperparameters, log};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

/// The most rows: each is compared with those around it, and the model keeps all core rows.
const MOST_ROWS: usize = 200_000;
/// The most columns, levels counted.
const MOST_COLUMNS: usize = 1_000;

hyperparameters! {
    /// Hyperparameters of DBSCAN.
    pub struct DbscanParams {
        /// Rows at most this far apart are neighbours.
        epsilon or "eps": f64 = 0.5, from_to(1e-100, 1e100), search log(0.05, 5.0), from "scikit-learn's `DBSCAN`, as `eps`";
        /// A row with so many neighbours, itself among them, is a core row of a cluster. Rows count by their weights.
        min_samples or "min_size": usize = 5, at_least(1.0), from "scikit-learn's `DBSCAN`";
        /// Whether numbers are divided by their standard deviation, so that units do not matter. Levels of categories are 0 or 1 in any case.
        standardize: bool = true, any(), from "scikit-learn's `StandardScaler`";
    }
}

/// The learner.
pub struct DbscanLearner;

/// At most 200,000 rows.
impl Learner for DbscanLearner {
    const NAME: &'static str = "dbscan";
    const TASKS: &'static [Task] = &[Task::Clustering];
    const ABOUT: &'static str = "rows that are dense are a cluster, others noise, as scikit-learn's `DBSCAN` of `StandardScaler`'s numbers and one column \
                                 per level of a category; clusters are numbered by their rows, the largest 0; at most 200,000 rows";
    type Parameters = DbscanParams;
    type Fitted = Dbscan;

    /// The points, once more in the order of boxes, and once more as core rows; boxes; and what is known of each row.
    fn memory(_: &DbscanParams, shape: &Shape) -> usize {
        let a_row = shape
            .design_columns
            .saturating_mul(5 * size_of::<f64>())
            .saturating_add(96);
        shape.rows.min(MOST_ROWS).saturating_mul(a_row)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Dbscan> {
        fit::fit(params, set, monitor)
    }
}
