//! Naive Bayes: features independent of each other given the class, numbers normal, categories by frequency.
//!
//! One model holds numbers and categories and copes with missing values, by the formulas of scikit-learn's `GaussianNB` and
//! `CategoricalNB`. Everything is learned from a [`Tally`], which one pass makes and which merges.

mod tally;
#[cfg(test)]
mod tests;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::estimator::Estimator;
use super::frame::Frame;
use super::linear::input::{Input, class_weights};
use super::linear::model::softmax;
use super::monitor::{Monitor, Progress, Watched};
pub use tally::Tally;

/// Rows scored in one go.
const BLOCK_ROWS: usize = 1024;
/// The least logarithm of a density: far enough for any comparison, near enough for sums to stay finite.
const LEAST: f64 = -1e200;

/// Hyperparameters of naive Bayes, named as in scikit-learn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NaiveBayesParams(NaiveBayesValidParams);

/// Checked [`NaiveBayesParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NaiveBayesValidParams {
    var_smoothing: f64,
    alpha: f64,
}

impl Default for NaiveBayesValidParams {
    fn default() -> Self {
        NaiveBayesValidParams {
            var_smoothing: 1e-9,
            alpha: 1.0,
        }
    }
}

impl NaiveBayesParams {
    /// The share of the largest variance of a number that is added to all variances, 0 or more; 1e-9 unless set.
    pub fn var_smoothing(mut self, var_smoothing: f64) -> Self {
        self.0.var_smoothing = var_smoothing;
        self
    }

    /// How many rows each level is given in each class beforehand, above 0; 1 unless set.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }
}

impl ParamGuard for NaiveBayesParams {
    type Checked = NaiveBayesValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let NaiveBayesValidParams { var_smoothing, alpha } = self.0;
        if !(var_smoothing.is_finite() && var_smoothing >= 0.0) {
            let value = var_smoothing.to_string();
            return Err(Error::Parameter {
                name: "var_smoothing",
                value,
                allowed: "a number, 0 or more",
            });
        }
        if !(alpha.is_finite() && alpha > 0.0) {
            return Err(Error::Parameter {
                name: "alpha",
                value: alpha.to_string(),
                allowed: "a number above 0",
            });
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted naive Bayes classifier. A missing number and a level that training did not see say nothing about the class; a missing
/// category is a level of its own when training saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveBayes {
    /// The logarithms of the classes' shares.
    priors: Vec<f64>,
    features: Vec<Likelihood>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Likelihood {
    /// One a class.
    Number(Vec<Normal>),
    /// For each code, and last for missing values, a logarithm a class.
    Category { levels: usize, logs: Vec<f64> },
}

/// A normal density.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Normal {
    mean: f64,
    variance: f64,
    /// The logarithm of the density at the mean.
    peak: f64,
}

impl Normal {
    fn new(mean: f64, variance: f64) -> Normal {
        let variance = variance.max(f64::MIN_POSITIVE);
        Normal {
            mean,
            variance,
            peak: -0.5 * (std::f64::consts::TAU.ln() + variance.ln()),
        }
    }

    fn log(&self, x: f64) -> f64 {
        (self.peak - 0.5 * (x - self.mean).powi(2) / self.variance).max(LEAST)
    }
}

impl NaiveBayes {
    /// Checks a decoded model for features of which `features[i]` is 0 for a number and the number of levels for a category.
    pub fn validate(&self, features: &[usize]) -> Result<()> {
        let agrees = |(likelihood, levels): (&Likelihood, &usize)| match likelihood {
            Likelihood::Number(_) => *levels == 0,
            Likelihood::Category { levels: own, .. } => own == levels,
        };
        if self.features.len() != features.len() || !self.features.iter().zip(features).all(agrees) {
            return Err(Error::damaged("naive Bayes model", "its features are not the model's"));
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        let classes = self.priors.len();
        let log = |log: &f64| *log <= 0.0 && *log >= -1e6;
        let sound = |likelihood: &Likelihood| match likelihood {
            Likelihood::Number(normals) => {
                let sound =
                    |n: &Normal| n.mean.is_finite() && n.variance > 0.0 && n.variance.is_finite() && n.peak.abs() < 1e6;
                normals.len() == classes && normals.iter().all(sound)
            }
            Likelihood::Category { levels, logs } => {
                let size = levels.checked_add(1).and_then(|slots| slots.checked_mul(classes));
                size == Some(logs.len()) && logs.iter().all(log)
            }
        };
        if classes >= 2 && self.priors.iter().all(log) && self.features.iter().all(sound) {
            return Ok(());
        }
        Err(Error::damaged("naive Bayes model", "sizes or values do not agree"))
    }
}

impl Estimator for NaiveBayes {
    fn outputs(&self) -> usize {
        self.priors.len()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        let classes = self.priors.len();
        out.iter_mut().zip(&self.priors).for_each(|(out, prior)| *out = *prior);
        for (likelihood, &value) in self.features.iter().zip(row) {
            match likelihood {
                Likelihood::Number(normals) if value.is_finite() => {
                    out.iter_mut()
                        .zip(normals)
                        .for_each(|(out, normal)| *out += normal.log(value));
                }
                Likelihood::Number(_) => {}
                Likelihood::Category { levels, logs } => {
                    let slot = if value.is_nan() { *levels } else { value as usize };
                    if value.is_nan() || slot < *levels {
                        let group = &logs[slot * classes..(slot + 1) * classes];
                        out.iter_mut().zip(group).for_each(|(out, log)| *out += log);
                    }
                }
            }
        }
        softmax(out);
    }
}

/// Naive Bayes for any number of classes; targets are class numbers. One pass.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, NaiveBayesValidParams> {
    type Object = NaiveBayes;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<NaiveBayes> {
        let input = Input::of(dataset)?;
        let classes = class_weights(&input.targets, input.weights.as_deref())?.len();
        let (frame, weights) = (&dataset.records, input.weights.as_deref());
        let model = Tally::of(frame, &input.targets, weights, classes, self.monitor)?.finish(&self.params)?;
        self.monitor.progress(Progress {
            iteration: 1,
            iterations: 1,
            loss: model.loss(frame, &input, self.monitor)?,
        });
        Ok(model)
    }
}

impl NaiveBayes {
    /// The mean negative log likelihood of training rows' classes. O(rows x features x classes), blocks in parallel.
    fn loss(&self, frame: &Frame, input: &Input, monitor: &dyn Monitor) -> Result<f64> {
        let blocks = input.targets.len().div_ceil(BLOCK_ROWS);
        let sums = (0..blocks).into_par_iter().map(|block| {
            monitor.check()?;
            let (mut row, mut out) = (vec![f64::NAN; self.features.len()], vec![0.0; self.priors.len()]);
            let (mut sum, mut total) = (0.0, 0.0);
            let start = block * BLOCK_ROWS;
            for index in start..(start + BLOCK_ROWS).min(input.targets.len()) {
                frame.encode_row(index, &mut row);
                self.score(&row, &mut out);
                let weight = input.weights.as_ref().map_or(1.0, |w| w[index]);
                sum -= weight * out[input.targets[index] as usize].max(f64::MIN_POSITIVE).ln();
                total += weight;
            }
            Ok((sum, total))
        });
        let sums: Vec<(f64, f64)> = sums.collect::<Result<_>>()?;
        let (sum, total) = sums
            .iter()
            .fold((0.0, 0.0), |(a, b), (sum, total)| (a + sum, b + total));
        Ok(sum / total)
    }
}
