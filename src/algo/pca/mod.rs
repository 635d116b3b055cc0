//! Principal component analysis: the directions in which rows differ most, as scikit-learn's `PCA` finds them.
//!
//! | file | idea |
//! |---|---|
//! | `fit` | one pass for the centred products of the columns, which merge; what is learned of them |
//! | `by_sums` | the same of rows that are not held |
//! | `tridiagonal` | a covariance in the form that eigenvectors are found of |
//! | `directions` | the eigenvectors of a covariance, how many are kept, and their signs |
//! | `model` | what is fitted: rows to components, and what these leave out |

mod by_sums;
mod directions;
mod fit;
mod model;
#[cfg(test)]
mod tests;
mod tridiagonal;

pub use model::Pca;

use crate::error::Result;
use crate::forest::Amount;
use crate::learner::{Checked, Learner};
use crate::linear::gram;
use crate::monitor::Monitor;
use crate::parameters::{any, at_least, hyperparameters};
use crate::sums::Course;
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};

/// The most components: so many numbers a row of scores has.
const MOST_COMPONENTS: usize = MOST_COLUMNS;
/// The most columns, levels counted. Of the quarter of a second that the eigenvectors of so many take, a quarter cannot be stopped.
const MOST_COLUMNS: usize = 800;

hyperparameters! {
    /// Hyperparameters of principal component analysis.
    pub struct PcaParams {
        /// How many components are kept: so many, or the fewest that have more than this share of the variance; null keeps each that has some, up
        /// to 100.
        num_components or "n_components": Option<Amount> = None, at_least(1.0), from "BigQuery's `PCA`; scikit-learn's `PCA`";
        /// Whether numbers are divided by their standard deviation, so that units do not matter. Levels of categories are 0 or 1 in any case.
        standardize: bool = true, any(), from "scikit-learn's `StandardScaler`";
    }
}

/// The learner.
pub struct PcaLearner;

/// One pass.
impl Learner for PcaLearner {
    const NAME: &'static str = "pca";
    const TASKS: &'static [Task] = &[Task::DimensionReduction];
    const ABOUT: &'static str = "the directions in which rows differ most, as scikit-learn's `PCA` of `StandardScaler`'s numbers and one column per level \
                                 of a category; a missing number counts as the mean";
    type Parameters = PcaParams;
    type Fitted = Pca;

    /// A target of zeros, the weights, and the strangeness of some rows.
    fn memory(_: &PcaParams, shape: &Shape) -> usize {
        shape.rows.saturating_mul(32)
    }

    /// The products and their slabs, and what eigenvectors take.
    fn design_memory(_: &PcaParams, shape: &Shape) -> usize {
        let columns = shape.design_columns.min(MOST_COLUMNS);
        gram::memory_needed(columns).saturating_add(directions::memory_needed(columns))
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Pca> {
        fit::fit(params, set, monitor)
    }

    fn sums(_: &PcaParams, _: TargetKind) -> bool {
        true
    }

    fn course(params: &PcaParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(by_sums::ByProducts::new(params, sample)?)))
    }
}
