//! What is fitted: the core rows, by which rows are in clusters or noise.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::MOST_COLUMNS;
use super::nearest::{CoreRows, NONE, Nearest};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, Parts, PartsExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::space::Space;
use crate::task::Answer;
use crate::training_set::TrainingSet;
use crate::unsupervised::{Assessment, Unsupervised, are_quantiles};

/// Rows that one task assesses.
const BLOCK_ROWS: usize = 256;
/// The greatest distance, in epsilons: further is as far.
const FARTHEST: f64 = 1e150;

/// Clusters of rows that are dense. It holds every core row: 8 bytes a coordinate, and 6 more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dbscan {
    space: Space,
    epsilon: f64,
    core: CoreRows,
    /// The training rows of each cluster.
    rows: Vec<u64>,
    /// What each feature adds to the squared distance of a training row from the nearest core row, in squares of epsilon, in the mean.
    means: Vec<f64>,
    /// The sum of these.
    base: [f64; 1],
    quantiles: Vec<f64>,
}

impl Dbscan {
    /// Of core rows; `means` and `quantiles` are of the training rows.
    pub(super) fn new(
        space: Space,
        epsilon: f64,
        core: CoreRows,
        rows: Vec<u64>,
        means: Vec<f64>,
        quantiles: Vec<f64>,
    ) -> Dbscan {
        Dbscan {
            space,
            epsilon,
            core,
            rows,
            base: [means.iter().sum()],
            means,
            quantiles,
        }
    }

    /// The mean of the training rows' squared distances.
    pub(super) fn error(&self) -> f64 {
        self.base[0]
    }

    /// How many clusters there are.
    pub fn clusters(&self) -> usize {
        self.rows.len()
    }

    /// The training rows of each cluster, those that are no core rows among them.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// How many core rows there are.
    pub fn core_rows(&self) -> usize {
        self.core.count()
    }

    /// The core row that is nearest to a row, up to a squared distance, and what is made of both.
    fn nearest<T>(&self, row: &[f64], reach: f64, of: impl FnOnce(Nearest, &[f64]) -> T) -> T {
        let mut point = [0.0; MOST_COLUMNS];
        let point = &mut point[..self.space.width()];
        self.space.point(row, point);
        of(self.core.nearest(point, reach), point)
    }

    /// The distance of a row from the nearest core row, in epsilons: up to 1 it is in a cluster.
    pub fn distance(&self, row: &[f64]) -> f64 {
        let reach = self.epsilon * self.epsilon;
        self.nearest(row, f64::INFINITY, |nearest, _| in_epsilons(nearest.square, reach))
    }

    /// The number of a row's cluster; `None` for noise.
    pub fn cluster(&self, row: &[f64]) -> Option<u32> {
        let nearest = self.nearest(row, self.epsilon * self.epsilon, |nearest, _| nearest.cluster);
        (nearest != NONE).then_some(nearest)
    }
}

/// A squared distance as a distance in epsilons. Up to 1 for one within reach: rounding keeps the order.
pub(super) fn in_epsilons(square: f64, reach: f64) -> f64 {
    (square / reach).sqrt().min(FARTHEST)
}

impl Form for Dbscan {
    const CODE: u16 = 22;
}

impl Estimator for Dbscan {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.cluster(row).map_or(f64::NAN, f64::from);
    }
}

impl Fitted for Dbscan {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("dbscan model", problem));
        monitor.check()?;
        self.space.validate(features)?;
        if self.space.width() > MOST_COLUMNS {
            return damaged("it has too many columns");
        }
        if !(1e-100..=1e100).contains(&self.epsilon) {
            return damaged("the distance of neighbours is out of range");
        }
        if self.rows.is_empty() || self.rows.len() > u32::MAX as usize {
            return damaged("the number of clusters is wrong");
        }
        let is_mean = |mean: &f64| mean.is_finite() && *mean >= 0.0;
        if self.means.len() != features.len() || !self.means.iter().all(is_mean) || !is_base(&self.base, 1) {
            return damaged("the mean distances are wrong");
        }
        if !are_quantiles(&self.quantiles) {
            return damaged("the distances of the training rows are wrong");
        }
        self.core.validate(self.space.width(), self.rows.len())
    }

    fn memory(&self) -> usize {
        let numbers = self.means.capacity() + self.quantiles.capacity();
        self.space.memory() + self.core.memory() + self.rows.capacity() * size_of::<u64>() + numbers * size_of::<f64>()
    }

    /// The squared distance from the nearest core row, in squares of epsilon.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.distance(row).powi(2);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    /// By the squared differences from the nearest core row.
    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        let explainer = PartsExplainer::new(self.clone(), baseline, &self.means, monitor)?;
        Ok(Box::new(explainer))
    }

    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        Some(self)
    }
}

impl Parts for Dbscan {
    fn features(&self) -> usize {
        self.space.features()
    }

    fn parts(&self, row: &[f64], out: &mut [f64]) {
        let (width, reach) = (self.space.width(), self.epsilon * self.epsilon);
        self.nearest(row, f64::INFINITY, |nearest, point| {
            let core = self.core.point(nearest.place, width);
            self.space
                .sums(|column| (point[column] - core[column]).powi(2) / reach, out);
        });
    }
}

/// No metric says which of two is better: with more noise, clusters are denser.
fn assessment(clusters: usize, noise_share: f64) -> Assessment {
    Assessment {
        metrics: vec![("clusters", Some(clusters as f64)), ("noise_share", Some(noise_share))],
        decisive: None,
    }
}

impl Unsupervised for Dbscan {
    fn answer(&self) -> Answer {
        Answer::Cluster {
            count: self.rows.len() as u32,
        }
    }

    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        let weights = weights_of(set)?;
        let blocks = set.rows().div_ceil(BLOCK_ROWS);
        let found = (0..blocks).into_par_iter().map(|block| {
            monitor.check()?;
            let mut row = vec![0.0; set.frame.width()];
            let (mut seen, mut noise, mut all) = (vec![false; self.rows.len()], 0.0, 0.0);
            for index in block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(set.rows()) {
                set.frame.encode_row(index, &mut row);
                let weight = weights.as_ref().map_or(1.0, |weights| weights[index]);
                all += weight;
                match self.cluster(&row) {
                    Some(cluster) => seen[cluster as usize] = true,
                    None => noise += weight,
                }
            }
            let seen: Vec<u32> = (0..)
                .zip(seen)
                .filter(|(_, seen)| *seen)
                .map(|(number, _)| number)
                .collect();
            Ok((seen, noise, all))
        });
        let found: Vec<(Vec<u32>, f64, f64)> = found.collect::<Result<_>>()?;
        let (mut seen, mut noise, mut all) = (vec![false; self.rows.len()], 0.0, 0.0);
        for (of_block, more_noise, more) in &found {
            of_block.iter().for_each(|&cluster| seen[cluster as usize] = true);
            noise += more_noise;
            all += more;
        }
        let clusters = seen.iter().filter(|seen| **seen).count();
        Ok(assessment(clusters, noise / all))
    }

    /// Rows of clusters were counted when they were found; their weights were not.
    fn assess_training(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        if set.rows() == 0 || weights_of(set)?.is_some() {
            return self.assess(set, monitor);
        }
        let noise = set.rows() as u64 - self.rows.iter().sum::<u64>().min(set.rows() as u64);
        Ok(assessment(self.rows.len(), noise as f64 / set.rows() as f64))
    }

    fn strangeness(&self, row: &[f64]) -> f64 {
        self.distance(row)
    }

    fn strangeness_quantiles(&self) -> &[f64] {
        &self.quantiles
    }

    /// Beyond epsilon a row is noise.
    fn bound(&self) -> Option<f64> {
        Some(1.0)
    }
}
