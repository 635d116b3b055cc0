//! Log loss over any number of classes.

use serde::{Deserialize, Serialize};

use super::probability::{check_probability, clip};
use super::sum::Sum;
use super::{MAX_ROWS, add_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};

/// The sum of minus the logarithms of the actual classes' probabilities. O(1) memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassLoss {
    rows: u64,
    weight: Sum,
    losses: Sum,
}

impl ClassLoss {
    /// Adds a row of class `class` with one probability a class. Returns an error on a class that has none and on what is no probability.
    pub fn push(&mut self, probabilities: &[f64], class: usize) -> Result<()> {
        self.push_weighted(probabilities, class, 1.0)
    }

    /// Adds a row that counts `weight` times. Returns an error as [`ClassLoss::push`], and on a weight that is negative or not finite.
    pub fn push_weighted(&mut self, probabilities: &[f64], class: usize, weight: f64) -> Result<()> {
        let Some(&probability) = probabilities.get(class) else {
            return Err(Error::data(
                format!("class {class} has no probability among {}", probabilities.len()),
                "evaluate on rows whose labels the model has learned",
            ));
        };
        check_probability(probability)?;
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(Error::data(
                format!("the weight {weight} is not a number of 0 or more"),
                "correct the weights",
            ));
        }
        self.rows += 1;
        self.weight.add(weight);
        self.losses.add(-clip(probability).ln() * weight);
        Ok(())
    }

    /// The mean loss, probabilities clipped as in scikit-learn. `None` without rows of a positive weight.
    pub fn mean(&self) -> Option<f64> {
        let weight = self.weight.value();
        (weight > 0.0).then(|| self.losses.value() / weight)
    }
}

impl Accumulator for ClassLoss {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.rows = add_rows(self.rows, other.rows)?;
        self.weight.merge(&other.weight);
        self.losses.merge(&other.losses);
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let sound = self.rows <= MAX_ROWS
            && [self.weight, self.losses]
                .iter()
                .all(|s| s.is_finite() && s.value() >= 0.0);
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums of losses", "counts or sums do not agree"))
        }
    }

    fn memory(&self) -> usize {
        0
    }
}
