//! What naive Bayes learns from: one pass over rows, mergeable.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::additive::LogOdds;
use super::{Likelihood, NaiveBayes, NaiveBayesParams, Normal};
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::design::{self, Seen};
use crate::error::{Error, Result};
use crate::explain::{Additive, Known};
use crate::frame::{Column, Frame};
use crate::monitor::{Monitor, Unwatched};

/// The fewest rows, and the fewest for each class, whose moments are computed in one go.
const BLOCK_ROWS: usize = 1024;
const BLOCK_ROWS_PER_CLASS: usize = 4;

/// What one pass over rows counts: the weight of each class, the moments of each number and the frequencies of each level in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// One a class.
    pub(super) weights: Vec<f64>,
    pub(super) features: Vec<FeatureTally>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum FeatureTally {
    /// One a class.
    Number(Vec<Moments>),
    /// For each code, and last for missing values, a weight a class.
    Category { levels: usize, weights: Vec<f64> },
}

coded!(FeatureTally {
    0 => Number(classes),
    1 => Category { levels, weights },
});

/// Weight, mean and sum of squared deviations of the values that are not missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Moments {
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) squares: f64,
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

    pub(super) fn variance(&self) -> f64 {
        if self.weight > 0.0 {
            self.squares / self.weight
        } else {
            0.0
        }
    }
}

impl Tally {
    /// Counts rows of `classes` classes; `targets` are class numbers. O(rows x features), features in parallel. Returns an error when stopped.
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
        let features = frame.columns().par_iter().map(|column| rows.tally(column));
        let features = features.collect::<Result<_>>()?;
        let weights = rows.class_weights();
        Ok(Tally { weights, features })
    }

    /// The same of a few rows, without other threads.
    pub(crate) fn of_block(frame: &Frame, targets: &[f64], weights: Option<&[f64]>, classes: usize) -> Result<Tally> {
        let rows = Rows {
            targets,
            weights,
            classes,
            monitor: &Unwatched,
        };
        let features = frame.columns().iter().map(|column| rows.tally(column));
        let features = features.collect::<Result<_>>()?;
        let weights = rows.class_weights();
        Ok(Tally { weights, features })
    }

    /// Whether both are of the same features and classes.
    pub(crate) fn is_like(&self, other: &Tally) -> bool {
        let alike = |(ours, theirs): (&FeatureTally, &FeatureTally)| match (ours, theirs) {
            (FeatureTally::Number(a), FeatureTally::Number(b)) => a.len() == b.len(),
            (FeatureTally::Category { weights: a, .. }, FeatureTally::Category { weights: b, .. }) => {
                a.len() == b.len()
            }
            (FeatureTally::Number(_), FeatureTally::Category { .. })
            | (FeatureTally::Category { .. }, FeatureTally::Number(_)) => false,
        };
        let same_shape = self.weights.len() == other.weights.len() && self.features.len() == other.features.len();
        same_shape && self.features.iter().zip(&other.features).all(alike)
    }

    /// What the rows of each class weigh.
    pub(crate) fn class_weights(&self) -> &[f64] {
        &self.weights
    }

    /// What the columns showed, the last level of a category left aside: it has no column.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let total: f64 = self.weights.iter().sum();
        let seen = |feature: &FeatureTally| match feature {
            FeatureTally::Number(moments) => {
                let all = pooled(moments);
                let deviation = if total > 0.0 { (all.squares / total).sqrt() } else { 0.0 };
                Seen::Number(design::Moments {
                    mean: all.mean,
                    deviation,
                })
            }
            FeatureTally::Category { levels, weights } => {
                let slots = weights.chunks_exact(self.weights.len()).enumerate();
                let known = slots.filter(|(slot, _)| slot + 1 != *levels);
                let weight =
                    |(_, weights): (usize, &[f64])| Some(weights.iter().sum::<f64>()).filter(|weight| *weight > 0.0);
                Seen::Category(known.map(weight).collect())
            }
        };
        self.features.iter().map(seen).collect()
    }

    /// The same without the last level of each category, of which the sample had none: a row says nothing by it.
    pub(crate) fn without_unknown(mut self) -> Tally {
        for feature in &mut self.features {
            if let FeatureTally::Category { levels, weights } = feature {
                let classes = self.weights.len();
                *levels -= 1;
                weights.drain(*levels * classes..(*levels + 1) * classes);
            }
        }
        self
    }

    /// Bytes that the counts of such columns take.
    pub(crate) fn bytes(columns: &[Column], classes: usize) -> usize {
        let of_class = columns.iter().map(|column| match column.levels() {
            None => size_of::<Moments>(),
            Some(levels) => levels.saturating_add(1).saturating_mul(size_of::<f64>()),
        });
        of_class.fold(0_usize, usize::saturating_add).saturating_mul(classes)
    }

    /// No rows of such columns.
    pub(crate) fn nothing(columns: &[Column], classes: usize) -> Tally {
        let feature = |column: &Column| match column.levels() {
            None => FeatureTally::Number(vec![Moments::default(); classes]),
            Some(levels) => FeatureTally::Category {
                levels,
                weights: vec![0.0; (levels + 1) * classes],
            },
        };
        Tally {
            weights: vec![0.0; classes],
            features: columns.iter().map(feature).collect(),
        }
    }

    /// So many rows are counted at once, or more.
    pub(crate) fn block_rows(classes: usize) -> usize {
        BLOCK_ROWS.max(BLOCK_ROWS_PER_CLASS * classes)
    }

    /// The model that these counts make; it does not know the means of its margins yet.
    pub fn finish(&self, params: &NaiveBayesParams) -> Result<NaiveBayes> {
        let total: f64 = self.weights.iter().sum();
        if !self.weights.iter().all(|weight| *weight > 0.0) || self.weights.len() < 2 {
            return Err(Error::data("a class has no row", "give rows of at least two classes"));
        }
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
        let mut model = NaiveBayes {
            priors: self.weights.iter().map(|weight| (weight / total).ln()).collect(),
            features: features.collect(),
            base: Vec::new(),
            means: Known::default(),
        };
        model.check().map_err(|_| {
            let hint = "rescale the features with extreme values";
            Error::data("the numbers are too large or too small to compute with", hint)
        })?;
        model.means = Known(Some(self.means(&LogOdds::new(&model), total)));
        Ok(model)
    }
}

impl Tally {
    /// The means over the rows, which weigh `total`, of what each feature adds to the log odds: for each feature one number per log odds.
    fn means(&self, odds: &LogOdds, total: f64) -> Vec<f64> {
        let margins = odds.start().len();
        let (mut means, mut added) = (vec![0.0; self.features.len() * margins], vec![0.0; margins]);
        for (place, (feature, means)) in self.features.iter().zip(means.chunks_exact_mut(margins)).enumerate() {
            let mut sum = |weight: f64, added: &[f64]| {
                (means.iter_mut().zip(added)).for_each(|(mean, added)| *mean += weight / total * added);
            };
            match feature {
                FeatureTally::Number(moments) => {
                    let all = pooled(moments);
                    odds.add_mean(place, all.mean, all.variance(), &mut added);
                    sum(all.weight, &added);
                }
                FeatureTally::Category { levels, weights } => {
                    for (slot, weights) in weights.chunks_exact(self.weights.len()).enumerate() {
                        let value = if slot == *levels { f64::NAN } else { slot as f64 };
                        odds.add(place, value, &mut added);
                        sum(weights.iter().sum(), &added);
                    }
                }
            }
        }
        means
    }
}

/// The moments of all classes together.
pub(super) fn pooled(moments: &[Moments]) -> Moments {
    let mut all = Moments::default();
    moments.iter().for_each(|m| all.merge(m));
    all
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

    fn tally(&self, column: &Column) -> Result<FeatureTally> {
        match column {
            Column::Number(values) => self.moments(values).map(FeatureTally::Number),
            Column::Category { codes, levels } => {
                let weights = self.frequencies(codes, *levels)?;
                Ok(FeatureTally::Category {
                    levels: *levels,
                    weights,
                })
            }
        }
    }

    fn class_weights(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.classes];
        for (row, &target) in self.targets.iter().enumerate() {
            if let Some(total) = totals.get_mut(target as usize) {
                *total += self.weight(row);
            }
        }
        totals
    }

    /// The moments of each class, block by block: two passes over a block, blocks merged.
    fn moments(&self, values: &[f64]) -> Result<Vec<Moments>> {
        let mut all = vec![Moments::default(); self.classes];
        let mut block = all.clone();
        let size = Tally::block_rows(self.classes);
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
        if !self.is_like(other) {
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
