//! What is fitted: rows to components, and what the components leave out.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::MOST_COMPONENTS;
use crate::design::{Design, NO_COLUMN};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, Parts, PartsExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::space::{Axis, Space};
use crate::task::Answer;
use crate::training_set::TrainingSet;
use crate::unsupervised::{Assessment, Component, Part, Unsupervised, are_quantiles};

/// Rows that one task assesses.
const BLOCK_ROWS: usize = 1024;

/// Principal components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pca {
    space: Space,
    /// The mean of each coordinate.
    means: Vec<f64>,
    /// For each coordinate one number per component.
    loadings: Vec<f64>,
    /// Along each component, the greatest first.
    variances: Vec<f64>,
    /// The components of a point at the origin: minus the loadings times the means.
    start: Vec<f64>,
    /// The sum of the coordinates' variances.
    total: f64,
    /// What each feature adds to the mean squared error of a training row, in the mean.
    left_out: Vec<f64>,
    /// The sum of these.
    base: [f64; 1],
    quantiles: Vec<f64>,
}

impl Pca {
    /// Without the means of the coordinates and the errors of the training rows, which are learned next.
    pub(super) fn new(space: Space, loadings: Vec<f64>, variances: Vec<f64>, total: f64, left_out: Vec<f64>) -> Pca {
        Pca {
            means: vec![0.0; space.width()],
            start: vec![0.0; variances.len()],
            space,
            loadings,
            variances,
            total,
            base: [left_out.iter().sum()],
            left_out,
            quantiles: Vec::new(),
        }
    }

    /// Takes the means of the levels' coordinates; numbers are centred.
    pub(super) fn learn_means(&mut self, design: &Design) {
        self.means[design.numbers()..].copy_from_slice(&design.means()[design.numbers()..]);
        let count = self.count();
        self.start.fill(0.0);
        for (mean, loadings) in self.means.iter().zip(self.loadings.chunks_exact(count)) {
            (self.start.iter_mut().zip(loadings)).for_each(|(start, loading)| *start -= mean * loading);
        }
    }

    /// Takes the errors of the training rows.
    pub(super) fn learn_quantiles(&mut self, quantiles: Vec<f64>) {
        self.quantiles = quantiles;
    }

    /// How many components there are.
    pub fn count(&self) -> usize {
        self.variances.len()
    }

    /// The variance along each component, the greatest first: divided by the rows less one.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The share of all variance that is along each component.
    pub fn shares(&self) -> impl Iterator<Item = f64> {
        self.variances.iter().map(|variance| variance / self.total)
    }

    /// The mean squared error that the components leave of a training row.
    pub(super) fn error(&self) -> f64 {
        self.base[0]
    }

    /// Writes the components of an encoded row. O(coordinates that are not 0 x components).
    #[inline]
    fn project(&self, row: &[f64], out: &mut [f64]) {
        let count = self.count();
        out.copy_from_slice(&self.start);
        self.space.each(row, |column, value| {
            let loadings = &self.loadings[column * count..(column + 1) * count];
            (out.iter_mut().zip(loadings)).for_each(|(out, loading)| *out += value * loading);
        });
    }

    /// Calls `each` with every feature, and the sum of the squares that the components leave out of its coordinates, and of the squares
    /// that there are. O(coordinates x components).
    fn squares(&self, row: &[f64], mut each: impl FnMut(usize, f64, f64)) {
        let (count, mut components) = (self.count(), [0.0; MOST_COMPONENTS]);
        let components = &mut components[..count];
        self.project(row, components);
        let of_column = |column: usize, value: f64| {
            let deviation = value - self.means[column];
            let loadings = &self.loadings[column * count..(column + 1) * count];
            let kept: f64 = loadings.iter().zip(&*components).map(|(v, t)| v * t).sum();
            ((deviation - kept).powi(2), deviation.powi(2))
        };
        let width = self.space.width() as f64;
        for (feature, (axis, &value)) in self.space.axes().iter().zip(row).enumerate() {
            let (left, all) = match axis {
                Axis::Number { column, .. } => of_column(*column as usize, axis.coordinate(value)),
                Axis::Category { columns } => {
                    let place = axis.place(value);
                    let columns = columns.iter().filter(|column| **column != NO_COLUMN);
                    columns.fold((0.0, 0.0), |(left, all), &column| {
                        let value = f64::from(u8::from(column == place));
                        let (more_left, more) = of_column(column as usize, value);
                        (left + more_left, all + more)
                    })
                }
            };
            each(feature, left / width, all / width);
        }
    }

    /// The mean, over the coordinates of a row, of the squared difference between it and what its components say it is.
    pub fn reconstruction_error(&self, row: &[f64]) -> f64 {
        let mut error = 0.0;
        self.squares(row, |_, left, _| error += left);
        error
    }
}

fn assessment(explained: Option<f64>, error: Option<f64>) -> Assessment {
    Assessment {
        metrics: vec![("explained_variance_ratio", explained), ("reconstruction_error", error)],
        decisive: Some(("reconstruction_error", false)),
    }
}

impl Form for Pca {
    const CODE: u16 = 23;
}

impl Estimator for Pca {
    fn outputs(&self) -> usize {
        self.count()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.project(row, out);
    }
}

impl Fitted for Pca {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("pca model", problem));
        monitor.check()?;
        self.space.validate(features)?;
        let (width, count) = (self.space.width(), self.count());
        if !(1..=MOST_COMPONENTS).contains(&count) || count > width {
            return damaged("the number of components is wrong");
        }
        if self.loadings.len() != width * count || self.means.len() != width || self.start.len() != count {
            return damaged("the number of loadings or means is wrong");
        }
        // Directions are of length 1, and means those of numbers that are centred or of shares.
        if !self
            .loadings
            .iter()
            .chain(&self.means)
            .all(|value| value.abs() <= 1.0 + 1e-6)
        {
            return damaged("a loading or a mean is out of range");
        }
        let is_variance = |variance: &f64| variance.is_finite() && *variance >= 0.0;
        let are_sorted = self.variances.is_sorted_by(|a, b| a >= b);
        if !self.variances.iter().chain(&self.left_out).all(is_variance) || !are_sorted || !is_variance(&self.total) {
            return damaged("a variance is wrong");
        }
        if self.total <= 0.0 || !self.start.iter().all(|start| start.abs() <= 2.0 * width as f64) {
            return damaged("the sum of variances or the first components are wrong");
        }
        if self.left_out.len() != features.len() || !is_base(&self.base, 1) || !are_quantiles(&self.quantiles) {
            return damaged("the errors of the training rows are wrong");
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let numbers = [
            &self.means,
            &self.loadings,
            &self.variances,
            &self.start,
            &self.left_out,
            &self.quantiles,
        ];
        let numbers: usize = numbers.iter().map(|numbers| numbers.capacity()).sum();
        self.space.memory() + numbers * size_of::<f64>()
    }

    /// The mean squared error of what the components say of the row.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.reconstruction_error(row);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    /// By the squares that the components leave out of each feature.
    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        let explainer = PartsExplainer::new(self.clone(), baseline, &self.left_out, monitor)?;
        Ok(Box::new(explainer))
    }

    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        Some(self)
    }
}

impl Parts for Pca {
    fn features(&self) -> usize {
        self.space.features()
    }

    fn parts(&self, row: &[f64], out: &mut [f64]) {
        self.squares(row, |feature, left, _| out[feature] = left);
    }
}

impl Unsupervised for Pca {
    fn answer(&self) -> Answer {
        Answer::Components {
            count: self.count() as u32,
        }
    }

    fn transformed(&self) -> usize {
        self.count()
    }

    fn transform(&self, row: &[f64], out: &mut [f64]) {
        self.project(row, out);
    }

    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        let weights = weights_of(set)?;
        let blocks = set.rows().div_ceil(BLOCK_ROWS);
        let sums = (0..blocks).into_par_iter().map(|block| {
            monitor.check()?;
            let (mut row, mut sums) = (vec![0.0; set.frame.width()], [0.0; 3]);
            for index in block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(set.rows()) {
                set.frame.encode_row(index, &mut row);
                let weight = weights.as_ref().map_or(1.0, |weights| weights[index]);
                self.squares(&row, |_, left, all| {
                    sums[0] += weight * left;
                    sums[1] += weight * all;
                });
                sums[2] += weight;
            }
            Ok(sums)
        });
        let sums: Vec<[f64; 3]> = sums.collect::<Result<_>>()?;
        let [left, all, weight] = sums.iter().fold([0.0; 3], |sum, of_block| {
            std::array::from_fn(|place| sum[place] + of_block[place])
        });
        Ok(assessment(
            (all > 0.0).then(|| 1.0 - left / all),
            (weight > 0.0).then(|| left / weight),
        ))
    }

    /// Known from the variances, without a look at the rows.
    fn assess_training(&self, _: &TrainingSet, _: &dyn Monitor) -> Result<Assessment> {
        Ok(assessment(Some(self.shares().sum()), Some(self.error())))
    }

    fn strangeness(&self, row: &[f64]) -> f64 {
        self.reconstruction_error(row)
    }

    fn strangeness_quantiles(&self) -> &[f64] {
        &self.quantiles
    }

    fn components(&self) -> Option<Vec<Component>> {
        let (count, columns) = (self.count(), self.space.columns());
        let component = |(number, (&variance, share)): (usize, (&f64, f64))| Component {
            variance,
            share,
            loadings: (columns.iter().enumerate())
                .map(|(place, column)| Part {
                    feature: column.feature,
                    level: column.level,
                    value: self.loadings[place * count + number],
                })
                .collect(),
        };
        let components = self.variances.iter().zip(self.shares()).enumerate();
        Some(components.map(component).collect())
    }
}
