//! Explanations: what each feature of a row adds to a model's margin, so that all together with a base value are the margin (Lundberg and Lee,
//! "A Unified Approach to Interpreting Model Predictions", 2017).
//!
//! A row is explained against a [`Baseline`]: the rows that trained the model, or a background of other rows.
//!
//! | file | idea |
//! |---|---|
//! | `ensemble`, `values` | what is known of a model of trees |
//! | `columns`, `coded` | values to codes, of which alone explanations depend |
//! | `paths` | the path to a leaf as a game, its players the features it asks |
//! | `quadrature`, `game` | the Shapley values of a game of few players |
//! | `partition`, `tables` | leaves whose games tables answer, looked up for many rows |
//! | `deep` | walks over trees too large for tables |
//! | `background` | the rows of a background |
//! | `background_blocks`, `counting` | the same walks against a background, and what their leaves attribute |
//! | `deep_background` | the same of paths with very many features |
//! | `interactions` | what two features do together |
//! | `plan`, `trees` | the explainer made of these |
//! | `sampled` | any model, by sampling |
//! | `additive`, `parts` | models whose margins are sums over the features |

mod background;
mod background_blocks;
mod coded;
mod columns;
mod counting;
mod deep;
mod deep_background;
mod ensemble;
mod game;
mod interactions;
mod partition;
mod paths;
mod plan;
mod quadrature;
mod sampled;
mod tables;
#[cfg(test)]
mod tree_tests;
mod trees;
mod values;

pub(crate) use ensemble::{Ensemble, LeafValues, Margins};
pub(crate) use sampled::SampledExplainer;
#[cfg(test)]
pub(crate) use tree_tests::explained_anyhow;
pub(crate) use trees::TreeExplainer;

mod additive;
mod folded;
mod parts;
#[cfg(test)]
mod tests;

pub use additive::{Additive, AdditiveExplainer, Known, means_of_rows, means_of_summaries};
pub use folded::{Direction, Explained, Folded, JointSum, Pairs, Side};
pub use parts::{Parts, PartsExplainer, means_of_parts};

use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// Against what a row is explained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline<'a> {
    /// The rows that trained the model, as it remembers them: trees by the number of rows that came to each node (path-dependent), other models by the
    /// means of their columns.
    Training,
    /// The same, of a model whose margins are sums: what each feature adds to each explained margin in the mean of these rows. For each feature one number
    /// per margin; of a model by group so for each model, that of all rows first.
    Means(&'a [f64]),
    /// Encoded rows, at least one, one after the other, each with the keys of its group at the end if the model has some (interventional).
    Background(&'a [f64]),
}

/// Attributes the margins of a fitted model to the learner's features: the base plus the attributions is the margin, see
/// [`crate::fitted::Fitted::explained`]. It owns what it needs of the model, so it can be kept beside it.
pub trait Explainer: Send + Sync {
    /// The mean of each margin under the baseline. It is not to the bit what [`crate::fitted::Fitted::base`] says, which may be a sum of other
    /// numbers: what is shown beside attributions is this one.
    fn base(&self) -> &[f64];

    /// Explains encoded rows, one after the other, `width` numbers each, keys of groups at the end as [`crate::estimator::Estimator::score`] takes
    /// them. `out` gets for each row, and there for each margin, `width` numbers, one per feature; those of keys say what it adds that the row is of its
    /// group: by what the base of the group's model differs from that of all. A row alone gets the same numbers, to the bit, as the row among
    /// others. Allocates only scratch.
    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()>;

    /// Bytes that it holds on the heap, or will when it has explained many rows. O(size).
    fn memory(&self) -> usize {
        0
    }

    /// The pairs of features, the lesser one first, for which [`Explainer::interactions`] gives numbers, in ascending order: each feature that matters
    /// with itself, and those that trees split by on one path. None for a model whose margin is a sum over its features.
    fn pairs(&self, _monitor: &dyn Monitor) -> Result<Vec<(usize, usize)>> {
        Ok(Vec::new())
    }

    /// Shapley interaction values as the shap package defines them. `out` gets for each row, and there for each margin, one number per pair of
    /// [`Explainer::pairs`]: a pair (i, i) holds what i adds by itself, a pair (i, j) half of what i and j add together, so that a feature's numbers,
    /// with those of (i, j) counted for i as well as for j, add up to its attribution. The mean over rows of the absolute value of a number is how
    /// much a pair matters.
    fn interactions(&self, _rows: &[f64], _width: usize, _out: &mut [f64], _monitor: &dyn Monitor) -> Result<()> {
        Err(Error::data(
            "the model has no interactions",
            "ask for those of a model of trees: the margin of others is a sum over the features",
        ))
    }
}

/// The error of a model that has no explainer.
pub(crate) fn unexplained(what: &str) -> Error {
    Error::data(
        format!("{what} cannot be explained"),
        "train a model of another algorithm, such as \"gradient_boosting\"",
    )
}
