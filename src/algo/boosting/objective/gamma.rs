//! The gamma distribution's deviance: the mean of amounts, through a logarithm.

use serde::{Deserialize, Serialize};

use super::{Link, NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;
use crate::parameters::{Range, above};

/// The mean of amounts above 0 whose deviation grows as the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gamma;

impl Criterion for Gamma {
    fn name(&self) -> &'static str {
        "gamma_deviance"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        let ratio = y / predicted;
        2.0 * (ratio - 1.0 - ratio.ln())
    }
}

impl NumberLoss for Gamma {
    fn objective(&self) -> &'static str {
        "gamma"
    }

    fn about(&self) -> &'static str {
        "the mean of amounts above 0, by the gamma distribution's deviance"
    }

    fn targets(&self) -> Range {
        above(0.0)
    }

    fn link(&self) -> Link {
        Link::Log
    }

    fn first_score(&self, numbers: &Numbers) -> Result<f64> {
        numbers.log_mean()
    }

    fn derivatives(&self, y: f64, score: f64) -> [f64; 2] {
        let ratio = y * (-score).exp();
        [1.0 - ratio, ratio]
    }
}
