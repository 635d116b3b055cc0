//! Newton's method for linear scores, with few passes over the rows.

use super::block::Rows;
use super::cholesky::dot;
use super::equations::Equations;
use super::link::Loss;
use super::pass::{Data, Point, Slope};
use crate::error::Result;
use crate::monitor::Progress;

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

/// What Newton's method needs to know of the loss over the rows plus half the sum of `penalty * weight^2`.
pub(crate) trait Objective {
    /// Factored second derivatives.
    type Equations;

    /// A pass over `rows` for the loss, the gradient and the second derivatives.
    fn renew(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<(Visit, Self::Equations)>;

    /// A pass for the loss and the gradient.
    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit>;

    /// The Newton step and twice the fall of the objective that its quadratic model promises.
    fn step(&self, here: &Visit, equations: &Self::Equations, penalty: &[f64]) -> (Vec<Point>, f64);

    /// The sum of the rows' second derivatives by their scores.
    fn weight(&self, equations: &Self::Equations) -> f64;
}

/// What to minimise and how exactly.
pub(crate) struct Problem<'a, O> {
    pub data: Data<'a>,
    pub objective: O,
    /// How many linear scores there are.
    pub outputs: usize,
    /// One a design column.
    pub penalty: &'a [f64],
    pub max_iterations: usize,
    /// Steps end once one promises to come nearer by less than this many squared standard errors.
    pub tolerance: f64,
}

/// Where Newton's method ended.
pub(crate) struct Minimum<E> {
    pub points: Vec<Point>,
    /// The equations as last renewed, where scores differed from those at the minimum by [`SMALL_CHANGE`] or less.
    pub equations: E,
    /// The loss over the rows, without the penalty.
    pub loss: f64,
    /// Passes over the rows.
    pub iterations: usize,
    pub converged: bool,
}

/// Points, one a score, and what a pass there gave.
pub(crate) struct Visit {
    pub points: Vec<Point>,
    /// The negative gradient of the loss by each point.
    pub slopes: Vec<Slope>,
    /// The loss over the rows.
    pub loss: f64,
    /// The loss and the penalty.
    pub objective: f64,
}

impl<O: Objective> Problem<'_, O> {
    /// Minimises from 0: on a sample of blocks when there are many rows, then on all rows.
    pub fn minimise(&self) -> Result<Minimum<O::Equations>> {
        let all = self.data.rows();
        let zero = Point {
            weights: vec![0.0; self.penalty.len()],
            intercept: 0.0,
        };
        let mut start = vec![zero; self.outputs];
        let sample = SAMPLE_ROWS.max(SAMPLE_ROWS_PER_COLUMN * self.outputs * self.penalty.len());
        if all.rows >= SAMPLE_STRIDE * sample {
            let rows = Rows {
                stride: SAMPLE_STRIDE,
                ..all
            };
            // A level with few rows in the sample, all of one class, must not start far out, where the loss is flat.
            let penalty: Vec<f64> = self.penalty.iter().map(|p| p.max(SAMPLE_PENALTY)).collect();
            let found = self.descend(start.clone(), &penalty, rows, SAMPLE_ITERATIONS, SAMPLE_TOLERANCE)?;
            if found.converged {
                start = found.points;
            }
        }
        self.descend(start, self.penalty, all, self.max_iterations, self.tolerance)
    }

    fn descend(
        &self,
        start: Vec<Point>,
        penalty: &[f64],
        rows: Rows,
        iterations: usize,
        tolerance: f64,
    ) -> Result<Minimum<O::Equations>> {
        let objective = &self.objective;
        let (mut here, mut equations) = objective.renew(start, penalty, rows)?;
        let (mut iteration, mut fresh, mut last_gain) = (1, true, f64::INFINITY);
        let converged = loop {
            if rows.stride == 1 {
                let loss = here.loss / rows.rows as f64;
                self.data.monitor.progress(Progress {
                    iteration,
                    iterations,
                    loss,
                });
            }
            let (step, gain) = objective.step(&here, &equations, penalty);
            if gain <= tolerance {
                here.points = moved(&here.points, &step, 1.0);
                break true;
            }
            if iteration >= iterations {
                break false;
            }
            if !fresh && gain > 0.1 * last_gain {
                (here, equations) = objective.renew(here.points, penalty, rows)?;
                (iteration, fresh) = (iteration + 1, true);
                continue;
            }
            let change = (gain / objective.weight(&equations)).sqrt();
            let mut length = 1.0;
            let next = loop {
                let points = moved(&here.points, &step, length);
                let (visit, renewed) = if change * length > SMALL_CHANGE {
                    let (visit, equations) = objective.renew(points, penalty, rows)?;
                    (visit, Some(equations))
                } else {
                    (objective.visit(points, penalty, rows)?, None)
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
            loss: here.loss,
            points: here.points,
            equations,
            iterations: iteration,
            converged,
        })
    }
}

fn moved(points: &[Point], step: &[Point], length: f64) -> Vec<Point> {
    (points.iter().zip(step))
        .map(|(point, step)| point.moved(step, length))
        .collect()
}

/// The loss of one linear score.
pub(crate) struct Single<'a, L> {
    pub data: Data<'a>,
    pub loss: L,
    pub intercept: bool,
}

impl<L: Loss> Objective for Single<'_, L> {
    type Equations = Equations;

    fn renew(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<(Visit, Equations)> {
        let (loss, moments) = self.data.curvature(&points[0], &self.loss, rows)?;
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
        let visit = Visit {
            objective: loss + penalised(&points[0], penalty),
            loss,
            points,
            slopes: vec![slope],
        };
        Ok((visit, equations))
    }

    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit> {
        let slope = self.data.slope(&points[0], &self.loss, rows)?;
        Ok(Visit {
            objective: slope.loss + penalised(&points[0], penalty),
            loss: slope.loss,
            points,
            slopes: vec![slope],
        })
    }

    fn step(&self, here: &Visit, equations: &Equations, penalty: &[f64]) -> (Vec<Point>, f64) {
        let (point, slope) = (&here.points[0], &here.slopes[0]);
        let mut right = equations.centred(&slope.weights, slope.intercept);
        right
            .iter_mut()
            .zip(&point.weights)
            .zip(penalty)
            .for_each(|((r, w), p)| *r -= p * w);
        let weights = equations.solve(&right);
        let mean = if equations.weight() > 0.0 {
            slope.intercept / equations.weight()
        } else {
            0.0
        };
        let intercept = equations.intercept(&weights, mean);
        let along_intercept = if equations.has_intercept() {
            mean * slope.intercept
        } else {
            0.0
        };
        let gain = dot(&weights, &right) + along_intercept;
        (vec![Point { weights, intercept }], gain)
    }

    fn weight(&self, equations: &Equations) -> f64 {
        equations.weight()
    }
}

fn penalised(point: &Point, penalty: &[f64]) -> f64 {
    0.5 * point.weights.iter().zip(penalty).map(|(w, p)| p * w * w).sum::<f64>()
}
