//! Poisson's deviance: the mean of counts, through a logarithm.

use serde::{Deserialize, Serialize};

use super::{Link, NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;
use crate::parameters::{Range, at_least};

/// The mean of counts, or of other numbers of at least 0 whose variance grows as the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Poisson {
    /// Added to the score where the second derivative is taken, which keeps steps small.
    pub max_delta_step: f64,
}

impl Criterion for Poisson {
    fn name(&self) -> &'static str {
        "poisson_deviance"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        let excess = if y > 0.0 { y * (y / predicted).ln() } else { 0.0 };
        2.0 * (excess - (y - predicted))
    }
}

impl NumberLoss for Poisson {
    fn objective(&self) -> &'static str {
        "poisson"
    }

    fn about(&self) -> &'static str {
        "the mean of counts, by Poisson's deviance"
    }

    fn is_sound(&self) -> bool {
        self.max_delta_step > 0.0 && self.max_delta_step.is_finite()
    }

    fn targets(&self) -> Range {
        at_least(0.0)
    }

    fn link(&self) -> Link {
        Link::Log
    }

    fn first_score(&self, numbers: &Numbers) -> Result<f64> {
        numbers.log_mean()
    }

    fn derivatives(&self, y: f64, score: f64) -> [f64; 2] {
        [score.exp() - y, (score + self.max_delta_step).exp()]
    }
}
