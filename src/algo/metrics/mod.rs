//! How good predictions are: exact, mergeable accumulators behind every metric.
//!
//! A pass over (label, score), (actual, predicted) or (probabilities, class) rows feeds one of these, and each of them gives the same
//! answer in whatever order rows arrive and passes merge: what can be counted is counted in integers, and what must be summed is
//! summed with compensation ([`sum`]).
//!
//! | rows | accumulator | metrics |
//! |---|---|---|
//! | label, score | [`Ranking`] | roc_auc, average_precision, and the curves of [`curve`] |
//! | label, probability | [`Probability`] | log_loss, brier_score |
//! | actual label, predicted label | [`Agreement`] | accuracy, precision, recall, f1, mcc |
//! | actual number, predicted number | [`RegressionError`], [`AbsoluteErrors`] | rmse, mae, mape, mse, r2, median_absolute_error |
//!
//! [`Tally`] is any of them together with the [`Metric`] it answers; [`evaluation`] computes a model's whole table.

mod agreement;
pub(crate) mod area;
mod class_loss;
mod confusion;
pub mod curve;
pub mod evaluation;
mod metric;
mod probability;
pub(crate) mod ranking;
mod regression;
pub mod sum;
pub(crate) mod tally;
mod two_labels;

#[cfg(test)]
mod tests;

pub use agreement::Agreement;
pub use class_loss::ClassLoss;
pub use confusion::{Average, Confusion};
pub use metric::{Inputs, Metric};
pub use probability::{Loss, Probability};
pub use ranking::Ranking;
pub(crate) use ranking::check_score;
pub use regression::{AbsoluteErrors, RegressionError};
pub use tally::Tally;
pub(crate) use tally::{Rows, with_rows};

use super::error::{Error, Result};

/// The most rows that one state counts, so that sums of products of two counts fit in 128 bits.
const MAX_ROWS: u64 = 1 << 61;

/// The sum of two numbers of rows, or an error when it is more than [`MAX_ROWS`].
fn add_rows(left: u64, right: u64) -> Result<u64> {
    left.checked_add(right)
        .filter(|&rows| rows <= MAX_ROWS)
        .ok_or_else(|| Error::data("there are too many rows to count", "merge fewer states"))
}
