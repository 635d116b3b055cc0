//! Tweedie's deviance: the mean of amounts that are often 0, through a logarithm.

use serde::{Deserialize, Serialize};

use super::{Link, NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;
use crate::parameters::{Range, at_least};

/// The mean of amounts of at least 0, many of them 0, whose variance grows as a power of the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tweedie {
    /// The power, between 1 (Poisson's) and 2 (the gamma distribution's).
    pub power: f64,
}

impl Criterion for Tweedie {
    fn name(&self) -> &'static str {
        "tweedie_deviance"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        let (one, two) = (1.0 - self.power, 2.0 - self.power);
        2.0 * (y.powf(two) / (one * two) - y * predicted.powf(one) / one + predicted.powf(two) / two)
    }
}

impl NumberLoss for Tweedie {
    fn objective(&self) -> &'static str {
        "tweedie"
    }

    fn about(&self) -> &'static str {
        "the mean of amounts that are often 0, by Tweedie's deviance"
    }

    fn is_sound(&self) -> bool {
        self.power > 1.0 && self.power < 2.0
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
        let (one, two) = (1.0 - self.power, 2.0 - self.power);
        let (of_target, of_mean) = (y * (one * score).exp(), (two * score).exp());
        [of_mean - of_target, two * of_mean - one * of_target]
    }
}
