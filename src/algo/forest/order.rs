//! Categories as ordered bins.
//!
//! Levels are put in the order of their mean target once, before any tree, and then split like numbers. For two classes and
//! for numbers the best split of a node into two sets of levels is one of such an order (Fisher, "On Grouping for Maximum
//! Homogeneity", 1958), but of the node's own; an order made once is as good for forests and does not favour columns of many
//! levels as much (Wright and König, "Splitting on categorical predictors in random forests", 2019). For more classes the
//! order is along the first principal component of the levels' class shares (Coppersmith, Hong and Hosking, "Partitioning
//! Nominal Attributes in Decision Trees", 1999).

use rayon::prelude::*;

use crate::error::Result;
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::trees::bins::{Bins, Quantised};

/// Steps of the power iteration; the order needs no more digits than these give.
const STEPS: usize = 100;

/// Bins of columns, of which those of categories are in order.
pub(super) struct Ordered {
    pub(super) bins: Vec<Bins>,
    /// For each category the level of each bin; empty for numbers.
    pub(super) levels: Vec<Vec<u8>>,
}

/// What levels are ordered by.
pub(super) struct Answers<'a> {
    pub(super) targets: &'a [f64],
    pub(super) weights: &'a [f64],
    /// `None` for numbers.
    pub(super) classes: Option<usize>,
}

impl Ordered {
    /// Bins the columns of `frame` and orders their levels; also gives the columns in bytes. O(rows x columns x log bins).
    pub(super) fn new(
        frame: &Frame,
        answers: &Answers,
        max_bin: usize,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<(Self, Vec<Vec<u8>>)> {
        let Quantised { bins, mut columns, .. } = Quantised::new(frame, max_bin, seed, monitor)?;
        let levels = columns
            .par_iter_mut()
            .zip(&bins)
            .map(|(column, bins)| {
                monitor.check()?;
                let Bins::Category { levels } = bins else {
                    return Ok(Vec::new());
                };
                let mut sums = LevelSums::new(*levels, answers.classes);
                for ((&level, &target), &weight) in column.iter().zip(answers.targets).zip(answers.weights) {
                    sums.add(level, target, weight);
                }
                let order = sums.order();
                let place = places(&order);
                monitor.check()?;
                column.iter_mut().for_each(|bin| *bin = place[usize::from(*bin)]);
                Ok(order)
            })
            .collect::<Result<_>>()?;
        Ok((Ordered { bins, levels }, columns))
    }
}

/// The bin of each level, when its bins are in this order. The bin of missing values keeps its place.
pub(super) fn places(order: &[u8]) -> [u8; 256] {
    let mut place: [u8; 256] = std::array::from_fn(|bin| bin as u8);
    order
        .iter()
        .zip(0u8..)
        .for_each(|(&level, bin)| place[usize::from(level)] = bin);
    place
}

/// The sums of what there is to predict, level by level: of numbers and of two classes of the targets, of more classes of each class's weight.
pub(super) struct LevelSums {
    levels: usize,
    width: usize,
    sums: Vec<f64>,
    weights: Vec<f64>,
}

impl LevelSums {
    /// Of no rows. One level more is that of missing values.
    pub(super) fn new(levels: usize, classes: Option<usize>) -> Self {
        let width = classes.filter(|&classes| classes > 2).unwrap_or(1);
        LevelSums {
            levels,
            width,
            sums: vec![0.0; (levels + 1) * width],
            weights: vec![0.0; levels + 1],
        }
    }

    /// Adds a row.
    #[inline]
    pub(super) fn add(&mut self, level: u8, target: f64, weight: f64) {
        let level = usize::from(level);
        self.weights[level] += weight;
        match self.width {
            1 => self.sums[level] += weight * target,
            width => self.sums[level * width + target as usize] += weight,
        }
    }

    /// The levels in order.
    pub(super) fn order(self) -> Vec<u8> {
        let LevelSums {
            levels,
            width,
            mut sums,
            weights,
        } = self;
        // Missing values do not take part.
        let total: f64 = weights[..levels].iter().sum();
        let mut mean = vec![0.0; width];
        for level in sums.chunks_exact(width).take(levels) {
            mean.iter_mut().zip(level).for_each(|(mean, sum)| *mean += sum / total);
        }
        // Levels without a row deviate from the mean by nothing.
        for (level, weight) in sums.chunks_exact_mut(width).zip(&weights) {
            let deviation =
                |(sum, mean): (&mut f64, &f64)| *sum = if *weight > 0.0 { *sum / weight - mean } else { 0.0 };
            level.iter_mut().zip(&mean).for_each(deviation);
        }
        let deviations: Vec<&[f64]> = sums.chunks_exact(width).take(levels).collect();
        let along = match width {
            1 => vec![1.0],
            _ => principal(&deviations, &weights),
        };
        let mut order: Vec<(f64, u8)> = deviations.iter().map(|d| dot(d, &along)).zip(0..=u8::MAX).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order.into_iter().map(|(_, level)| level).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The direction in which weighted vectors vary most, by power iteration from the vector that varies most itself.
fn principal(vectors: &[&[f64]], weights: &[f64]) -> Vec<f64> {
    let spread = |index: &usize| weights[*index] * dot(vectors[*index], vectors[*index]);
    let first = (0..vectors.len()).max_by(|a, b| spread(a).total_cmp(&spread(b)));
    let Some(first) = first else { return Vec::new() };
    let mut along = vectors[first].to_vec();
    for _ in 0..STEPS {
        let length = dot(&along, &along).sqrt();
        if length == 0.0 {
            break;
        }
        let mut next = vec![0.0; along.len()];
        for (vector, weight) in vectors.iter().zip(weights) {
            let by = weight * dot(vector, &along) / length;
            next.iter_mut().zip(*vector).for_each(|(next, x)| *next += by * x);
        }
        along = next;
    }
    along
}
