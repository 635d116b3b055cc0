//! Models that other libraries write and read. A format is a folder here and a line in the table of formats of the SQL surface
//! (`src/models/exchange`).
//!
//! Bytes may come from anywhere: lengths are checked before memory is taken, references between nodes before they are followed, and what a model
//! here cannot say exactly is an error that names it.
//!
//! | folder | idea |
//! |---|---|
//! | `tree_sum` | the form of what is imported as trees: a sum of trees behind a link |
//! | `given` | what the caller says of a model that its file does not |
//! | `columns` | features of a file as the columns of a model, and codes of categories as its levels |
//! | `as_trees` | models of ours as such a sum, to be written |
//! | `vectors` | rows with their scores, which a written file carries |
//! | `lightgbm` | LightGBM's text |
//! | `onnx` | ONNX, read and written |
//! | `outline` | what a fitted model is, for those who write it |
//! | `xgboost` | XGBoost's JSON and UBJSON |
//! | `package` | a version on its way from one database to another, with what its registry knows of it |

mod as_trees;
mod columns;
mod given;
pub mod lightgbm;
pub mod onnx;
mod outline;
pub mod package;
#[cfg(test)]
mod tests;
mod tree_sum;
mod vectors;
pub mod xgboost;

pub use as_trees::as_trees;
pub(crate) use as_trees::copied;
pub(crate) use columns::Columns;
pub use given::Given;
pub use outline::{Head, LinearOutline, Outline, TermOutline, TreesOutline};
pub(crate) use tree_sum::{Grown, Known, Node, Sums};
pub use tree_sum::{Link, TreeSum, Weigh};

use crate::error::Error;

/// Features of a model at most.
pub(crate) const MOST_FEATURES: usize = 100_000;

/// Classes at most, as of a model that is trained.
pub(crate) const MOST_CLASSES: usize = 100_000;

/// The error of a file that says something that a model cannot be made to do.
pub(crate) fn unsupported(found: impl Into<String>, detail: impl Into<String>, hint: &'static str) -> Error {
    Error::data(found, hint).detail(detail.into())
}
