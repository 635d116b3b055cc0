//! The covariance of an estimate, and of what is reported of it: weights, differences from a level of reference, intercepts.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::cholesky::dot;
use super::reference::{Levels, Reference};
use crate::design::{Design, Encoding};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::pipeline::Feature;

/// Rows of a matrix that are worked on between two looks at the monitor.
const CHUNK_ROWS: usize = 64;

/// What is reported of an estimate.
pub(crate) struct Reported {
    /// The 0/1 columns of each category.
    pub blocks: Vec<Range<usize>>,
    /// The reported intercept is the mean score less the sum of the columns' means, and of these, times the weights.
    pub offsets: Vec<f64>,
    /// Of each column the one whose weight is taken off its own.
    pub references: Vec<Option<usize>>,
}

impl Reported {
    /// Weights of numbers and levels as they are.
    pub fn plain(design: &Design) -> Reported {
        Reported {
            blocks: design.level_blocks(),
            offsets: intercept_offsets(design),
            references: vec![None; design.width()],
        }
    }

    /// The same, or levels as differences from one. Returns an error for a level that there is not; `features` say what columns and levels are called.
    pub fn of(design: &Design, reference: &Reference, features: &[Feature]) -> Result<Reported> {
        reference.check_columns(features)?;
        let mut reported = Reported::plain(design);
        for (place, encoding) in design.encodings().iter().enumerate() {
            let Encoding::Category { columns } = encoding else {
                continue;
            };
            let levels = Levels { place, columns };
            if let Some(chosen) = reference.of(&levels, design, features)? {
                levels
                    .known()
                    .for_each(|column| reported.references[column] = Some(chosen));
                // Whoever is of that level has its weight in the intercept.
                reported.offsets[chosen] -= 1.0;
            }
        }
        Ok(reported)
    }

    /// The reported weight of a column.
    pub fn weight(&self, weights: &[f64], column: usize) -> f64 {
        weights[column] - self.references[column].map_or(0.0, |reference| weights[reference])
    }
}

/// The covariance of the weights of design columns and of the mean score, for errors of variance 1.
pub(crate) struct Covariance {
    width: usize,
    /// `width x width`.
    matrix: Vec<f64>,
    /// What is taken off along `matrix v`, squared and times this, when a penalty is part of the estimator; else empty.
    penalty: Vec<f64>,
    /// Of each weight with the mean score; empty when there is none.
    with_mean: Vec<f64>,
    /// The variance of the mean score.
    mean: f64,
}

impl Covariance {
    /// `inverse` less `inverse diag(penalty) inverse`, the mean score being independent of the weights.
    pub fn of_inverse(inverse: Vec<f64>, penalty: &[f64], weight: f64) -> Covariance {
        Covariance {
            width: (inverse.len() as f64).sqrt().round() as usize,
            matrix: inverse,
            penalty: penalty.to_vec(),
            with_mean: Vec::new(),
            mean: 1.0 / weight,
        }
    }

    /// `inverse meat inverse`: what the rows' own residuals tell, whatever their variances.
    pub fn sandwich(inverse: &[f64], meat: &Meat, weight: f64, monitor: &dyn Monitor) -> Result<Covariance> {
        let width = meat.with_one.len();
        let mut half = vec![0.0; width * width];
        product(inverse, &meat.square, &mut half, width, monitor)?;
        let mut matrix = vec![0.0; width * width];
        product(&half, inverse, &mut matrix, width, monitor)?;
        let rows = inverse.chunks_exact(width.max(1));
        Ok(Covariance {
            width,
            matrix,
            penalty: Vec::new(),
            with_mean: rows.map(|row| dot(row, &meat.with_one) / weight).collect(),
            mean: meat.one / (weight * weight),
        })
    }

    fn row(&self, column: usize) -> &[f64] {
        &self.matrix[column * self.width..(column + 1) * self.width]
    }

    fn shrunk(&self, image: impl Iterator<Item = f64>) -> f64 {
        image.zip(&self.penalty).map(|(v, p)| v * v * p).sum()
    }

    /// The variance of a weight, or of what it has more than another. O(width).
    pub fn of_weight(&self, column: usize, reference: Option<usize>) -> f64 {
        let own = self.row(column);
        let variance = match reference {
            None => own[column] - self.shrunk(own.iter().copied()),
            Some(reference) => {
                let other = self.row(reference);
                let image = own.iter().zip(other).map(|(a, b)| a - b);
                own[column] - 2.0 * own[reference] + other[reference] - self.shrunk(image)
            }
        };
        variance.max(0.0)
    }

    /// The variance of the mean score less `combination` times the weights. O(width^2).
    pub fn of_intercept(&self, combination: &[f64]) -> f64 {
        let rows = self.matrix.chunks_exact(self.width.max(1));
        let image: Vec<f64> = rows.map(|row| dot(row, combination)).collect();
        let along = dot(combination, &image) - self.shrunk(image.iter().copied());
        let both = self.with_mean.iter().zip(combination).map(|(a, b)| a * b).sum::<f64>();
        (self.mean - 2.0 * both + along.max(0.0)).max(0.0)
    }
}

/// Sums over rows, or over clusters of rows, of products of their gradients by the weights and by the mean score.
pub(crate) struct Meat {
    /// `width x width`.
    pub square: Vec<f64>,
    /// Of each weight's with the mean score's.
    pub with_one: Vec<f64>,
    pub one: f64,
}

impl Meat {
    /// All of it times a factor.
    pub fn times(mut self, factor: f64) -> Meat {
        self.square
            .iter_mut()
            .chain(&mut self.with_one)
            .for_each(|value| *value *= factor);
        self.one *= factor;
        self
    }
}

/// `left right` of square matrices, row by row.
fn product(left: &[f64], right: &[f64], out: &mut [f64], width: usize, monitor: &dyn Monitor) -> Result<()> {
    let chunk = CHUNK_ROWS * width.max(1);
    for (left, out) in left.chunks(chunk).zip(out.chunks_mut(chunk)) {
        monitor.check()?;
        let rows = out.len() / width;
        matmul(
            MatMut::from_row_major_slice_mut(out, rows, width),
            Accum::Replace,
            MatRef::from_row_major_slice(left, rows, width),
            MatRef::from_row_major_slice(right, width, width),
            1.0,
            Par::Seq,
        );
    }
    Ok(())
}

/// What the raw intercept has less than the centred one: for each design column, how much a weight of 1 takes away.
fn intercept_offsets(design: &Design) -> Vec<f64> {
    let mut offsets = vec![0.0; design.width()];
    for encoding in design.encodings() {
        if let Encoding::Number {
            column,
            centre,
            inverse,
            ..
        } = encoding
        {
            offsets[*column] = centre * inverse;
        }
    }
    offsets
}
