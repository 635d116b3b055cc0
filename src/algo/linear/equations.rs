//! The normal equations of one (weighted, penalised) least squares problem: solution and covariance.

use std::ops::Range;

use super::cholesky::{PivotedCholesky, dot, project_out};
use super::gram::Moments;
use crate::algo::error::Result;
use crate::algo::monitor::Monitor;

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

    /// Variances of the weights and of the intercept, for errors of variance 1.
    ///
    /// With `sandwich` the penalty counts as part of the estimator, not as knowledge: `C X'WX C` with C the inverse. Without it the
    /// variances are the diagonal of C. `blocks` are the 0/1 columns of each category; that they add up to 1 is the encoding's
    /// doing, so their weights stay identified as deviations from the category's unweighted mean weight. A column that depends on
    /// others in any other way has no variance. `offsets` is what the reported intercept has on top of `intercept`:
    /// `- sum offsets * weights`.
    pub fn variances(&self, blocks: &[Range<usize>], offsets: &[f64], sandwich: bool) -> Variances {
        let width = self.width;
        let mut inverse = self.factor.inverse();
        for direction in &self.unseen {
            let image: Vec<f64> = inverse
                .chunks_exact(width.max(1))
                .map(|row| dot(row, direction))
                .collect();
            let both = dot(&image, direction);
            for (i, row) in inverse.chunks_exact_mut(width.max(1)).enumerate() {
                for (j, value) in row.iter_mut().enumerate() {
                    *value += both * direction[i] * direction[j] - direction[i] * image[j] - image[i] * direction[j];
                }
            }
        }
        let quadratic = |vector: &[f64], image: &[f64]| {
            let shrunk = image.iter().zip(&self.penalty).map(|(v, p)| v * v * p).sum::<f64>();
            (dot(vector, image) - if sandwich { shrunk } else { 0.0 }).max(0.0)
        };
        // Without an intercept the levels of one category stand for themselves.
        let blocks = if self.intercept { blocks } else { &[] };
        let mut structural = vec![0.0; width];
        for block in blocks {
            structural[block.clone()].fill(1.0 / block.len() as f64);
        }
        let rows = || inverse.chunks_exact(width.max(1)).enumerate();
        let weights = rows().map(|(i, row)| {
            let shrunk = row.iter().zip(&self.penalty).map(|(v, p)| v * v * p).sum::<f64>();
            let variance = (row[i] - if sandwich { shrunk } else { 0.0 }).max(0.0);
            let hidden = self
                .unseen
                .iter()
                .map(|direction| direction[i] * direction[i])
                .sum::<f64>();
            (hidden - structural[i] < 1e-8).then_some(variance)
        });
        let weights = weights.collect();
        let freedom = rows().map(|(i, row)| 1.0 - row[i] * self.penalty[i]).sum::<f64>() - self.unseen.len() as f64;

        let combination: Vec<f64> = self
            .means
            .iter()
            .zip(offsets)
            .map(|(mean, offset)| mean + offset)
            .collect();
        let image: Vec<f64> = rows().map(|(_, row)| dot(row, &combination)).collect();
        let hidden: f64 = self
            .unseen
            .iter()
            .map(|direction| dot(direction, &combination).powi(2))
            .sum();
        let by_design =
            |block: &Range<usize>| combination[block.clone()].iter().sum::<f64>().powi(2) / block.len() as f64;
        let structural: f64 = if self.unseen.is_empty() {
            0.0
        } else {
            blocks.iter().map(by_design).sum()
        };
        let identified = self.intercept && hidden - structural < 1e-8 * (1.0 + dot(&combination, &combination));
        let intercept = identified.then(|| 1.0 / self.weight + quadratic(&combination, &image));
        Variances {
            weights,
            intercept,
            freedom: freedom + f64::from(u8::from(self.intercept)),
        }
    }
}

/// Variances for errors of variance 1.
pub(crate) struct Variances {
    /// One a column, `None` where the rows do not tell the column from others.
    pub weights: Vec<Option<f64>>,
    /// Of the reported intercept.
    pub intercept: Option<f64>,
    /// The effective number of parameters, the intercept counted: the trace of the matrix that maps targets to fitted values.
    pub freedom: f64,
}
