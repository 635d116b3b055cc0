//! Losses with kinks: sums over rows of what a score is above or below a number, each side with a price of its own, plus a quadratic penalty. Quantile
//! regression, support vector machines and their regressions are of this form.
//!
//! The method is the primal-dual path following one of Mehrotra (1992), for quantiles known as that of Frisch and Newton (Portnoy and Koenker 1997):
//! each step is one weighted least squares problem. The duality gap says how far the sum can be from its minimum.

use rayon::prelude::*;

use super::block::{BLOCK_ROWS, walk};
use super::equations::Equations;
use super::gram::Moments;
use super::pass::{Data, Point, Slope};
use crate::error::Result;
use crate::monitor::Progress;
use crate::room;

/// A share of the greatest value on the way that is as good as 0.
const NOTHING: f64 = 1e-12;
/// How much of the way to the border a step goes.
const SHARE: f64 = 0.9995;
/// Steps end where the equations could not be solved this well.
const LEFT_OVER: f64 = 1e-9;
/// Below this a duality gap is an end when no step comes nearer.
const GOOD_ENOUGH: f64 = 1e-6;

/// What a row costs: `high` for each unit that `target - sign * score` is above 0, `-low` for each below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Kink {
    pub target: f64,
    pub sign: f64,
    /// At most 0.
    pub low: f64,
    /// At least 0, and above `low`.
    pub high: f64,
}

impl Kink {
    pub fn error(&self, score: f64) -> f64 {
        self.target - self.sign * score
    }

    pub fn cost(&self, error: f64) -> f64 {
        if error > 0.0 {
            self.high * error
        } else {
            self.low * error
        }
    }
}

/// A kink with its multiplier between `low` and `high`, and how far its error is above and below 0, both more than 0.
#[derive(Debug, Clone, Copy)]
struct State {
    kink: Kink,
    multiplier: f64,
    above: f64,
    below: f64,
    /// The step of these.
    step: [f64; 3],
}

/// Bytes that a row takes while it is solved, for each kink.
pub(crate) const ROW_BYTES: usize = size_of::<State>() + size_of::<Kink>();

impl State {
    fn new(kink: Kink, room: f64) -> State {
        // 0 is inside where both sides cost something.
        let inside = kink.low < 0.0 && kink.high > 0.0;
        let error = kink.target;
        State {
            kink,
            multiplier: if inside { 0.0 } else { 0.5 * (kink.low + kink.high) },
            above: error.max(0.0) + room,
            below: (-error).max(0.0) + room,
            step: [0.0; 3],
        }
    }

    fn to_high(self) -> f64 {
        self.kink.high - self.multiplier
    }

    fn to_low(self) -> f64 {
        self.multiplier - self.kink.low
    }

    /// How much the multiplier changes by the error.
    fn curve(&self) -> f64 {
        1.0 / (self.above / self.to_high() + self.below / self.to_low())
    }

    /// What `above * to_high` and `below * to_low` are to become less than they are.
    fn wanted(&self, centre: Option<f64>) -> [f64; 2] {
        let [multiplier, above, below] = match centre {
            Some(_) => self.step,
            None => [0.0; 3],
        };
        let centre = centre.unwrap_or(0.0);
        [
            centre + above * multiplier - self.above * self.to_high(),
            centre - below * multiplier - self.below * self.to_low(),
        ]
    }

    /// What the multiplier would become if the score stayed, less what it is, over the curve.
    fn pull(&self, wanted: [f64; 2]) -> f64 {
        wanted[1] / self.to_low() - wanted[0] / self.to_high()
    }

    /// The step that goes with a change of the score.
    fn advance(&mut self, centre: Option<f64>, change: f64) {
        let wanted = self.wanted(centre);
        let multiplier = self.curve() * (self.pull(wanted) - self.kink.sign * change);
        self.step = [
            multiplier,
            (wanted[0] + self.above * multiplier) / self.to_high(),
            (wanted[1] - self.below * multiplier) / self.to_low(),
        ];
    }

    /// How far the step may go before something is 0.
    fn limit(&self) -> f64 {
        let [multiplier, above, below] = self.step;
        let until = |value: f64, step: f64| if step < 0.0 { -value / step } else { f64::INFINITY };
        until(self.above, above)
            .min(until(self.below, below))
            .min(until(self.to_high(), -multiplier))
            .min(until(self.to_low(), multiplier))
    }

    /// The gap as a polynomial of the length of the step.
    fn gap(&self) -> [f64; 3] {
        let [multiplier, above, below] = self.step;
        let (to_high, to_low) = (self.to_high(), self.to_low());
        [
            self.above * to_high + self.below * to_low,
            above * to_high - self.above * multiplier + below * to_low + self.below * multiplier,
            below * multiplier - above * multiplier,
        ]
    }

    fn go(&mut self, length: f64) {
        self.multiplier += length * self.step[0];
        self.above += length * self.step[1];
        self.below += length * self.step[2];
    }
}

/// What to minimise: kinks, as many of each row, a linear part, and half the sum of `penalty * weight^2`.
pub(crate) struct Problem<'a> {
    /// Targets and weights of rows are not looked at.
    pub data: Data<'a>,
    /// `sides` of each row, one row after the other.
    pub kinks: Vec<Kink>,
    pub sides: usize,
    /// The negative gradient of what else is to be minimised, which is linear; and its value where all is 0.
    pub linear: &'a Slope,
    /// One a design column.
    pub penalty: &'a [f64],
    pub intercept: bool,
    pub max_iterations: usize,
    /// How large the duality gap may be, as a share of the minimum.
    pub tolerance: f64,
}

/// Where the method ended.
pub(crate) struct Minimum {
    pub point: Point,
    pub iterations: usize,
    pub converged: bool,
}

/// What a pass over the kinks tells.
#[derive(Clone, Copy)]
struct Seen {
    limit: f64,
    gap: [f64; 3],
    cost: f64,
}

impl Problem<'_> {
    /// Minimises from 0. O(iterations x rows x width^2).
    pub fn minimise(self) -> Result<Minimum> {
        let width = self.data.design.width();
        let mean = self.kinks.iter().map(|kink| kink.target.abs()).sum::<f64>() / self.kinks.len().max(1) as f64;
        let room = if mean > 0.0 { mean } else { 1.0 };
        let mut states = room::with_capacity(self.kinks.len())?;
        states.extend(self.kinks.iter().map(|kink| State::new(*kink, room)));
        let mut point = Point {
            weights: vec![0.0; width],
            intercept: 0.0,
        };
        let still = point.clone();
        let mut left_over = 1.0;
        let mut iteration = 0;
        let (mut best, mut floor) = (f64::INFINITY, f64::MIN_POSITIVE);
        let converged = loop {
            let seen = self.each(&mut states, &still, |state, _| state.step = [0.0; 3])?;
            let value = self.value(&seen, &point);
            // What is nothing beside the start is nothing.
            floor = floor.max(NOTHING * value.abs());
            let gap = seen.gap[0] / value.abs().max(floor);
            self.data.monitor.progress(Progress {
                iteration,
                iterations: self.max_iterations,
                loss: value / self.data.targets.len().max(1) as f64,
            });
            if left_over <= LEFT_OVER && gap <= self.tolerance {
                break true;
            }
            let stalls = !gap.is_finite() || (best < GOOD_ENOUGH && gap > 0.7 * best);
            if iteration >= self.max_iterations || stalls {
                break left_over <= LEFT_OVER && best < GOOD_ENOUGH;
            }
            best = best.min(gap);
            iteration += 1;
            let centre = seen.gap[0] / (2 * states.len()) as f64;
            let (slope, moments) = self.curvature(&states)?;
            let equations = Equations::new(&moments, self.penalty, self.intercept, self.data.monitor)?;
            let change = self.solve(&equations, slope, &point);
            let ahead = self.each(&mut states, &change, |state, change| state.advance(None, change))?;
            let length = ahead.limit.min(1.0);
            let after = ahead.gap[0] + length * (ahead.gap[1] + length * ahead.gap[2]);
            let aim = (after.max(0.0) / ahead.gap[0]).powi(3) * centre;
            let slope = self.slope(&states, Some(aim))?;
            let change = self.solve(&equations, slope, &point);
            let ahead = self.each(&mut states, &change, |state, change| state.advance(Some(aim), change))?;
            let length = (SHARE * ahead.limit).min(1.0);
            states
                .par_chunks_mut(BLOCK_ROWS)
                .for_each(|states| states.iter_mut().for_each(|state| state.go(length)));
            point = point.moved(&change, length);
            left_over *= 1.0 - length;
        };
        Ok(Minimum {
            point,
            iterations: iteration,
            converged,
        })
    }

    /// About what is minimised.
    fn value(&self, seen: &Seen, point: &Point) -> f64 {
        let along = |(a, b): (&f64, &f64)| a * b;
        let linear: f64 = self.linear.weights.iter().zip(&point.weights).map(along).sum();
        let squares = point.weights.iter().zip(self.penalty).map(|(w, p)| p * w * w);
        self.linear.loss + seen.cost - linear - self.linear.intercept * point.intercept + 0.5 * squares.sum::<f64>()
    }

    /// Does `work` to each kink, with the change of its score, and sees what came of it.
    fn each(&self, states: &mut [State], change: &Point, work: impl Fn(&mut State, f64) + Sync) -> Result<Seen> {
        let scorer = self.data.scorer(change);
        let rows = self.data.targets.len();
        let blocks = states.par_chunks_mut(BLOCK_ROWS * self.sides).enumerate();
        let seen: Vec<Seen> = blocks
            .map(|(block, states)| {
                self.data.monitor.check()?;
                let range = block * BLOCK_ROWS..rows.min((block + 1) * BLOCK_ROWS);
                let mut scores = [0.0; BLOCK_ROWS];
                scorer.scores(range.clone(), &mut scores[..range.len()]);
                let mut seen = Seen::nothing();
                for (states, change) in states.chunks_exact_mut(self.sides).zip(&scores) {
                    for state in states {
                        work(state, *change);
                        seen.see(state);
                    }
                }
                Ok(seen)
            })
            .collect::<Result<_>>()?;
        Ok(seen.iter().fold(Seen::nothing(), |all, seen| all.and(seen)))
    }

    /// For each row of a block the sum of its kinks' multipliers as they would become if the scores stayed, and of their curves.
    fn pulls(&self, states: &[State], centre: Option<f64>) -> ([f64; BLOCK_ROWS], [f64; BLOCK_ROWS]) {
        let (mut pulls, mut curves) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
        for ((states, pull), curve) in states.chunks_exact(self.sides).zip(&mut pulls).zip(&mut curves) {
            for state in states {
                let own = state.curve();
                *curve += own;
                *pull += state.kink.sign * (state.multiplier + own * state.pull(state.wanted(centre)));
            }
        }
        (pulls, curves)
    }

    /// The moments weighted by the curves, and the pull of the rows.
    fn curvature(&self, states: &[State]) -> Result<(Slope, Moments)> {
        let (data, width) = (&self.data, self.penalty.len());
        let (products, _) = data.products(data.rows(), |block, range| {
            let states = &states[range.start * self.sides..range.end * self.sides];
            let (mut pulls, curves) = self.pulls(states, None);
            for ((root, curve), pull) in block.roots.iter_mut().zip(&curves).zip(&mut pulls) {
                *root = curve.sqrt();
                *pull = if *root > 0.0 { *pull / *root } else { 0.0 };
            }
            block.fill(data.design, data.frame, range, &pulls);
            0.0
        })?;
        let slope = Slope {
            loss: 0.0,
            weights: (0..width).map(|column| products.product(column, width)).collect(),
            intercept: products.sum(width),
        };
        Ok((
            slope,
            Moments::from_products(&products, data.targets.len(), 0.0, data.monitor)?,
        ))
    }

    /// The pull of the rows, with the curves as they are.
    fn slope(&self, states: &[State], centre: Option<f64>) -> Result<Slope> {
        let (data, width) = (&self.data, self.penalty.len());
        let nothing = Slope {
            loss: 0.0,
            weights: vec![0.0; width],
            intercept: 0.0,
        };
        let slabs = data.rows().slabs(width * size_of::<f64>(), |ranges| {
            let mut slope = nothing.clone();
            walk(ranges, data.monitor, |range| {
                let (pulls, _) = self.pulls(&states[range.start * self.sides..range.end * self.sides], centre);
                let pulls = &pulls[..range.len()];
                slope.intercept += pulls.iter().sum::<f64>();
                data.add_products(pulls, range, &mut slope.weights);
            })?;
            Ok(slope)
        })?;
        let mut total = nothing.clone();
        slabs.iter().for_each(|slab| total.add(slab));
        Ok(total)
    }

    /// The step of the weights that a pull of the rows asks for.
    fn solve(&self, equations: &Equations, mut slope: Slope, point: &Point) -> Point {
        slope.add(self.linear);
        let mut right = equations.centred(&slope.weights, slope.intercept);
        (right.iter_mut().zip(&point.weights).zip(self.penalty)).for_each(|((r, w), p)| *r -= p * w);
        let weights = equations.solve(&right);
        let mean = if equations.weight() > 0.0 {
            slope.intercept / equations.weight()
        } else {
            0.0
        };
        Point {
            intercept: equations.intercept(&weights, mean),
            weights,
        }
    }
}

impl Seen {
    fn nothing() -> Seen {
        Seen {
            limit: f64::INFINITY,
            gap: [0.0; 3],
            cost: 0.0,
        }
    }

    fn see(&mut self, state: &State) {
        let gap = state.gap();
        self.limit = self.limit.min(state.limit());
        self.gap.iter_mut().zip(gap).for_each(|(a, b)| *a += b);
        self.cost += state.kink.cost(state.above - state.below);
    }

    fn and(mut self, other: &Seen) -> Seen {
        self.limit = self.limit.min(other.limit);
        self.gap.iter_mut().zip(other.gap).for_each(|(a, b)| *a += b);
        self.cost += other.cost;
        self
    }
}
