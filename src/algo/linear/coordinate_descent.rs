//! Coordinate descent on sums of products, for penalties that make weights exactly 0.
//!
//! Friedman, Hastie and Tibshirani (2010) with three additions: columns enter a working set by how much they violate the optimality
//! conditions, so that columns without a weight cost next to nothing; once the signs of the weights settle, the equations of the columns
//! that have a weight are solved exactly, stopping where a sign would change (Lee, Battle, Raina and Ng 2007), so that collinear columns
//! cost no thousands of sweeps; and the duality gap, a bound on how far the minimum is, decides when to end.

use super::cholesky::{PivotedCholesky, dot};
use super::gram::Moments;
use crate::error::Result;
use crate::monitor::Monitor;

/// New columns in the working set at least, when so many violate the conditions.
const GROWTH: usize = 128;
/// Coordinates that are updated between two looks at the monitor.
const COORDINATES: usize = 32;
/// What the L1 penalty is multiplied by from one stop of the path to the next, and how exact the stops before the last are.
const PATH_FACTOR: f64 = 0.4;
const PATH_TOLERANCE: f64 = 1e-4;
/// Exact solutions in a row that may stop at a change of sign before the next sweep.
const CROSSINGS: usize = 16;

/// The share of what a slope is a difference of that may be rounding.
const ROUNDING: f64 = 32.0 * f64::EPSILON;

/// Minimises `1/2 w'Gw - r'w + sum l1 |w| + 1/2 sum l2 w^2`, where G and r are the mean products of the design columns with each other
/// and with the target. With an intercept they are centred, which takes the intercept out.
pub(crate) struct Problem<'a> {
    moments: &'a Moments,
    intercept: bool,
    /// The L1 penalty of each column; infinite for columns that do not vary, which keeps their weights at 0.
    l1: Vec<f64>,
    /// `l1` and what a slope may have more because of rounding alone.
    bound: Vec<f64>,
    /// The L2 penalty of each column.
    l2: Vec<f64>,
    /// r.
    right: Vec<f64>,
    /// The mean square of the (centred) target.
    total: f64,
    monitor: &'a dyn Monitor,
}

/// Where the descent stands.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    pub weights: Vec<f64>,
    /// Sweeps over the working set.
    pub sweeps: usize,
    pub converged: bool,
}

impl Solution {
    /// All weights 0.
    pub fn zero(width: usize) -> Solution {
        Solution {
            weights: vec![0.0; width],
            sweeps: 0,
            converged: false,
        }
    }
}

impl<'a> Problem<'a> {
    /// `l1` and `l2` have one number a design column.
    pub fn new(
        moments: &'a Moments,
        intercept: bool,
        mut l1: Vec<f64>,
        l2: Vec<f64>,
        monitor: &'a dyn Monitor,
    ) -> Problem<'a> {
        let target = moments.width();
        let mut problem = Problem {
            moments,
            intercept,
            l1: Vec::new(),
            bound: Vec::new(),
            l2,
            right: Vec::new(),
            total: 0.0,
            monitor,
        };
        problem.total = problem.product(target, target);
        problem.right = (0..target).map(|column| problem.product(column, target)).collect();
        for (column, l1) in l1.iter_mut().enumerate() {
            let square = problem.product(column, column);
            if square <= 0.0 {
                *l1 = f64::INFINITY;
            }
            problem.bound.push(*l1 + ROUNDING * (square * problem.total).sqrt());
        }
        problem.l1 = l1;
        problem
    }

    /// An element of G; the target has the number after the last design column.
    fn product(&self, a: usize, b: usize) -> f64 {
        let moments = self.moments;
        let origin = if self.intercept {
            0.0
        } else {
            moments.mean(a) * moments.mean(b)
        };
        moments.product(a, b) / moments.weight() + origin
    }

    /// Walks the regularisation path: from the penalty that keeps all weights at 0 down to the one asked for, each stop starting where
    /// the one before ended. That keeps the columns with a weight few on the way, which pays when there are more columns than rows.
    /// Otherwise as [`Problem::minimise`].
    pub fn walk(
        &mut self,
        solution: &mut Solution,
        max_sweeps: usize,
        tolerance: f64,
        report: impl Fn(usize, f64),
    ) -> Result<()> {
        let most = (self.right.iter().zip(&self.l1)).fold(0.0, |m: f64, (right, l1)| m.max(right.abs() / l1));
        let (l1, bound) = (self.l1.clone(), self.bound.clone());
        let mut times = most * PATH_FACTOR;
        while times > 1.0 && times.is_finite() {
            self.l1.iter_mut().zip(&l1).for_each(|(now, l1)| *now = times * l1);
            let slack = bound.iter().zip(&l1).map(|(bound, l1)| bound - l1);
            self.bound = self.l1.iter().zip(slack).map(|(l1, slack)| l1 + slack).collect();
            self.minimise(solution, max_sweeps, PATH_TOLERANCE, &report)?;
            times *= PATH_FACTOR;
        }
        (self.l1, self.bound) = (l1, bound);
        self.minimise(solution, max_sweeps, tolerance, &report)
    }

    /// Descends from `solution` until the duality gap is at most `tolerance` times half the target's mean square, or until there are
    /// `max_sweeps` sweeps in all. `report` is told the sweeps and the mean squared error. O(width) a coordinate that moves.
    pub fn minimise(
        &self,
        solution: &mut Solution,
        max_sweeps: usize,
        tolerance: f64,
        report: impl Fn(usize, f64),
    ) -> Result<()> {
        let allowed = tolerance * 0.5 * self.total;
        loop {
            let slope = self.slope(&solution.weights)?;
            let all = Conditions {
                l1: &self.l1,
                bound: &self.bound,
                right: &self.right,
                total: self.total,
            };
            let (gap, squares) = all.gap(&solution.weights, &slope);
            report(solution.sweeps, squares);
            solution.converged = gap <= allowed;
            if solution.converged || solution.sweeps >= max_sweeps || !gap.is_finite() {
                return Ok(());
            }
            let (columns, grown) = self.working_set(&solution.weights, &slope);
            let mut active = Active::of(self, columns, &solution.weights)?;
            // A gap of the working set below that of all columns leaves room for the columns outside.
            let moved = active.minimise(&mut solution.sweeps, max_sweeps, 0.1 * allowed)?;
            for (&column, &weight) in active.columns.iter().zip(&active.weights) {
                solution.weights[column] = weight;
            }
            if !moved && !grown {
                // Rounding hides what is left.
                solution.converged = gap <= 1e3 * allowed;
                return Ok(());
            }
        }
    }

    /// Replaces what the products say of the slopes at `weights` by `exact`, the mean products of the columns and the residuals as the
    /// rows give them: makes up for digits that the products lost to rounding.
    pub fn correct(&mut self, weights: &[f64], exact: &[f64]) -> Result<()> {
        let slope = self.slope(weights)?;
        for (column, (right, exact)) in self.right.iter_mut().zip(exact).enumerate() {
            *right += exact - self.l2[column] * weights[column] - slope[column];
        }
        Ok(())
    }

    /// The negative gradient of the smooth part: `r - (G + l2) w`. O(width x weights that are not 0).
    fn slope(&self, weights: &[f64]) -> Result<Vec<f64>> {
        let mut slope = self.right.clone();
        for (column, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            self.monitor.check()?;
            for (other, slope) in slope.iter_mut().enumerate() {
                *slope -= self.product(column, other) * weight;
            }
            slope[column] -= self.l2[column] * weight;
        }
        Ok(slope)
    }

    /// The columns with a weight and those without that violate the conditions the most, ascending; and whether there are any of
    /// the latter.
    fn working_set(&self, weights: &[f64], slope: &[f64]) -> (Vec<usize>, bool) {
        let mut columns: Vec<usize> = (0..weights.len()).filter(|&column| weights[column] != 0.0).collect();
        let excess = |column: usize| slope[column].abs() / self.bound[column];
        let mut violating: Vec<usize> = (0..weights.len())
            .filter(|&column| weights[column] == 0.0 && excess(column) > 1.0)
            .collect();
        let grown = !violating.is_empty();
        violating.sort_by(|&a, &b| excess(b).total_cmp(&excess(a)).then(a.cmp(&b)));
        violating.truncate(columns.len().max(GROWTH));
        columns.extend(violating);
        columns.sort_unstable();
        (columns, grown)
    }
}

/// What the duality gap needs to know of a problem.
struct Conditions<'a> {
    l1: &'a [f64],
    bound: &'a [f64],
    right: &'a [f64],
    total: f64,
}

impl Conditions<'_> {
    /// How much lower the minimum can be at most, and the mean of the squared residuals.
    ///
    /// With `b` the squared residuals (those of the rows that stand for the L2 penalty included), the dual point is the residuals times
    /// the largest `s` that keeps every `s |slope| <= l1`, rounding aside. What is summed here is the difference of the primal and the dual value with
    /// all terms that cancel left out, so that it is exact near the minimum, where both are much larger than it.
    fn gap(&self, weights: &[f64], slope: &[f64]) -> (f64, f64) {
        let (with_right, with_slope) = (dot(weights, self.right), dot(weights, slope));
        let residual = (self.total - with_right - with_slope).max(0.0);
        let feasible = (slope.iter().zip(self.bound))
            .map(|(slope, bound)| {
                if *slope == 0.0 {
                    f64::INFINITY
                } else {
                    bound / slope.abs()
                }
            })
            .fold(f64::INFINITY, f64::min);
        let best = if residual > 0.0 {
            (self.total - with_right) / residual
        } else {
            1.0
        };
        let scale = best.min(feasible);
        let penalty: f64 = (weights.iter().zip(slope).zip(self.l1))
            .filter(|((weight, _), _)| **weight != 0.0)
            .map(|((weight, slope), l1)| l1 * weight.abs() - scale * weight * slope)
            .sum();
        (0.5 * residual * (1.0 - scale).powi(2) + penalty, residual)
    }
}

/// The problem of some of the columns, with their products at hand.
struct Active<'a> {
    problem: &'a Problem<'a>,
    columns: Vec<usize>,
    /// G + l2, `columns x columns`.
    square: Vec<f64>,
    right: Vec<f64>,
    l1: Vec<f64>,
    bound: Vec<f64>,
    weights: Vec<f64>,
    slope: Vec<f64>,
}

/// What a sweep did.
struct Sweep {
    /// Coordinates that moved by more than rounding.
    moved: usize,
    /// Weights that left 0, came to it, or changed sign.
    turned: usize,
}

impl<'a> Active<'a> {
    /// O(columns^2). All columns that have a weight must be among `columns`.
    fn of(problem: &'a Problem<'a>, columns: Vec<usize>, weights: &[f64]) -> Result<Active<'a>> {
        let size = columns.len();
        let mut square = vec![0.0; size * size];
        for (a, &column) in columns.iter().enumerate() {
            problem.monitor.check()?;
            for (b, &other) in columns[..=a].iter().enumerate() {
                let product = problem.product(column, other);
                square[a * size + b] = product;
                square[b * size + a] = product;
            }
            square[a * size + a] += problem.l2[column];
        }
        let pick = |from: &[f64]| columns.iter().map(|&column| from[column]).collect::<Vec<f64>>();
        let mut active = Active {
            right: pick(&problem.right),
            l1: pick(&problem.l1),
            bound: pick(&problem.bound),
            weights: pick(weights),
            slope: Vec::new(),
            problem,
            columns,
            square,
        };
        active.renew_slope()?;
        Ok(active)
    }

    /// Computes the slopes anew, which forgets the rounding of many updates.
    fn renew_slope(&mut self) -> Result<()> {
        let size = self.columns.len();
        let mut slope = self.right.clone();
        for (chunk, rows) in self.square.chunks(COORDINATES * size.max(1)).enumerate() {
            self.problem.monitor.check()?;
            for (column, row) in (chunk * COORDINATES..).zip(rows.chunks_exact(size)) {
                shift(&mut slope, row, -self.weights[column]);
            }
        }
        self.slope = slope;
        Ok(())
    }

    /// Sweeps and exact solutions until the gap is at most `allowed`. Returns whether anything moved.
    fn minimise(&mut self, sweeps: &mut usize, max_sweeps: usize, allowed: f64) -> Result<bool> {
        let (mut work, mut moved) = (0, false);
        while *sweeps < max_sweeps {
            let sweep = self.sweep()?;
            *sweeps += 1;
            moved |= sweep.moved > 0;
            if sweep.moved == 0 || self.gap() <= allowed {
                break;
            }
            work += sweep.moved * self.columns.len();
            let support: Vec<usize> = (0..self.weights.len()).filter(|&c| self.weights[c] != 0.0).collect();
            // An exact solution must not cost more than the sweeps since the last one, and not come while signs still change freely.
            let cost = support.len().saturating_pow(3) / 6;
            if work >= if sweep.turned == 0 { cost } else { 4 * cost } {
                work = 0;
                self.solve(support)?;
                if self.gap() <= allowed {
                    break;
                }
            }
        }
        Ok(moved)
    }

    fn gap(&self) -> f64 {
        let conditions = Conditions {
            l1: &self.l1,
            bound: &self.bound,
            right: &self.right,
            total: self.problem.total,
        };
        conditions.gap(&self.weights, &self.slope).0
    }

    /// Minimises over each coordinate in turn.
    fn sweep(&mut self) -> Result<Sweep> {
        let size = self.columns.len();
        let mut sweep = Sweep { moved: 0, turned: 0 };
        for column in 0..size {
            if column % COORDINATES == 0 {
                self.problem.monitor.check()?;
            }
            let row = &self.square[column * size..(column + 1) * size];
            let (old, curvature) = (self.weights[column], row[column]);
            let new = soft_threshold(self.slope[column] + curvature * old, self.l1[column]) / curvature;
            let change = new - old;
            if change == 0.0 {
                continue;
            }
            shift(&mut self.slope, row, -change);
            self.weights[column] = new;
            sweep.moved += usize::from(change.abs() > 4.0 * f64::EPSILON * old.abs());
            sweep.turned += usize::from(new == 0.0 || new * old <= 0.0);
        }
        Ok(sweep)
    }

    /// Goes to the minimum over the weights of `support`, their signs kept: all the way, or as far as the first weight that comes to 0.
    /// Where the columns depend on each other, goes along a dependence, which changes no residual, to the first weight that comes to 0.
    /// The objective never rises on the way. Then again without that weight, a few times.
    fn solve(&mut self, mut support: Vec<usize>) -> Result<()> {
        let size = self.columns.len();
        for _ in 0..CROSSINGS {
            let lower = |a: usize, b: usize| self.square[support[a] * size + support[b]];
            let factor = PivotedCholesky::new(support.len(), lower, self.problem.monitor)?;
            let right: Vec<f64> = (support.iter())
                .map(|&column| self.slope[column] - self.l1[column] * self.weights[column].signum())
                .collect();
            let reach = |column: usize, step: f64| {
                let weight = self.weights[column];
                if weight * step < 0.0 {
                    -weight / step
                } else {
                    f64::INFINITY
                }
            };
            let first = |step: &[f64]| (support.iter().zip(step)).fold(f64::INFINITY, |m, (&c, &s)| m.min(reach(c, s)));
            let along = factor.dependence().map(|mut step| {
                if dot(&step, &right) < 0.0 {
                    step.iter_mut().for_each(|step| *step = -*step);
                }
                let length = first(&step);
                (step, length)
            });
            let (step, length) = match along.filter(|(_, length)| length.is_finite()) {
                Some(along) => along,
                None => {
                    let step = factor.solve(&right);
                    let length = first(&step).min(1.0);
                    (step, length)
                }
            };
            let crossed: Vec<usize> = (support.iter().zip(&step))
                .filter(|&(&column, &step)| reach(column, step) <= length)
                .map(|(&column, _)| column)
                .collect();
            for (&column, step) in support.iter().zip(&step) {
                self.weights[column] += length * step;
            }
            crossed.iter().for_each(|&column| self.weights[column] = 0.0);
            self.renew_slope()?;
            if crossed.is_empty() {
                break;
            }
            support.retain(|&column| self.weights[column] != 0.0);
        }
        Ok(())
    }
}

/// Adds `factor` times `row` to `slope`.
fn shift(slope: &mut [f64], row: &[f64], factor: f64) {
    slope
        .iter_mut()
        .zip(row)
        .for_each(|(slope, product)| *slope += factor * product);
}

/// The number nearest to 0 within `by` of `value`.
fn soft_threshold(value: f64, by: f64) -> f64 {
    if value > by {
        value - by
    } else if value < -by {
        value + by
    } else {
        0.0
    }
}
