//! What is fitted: a mixture of normal distributions.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::choose::{aic, bic};
use super::density::Mixture;
use super::expectation::describe;
use super::shape::Shapes;
use crate::clustering::lloyd::Rows;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, Parts, PartsExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::space::{MOST, Space};
use crate::task::Answer;
use crate::training_set::TrainingSet;
use crate::unsupervised::{Assessment, Cluster, Unsupervised, are_quantiles, quantiles_of};

/// A mixture of normal distributions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GaussianMixture {
    space: Space,
    /// The components' shares of all rows.
    weights: Vec<f64>,
    means: Vec<f64>,
    shapes: Shapes,
    /// For each component the logarithm of its share and of its density at the mean.
    peaks: Vec<f64>,
    /// Training rows that most probably came from each.
    rows: Vec<u64>,
    /// The mean of each feature's part of the margin.
    parts: Vec<f64>,
    base: [f64; 1],
    strangeness: Vec<f64>,
}

thread_local! {
    /// A row's coordinates, its differences from a mean, and the same whitened.
    static SCRATCH: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

impl GaussianMixture {
    /// Of a mixture: the component with most weight first, or in their own order.
    pub(super) fn of(rows: Rows<'_>, mixture: Mixture, has_order: bool) -> Result<GaussianMixture> {
        let mixture = match has_order {
            true => mixture,
            false => sorted(&mixture),
        };
        let described = describe(rows, &mixture)?;
        let mut counts = vec![0; mixture.count()];
        described
            .chosen
            .iter()
            .for_each(|component| counts[*component as usize] += 1);
        let mut model = GaussianMixture {
            peaks: (0..mixture.count()).map(|component| mixture.peak(component)).collect(),
            space: rows.space.clone(),
            weights: mixture.weights,
            means: mixture.means,
            shapes: mixture.shapes,
            rows: counts,
            parts: by_features(rows.space, &described.parts),
            base: [0.0],
            strangeness: Vec::new(),
        };
        model.base = [model.parts.iter().sum()];
        model.strangeness = quantiles_of(rows.frame, rows.monitor, |row| model.strangeness(row))?;
        Ok(model)
    }

    /// The components' shares of all rows.
    #[cfg(test)]
    pub(super) fn shares(&self) -> Vec<f64> {
        self.weights.clone()
    }

    /// The covariance matrices, one after the other.
    #[cfg(test)]
    pub(super) fn covariances(&self) -> Vec<f64> {
        (0..self.weights.len())
            .flat_map(|component| self.shapes.covariance_of(component))
            .collect()
    }

    /// Calls `each` with every component and the logarithm of its share and density at a row; gives what is left in the scratch to `last`.
    /// Allocates only where no row as wide has come to this thread before.
    fn each<T>(&self, row: &[f64], mut each: impl FnMut(usize, f64), last: impl FnOnce(&mut [f64]) -> T) -> T {
        let width = self.space.width();
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.len() < 3 * width {
                scratch.resize(3 * width, 0.0);
            }
            let scratch = &mut scratch[..3 * width];
            self.space.point(row, &mut scratch[..width]);
            for (component, peak) in self.peaks.iter().enumerate() {
                each(
                    component,
                    (peak - 0.5 * self.distance(component, scratch)).max(-f64::MAX),
                );
            }
            last(scratch)
        })
    }

    /// The squared Mahalanobis distance from a component of the coordinates in the scratch.
    fn distance(&self, component: usize, scratch: &mut [f64]) -> f64 {
        let width = self.space.width();
        let (coordinates, scratch) = scratch.split_at_mut(width);
        let mean = &self.means[component * width..(component + 1) * width];
        for ((difference, value), mean) in scratch.iter_mut().zip(&*coordinates).zip(mean) {
            *difference = value - mean;
        }
        self.shapes.whiten(component, scratch)
    }

    /// The most probable component, of several as probable the first, and what `last` makes of the scratch.
    fn most_probable<T>(&self, row: &[f64], last: impl FnOnce(usize, &mut [f64]) -> T) -> T {
        let best = std::cell::Cell::new((0, f64::NEG_INFINITY));
        let each = |component, log| {
            if log > best.get().1 {
                best.set((component, log));
            }
        };
        self.each(row, each, |scratch| last(best.get().0, scratch))
    }
}

/// The components in the order of their weights.
fn sorted(mixture: &Mixture) -> Mixture {
    let width = mixture.shapes.width;
    let mut order: Vec<usize> = (0..mixture.count()).collect();
    order.sort_by(|&a, &b| {
        let by_mean = || mixture.mean(a).iter().zip(mixture.mean(b)).map(|(a, b)| a.total_cmp(b));
        (mixture.weights[b].total_cmp(&mixture.weights[a]))
            .then_with(|| by_mean().find(|order| order.is_ne()).unwrap_or(a.cmp(&b)))
    });
    let numbers = |all: &[f64], each: usize| -> Vec<f64> {
        let of = |component: &usize| all[component * each..(component + 1) * each].to_vec();
        order.iter().flat_map(of).collect()
    };
    let shapes = &mixture.shapes;
    Mixture {
        weights: numbers(&mixture.weights, 1),
        means: numbers(&mixture.means, width),
        shapes: Shapes {
            whitening: match shapes.covariance.matrices(order.len()) == order.len() {
                true => numbers(&shapes.whitening, width * width),
                false => shapes.whitening.clone(),
            },
            inverses: if shapes.inverses.is_empty() {
                Vec::new()
            } else {
                numbers(&shapes.inverses, width)
            },
            logs: numbers(&shapes.logs, 1),
            ..*shapes
        },
    }
}

/// What coordinates have, by features.
fn by_features(space: &Space, of_coordinates: &[f64]) -> Vec<f64> {
    let mut parts = vec![0.0; space.features()];
    space.sums(|column| of_coordinates[column], &mut parts);
    parts
}

impl Form for GaussianMixture {
    const CODE: u16 = 21;
}

impl Estimator for GaussianMixture {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.most_probable(row, |component, _| component as f64);
    }
}

impl Parts for GaussianMixture {
    fn features(&self) -> usize {
        self.space.features()
    }

    /// With the difference d from the mean and the inverse covariance P each coordinate's d (P d).
    fn parts(&self, row: &[f64], out: &mut [f64]) {
        self.most_probable(row, |component, scratch| {
            self.distance(component, scratch);
            let width = self.space.width();
            let (of_coordinates, scratch) = scratch.split_at_mut(width);
            let (differences, whitened) = scratch.split_at(width);
            of_coordinates.fill(0.0);
            match self.shapes.matrix(component) {
                Some(matrix) => {
                    for (row, value) in matrix.chunks_exact(width).zip(whitened) {
                        of_coordinates
                            .iter_mut()
                            .zip(row)
                            .for_each(|(sum, weight)| *sum += weight * value);
                    }
                }
                None => {
                    let inverses = self.shapes.inverses(component);
                    for ((out, value), inverse) in of_coordinates.iter_mut().zip(whitened).zip(inverses) {
                        *out = value * inverse;
                    }
                }
            }
            (of_coordinates.iter_mut().zip(differences)).for_each(|(out, difference)| *out *= difference);
            self.space.sums(|column| of_coordinates[column], out);
        });
    }
}

impl Fitted for GaussianMixture {
    fn validate(&self, features: &[usize], _: &dyn Monitor) -> Result<()> {
        self.space.validate(features)?;
        let (count, width) = (self.weights.len(), self.space.width());
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        let sound = count > 0
            && u32::try_from(count).is_ok()
            && count.checked_mul(width) == Some(self.means.len())
            && self.peaks.len() == count
            && self.rows.len() == count
            && finite(&self.weights)
            && self.means.iter().all(|mean| mean.abs() <= 2.0 * MOST)
            && finite(&self.peaks)
            && self.shapes.is_sound(count, width)
            && is_base(&self.parts, features.len())
            && is_base(&self.base, 1)
            && are_quantiles(&self.strangeness);
        match sound {
            true => Ok(()),
            false => Err(Error::damaged("the Gaussian mixture", "sizes or values do not agree")),
        }
    }

    fn memory(&self) -> usize {
        let numbers = [&self.weights, &self.means, &self.peaks, &self.parts, &self.strangeness];
        let numbers: usize = numbers.iter().map(|numbers| numbers.capacity()).sum();
        self.space.memory() + self.shapes.memory() + (numbers + self.rows.capacity()) * size_of::<f64>()
    }

    /// The squared Mahalanobis distance from the most probable component.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.most_probable(row, |component, scratch| self.distance(component, scratch));
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        Ok(Box::new(PartsExplainer::new(
            self.clone(),
            baseline,
            &self.parts,
            monitor,
        )?))
    }

    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        Some(self)
    }
}

impl Unsupervised for GaussianMixture {
    fn answer(&self) -> Answer {
        Answer::Cluster {
            count: self.weights.len() as u32,
        }
    }

    fn transformed(&self) -> usize {
        self.weights.len()
    }

    /// The probability that the row came from each component.
    fn transform(&self, row: &[f64], out: &mut [f64]) {
        self.each(row, |component, log| out[component] = log, |_| ());
        let most = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.iter_mut().for_each(|log| *log = (*log - most).exp());
        let sum: f64 = out.iter().sum();
        out.iter_mut().for_each(|share| *share /= sum);
    }

    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        let names = ["log_likelihood", "bic", "aic"];
        let decisive = Some(("log_likelihood", true));
        if set.rows() == 0 || !self.space.fits(&set.frame) {
            return Ok(Assessment {
                metrics: names.map(|name| (name, None)).to_vec(),
                decisive,
            });
        }
        let weights = weights_of(set)?;
        let rows = Rows {
            space: &self.space,
            frame: &set.frame,
            weights: weights.as_deref(),
            monitor,
        };
        let mixture = Mixture {
            weights: self.weights.clone(),
            means: self.means.clone(),
            shapes: self.shapes.clone(),
        };
        let mean = describe(rows, &mixture)?.log_density + self.space.log_scale();
        let weight: f64 = weights.map_or(set.rows() as f64, |weights| weights.iter().sum());
        let (covariance, width) = (self.shapes.covariance, self.space.width());
        let values = [
            mean,
            bic(covariance, self.weights.len(), width, mean * weight, weight),
            aic(covariance, self.weights.len(), width, mean * weight),
        ];
        Ok(Assessment {
            metrics: names
                .into_iter()
                .zip(values)
                .map(|(name, value)| (name, Some(value)))
                .collect(),
            decisive,
        })
    }

    /// Minus the logarithm of the density.
    fn strangeness(&self, row: &[f64]) -> f64 {
        let (mut most, mut sum) = (f64::NEG_INFINITY, 0.0);
        let each = |_, log: f64| {
            if log > most {
                sum = sum * (most - log).exp() + 1.0;
                most = log;
            } else {
                sum += (log - most).exp();
            }
        };
        self.each(row, each, |_| ());
        -(most + f64::ln(sum) + self.space.log_scale()).clamp(-f64::MAX, f64::MAX)
    }

    fn strangeness_quantiles(&self) -> &[f64] {
        &self.strangeness
    }

    fn clusters(&self) -> Option<Vec<Cluster>> {
        let means = self.means.chunks_exact(self.space.width().max(1));
        let cluster = |(mean, rows): (&[f64], &u64)| Cluster {
            rows: *rows,
            centre: self.space.raw(mean),
        };
        Some(means.zip(&self.rows).map(cluster).collect())
    }
}
