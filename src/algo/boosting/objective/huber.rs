//! Huber's loss: squared error near the target, absolute error beyond (Huber, "Robust Estimation of a Location Parameter", 1964).

use serde::{Deserialize, Serialize};

use super::{NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;

/// The mean without the pull of outliers: errors beyond `delta` count by their size, not by its square.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Huber {
    /// Where the loss becomes linear.
    pub delta: f64,
}

impl Criterion for Huber {
    fn name(&self) -> &'static str {
        "huber_loss"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        let error = (predicted - y).abs();
        if error <= self.delta {
            0.5 * error * error
        } else {
            self.delta * (error - 0.5 * self.delta)
        }
    }
}

impl NumberLoss for Huber {
    fn objective(&self) -> &'static str {
        "huber"
    }

    fn about(&self) -> &'static str {
        "the mean without the pull of outliers: errors beyond `alpha` count by their size, not by its square"
    }

    fn is_sound(&self) -> bool {
        self.delta > 0.0 && self.delta.is_finite()
    }

    fn first_score(&self, numbers: &Numbers) -> Result<f64> {
        Ok(numbers.mean())
    }

    fn derivatives(&self, y: f64, score: f64) -> [f64; 2] {
        [(score - y).clamp(-self.delta, self.delta), 1.0]
    }

    fn constant_hessian(&self) -> bool {
        true
    }
}
