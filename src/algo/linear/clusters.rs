//! The gradients of clusters of rows, and the sum of their squares: what standard errors by cluster are made of.
//!
//! Rows are visited cluster by cluster, so that only a few clusters' sums are held, however many there are.

use std::ops::Range;

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};

use super::block::{BLOCK_ROWS, level_column, walk};
use super::covariance::Meat;
use super::link::Loss;
use super::pass::{Data, Point};
use crate::design::{Encoding, NO_COLUMN};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::room;

/// Clusters whose sums are held, at most.
const MOST_CLUSTERS: usize = 1024;
/// Products that are added up between two looks at the monitor.
const CHUNK_PRODUCTS: usize = 1 << 27;

/// Bytes that the errors of clusters take for each row: its residual, its place among the clusters' rows, and where a cluster's rows begin.
pub(crate) const ROW_BYTES: usize = size_of::<f64>() + 2 * size_of::<u32>() + size_of::<bool>();

/// Rows, those of one cluster after those of another, in their order.
struct Clusters {
    order: Vec<u32>,
    /// Where each cluster's rows begin, and where the last ends.
    starts: Vec<u32>,
}

impl Clusters {
    /// Sorts rows by cluster. O(rows).
    fn new(clusters: &[u32]) -> Result<Clusters> {
        let count = clusters.iter().max().map_or(0, |most| *most as usize + 1);
        let mut starts = room::filled(0_u32, count + 1)?;
        for &cluster in clusters {
            starts[cluster as usize + 1] += 1;
        }
        for cluster in 0..count {
            starts[cluster + 1] += starts[cluster];
        }
        let mut order = room::filled(0_u32, clusters.len())?;
        for (row, &cluster) in clusters.iter().enumerate() {
            let place = &mut starts[cluster as usize];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        // Each beginning has moved to the next one.
        starts.rotate_right(1);
        starts[0] = 0;
        Ok(Clusters { order, starts })
    }

    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn rows(&self, clusters: Range<usize>) -> &[u32] {
        &self.order[self.starts[clusters.start] as usize..self.starts[clusters.end] as usize]
    }
}

/// The squares of the clusters' gradients at a point, the columns being taken from `means`; and how many clusters there are.
/// O(rows x features + clusters x width^2).
pub(crate) fn squares(
    data: &Data,
    (point, loss): (&Point, &impl Loss),
    clusters: &[u32],
    means: &[f64],
) -> Result<(Meat, usize)> {
    if clusters.len() != data.targets.len() {
        return Err(Error::Internal("each row has a cluster"));
    }
    let (width, sorted) = (data.design.width(), Clusters::new(clusters)?);
    let counted = |row: &u32| data.weights.is_none_or(|w| w[*row as usize] > 0.0);
    let count = (0..sorted.count())
        .filter(|cluster| sorted.rows(*cluster..cluster + 1).iter().any(counted))
        .count();
    if count < 2 {
        return Err(Error::data(
            "standard errors by cluster need at least two clusters",
            "name a column with more values as cluster, or leave it out",
        ));
    }
    let residuals = residuals(data, point, loss)?;
    // The last of a cluster's sums is that of the residuals.
    let size = width + 1;
    let chunk = (CHUNK_PRODUCTS / (size * size)).clamp(1, MOST_CLUSTERS);
    let mut sums = room::zeros(chunk * size)?;
    let mut square = room::zeros(size * size)?;
    for first in (0..sorted.count()).step_by(chunk) {
        let own = first..sorted.count().min(first + chunk);
        let sums = &mut sums[..own.len() * size];
        sums.fill(0.0);
        for rows in sorted.rows(own).chunks(BLOCK_ROWS) {
            data.monitor.check()?;
            add_gradients(data, rows, &residuals, |row, column, value| {
                sums[(clusters[row] as usize - first) * size + column] += value;
            });
        }
        for sums in sums.chunks_exact_mut(size) {
            let one = sums[width];
            sums.iter_mut().zip(means).for_each(|(sum, mean)| *sum -= mean * one);
        }
        data.monitor.check()?;
        let rows = MatRef::from_row_major_slice(&*sums, sums.len() / size, size);
        matmul(
            MatMut::from_row_major_slice_mut(&mut square, size, size),
            BlockStructure::TriangularLower,
            Accum::Add,
            rows.transpose(),
            BlockStructure::Rectangular,
            rows,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
    }
    let at = |i: usize, j: usize| square[i.max(j) * size + i.min(j)];
    let meat = Meat {
        square: (0..width)
            .flat_map(|i| (0..width).map(move |j| (i, j)))
            .map(|(i, j)| at(i, j))
            .collect(),
        with_one: (0..width).map(|i| at(width, i)).collect(),
        one: at(width, width),
    };
    Ok((meat, count))
}

/// The negative derivative of each row's weighted loss by its score.
fn residuals(data: &Data, point: &Point, loss: &impl Loss) -> Result<Vec<f64>> {
    let mut residuals = data.scores(point)?;
    let rows = residuals.len();
    let mut ranges = (0..rows)
        .step_by(BLOCK_ROWS)
        .map(|start| start..rows.min(start + BLOCK_ROWS));
    walk(&mut ranges, data.monitor, |range| {
        let weights = data.weights.map(|w| &w[range.clone()]);
        loss.residuals(
            &mut residuals[range.clone()],
            &data.targets[range.clone()],
            weights,
            None,
        );
    })?;
    Ok(residuals)
}

/// Hands over each row's gradient, column by column, that of the score behind the last.
fn add_gradients(data: &Data, rows: &[u32], residuals: &[f64], mut add: impl FnMut(usize, usize, f64)) {
    let rows = || rows.iter().map(|&row| row as usize);
    for row in rows() {
        add(row, data.design.width(), residuals[row]);
    }
    for (column, encoding) in data.frame.columns().iter().zip(data.design.encodings()) {
        match (column, encoding) {
            (
                Column::Number(values),
                Encoding::Number {
                    column,
                    mean,
                    centre,
                    inverse,
                },
            ) => {
                for row in rows() {
                    let x = if values[row].is_nan() { *mean } else { values[row] };
                    add(row, *column, residuals[row] * (x - centre) * inverse);
                }
            }
            (Column::Category { codes, .. }, Encoding::Category { columns }) => {
                for row in rows() {
                    let level = level_column(columns, codes[row]);
                    if level != NO_COLUMN {
                        add(row, level as usize, residuals[row]);
                    }
                }
            }
            // Ruled out by Design::fits.
            (Column::Number(_), Encoding::Category { .. }) | (Column::Category { .. }, Encoding::Number { .. }) => {}
        }
    }
}
