//! The normal equations of one (weighted, penalised) least squares problem: solution and covariance.

use std::ops::Range;

use super::cholesky::{PivotedCholesky, dot, project_out};
use super::covariance::{Covariance, Reported};
use super::gram::Moments;
use super::triangle::Triangle;
use crate::error::Result;
use crate::monitor::Monitor;

/// Rows of a matrix that are worked on between two looks at the monitor.
const CHUNK_ROWS: usize = 64;

/// `(X'WX + diag(penalty)) w = right`, X being centred when there is an intercept. Least squares solves it once; a Newton step of a
/// logistic regression is the same problem with other weights.
///
/// Where columns are linearly dependent, solutions have the least Euclidean norm on the scale of the columns given.
pub(crate) struct Equations {
    width: usize,
    intercept: bool,
    weight: f64,
    means: Vec<f64>,
    penalty: Vec<f64>,
    factor: PivotedCholesky,
    /// Orthonormal directions that the rows say nothing about.
    unseen: Vec<Vec<f64>>,
}

impl Equations {
    /// Factors the equations. `penalty` has one number a feature. O(width^3).
    pub fn new(moments: &Moments, penalty: &[f64], intercept: bool, monitor: &dyn Monitor) -> Result<Equations> {
        let (width, weight) = (moments.width(), moments.weight());
        let means: Vec<f64> = (0..width).map(|column| moments.mean(column)).collect();
        let lower = |i: usize, j: usize| {
            let centred = moments.product(i, j) + if i == j { penalty[i] } else { 0.0 };
            if intercept {
                centred
            } else {
                centred + weight * means[i] * means[j]
            }
        };
        let factor = PivotedCholesky::new(width, lower, monitor)?;
        Equations::with(factor, means, weight, penalty, intercept, monitor)
    }

    /// From the triangle of rows `(1, columns, what is to be explained)`, the first 0 without an intercept: with the digits that products
    /// lose. The second result is the solution, of least norm. `means` are those of the columns. O(width^3).
    pub fn of_triangle(
        triangle: &Triangle,
        means: &[f64],
        weight: f64,
        penalty: &[f64],
        intercept: bool,
        monitor: &dyn Monitor,
    ) -> Result<(Equations, Vec<f64>)> {
        let width = penalty.len();
        // Without its first row and column the triangle is that of the centred columns. A penalty is a row for each column.
        let mut centred = Triangle::new(width + 1);
        let mut rows: Vec<f64> = Vec::with_capacity(2 * width * (width + 1));
        let nothing: Vec<bool> = (1..=width).map(|column| triangle.is_constant(column)).collect();
        let value = |i: usize, j: usize| {
            if nothing.get(j) == Some(&true) {
                0.0
            } else {
                triangle.get(i + 1, j + 1)
            }
        };
        for i in 0..width {
            rows.extend((0..=width).map(|j| value(i, j)));
        }
        for (i, penalty) in penalty.iter().enumerate().filter(|(_, penalty)| **penalty > 0.0) {
            rows.extend((0..=width).map(|j| if i == j { penalty.sqrt() } else { 0.0 }));
        }
        for block in rows.chunks_mut(CHUNK_ROWS * (width + 1)) {
            monitor.check()?;
            centred.push(block);
        }
        let mut right: Vec<f64> = (0..width).map(|i| centred.get(i, width)).collect();
        let factor = PivotedCholesky::of_triangle(width, |i, j| centred.get(i, j), &mut right, monitor)?;
        let mut solution = factor.solve_turned(&right);
        let equations = Equations::with(factor, means.to_vec(), weight, penalty, intercept, monitor)?;
        project_out(&equations.unseen, &mut solution);
        Ok((equations, solution))
    }

    fn with(
        factor: PivotedCholesky,
        means: Vec<f64>,
        weight: f64,
        penalty: &[f64],
        intercept: bool,
        monitor: &dyn Monitor,
    ) -> Result<Equations> {
        let width = penalty.len();
        let unseen = if factor.rank() < width {
            factor.null_space(monitor)?
        } else {
            Vec::new()
        };
        Ok(Equations {
            width,
            intercept,
            weight,
            means,
            penalty: penalty.to_vec(),
            factor,
            unseen,
        })
    }

    /// How many columns are linearly independent.
    pub fn rank(&self) -> usize {
        self.factor.rank()
    }

    /// About the condition number of the equilibrated columns, those that depend on others left aside.
    pub fn condition(&self) -> f64 {
        self.factor.condition()
    }

    /// Whether there is an intercept.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The sum of the weights.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The solution of least norm. O(width^2).
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solution = self.factor.solve(right);
        project_out(&self.unseen, &mut solution);
        solution
    }

    /// From weighted residual sums `sum r x` (one a feature) and `sum r`, the right hand side that takes the intercept out:
    /// `sum r (x - mean)`.
    pub fn centred(&self, products: &[f64], sum: f64) -> Vec<f64> {
        let shift = if self.intercept { sum } else { 0.0 };
        products
            .iter()
            .zip(&self.means)
            .map(|(product, mean)| product - shift * mean)
            .collect()
    }

    /// The intercept that goes with `weights` when the weighted mean of what is to be explained is `mean`.
    pub fn intercept(&self, weights: &[f64], mean: f64) -> f64 {
        if self.intercept {
            mean - dot(&self.means, weights)
        } else {
            0.0
        }
    }

    /// The weighted means of the columns.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Orthonormal directions, on the columns' scale, that the rows say nothing about.
    pub fn unseen(&self) -> &[Vec<f64>] {
        &self.unseen
    }

    /// Which weights the rows tell from others, and whether the intercept.
    ///
    /// That the 0/1 columns of a category add up to 1 is the encoding's doing, so their weights stay identified as deviations from the
    /// category's unweighted mean weight. A column that depends on others in any other way is not identified. A column of reference is none
    /// of which there is anything to know.
    pub fn identified(&self, reported: &Reported) -> (Vec<bool>, bool) {
        // Without an intercept the levels of one category stand for themselves.
        let blocks = if self.intercept { &reported.blocks[..] } else { &[] };
        let mut structural = vec![0.0; self.width];
        for block in blocks {
            structural[block.clone()].fill(1.0 / block.len() as f64);
        }
        let weights = structural.iter().enumerate().map(|(i, structural)| {
            let (structural, reference) = match reported.references[i] {
                // All levels moved alike leave a difference as it is.
                Some(reference) => (0.0, Some(reference)),
                None => (*structural, None),
            };
            let part = |direction: &Vec<f64>| direction[i] - reference.map_or(0.0, |reference| direction[reference]);
            let hidden: f64 = self.unseen.iter().map(|direction| part(direction).powi(2)).sum();
            reference != Some(i) && hidden - structural < 1e-8
        });
        let weights = weights.collect();

        let combination = self.reported(&reported.offsets);
        let hidden: f64 = (self.unseen.iter())
            .map(|direction| dot(direction, &combination).powi(2))
            .sum();
        let by_design =
            |block: &Range<usize>| combination[block.clone()].iter().sum::<f64>().powi(2) / block.len() as f64;
        let structural: f64 = if self.unseen.is_empty() {
            0.0
        } else {
            blocks.iter().map(by_design).sum()
        };
        let intercept = self.intercept && hidden - structural < 1e-8 * (1.0 + dot(&combination, &combination));
        (weights, intercept)
    }

    /// What the reported intercept takes of the weights, on top of the mean to explain.
    fn reported(&self, offsets: &[f64]) -> Vec<f64> {
        (self.means.iter().zip(offsets))
            .map(|(mean, offset)| mean + offset)
            .collect()
    }

    /// The inverse of the equations' matrix, on what the rows tell of. O(width^3).
    pub fn inverse(&self, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let width = self.width;
        let mut inverse = self.factor.inverse(monitor)?;
        for direction in &self.unseen {
            let mut image = Vec::with_capacity(width);
            for rows in inverse.chunks(CHUNK_ROWS * width.max(1)) {
                monitor.check()?;
                image.extend(rows.chunks_exact(width).map(|row| dot(row, direction)));
            }
            let both = dot(&image, direction);
            for (chunk, rows) in inverse.chunks_mut(CHUNK_ROWS * width.max(1)).enumerate() {
                monitor.check()?;
                for (i, row) in (chunk * CHUNK_ROWS..).zip(rows.chunks_exact_mut(width)) {
                    for (j, value) in row.iter_mut().enumerate() {
                        *value +=
                            both * direction[i] * direction[j] - direction[i] * image[j] - image[i] * direction[j];
                    }
                }
            }
        }
        monitor.check()?;
        Ok(inverse)
    }

    /// The effective number of parameters, the intercept counted: the trace of the matrix that maps targets to fitted values.
    pub fn freedom(&self, inverse: &[f64]) -> f64 {
        let rows = inverse.chunks_exact(self.width.max(1)).enumerate();
        let seen = f64::from(u8::from(self.intercept)) - self.unseen.len() as f64;
        rows.fold(seen, |sum, (i, row)| sum + 1.0 - row[i] * self.penalty[i])
    }

    /// Variances of what is reported; none for what is not [`Equations::identified`].
    ///
    /// With `sandwich` the penalty counts as part of the estimator, not as knowledge: `C X'WX C` with C the inverse. Without it the
    /// covariance is C. O(width^3).
    pub fn variances(&self, reported: &Reported, sandwich: bool, monitor: &dyn Monitor) -> Result<Variances> {
        let inverse = self.inverse(monitor)?;
        let freedom = self.freedom(&inverse);
        let penalised = sandwich && self.penalty.iter().any(|penalty| *penalty > 0.0);
        let penalty = if penalised { &self.penalty[..] } else { &[] };
        let covariance = Covariance::of_inverse(inverse, penalty, self.weight);
        self.variances_of(&covariance, reported, freedom, monitor)
    }

    /// The same of any covariance.
    pub fn variances_of(
        &self,
        covariance: &Covariance,
        reported: &Reported,
        freedom: f64,
        monitor: &dyn Monitor,
    ) -> Result<Variances> {
        let (known, known_intercept) = self.identified(reported);
        let mut weights = Vec::with_capacity(self.width);
        for (column, known) in known.iter().enumerate() {
            if column % CHUNK_ROWS == 0 {
                monitor.check()?;
            }
            weights.push(known.then(|| covariance.of_weight(column, reported.references[column])));
        }
        let combination = self.reported(&reported.offsets);
        Ok(Variances {
            weights,
            intercept: known_intercept.then(|| covariance.of_intercept(&combination)),
            freedom,
        })
    }
}

/// Variances for errors of variance 1.
#[derive(Debug, Clone)]
pub(crate) struct Variances {
    /// One a column, `None` where the rows do not tell the column from others.
    pub weights: Vec<Option<f64>>,
    /// Of the reported intercept.
    pub intercept: Option<f64>,
    /// The effective number of parameters, the intercept counted: the trace of the matrix that maps targets to fitted values.
    pub freedom: f64,
}
