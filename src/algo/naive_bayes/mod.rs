//! Naive Bayes: features independent of each other given the class, numbers normal, categories by frequency.
//!
//! One model holds numbers and categories and copes with missing values, by the formulas of scikit-learn's `GaussianNB` and
//! `CategoricalNB`. Everything is learned from a [`Tally`], which one pass makes and which merges.

mod additive;
mod by_sums;
mod tally;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::estimator::Estimator;
use super::fitted::{Fitted, Form, is_base};
use super::frame::{Column, Frame};
use super::learner::{Checked, Learner};
use super::linear::input::{Input, class_weights};
use super::linear::model::softmax;
use super::monitor::{Monitor, Progress};
use super::parameters::{above, at_least, hyperparameters, log};
use super::sums::Course;
use super::task::Task;
use super::training_set::{TargetKind, TrainingSet};
use crate::coded::coded;
use crate::explain::{Additive, AdditiveExplainer, Baseline, Explainer, Known};
use additive::LogOdds;
pub use tally::Tally;

/// Rows whose densities are summed up in one go.
const BLOCK_ROWS: usize = 1024;
/// Rows whose densities are computed in one go: they and their columns' values stay in the cache.
const CHUNK_ROWS: usize = 256;
/// The least logarithm of a density: far enough for any comparison, near enough for sums to stay finite.
const LEAST: f64 = -1e200;

hyperparameters! {
    /// Hyperparameters of naive Bayes, named as in scikit-learn.
    pub struct NaiveBayesParams {
        /// The share of the largest variance of a number that is added to all variances.
        var_smoothing: f64 = 1e-9, at_least(0.0), search log(1e-10, 1e-1), from "scikit-learn's `GaussianNB`";
        /// How many rows each level is given in each class beforehand.
        alpha: f64 = 1.0, above(0.0), search log(0.01, 10.0), from "scikit-learn's `CategoricalNB`";
    }
}

/// The learner.
pub struct NaiveBayesLearner;

/// Any number of classes. One pass.
impl Learner for NaiveBayesLearner {
    const NAME: &'static str = "naive_bayes";
    const TASKS: &'static [Task] = &[Task::Classification];
    const ABOUT: &'static str = "numbers are normal, levels are counted, within each class, as scikit-learn's `GaussianNB` and \
                                 `CategoricalNB`";
    type Parameters = NaiveBayesParams;
    type Fitted = NaiveBayes;

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<NaiveBayes> {
        let input = Input::of(set)?;
        let (frame, weights) = (&set.frame, input.weights.as_deref());
        let classes = class_weights(input.targets, weights)?.len();
        let mut model = Tally::of(frame, input.targets, weights, classes, monitor)?.finish(params)?;
        let loss = model.learn_base(frame, &input, monitor)?;
        monitor.progress(Progress {
            iteration: 1,
            iterations: 1,
            loss,
        });
        Ok(model)
    }

    fn sums(_: &NaiveBayesParams, _: TargetKind) -> bool {
        true
    }

    fn course(params: &NaiveBayesParams, _: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(by_sums::ByTally(params.clone()))))
    }
}

/// A fitted naive Bayes classifier. A missing number and a level that training did not see say nothing about the class; a missing
/// category is a level of its own when training saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveBayes {
    /// The logarithms of the classes' shares.
    priors: Vec<f64>,
    features: Vec<Likelihood>,
    /// The means, over the training rows, of the logarithms of the classes' joint densities.
    base: Vec<f64>,
    #[serde(skip)]
    means: Known,
}

#[derive(Debug, Clone, PartialEq)]
enum Likelihood {
    /// One a class.
    Number(Vec<Normal>),
    /// For each code, and last for missing values, a logarithm a class.
    Category { levels: usize, logs: Vec<f64> },
}

coded!(Likelihood {
    0 => Number(classes),
    1 => Category { levels, logs },
});

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
        // NaN is left of squares that overflowed; `max` would take it for the least variance.
        let variance = if variance.is_nan() {
            f64::INFINITY
        } else {
            variance.max(f64::MIN_POSITIVE)
        };
        Normal {
            mean,
            variance,
            peak: -0.5 * (std::f64::consts::TAU.ln() + variance.ln()),
        }
    }

    #[inline]
    fn log(&self, x: f64) -> f64 {
        (self.peak - 0.5 * (x - self.mean).powi(2) / self.variance).max(LEAST)
    }

    /// Adds the logarithms of the densities at values; a missing one says nothing. Without branches, so that it becomes vector instructions.
    fn add_logs(&self, values: &[f64], logs: &mut [f64]) {
        for (log, &value) in logs.iter_mut().zip(values) {
            let own = self.log(value);
            *log += if value.is_finite() { own } else { 0.0 };
        }
    }
}

impl Form for NaiveBayes {
    const CODE: u16 = 2;
}

impl Fitted for NaiveBayes {
    fn validate(&self, features: &[usize], _: &dyn Monitor) -> Result<()> {
        let agrees = |(likelihood, levels): (&Likelihood, &usize)| match likelihood {
            Likelihood::Number(_) => *levels == 0,
            Likelihood::Category { levels: own, .. } => own == levels,
        };
        if self.features.len() != features.len() || !self.features.iter().zip(features).all(agrees) {
            return Err(Error::damaged("naive Bayes model", "its features are not the model's"));
        }
        if !is_base(&self.base, self.priors.len()) {
            return Err(Error::damaged("naive Bayes model", "its mean densities are wrong"));
        }
        self.check()
    }

    fn memory(&self) -> usize {
        let likelihoods = self.features.iter().map(|likelihood| match likelihood {
            Likelihood::Number(normals) => normals.capacity() * size_of::<Normal>(),
            Likelihood::Category { logs, .. } => logs.capacity() * size_of::<f64>(),
        });
        self.features.capacity() * size_of::<Likelihood>() + likelihoods.sum::<usize>()
    }

    /// The logarithm of each class's joint density with the row.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        self.joint(row, out);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        let (odds, known) = (LogOdds::new(self), self.means.0.clone());
        Ok(Box::new(AdditiveExplainer::new(odds, baseline, known, monitor)?))
    }

    /// The log odds of the second of two classes; of more, how much the log density of each is above their mean.
    fn explained(&self, margins: &[f64]) -> Vec<f64> {
        additive::of_classes(margins.len(), |class| margins[class])
    }

    fn additive(&self) -> Option<Box<dyn Additive>> {
        Some(Box::new(LogOdds::new(self)))
    }

    fn means(&self) -> Option<Vec<f64>> {
        self.means.0.clone()
    }
}

impl NaiveBayes {
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
        self.joint(row, out);
        softmax(out);
    }

    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        self.joint_rows(frame, rows, out);
        out.chunks_exact_mut(self.priors.len()).for_each(softmax);
    }
}

impl NaiveBayes {
    /// The logarithm of each class's joint density with a row.
    #[inline]
    fn joint(&self, row: &[f64], out: &mut [f64]) {
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
                    if let Some(slot) = additive::slot(value, *levels) {
                        let group = &logs[slot * classes..(slot + 1) * classes];
                        out.iter_mut().zip(group).for_each(|(out, log)| *out += log);
                    }
                }
            }
        }
    }

    /// The same of some rows, to the bit: one row after the other.
    fn joint_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let classes = self.priors.len();
        let mut sums = [0.0; CHUNK_ROWS];
        for (start, out) in rows.step_by(CHUNK_ROWS).zip(out.chunks_mut(CHUNK_ROWS * classes)) {
            let rows = start..start + out.len() / classes;
            let sums = &mut sums[..rows.len()];
            for (class, prior) in self.priors.iter().enumerate() {
                sums.fill(*prior);
                for (likelihood, column) in self.features.iter().zip(frame.columns()) {
                    match (likelihood, column) {
                        (Likelihood::Number(normals), Column::Number(values)) => {
                            normals[class].add_logs(&values[rows.clone()], sums);
                        }
                        (Likelihood::Category { levels, logs }, Column::Category { .. }) => {
                            for (sum, row) in sums.iter_mut().zip(rows.clone()) {
                                let slot = additive::slot(column.encoded(row), *levels);
                                *sum += slot.map_or(0.0, |slot| logs[slot * classes + class]);
                            }
                        }
                        // Ruled out by validate.
                        (Likelihood::Number(_), Column::Category { .. })
                        | (Likelihood::Category { .. }, Column::Number(_)) => {}
                    }
                }
                let places = out[class..].iter_mut().step_by(classes);
                places.zip(&*sums).for_each(|(place, sum)| *place = *sum);
            }
        }
    }

    /// Learns the means of the joint densities; gives the mean negative log likelihood of the rows' classes. O(rows x features x classes),
    /// blocks in parallel.
    fn learn_base(&mut self, frame: &Frame, input: &Input, monitor: &dyn Monitor) -> Result<f64> {
        let classes = self.priors.len();
        let blocks = input.targets.len().div_ceil(BLOCK_ROWS);
        let sums = (0..blocks).into_par_iter().map(|block| {
            let mut densities = vec![0.0; classes * CHUNK_ROWS];
            let (mut loss, mut total, mut margins) = (0.0, 0.0, vec![0.0; classes]);
            let rows = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(input.targets.len());
            for start in rows.clone().step_by(CHUNK_ROWS) {
                monitor.check()?;
                let chunk = start..rows.end.min(start + CHUNK_ROWS);
                let densities = &mut densities[..classes * chunk.len()];
                self.joint_rows(frame, chunk.clone(), densities);
                for (index, out) in chunk.zip(densities.chunks_exact_mut(classes)) {
                    let weight = input.weights.as_ref().map_or(1.0, |w| w[index]);
                    margins
                        .iter_mut()
                        .zip(&*out)
                        .for_each(|(sum, out)| *sum += weight * out);
                    softmax(out);
                    loss -= weight * out[input.targets[index] as usize].max(f64::MIN_POSITIVE).ln();
                    total += weight;
                }
            }
            Ok((loss, total, margins))
        });
        let sums: Vec<(f64, f64, Vec<f64>)> = sums.collect::<Result<_>>()?;
        let (mut loss, mut total, mut base) = (0.0, 0.0, vec![0.0; classes]);
        for (of_block, weight, margins) in sums {
            loss += of_block;
            total += weight;
            base.iter_mut().zip(margins).for_each(|(sum, margin)| *sum += margin);
        }
        base.iter_mut().for_each(|sum| *sum /= total);
        self.base = base;
        Ok(loss / total)
    }
}
