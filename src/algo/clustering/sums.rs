//! What the rows of clusters add up to: all that a step of Lloyd's iterations needs of them, wherever they are.

use serde::{Deserialize, Serialize};

use super::block::Block;
use crate::design::NO_COLUMN;
use crate::error::Result;
use crate::room;
use crate::space::Space;

/// What the rows of each cluster add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// Of each cluster the sum of its rows' coordinates, and of their weights.
    pub sums: Vec<f64>,
    pub weights: Vec<f64>,
    /// Of each cluster the rows that weigh anything.
    pub counts: Vec<u64>,
    /// The sum of the rows' squared lengths.
    norms: f64,
}

/// A row that is far from its centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FarRow {
    /// The squared distance from the centre.
    pub square: f64,
    pub weight: f64,
    /// Its cluster.
    pub label: u32,
    pub point: Vec<f64>,
}

impl Sums {
    /// Those of no rows.
    pub fn new(count: usize, width: usize) -> Result<Sums> {
        Ok(Sums {
            sums: room::zeros(count * width)?,
            weights: room::zeros(count)?,
            counts: room::filled(0, count)?,
            norms: 0.0,
        })
    }

    /// Adds a row of a block to a cluster; takes it away where the weight is negative.
    #[inline]
    pub fn add(&mut self, space: &Space, block: &Block, row: usize, label: u32, weight: f64) {
        let sums = &mut self.sums[label as usize * space.width()..][..space.width()];
        for (sum, value) in sums.iter_mut().zip(block.numbers(row)) {
            *sum += weight * value;
        }
        for &level in block.levels(row).iter().filter(|level| **level != NO_COLUMN) {
            sums[level as usize] += weight;
        }
        self.weights[label as usize] += weight;
        let count = &mut self.counts[label as usize];
        if weight > 0.0 {
            *count += 1;
        } else if weight < 0.0 {
            *count -= 1;
        }
    }

    /// Adds the squared length of a row, whichever its cluster.
    #[inline]
    pub fn add_norm(&mut self, norm: f64) {
        self.norms += norm;
    }

    /// Adds those of other rows of the same clusters.
    pub fn merge(&mut self, other: &Sums) {
        add_all(&mut self.sums, &other.sums);
        add_all(&mut self.weights, &other.weights);
        let counts = self.counts.iter_mut().zip(&other.counts);
        counts.for_each(|(count, more)| *count = count.saturating_add(*more));
        self.norms += other.norms;
    }

    /// Leaves of clusters without rows no rounding of rows that came and went.
    pub fn clear_empty(&mut self, width: usize) {
        for (place, _) in self.counts.iter().enumerate().filter(|(_, count)| **count == 0) {
            self.sums[place * width..(place + 1) * width].fill(0.0);
            self.weights[place] = 0.0;
        }
    }

    /// The clusters without rows.
    pub fn empty(&self) -> Vec<usize> {
        (0..self.counts.len())
            .filter(|place| self.counts[*place] == 0)
            .collect()
    }

    /// The part of the squared lengths that the clusters' means leave.
    pub fn inertia(&self, width: usize) -> f64 {
        let explained = |(sums, weight): (&[f64], &f64)| match *weight > 0.0 {
            true => sums.iter().map(|sum| sum * sum).sum::<f64>() / weight,
            false => 0.0,
        };
        let explained: f64 = self.sums.chunks_exact(width).zip(&self.weights).map(explained).sum();
        (self.norms - explained).max(0.0)
    }

    /// The means of the clusters; a cluster without rows keeps its centre.
    pub fn means(&self, old: &[f64], width: usize) -> Vec<f64> {
        let mut means = old.to_vec();
        let clusters = means
            .chunks_exact_mut(width)
            .zip(self.sums.chunks_exact(width))
            .zip(&self.weights);
        for ((means, sums), weight) in clusters.filter(|(_, weight)| **weight > 0.0) {
            means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = sum / weight);
        }
        means
    }

    /// Gives each cluster without rows one of the rows that are farthest from their centres, as scikit-learn does. The farthest row comes first.
    pub fn fill_empty(&mut self, farthest: &[FarRow]) {
        for (place, row) in self.empty().into_iter().zip(farthest) {
            let (label, width) = (row.label as usize, row.point.len());
            for (column, value) in row.point.iter().enumerate() {
                self.sums[place * width + column] = row.weight * value;
                self.sums[label * width + column] -= row.weight * value;
            }
            self.weights[place] = row.weight;
            self.weights[label] -= row.weight;
            if self.counts[label] == 1 {
                // Its only row has gone.
                self.weights[label] = 0.0;
            }
            self.counts[label] = self.counts[label].saturating_sub(1);
        }
    }

    /// Whether they are of as many clusters and coordinates.
    pub fn is_like(&self, other: &Sums) -> bool {
        let sizes = |sums: &Sums| (sums.sums.len(), sums.weights.len(), sums.counts.len());
        sizes(self) == sizes(other)
    }

    /// Whether rows can add up to them: of those that were decoded.
    pub fn are_sound(&self) -> bool {
        let weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let clusters = self.weights.len();
        let sizes = self.counts.len() == clusters && clusters > 0 && self.sums.len().is_multiple_of(clusters);
        let agree = |(count, weight): (&u64, &f64)| (*count > 0) == (*weight > 0.0);
        sizes
            && self.sums.iter().all(|sum| sum.is_finite())
            && self.weights.iter().all(weight)
            && weight(&self.norms)
            && self.counts.iter().zip(&self.weights).all(agree)
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        (self.sums.capacity() + self.weights.capacity() + self.counts.capacity()) * size_of::<f64>()
    }
}

/// Adds numbers to others.
pub(super) fn add_all(sums: &mut [f64], more: &[f64]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}
