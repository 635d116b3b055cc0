//! Newton's method for linear scores, with few passes over the rows.

use super::block::Rows;
use super::cholesky::dot;
use super::equations::Equations;
use super::gram::Moments;
use super::link::Loss;
use super::pass::{Data, Point, Slope};
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Progress};

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

/// What Newton's method makes of what it knows of the loss over the rows plus half the sum of `penalty * weight^2`.
pub(crate) trait Steps {
    /// Factored second derivatives.
    type Equations;

    /// The Newton step and twice the fall of the objective that its quadratic model promises.
    fn step(&self, here: &Visit, equations: &Self::Equations, penalty: &[f64]) -> (Vec<Point>, f64);

    /// The sum of the rows' second derivatives by their scores.
    fn weight(&self, equations: &Self::Equations) -> f64;
}

/// What knows the loss over the rows.
pub(crate) trait Objective: Steps {
    /// A pass over `rows` for the loss, the gradient and the second derivatives.
    fn renew(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<(Visit, Self::Equations)>;

    /// A pass for the loss and the gradient.
    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit>;
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
        let mut descent = Descent::new(iterations, tolerance);
        let mut ask = Ask::Renew(start);
        loop {
            let (visit, renewed) = match ask {
                Ask::Renew(points) => {
                    let (visit, equations) = objective.renew(points, penalty, rows)?;
                    (visit, Some(equations))
                }
                Ask::Visit(points) => (objective.visit(points, penalty, rows)?, None),
                Ask::Nothing(minimum) => return Ok(minimum),
            };
            ask = descent.take(objective, (visit, renewed), penalty, |iteration, loss| {
                if rows.stride == 1 {
                    let loss = loss / rows.rows as f64;
                    self.data.monitor.progress(Progress {
                        iteration,
                        iterations,
                        loss,
                    });
                }
            })?;
        }
    }
}

/// What a descent wants to know next.
pub(crate) enum Ask<E> {
    /// The loss, the gradient and the second derivatives at these points.
    Renew(Vec<Point>),
    /// The loss and the gradient.
    Visit(Vec<Point>),
    /// It has ended.
    Nothing(Minimum<E>),
}

/// Newton's method as a sequence of questions, whoever answers them: it does not see the rows.
pub(crate) struct Descent<E> {
    iterations: usize,
    tolerance: f64,
    iteration: usize,
    /// The best points so far.
    here: Option<Visit>,
    equations: Option<E>,
    /// Whether the equations are those of `here`.
    fresh: bool,
    last_gain: f64,
    /// The step that is being tried.
    trial: Option<Trial>,
}

/// A step, what it promises, and which part of it is taken.
struct Trial {
    step: Vec<Point>,
    gain: f64,
    /// The root mean square change of the scores by the whole step.
    change: f64,
    length: f64,
}

impl<E> Descent<E> {
    /// Begins with the answer to an [`Ask::Renew`] of the starting points.
    pub fn new(iterations: usize, tolerance: f64) -> Descent<E> {
        Descent {
            iterations,
            tolerance,
            iteration: 0,
            here: None,
            equations: None,
            fresh: false,
            last_gain: f64::INFINITY,
            trial: None,
        }
    }

    /// Takes the answer to what was asked last: equations only where they were asked for. `report` hears of each iteration and its loss.
    pub fn take(
        &mut self,
        steps: &impl Steps<Equations = E>,
        (visit, renewed): (Visit, Option<E>),
        penalty: &[f64],
        report: impl FnOnce(usize, f64),
    ) -> Result<Ask<E>> {
        self.iteration += 1;
        if let (Some(mut trial), Some(here)) = (self.trial.take(), &self.here) {
            if visit.objective > here.objective + ROUNDING * here.objective.abs() {
                trial.length *= 0.5;
                if self.iteration >= self.iterations || trial.length < 1e-9 {
                    return self.end(trial.gain < NOTHING_LEFT);
                }
                return self.attempt(trial);
            }
            self.last_gain = trial.gain;
        }
        self.here = Some(visit);
        self.fresh = renewed.is_some();
        self.equations = renewed.or(self.equations.take());
        let (Some(here), Some(equations)) = (&mut self.here, &self.equations) else {
            return Err(NOT_ANSWERED);
        };
        report(self.iteration, here.loss);
        let (step, gain) = steps.step(here, equations, penalty);
        if gain <= self.tolerance {
            here.points = moved(&here.points, &step, 1.0);
            return self.end(true);
        }
        if self.iteration >= self.iterations {
            return self.end(false);
        }
        if !self.fresh && gain > 0.1 * self.last_gain {
            return Ok(Ask::Renew(here.points.clone()));
        }
        let change = (gain / steps.weight(equations)).sqrt();
        self.attempt(Trial {
            step,
            gain,
            change,
            length: 1.0,
        })
    }

    /// Asks about the points where a part of a step leads.
    fn attempt(&mut self, trial: Trial) -> Result<Ask<E>> {
        let here = self.here.as_ref().ok_or(NOT_ANSWERED)?;
        let points = moved(&here.points, &trial.step, trial.length);
        let is_small = trial.change * trial.length <= SMALL_CHANGE;
        self.trial = Some(trial);
        Ok(match is_small {
            true => Ask::Visit(points),
            false => Ask::Renew(points),
        })
    }

    fn end(&mut self, converged: bool) -> Result<Ask<E>> {
        let (Some(here), Some(equations)) = (self.here.take(), self.equations.take()) else {
            return Err(NOT_ANSWERED);
        };
        Ok(Ask::Nothing(Minimum {
            loss: here.loss,
            points: here.points,
            equations,
            iterations: self.iteration,
            converged,
        }))
    }
}

const NOT_ANSWERED: Error = Error::Internal("a descent was not told what it asked");

/// Where the loss over a few rows has its minimum, or 0 where it has none.
pub(crate) fn start(data: Data, objective: impl Objective, outputs: usize, penalty: &[f64]) -> Result<Vec<Point>> {
    // As for a sample of blocks: what few rows say alone must not start far out.
    let penalty: Vec<f64> = penalty.iter().map(|p| p.max(SAMPLE_PENALTY)).collect();
    let problem = Problem {
        data,
        objective,
        outputs,
        penalty: &penalty,
        max_iterations: SAMPLE_ITERATIONS,
        tolerance: SAMPLE_TOLERANCE,
    };
    let found = problem.minimise()?;
    let zero = Point {
        weights: vec![0.0; penalty.len()],
        intercept: 0.0,
    };
    Ok(match found.converged {
        true => found.points,
        false => vec![zero; outputs],
    })
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

/// The steps of one linear score.
pub(crate) struct SingleSteps;

impl<L: Loss> Objective for Single<'_, L> {
    fn renew(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<(Visit, Equations)> {
        let curvature = self.data.curvature(&points[0], &self.loss, rows)?;
        Visit::of_curvature(points, curvature, penalty, self.intercept, self.data.monitor)
    }

    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit> {
        let slope = self.data.slope(&points[0], &self.loss, rows)?;
        Ok(Visit::of_slope(points, slope, penalty))
    }
}

impl Visit {
    /// What the moments of the working residuals say of one score, and the factored equations.
    pub fn of_curvature(
        points: Vec<Point>,
        (loss, moments): (f64, Moments),
        penalty: &[f64],
        intercept: bool,
        monitor: &dyn Monitor,
    ) -> Result<(Visit, Equations)> {
        let equations = Equations::new(&moments, penalty, intercept, monitor)?;
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
        Ok((Visit::of_slope(points, slope, penalty), equations))
    }

    /// What a slope says of one score.
    pub fn of_slope(points: Vec<Point>, slope: Slope, penalty: &[f64]) -> Visit {
        Visit {
            objective: slope.loss + penalised(&points[0], penalty),
            loss: slope.loss,
            points,
            slopes: vec![slope],
        }
    }
}

impl<L> Steps for Single<'_, L> {
    type Equations = Equations;

    fn step(&self, here: &Visit, equations: &Equations, penalty: &[f64]) -> (Vec<Point>, f64) {
        SingleSteps.step(here, equations, penalty)
    }

    fn weight(&self, equations: &Equations) -> f64 {
        equations.weight()
    }
}

impl Steps for SingleSteps {
    type Equations = Equations;

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
