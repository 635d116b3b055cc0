//! Naive Bayes: features independent of each other given the class, numbers normal, categories by frequency.
//!
//! One model holds numbers and categories and copes with missing values, by the formulas of scikit-learn's `GaussianNB` and
//! `CategoricalNB`. Everything is learned from a [`Tally`], which one pass makes and which merges.

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::accumulator::Accumulator;
use super::error::{Error, Result};
use super::estimator::Estimator;
use super::frame::{Column, Frame};
use super::linear::input::{Input, class_weights};
use super::linear::model::softmax;
use super::monitor::{Monitor, Progress, Watched};

/// The fewest rows, and the fewest for each class, whose moments are computed in one go.
const BLOCK_ROWS: usize = 1024;
const BLOCK_ROWS_PER_CLASS: usize = 4;
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

/// What one pass over rows counts: the weight of each class, the moments of each number and the frequencies of each level in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// One a class.
    weights: Vec<f64>,
    features: Vec<FeatureTally>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum FeatureTally {
    /// One a class.
    Number(Vec<Moments>),
    /// For each code, and last for missing values, a weight a class.
    Category { levels: usize, weights: Vec<f64> },
}

/// Weight, mean and sum of squared deviations of the values that are not missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Moments {
    weight: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// The pairwise update of Chan, Golub and LeVeque (1983).
    fn merge(&mut self, other: &Moments) {
        if other.weight <= 0.0 {
            return;
        }
        let total = self.weight + other.weight;
        let delta = other.mean - self.mean;
        self.squares += other.squares + delta * delta * (self.weight * other.weight / total);
        self.mean += delta * (other.weight / total);
        self.weight = total;
    }

    fn variance(&self) -> f64 {
        if self.weight > 0.0 {
            self.squares / self.weight
        } else {
            0.0
        }
    }
}

impl Tally {
    /// Counts rows of `classes` classes; `targets` are class numbers. O(rows x features), features in parallel. Errs when stopped.
    pub fn of(
        frame: &Frame,
        targets: &[f64],
        weights: Option<&[f64]>,
        classes: usize,
        monitor: &dyn Monitor,
    ) -> Result<Tally> {
        let rows = Rows {
            targets,
            weights,
            classes,
            monitor,
        };
        let features = frame.columns().par_iter().map(|column| match column {
            Column::Number(values) => rows.moments(values).map(FeatureTally::Number),
            Column::Category { codes, levels } => {
                let weights = rows.frequencies(codes, *levels)?;
                Ok(FeatureTally::Category {
                    levels: *levels,
                    weights,
                })
            }
        });
        let features = features.collect::<Result<_>>()?;
        let mut totals = vec![0.0; classes];
        for (row, &target) in targets.iter().enumerate() {
            if let Some(total) = totals.get_mut(target as usize) {
                *total += rows.weight(row);
            }
        }
        Ok(Tally {
            weights: totals,
            features,
        })
    }

    /// The model that these counts make.
    pub fn finish(&self, params: &NaiveBayesValidParams) -> Result<NaiveBayes> {
        let total: f64 = self.weights.iter().sum();
        if !self.weights.iter().all(|weight| *weight > 0.0) || self.weights.len() < 2 {
            return Err(Error::data("a class has no row", "give rows of at least two classes"));
        }
        let pooled = |moments: &[Moments]| {
            let mut all = Moments::default();
            moments.iter().for_each(|m| all.merge(m));
            all
        };
        let variances = self.features.iter().map(|feature| match feature {
            FeatureTally::Number(moments) => pooled(moments).variance(),
            FeatureTally::Category { .. } => 0.0,
        });
        let smoothing = params.var_smoothing * variances.fold(0.0, f64::max);
        let features = self.features.iter().map(|feature| match feature {
            FeatureTally::Number(moments) => {
                let all = pooled(moments);
                let normal = |own: &Moments| {
                    // A class in which the number is always missing says nothing of its own.
                    let own = if own.weight > 0.0 { own } else { &all };
                    Normal::new(own.mean, own.variance() + smoothing)
                };
                Likelihood::Number(moments.iter().map(normal).collect())
            }
            FeatureTally::Category { levels, weights } => Likelihood::Category {
                levels: *levels,
                logs: smoothed(weights, self.weights.len(), params.alpha),
            },
        });
        let model = NaiveBayes {
            priors: self.weights.iter().map(|weight| (weight / total).ln()).collect(),
            features: features.collect(),
        };
        model.check().map_err(|_| {
            let hint = "rescale the features with extreme values";
            Error::data("the numbers are too large or too small to compute with", hint)
        })?;
        Ok(model)
    }
}

/// Rows with their classes.
struct Rows<'a> {
    targets: &'a [f64],
    weights: Option<&'a [f64]>,
    classes: usize,
    monitor: &'a dyn Monitor,
}

impl Rows<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[row])
    }

    /// The moments of each class, block by block: two passes over a block, blocks merged.
    fn moments(&self, values: &[f64]) -> Result<Vec<Moments>> {
        let mut all = vec![Moments::default(); self.classes];
        let mut block = all.clone();
        let size = BLOCK_ROWS.max(BLOCK_ROWS_PER_CLASS * self.classes);
        for (index, values) in values.chunks(size).enumerate() {
            self.monitor.check()?;
            block.fill(Moments::default());
            let start = index * size;
            let rows = || (start..).zip(values).filter(|(_, value)| value.is_finite());
            for (row, value) in rows() {
                if let Some(own) = block.get_mut(self.targets[row] as usize) {
                    own.weight += self.weight(row);
                    own.mean += self.weight(row) * value;
                }
            }
            for own in block.iter_mut().filter(|own| own.weight > 0.0) {
                own.mean /= own.weight;
            }
            for (row, value) in rows() {
                if let Some(own) = block.get_mut(self.targets[row] as usize) {
                    own.squares += self.weight(row) * (value - own.mean).powi(2);
                }
            }
            all.iter_mut().zip(&block).for_each(|(all, own)| all.merge(own));
        }
        Ok(all)
    }

    fn frequencies(&self, codes: &[u32], levels: usize) -> Result<Vec<f64>> {
        let mut weights = vec![0.0; (levels + 1) * self.classes];
        for (row, &code) in codes.iter().enumerate() {
            if row % BLOCK_ROWS == 0 {
                self.monitor.check()?;
            }
            // The code of a missing value is larger than any other.
            let slot = (code as usize).min(levels);
            if let Some(weight) = weights.get_mut(slot * self.classes + self.targets[row] as usize) {
                *weight += self.weight(row);
            }
        }
        Ok(weights)
    }
}

/// The logarithms of the levels' smoothed shares in each class; 0 for a level that no row has.
fn smoothed(weights: &[f64], classes: usize, alpha: f64) -> Vec<f64> {
    let mut totals = vec![0.0; classes];
    let mut levels = 0.0;
    for group in weights.chunks_exact(classes) {
        levels += f64::from(u8::from(group.iter().any(|w| *w > 0.0)));
        totals
            .iter_mut()
            .zip(group)
            .for_each(|(total, weight)| *total += weight);
    }
    let logs = weights.chunks_exact(classes).flat_map(|group| {
        let seen = group.iter().any(|w| *w > 0.0);
        let log = move |(weight, total): (&f64, &f64)| {
            if seen {
                ((weight + alpha) / (total + alpha * levels)).ln()
            } else {
                0.0
            }
        };
        group.iter().zip(&totals).map(log).collect::<Vec<_>>()
    });
    logs.collect()
}

impl Accumulator for Tally {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let alike = |(ours, theirs): (&FeatureTally, &FeatureTally)| match (ours, theirs) {
            (FeatureTally::Number(a), FeatureTally::Number(b)) => a.len() == b.len(),
            (FeatureTally::Category { weights: a, .. }, FeatureTally::Category { weights: b, .. }) => {
                a.len() == b.len()
            }
            _ => false,
        };
        let same_shape = self.weights.len() == other.weights.len() && self.features.len() == other.features.len();
        if !same_shape || !self.features.iter().zip(&other.features).all(alike) {
            let name = |t: &Tally| format!("counts of {} features in {} classes", t.features.len(), t.weights.len());
            return Err(Error::Mismatch {
                left: name(self),
                right: name(other),
            });
        }
        self.weights.iter_mut().zip(&other.weights).for_each(|(a, b)| *a += b);
        for pair in self.features.iter_mut().zip(&other.features) {
            match pair {
                (FeatureTally::Number(a), FeatureTally::Number(b)) => a.iter_mut().zip(b).for_each(|(a, b)| a.merge(b)),
                (FeatureTally::Category { weights: a, .. }, FeatureTally::Category { weights: b, .. }) => {
                    a.iter_mut().zip(b).for_each(|(a, b)| *a += b)
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let classes = self.weights.len();
        let weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let sound = |feature: &FeatureTally| match feature {
            FeatureTally::Number(moments) => {
                let sound = |m: &Moments| weight(&m.weight) && m.mean.is_finite() && weight(&m.squares);
                moments.len() == classes && moments.iter().all(sound)
            }
            FeatureTally::Category { levels, weights } => {
                let size = levels.checked_add(1).and_then(|slots| slots.checked_mul(classes));
                size == Some(weights.len()) && weights.iter().all(weight)
            }
        };
        if classes >= 1 && self.weights.iter().all(weight) && self.features.iter().all(sound) {
            return Ok(());
        }
        Err(Error::damaged("counts of classes", "sizes or values do not agree"))
    }

    fn memory(&self) -> usize {
        let features = self.features.iter().map(|feature| match feature {
            FeatureTally::Number(moments) => moments.capacity() * size_of::<Moments>(),
            FeatureTally::Category { weights, .. } => weights.capacity() * size_of::<f64>(),
        });
        self.weights.capacity() * size_of::<f64>()
            + self.features.capacity() * size_of::<FeatureTally>()
            + features.sum::<usize>()
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

#[cfg(test)]
mod tests;
