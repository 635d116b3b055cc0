//! Squared error: the mean. The derivatives are half the loss's, so that the second one is 1.

use super::{NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;

/// The mean, by squared error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquaredError;

impl Criterion for SquaredError {
    fn name(&self) -> &'static str {
        "mse"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        (predicted - y) * (predicted - y)
    }
}

impl NumberLoss for SquaredError {
    fn objective(&self) -> &'static str {
        "regression"
    }

    fn about(&self) -> &'static str {
        "the mean, by squared error"
    }

    fn first_score(&self, numbers: &Numbers) -> Result<f64> {
        Ok(numbers.mean())
    }

    fn derivatives(&self, y: f64, score: f64) -> [f64; 2] {
        [score - y, 1.0]
    }

    fn constant_hessian(&self) -> bool {
        true
    }
}
