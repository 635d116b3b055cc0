//! How far the rows of clusters are from their centres.

use rayon::prelude::*;

use super::block::{Block, ROWS, TILE, TILES};
use super::lloyd::Rows;
use super::points::Points;
use super::sums::add_all;
use crate::design::NO_COLUMN;
use crate::error::Result;
use crate::space::{Axis, Space};

/// What was measured of the rows of clusters.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    /// For each cluster and feature the weighted sum of the squared differences from the centre.
    pub squares: Vec<f64>,
    /// For each cluster the weighted sum of the distances from the centre.
    pub distances: Vec<f64>,
    /// The same from the mean of the rows in it, where that was asked for.
    pub from_means: Vec<f64>,
    /// For each cluster what its rows weigh.
    pub weights: Vec<f64>,
}

impl Spread {
    fn new(clusters: usize, features: usize) -> Spread {
        Spread {
            squares: vec![0.0; clusters * features],
            distances: vec![0.0; clusters],
            from_means: vec![0.0; clusters],
            weights: vec![0.0; clusters],
        }
    }

    /// Of rows with labels, from the centres and, where they are given, from the means of the rows in each cluster. O(rows x features).
    pub fn measure(rows: Rows<'_>, labels: &[u32], centres: &Points, means: Option<&Points>) -> Result<Spread> {
        let (features, clusters) = (rows.space.features(), centres.count());
        let slabs = rows
            .slabs(clusters * features * size_of::<f64>())
            .into_par_iter()
            .map(|slab| {
                let (mut block, mut spread) = (Block::new(rows.space), Spread::new(clusters, features));
                let (mut parts, all) = (vec![0.0; features], std::array::from_fn::<usize, TILES, _>(|tile| tile));
                for start in slab.clone().step_by(ROWS) {
                    rows.monitor.check()?;
                    let end = (start + ROWS).min(slab.end);
                    block.fill(rows.space, rows.frame, start..end, &all[..(end - start).div_ceil(TILE)]);
                    for (row, &label) in (start..end).zip(&labels[start..end]) {
                        let label = label as usize;
                        let of = |points: &Points, parts: &mut [f64]| {
                            let (point, levels) = (points.point(label), points.level_squares(label));
                            write_parts(rows.space, &block, row - start, point, levels, parts);
                            parts.iter().sum::<f64>()
                        };
                        let from_mean = means.map_or(0.0, |means| of(means, &mut parts));
                        let square = of(centres, &mut parts);
                        let weight = rows.weight(row);
                        let squares = &mut spread.squares[label * features..][..features];
                        (squares.iter_mut().zip(&parts)).for_each(|(sum, part)| *sum += weight * part);
                        spread.distances[label] += weight * square.sqrt();
                        spread.from_means[label] += weight * from_mean.sqrt();
                        spread.weights[label] += weight;
                    }
                }
                Ok(spread)
            });
        let mut all = Spread::new(clusters, features);
        for slab in slabs.collect::<Result<Vec<Spread>>>()? {
            for (sums, more) in [
                (&mut all.squares, &slab.squares),
                (&mut all.distances, &slab.distances),
                (&mut all.from_means, &slab.from_means),
                (&mut all.weights, &slab.weights),
            ] {
                add_all(sums, more);
            }
        }
        Ok(all)
    }

    /// The weighted sum of the squared distances of all rows.
    pub fn inertia(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// What all rows weigh.
    pub fn weight(&self) -> f64 {
        self.weights.iter().sum()
    }
}

/// Writes what each feature adds to the squared distance of a row from a point.
#[inline]
pub(super) fn write_parts(space: &Space, block: &Block, row: usize, point: &[f64], levels: &[f64], parts: &mut [f64]) {
    if levels.is_empty() {
        // Features and coordinates are the same.
        for ((part, value), centre) in parts.iter_mut().zip(block.numbers(row)).zip(point) {
            *part = (value - centre) * (value - centre);
        }
        return;
    }
    let (mut numbers, mut categories) = (block.numbers(row).zip(point), block.levels(row).iter().zip(levels));
    for (part, axis) in parts.iter_mut().zip(space.axes()) {
        *part = match axis {
            Axis::Number { .. } => numbers
                .next()
                .map_or(0.0, |(value, centre)| (value - centre) * (value - centre)),
            Axis::Category { .. } => categories.next().map_or(0.0, |(level, squares)| match *level {
                NO_COLUMN => *squares,
                level => (squares - 2.0 * point[level as usize] + 1.0).max(0.0),
            }),
        };
    }
}
