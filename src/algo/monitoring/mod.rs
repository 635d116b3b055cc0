//! How a model does on rows whose truth is not known yet: what its metrics are to be expected to be.
//!
//! For classes by their calibrated probabilities: each row counts as each class by so much (confidence-based performance estimation, CBPE, as
//! NannyML's). For numbers by a model of the error, learned from rows that tested the model (direct loss estimation, DLE, as NannyML's), or, where there
//! is none, by the errors that earlier predictions of that size turned out to have.

pub mod error_model;
pub mod errors;
pub mod expected;
#[cfg(test)]
mod tests;

use crate::judging::measures;

/// What a metric is to be expected to be on some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Its name.
    pub metric: &'static str,
    /// The expectation; `None` where it is not defined.
    pub value: Option<f64>,
    /// The standard deviation of what the metric will turn out to be on these rows; `None` where it is not known.
    pub deviation: Option<f64>,
}

impl Estimate {
    /// The ends of an interval in which the metric will turn out 95 times of a hundred; `None` where it is not known.
    pub fn interval(&self) -> Option<[f64; 2]> {
        let least = if self.metric == "mcc" { -1.0 } else { 0.0 };
        let most = match self.metric {
            "log_loss" | "mae" | "mse" | "rmse" => f64::INFINITY,
            _ => 1.0,
        };
        let (value, deviation) = (self.value?, self.deviation?);
        measures::normal(value, deviation * deviation, (least, most)).map(<[f64; 2]>::from)
    }
}
