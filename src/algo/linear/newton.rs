//! Newton's method for one linear score, with few passes over the rows.

use super::block::Rows;
use super::cholesky::dot;
use super::equations::Equations;
use super::link::Loss;
use super::pass::{Data, Point, Slope};
use crate::algo::error::Result;
use crate::algo::monitor::Progress;

/// A step whose root mean square change of the scores is below this leaves the second derivatives so nearly as they were that the
/// factored equations serve again, for the next step and for standard errors: a pass for the gradient alone costs a third of one that
/// renews them.
const SMALL_CHANGE: f64 = 1e-5;
/// A sample of blocks finds a starting point when there is room for this many samples in the rows.
const SAMPLE_STRIDE: usize = 16;
/// The fewest rows of a sample, and the fewest for each design column.
const SAMPLE_ROWS: usize = 16_384;
const SAMPLE_ROWS_PER_COLUMN: usize = 64;
/// Newton steps on the sample at most, and how near (in squared standard errors) they should come.
const SAMPLE_ITERATIONS: usize = 12;
const SAMPLE_TOLERANCE: f64 = 1e-2;
/// The least penalty on the sample.
const SAMPLE_PENALTY: f64 = 1.0;
/// A loss is a sum of many rounded numbers: what is not larger by more than this share counts as not larger.
const ROUNDING: f64 = 1e-11;
/// A step that promises less than this, in squared standard errors, may fail to lower the loss because of rounding alone.
const NOTHING_LEFT: f64 = 1e-6;

/// What to minimise: the loss over the rows plus half the sum of `penalty * weight^2`.
pub(crate) struct Problem<'a, L> {
    pub data: Data<'a>,
    pub loss: &'a L,
    /// One a design column.
    pub penalty: &'a [f64],
    pub intercept: bool,
    pub max_iterations: usize,
    /// Steps end once one promises to come nearer by less than this many squared standard errors.
    pub tolerance: f64,
}

/// Where Newton's method ended.
pub(crate) struct Minimum {
    pub point: Point,
    /// The equations as last renewed, where scores differed from those at the minimum by [`SMALL_CHANGE`] or less.
    pub equations: Equations,
    /// The loss over the rows, without the penalty.
    pub loss: f64,
    /// Passes over the rows.
    pub iterations: usize,
    pub converged: bool,
}

/// A point and what a pass there gave.
struct Visit {
    point: Point,
    slope: Slope,
    /// The loss and the penalty.
    objective: f64,
}

impl<L: Loss> Problem<'_, L> {
    /// Minimises from 0: on a sample of blocks when there are many rows, then on all rows.
    pub fn minimise(&self) -> Result<Minimum> {
        let all = self.data.rows();
        let mut start = Point {
            weights: vec![0.0; self.penalty.len()],
            intercept: 0.0,
        };
        let sample = SAMPLE_ROWS.max(SAMPLE_ROWS_PER_COLUMN * self.penalty.len());
        if all.rows >= SAMPLE_STRIDE * sample {
            let rows = Rows {
                stride: SAMPLE_STRIDE,
                ..all
            };
            // A level with few rows in the sample, all of one class, must not start far out, where the loss is flat.
            let penalty: Vec<f64> = self.penalty.iter().map(|p| p.max(SAMPLE_PENALTY)).collect();
            let found = self.descend(start.clone(), &penalty, rows, SAMPLE_ITERATIONS, SAMPLE_TOLERANCE)?;
            if found.converged {
                start = found.point;
            }
        }
        self.descend(start, self.penalty, all, self.max_iterations, self.tolerance)
    }

    fn descend(&self, start: Point, penalty: &[f64], rows: Rows, iterations: usize, tolerance: f64) -> Result<Minimum> {
        let (mut here, mut equations) = self.renew(start, penalty, rows)?;
        let (mut iteration, mut fresh, mut last_gain) = (1, true, f64::INFINITY);
        let converged = loop {
            if rows.stride == 1 {
                let loss = here.slope.loss / rows.rows as f64;
                self.data.monitor.progress(Progress {
                    iteration,
                    iterations,
                    loss,
                });
            }
            let (step, gain) = newton_step(&here, &equations, penalty);
            if gain <= tolerance {
                here.point = here.point.moved(&step, 1.0);
                break true;
            }
            if iteration >= iterations {
                break false;
            }
            if !fresh && gain > 0.1 * last_gain {
                (here, equations) = self.renew(here.point, penalty, rows)?;
                (iteration, fresh) = (iteration + 1, true);
                continue;
            }
            let change = (gain / equations.weight()).sqrt();
            let mut length = 1.0;
            let next = loop {
                let point = here.point.moved(&step, length);
                let (visit, renewed) = if change * length > SMALL_CHANGE {
                    let (visit, equations) = self.renew(point, penalty, rows)?;
                    (visit, Some(equations))
                } else {
                    (self.visit(point, penalty, rows)?, None)
                };
                iteration += 1;
                if visit.objective <= here.objective + ROUNDING * here.objective.abs() {
                    break Some((visit, renewed));
                }
                length *= 0.5;
                if iteration >= iterations || length < 1e-9 {
                    break None;
                }
            };
            let Some((visit, renewed)) = next else {
                break gain < NOTHING_LEFT;
            };
            (here, last_gain, fresh) = (visit, gain, renewed.is_some());
            equations = renewed.unwrap_or(equations);
        };
        Ok(Minimum {
            loss: here.slope.loss,
            point: here.point,
            equations,
            iterations: iteration,
            converged,
        })
    }

    /// A pass for the loss, the gradient and the second derivatives.
    fn renew(&self, point: Point, penalty: &[f64], rows: Rows) -> Result<(Visit, Equations)> {
        let (loss, moments) = self.data.curvature(&point, self.loss, rows)?;
        let equations = Equations::new(&moments, penalty, self.intercept, self.data.monitor)?;
        let width = penalty.len();
        let sum = moments.weight() * moments.mean(width);
        let weights = (0..width)
            .map(|column| moments.product(column, width) + sum * moments.mean(column))
            .collect();
        let slope = Slope {
            loss,
            weights,
            intercept: sum,
        };
        Ok((
            Visit {
                objective: loss + penalised(&point, penalty),
                point,
                slope,
            },
            equations,
        ))
    }

    /// A pass for the loss and the gradient.
    fn visit(&self, point: Point, penalty: &[f64], rows: Rows) -> Result<Visit> {
        let slope = self.data.slope(&point, self.loss, rows)?;
        Ok(Visit {
            objective: slope.loss + penalised(&point, penalty),
            point,
            slope,
        })
    }
}

/// The Newton step and twice the fall of the objective that its quadratic model promises.
fn newton_step(here: &Visit, equations: &Equations, penalty: &[f64]) -> (Point, f64) {
    let mut right = equations.centred(&here.slope.weights, here.slope.intercept);
    right
        .iter_mut()
        .zip(&here.point.weights)
        .zip(penalty)
        .for_each(|((r, w), p)| *r -= p * w);
    let weights = equations.solve(&right);
    let mean = if equations.weight() > 0.0 {
        here.slope.intercept / equations.weight()
    } else {
        0.0
    };
    let intercept = equations.intercept(&weights, mean);
    let along_intercept = if equations.has_intercept() {
        mean * here.slope.intercept
    } else {
        0.0
    };
    let gain = dot(&weights, &right) + along_intercept;
    (Point { weights, intercept }, gain)
}

fn penalised(point: &Point, penalty: &[f64]) -> f64 {
    0.5 * point.weights.iter().zip(penalty).map(|(w, p)| p * w * w).sum::<f64>()
}
