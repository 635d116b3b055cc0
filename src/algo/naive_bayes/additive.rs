//! What each feature adds to the logarithms of the odds.
//!
//! Only differences between the classes' log densities matter. With two classes what is explained is the logarithm of the odds of the second; with more, of
//! each class, how much its log density is above the mean over the classes, whose softmax are the probabilities just as well.

use super::{Likelihood, NaiveBayes};
use crate::explain::Additive;

/// Naive Bayes as a sum over the features.
pub(super) struct LogOdds {
    model: NaiveBayes,
    start: Vec<f64>,
}

impl LogOdds {
    pub(super) fn new(model: &NaiveBayes) -> LogOdds {
        LogOdds {
            start: of_classes(model.priors.len(), |class| model.priors[class]),
            model: model.clone(),
        }
    }
}

/// The log odds that are explained, by the log densities of the classes.
pub(super) fn of_classes(classes: usize, log: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut odds = vec![0.0; if classes == 2 { 1 } else { classes }];
    write(&mut odds, classes, log);
    odds
}

fn write(out: &mut [f64], classes: usize, log: impl Fn(usize) -> f64) {
    if let ([odds], 2) = (&mut *out, classes) {
        *odds = log(1) - log(0);
        return;
    }
    let mut mean = 0.0;
    for (class, out) in out.iter_mut().enumerate() {
        *out = log(class);
        mean += *out / classes as f64;
    }
    out.iter_mut().for_each(|out| *out -= mean);
}

impl Additive for LogOdds {
    fn features(&self) -> usize {
        self.model.features.len()
    }

    fn start(&self) -> &[f64] {
        &self.start
    }

    fn add(&self, feature: usize, value: f64, out: &mut [f64]) {
        let classes = self.model.priors.len();
        match &self.model.features[feature] {
            Likelihood::Number(normals) if value.is_finite() => {
                write(out, classes, |class| normals[class].log(value));
            }
            Likelihood::Number(_) => out.fill(0.0),
            Likelihood::Category { levels, logs } => match slot(value, *levels) {
                Some(slot) => write(out, classes, |class| logs[slot * classes + class]),
                None => out.fill(0.0),
            },
        }
    }

    /// The mean of a square is the variance and the square of the mean.
    fn add_mean(&self, feature: usize, mean: f64, variance: f64, out: &mut [f64]) {
        match &self.model.features[feature] {
            Likelihood::Number(normals) => write(out, self.model.priors.len(), |class| {
                let normal = &normals[class];
                normal.peak - 0.5 * (variance + (mean - normal.mean).powi(2)) / normal.variance
            }),
            Likelihood::Category { .. } => out.fill(0.0),
        }
    }
}

/// The place of an encoded value among the levels, a missing one last; `None` for a level that training did not see.
pub(super) fn slot(value: f64, levels: usize) -> Option<usize> {
    let slot = if value.is_nan() { levels } else { value as usize };
    (value.is_nan() || slot < levels).then_some(slot)
}
