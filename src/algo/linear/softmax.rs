//! Logistic regression without second derivatives: for more than two classes, and for wide designs.

use std::ops::Range;

use super::block::{BLOCK_ROWS, Rows, walk};
use super::equations::Equations;
use super::lbfgs::{self, Objective};
use super::link::{Logistic, exp};
use super::pass::{Data, Point, Scorer, Slope};
use crate::error::Result;
use crate::monitor::Progress;

/// The widest design whose products precondition the descent; wider ones are preconditioned column by column.
const EQUATIONS_WIDTH: usize = 500;

/// What to fit.
pub(crate) struct Settings<'a> {
    pub classes: usize,
    /// One a design column.
    pub penalty: &'a [f64],
    pub intercept: bool,
    pub max_iterations: usize,
    pub tolerance: f64,
}

/// Where the descent ended: one point for two classes, else one a class.
pub(crate) struct Minimum {
    pub points: Vec<Point>,
    /// The loss over the rows, without the penalty.
    pub loss: f64,
    pub iterations: usize,
    pub converged: bool,
}

/// Minimises the negative log likelihood plus half the sum of `penalty * weight^2`, from 0.
pub(crate) fn minimise(data: &Data, settings: &Settings) -> Result<Minimum> {
    let outputs = if settings.classes > 2 { settings.classes } else { 1 };
    let likelihood = Likelihood {
        data,
        settings,
        inverse: Inverse::of(data, settings, outputs)?,
    };
    let start = vec![0.0; outputs * (data.design.width() + 1)];
    let descent = lbfgs::minimise(&likelihood, start, settings.max_iterations, settings.tolerance)?;
    let points = likelihood.points(&descent.at);
    let loss = likelihood.slopes(&points)?.iter().map(|slope| slope.loss).sum();
    Ok(Minimum {
        points,
        loss,
        iterations: descent.iterations,
        converged: descent.converged,
    })
}

struct Likelihood<'a> {
    data: &'a Data<'a>,
    settings: &'a Settings<'a>,
    inverse: Inverse,
}

impl Likelihood<'_> {
    /// Takes a vector of weights and intercepts apart: the weights of an output, then its intercept.
    fn points(&self, at: &[f64]) -> Vec<Point> {
        let width = self.data.design.width();
        at.chunks_exact(width + 1)
            .map(|p| Point {
                weights: p[..width].to_vec(),
                intercept: p[width],
            })
            .collect()
    }

    /// The negative gradient of each output; the loss is with the first one.
    fn slopes(&self, points: &[Point]) -> Result<Vec<Slope>> {
        match points {
            [point] => Ok(vec![self.data.slope(point, &Logistic, self.data.rows())?]),
            points => slopes(self.data, points, points.len(), self.data.rows()),
        }
    }
}

/// A pass over `rows` for the negative gradient of the loss of `classes` classes by each point; the loss is with the first one. The
/// score of a class without a point is 0. O(rows x features x points).
pub(crate) fn slopes(data: &Data, points: &[Point], classes: usize, rows: Rows) -> Result<Vec<Slope>> {
    let width = data.design.width();
    let none = || {
        vec![
            Slope {
                loss: 0.0,
                weights: vec![0.0; width],
                intercept: 0.0
            };
            points.len()
        ]
    };
    let scorers: Vec<_> = points.iter().map(|point| data.scorer(point)).collect();
    let slabs = rows.slabs(points.len() * (width + 1) * size_of::<f64>(), |ranges| {
        let mut slopes = none();
        let mut scores = vec![0.0; classes * BLOCK_ROWS];
        walk(ranges, data.monitor, |range| {
            slopes[0].loss += probabilities(data, &scorers, range.clone(), &mut scores);
            add_residuals(data, range, &mut scores, &mut slopes);
        })?;
        Ok(slopes)
    })?;
    let mut slabs = slabs.into_iter();
    let mut total = slabs.next().unwrap_or_else(none);
    for slab in slabs {
        total.iter_mut().zip(&slab).for_each(|(total, slope)| total.add(slope));
    }
    Ok(total)
}

/// Adds to `slopes` what the rows of `range` add; their probabilities are overwritten by weighted residuals.
pub(crate) fn add_residuals(data: &Data, range: Range<usize>, probabilities: &mut [f64], slopes: &mut [Slope]) {
    let (targets, weights) = (&data.targets[range.clone()], data.weights.map(|w| &w[range.clone()]));
    let classes = probabilities.chunks_exact_mut(BLOCK_ROWS).enumerate();
    for (slope, (class, values)) in slopes.iter_mut().zip(classes) {
        let values = &mut values[..range.len()];
        for (row, value) in values.iter_mut().enumerate() {
            let hit = if targets[row] == class as f64 { 1.0 } else { 0.0 };
            *value = weights.map_or(1.0, |w| w[row]) * (hit - *value);
        }
        slope.intercept += values.iter().sum::<f64>();
        data.add_products(values, range.clone(), &mut slope.weights);
    }
}

impl Objective for Likelihood<'_> {
    fn evaluate(&self, at: &[f64]) -> Result<(f64, Vec<f64>)> {
        let points = self.points(at);
        let slopes = self.slopes(&points)?;
        let mut value = 0.0;
        let mut gradient = Vec::with_capacity(at.len());
        for (slope, point) in slopes.iter().zip(&points) {
            value += slope.loss;
            for ((sum, weight), penalty) in slope.weights.iter().zip(&point.weights).zip(self.settings.penalty) {
                value += 0.5 * penalty * weight * weight;
                gradient.push(penalty * weight - sum);
            }
            gradient.push(if self.settings.intercept { -slope.intercept } else { 0.0 });
        }
        Ok((value, gradient))
    }

    fn precondition(&self, vector: &[f64]) -> Vec<f64> {
        let width = self.data.design.width();
        vector
            .chunks_exact(width + 1)
            .flat_map(|part| self.inverse.apply(&part[..width], part[width]))
            .collect()
    }

    fn report(&self, iteration: usize, value: f64) {
        let loss = value / self.data.total_weight();
        self.data.monitor.progress(Progress {
            iteration,
            iterations: self.settings.max_iterations,
            loss,
        });
    }
}

/// Writes the probabilities of the rows of `range` (class by class, each `BLOCK_ROWS` long), and returns the loss. Classes after the
/// last scorer have the score 0.
pub(crate) fn probabilities(data: &Data, scorers: &[Scorer], range: Range<usize>, out: &mut [f64]) -> f64 {
    let rows = range.len();
    let (targets, weights) = (&data.targets[range.clone()], data.weights.map(|w| &w[range.clone()]));
    let (mut largest, mut sums, mut own) = ([f64::NEG_INFINITY; BLOCK_ROWS], [0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
    for (class, scores) in out.chunks_exact_mut(BLOCK_ROWS).enumerate() {
        match scorers.get(class) {
            Some(scorer) => scorer.scores(range.clone(), &mut scores[..rows]),
            None => scores.fill(0.0),
        }
        largest
            .iter_mut()
            .zip(&scores[..rows])
            .for_each(|(largest, score)| *largest = largest.max(*score));
    }
    for (class, scores) in out.chunks_exact_mut(BLOCK_ROWS).enumerate() {
        // Slices of one length and no integers, so that the loop becomes vector instructions.
        let class = class as f64;
        let places = scores[..rows]
            .iter_mut()
            .zip(&largest)
            .zip(sums.iter_mut().zip(&mut own));
        for (((score, largest), (sum, own)), target) in places.zip(targets) {
            let above = *score - largest;
            *own = if *target == class { above } else { *own };
            *score = exp(above);
            *sum += *score;
        }
    }
    for scores in out.chunks_exact_mut(BLOCK_ROWS) {
        scores[..rows]
            .iter_mut()
            .zip(&sums)
            .for_each(|(score, sum)| *score /= sum);
    }
    (0..rows)
        .map(|row| weights.map_or(1.0, |w| w[row]) * (sums[row].ln() - own[row]))
        .sum()
}

/// A stand-in for the inverse of the second derivatives of one output: that at equal probabilities, which bounds the others from below
/// up to a factor (Bohning 1992).
enum Inverse {
    Equations(Box<Equations>),
    Diagonal {
        inverse: Vec<f64>,
        means: Vec<f64>,
        weight: f64,
        intercept: bool,
    },
}

impl Inverse {
    fn of(data: &Data, settings: &Settings, outputs: usize) -> Result<Inverse> {
        let width = data.design.width();
        // At equal probabilities the two-class loss curves by 1/4, that of k classes by 1/k: the penalty counts for more by as much.
        let factor = if outputs > 1 { outputs as f64 / 4.0 } else { 1.0 };
        let penalty: Vec<f64> = settings.penalty.iter().map(|p| p * factor).collect();
        let zero = Point {
            weights: vec![0.0; width],
            intercept: 0.0,
        };
        if width <= EQUATIONS_WIDTH {
            let (_, moments) = data.curvature(&zero, &Logistic, data.rows())?;
            let equations = Equations::new(&moments, &penalty, settings.intercept, data.monitor)?;
            return Ok(Inverse::Equations(Box::new(equations)));
        }
        let (weight, sums) = data.column_sums()?;
        let numbers = data.design.numbers();
        let diagonal = sums.iter().zip(&penalty).enumerate().map(|(column, (sum, penalty))| {
            // A standardised number's squares add up to the weight, a level's to its rows.
            let squares = if column < numbers {
                weight
            } else {
                sum * (1.0 - sum / weight).max(1e-3)
            };
            let diagonal = squares / 4.0 + penalty;
            if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 }
        });
        let means = sums.iter().map(|sum| sum / weight).collect();
        Ok(Inverse::Diagonal {
            inverse: diagonal.collect(),
            means,
            weight: weight / 4.0,
            intercept: settings.intercept,
        })
    }

    /// Applies it to the part of a vector that is one output's weights and intercept.
    fn apply(&self, weights: &[f64], sum: f64) -> Vec<f64> {
        let (mut solution, last) = match self {
            Inverse::Equations(equations) => {
                let solution = equations.solve(&equations.centred(weights, sum));
                let intercept = equations.intercept(&solution, sum / equations.weight());
                (solution, intercept)
            }
            Inverse::Diagonal {
                inverse,
                means,
                weight,
                intercept,
            } => {
                let sum = if *intercept { sum } else { 0.0 };
                let centred = weights.iter().zip(means).map(|(w, mean)| w - sum * mean);
                let solution: Vec<f64> = centred.zip(inverse).map(|(w, inverse)| w * inverse).collect();
                let shift: f64 = solution.iter().zip(means).map(|(w, mean)| w * mean).sum();
                (solution, if *intercept { sum / weight - shift } else { 0.0 })
            }
        };
        solution.push(last);
        solution
    }
}
