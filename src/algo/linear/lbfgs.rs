//! The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Nocedal and Wright 2006, section 7.2), with a preconditioner.

use std::collections::VecDeque;

use super::cholesky::dot;
use crate::error::Result;

/// Steps remembered.
const MEMORY: usize = 12;
/// Vectors of the unknowns' length that a descent holds at once, at most: the pairs, and gradients, points and steps on the way to the next.
pub(crate) const VECTORS: usize = 2 * MEMORY + 12;
/// The share of the promised fall that a step must reach.
const ENOUGH: f64 = 1e-4;
/// A value is a sum of many rounded numbers: what is not larger by more than this share counts as not larger.
const ROUNDING: f64 = 1e-12;

/// A function to minimise.
pub(crate) trait Objective {
    /// The value and the gradient.
    fn evaluate(&self, at: &[f64]) -> Result<(f64, Vec<f64>)>;

    /// A symmetric positive (semi-)definite stand-in for the inverse of the second derivatives, applied to a vector.
    fn precondition(&self, vector: &[f64]) -> Vec<f64>;

    /// Told after each iteration.
    fn report(&self, iteration: usize, value: f64);
}

/// Where the method ended.
pub(crate) struct Descent {
    pub at: Vec<f64>,
    pub iterations: usize,
    pub converged: bool,
}

/// Minimises from `start` until the gradient's square in the preconditioner's norm is at most the square of `tolerance`.
pub(crate) fn minimise(
    objective: &impl Objective,
    start: Vec<f64>,
    iterations: usize,
    tolerance: f64,
) -> Result<Descent> {
    let mut at = start;
    let (mut value, mut gradient) = objective.evaluate(&at)?;
    let mut memory: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    for iteration in 1..=iterations {
        objective.report(iteration, value);
        if dot(&gradient, &objective.precondition(&gradient)) <= tolerance * tolerance {
            return Ok(Descent {
                at,
                iterations: iteration,
                converged: true,
            });
        }
        let mut step = direction(objective, &memory, &gradient);
        let mut slope = dot(&step, &gradient);
        if slope >= 0.0 {
            memory.clear();
            step = direction(objective, &memory, &gradient);
            slope = dot(&step, &gradient);
        }
        let mut length = 1.0;
        let found = loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(a, s)| a + length * s).collect();
            let (next_value, next_gradient) = objective.evaluate(&next)?;
            if next_value <= value + ENOUGH * length * slope + ROUNDING * value.abs() {
                break Some((next, next_value, next_gradient));
            }
            length *= 0.5;
            if length < 1e-9 {
                break None;
            }
        };
        let Some((next, next_value, next_gradient)) = found else {
            // Rounding hides any further fall.
            return Ok(Descent {
                at,
                iterations: iteration,
                converged: memory.is_empty() || -slope < 1e-6,
            });
        };
        let moved = next.iter().zip(&at).map(|(a, b)| a - b).collect();
        let change = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        Pair::remember(moved, change, &mut memory);
        (at, value, gradient) = (next, next_value, next_gradient);
    }
    Ok(Descent {
        at,
        iterations,
        converged: false,
    })
}

/// A step and how the gradient changed over it.
struct Pair {
    moved: Vec<f64>,
    change: Vec<f64>,
    curvature: f64,
}

impl Pair {
    /// Adds a pair unless the gradient did not change along the step.
    fn remember(moved: Vec<f64>, change: Vec<f64>, memory: &mut VecDeque<Pair>) {
        let curvature = dot(&moved, &change);
        if curvature > f64::EPSILON * dot(&change, &change).sqrt() * dot(&moved, &moved).sqrt() {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back(Pair {
                moved,
                change,
                curvature,
            });
        }
    }
}

/// The two-loop recursion.
fn direction(objective: &impl Objective, memory: &VecDeque<Pair>, gradient: &[f64]) -> Vec<f64> {
    let mut vector: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut parts = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let part = dot(&pair.moved, &vector) / pair.curvature;
        vector.iter_mut().zip(&pair.change).for_each(|(v, c)| *v -= part * c);
        parts.push(part);
    }
    let mut step = objective.precondition(&vector);
    if let Some(last) = memory.back() {
        let scale = last.curvature / dot(&last.change, &objective.precondition(&last.change));
        if scale.is_finite() {
            step.iter_mut().for_each(|s| *s *= scale);
        }
    }
    for (pair, part) in memory.iter().zip(parts.into_iter().rev()) {
        let back = dot(&pair.change, &step) / pair.curvature;
        step.iter_mut()
            .zip(&pair.moved)
            .for_each(|(s, m)| *s += (part - back) * m);
    }
    step
}
