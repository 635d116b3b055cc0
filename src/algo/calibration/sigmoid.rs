//! Platt's sigmoid: a logistic curve of the scores. Targets are not 0 and 1 but what a Bayesian would expect of as many rows, which keeps the curve finite
//! where the scores separate the classes (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{MOST_LOG_ODDS, Point};
use crate::error::Result;
use crate::monitor::Monitor;

/// 1 / (1 + e^-(slope x place + intercept)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sigmoid {
    slope: f64,
    intercept: f64,
}

/// Newton's steps at most: a dozen are taken.
const STEPS: usize = 100;

/// Rows between two looks at the monitor.
const CHUNK: usize = 1 << 16;

/// The loss of a curve, and its derivatives by slope and intercept.
#[derive(Default)]
struct Sums {
    loss: f64,
    gradient: [f64; 2],
    /// By slope twice, by both, by intercept twice.
    hessian: [f64; 3],
}

impl Sums {
    /// Those of some rows, by the curve of a slope and an intercept, places being moved by a centre and divided by a unit.
    fn of(points: &[Point], [slope, intercept]: [f64; 2], [centre, unit]: [f64; 2], targets: [f64; 2]) -> Sums {
        let mut sums = Sums::default();
        for point in points {
            let place = (point.place - centre) / unit;
            let score = slope * place + intercept;
            let target = targets[usize::from(point.hit)];
            let tail = (-score.abs()).exp();
            let large = 1.0 / (1.0 + tail);
            let p = if score >= 0.0 { large } else { tail * large };
            // The negative log likelihood of a share `target` of hits.
            let loss = score.max(0.0) - target * score + tail.ln_1p();
            let (error, curve) = (point.weight * (p - target), point.weight * tail * large * large);
            sums.loss += point.weight * loss;
            sums.gradient[0] += error * place;
            sums.gradient[1] += error;
            sums.hessian[0] += curve * place * place;
            sums.hessian[1] += curve * place;
            sums.hessian[2] += curve;
        }
        sums
    }

    fn add(&mut self, other: &Sums) {
        self.loss += other.loss;
        self.gradient.iter_mut().zip(other.gradient).for_each(|(a, b)| *a += b);
        self.hessian.iter_mut().zip(other.hessian).for_each(|(a, b)| *a += b);
    }
}

impl Sigmoid {
    /// Learns the curve by Newton's method, which finds the minimum of a convex loss. O(rows).
    pub(crate) fn learn(points: &[Point], monitor: &dyn Monitor) -> Result<Sigmoid> {
        let (mut hits, mut total, mut sum, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for point in points {
            hits += if point.hit { point.weight } else { 0.0 };
            total += point.weight;
            sum += point.weight * point.place;
        }
        let centre = if total > 0.0 { sum / total } else { 0.0 };
        for point in points {
            squares += point.weight * (point.place - centre) * (point.place - centre);
        }
        // Places in units of their own deviation.
        let unit = match (squares / total).sqrt() {
            deviation if deviation > 0.0 => deviation,
            _ => 1.0,
        };
        let misses = total - hits;
        let targets = [1.0 / (misses + 2.0), (hits + 1.0) / (hits + 2.0)];
        let sums = |slope: f64, intercept: f64| -> Result<Sums> {
            let of_chunks: Vec<Sums> = (points.par_chunks(CHUNK))
                .map(|points| {
                    monitor.check()?;
                    Ok(Sums::of(points, [slope, intercept], [centre, unit], targets))
                })
                .collect::<Result<_>>()?;
            let mut sums = Sums::default();
            of_chunks.iter().for_each(|chunk| sums.add(chunk));
            Ok(sums)
        };
        let (mut slope, mut intercept) = (0.0, ((hits + 1.0) / (misses + 1.0)).ln());
        let mut at = sums(slope, intercept)?;
        for _ in 0..STEPS {
            let ([a, b], [aa, ab, bb]) = (at.gradient, at.hessian);
            // Where places do not differ, only the intercept can be found.
            let floor = 1e-12 * (aa + bb);
            let determinant = (aa + floor) * (bb + floor) - ab * ab;
            if determinant <= 0.0 || !determinant.is_finite() {
                break;
            }
            let step = [
                ((bb + floor) * a - ab * b) / determinant,
                ((aa + floor) * b - ab * a) / determinant,
            ];
            let promised = a * step[0] + b * step[1];
            let mut part = 1.0;
            let next = loop {
                let next = sums(slope - part * step[0], intercept - part * step[1])?;
                if next.loss <= at.loss - 1e-4 * part * promised || part < 1e-9 {
                    break next;
                }
                part /= 2.0;
            };
            if next.loss > at.loss || part < 1e-9 {
                break;
            }
            (slope, intercept, at) = (slope - part * step[0], intercept - part * step[1], next);
            if promised <= 1e-14 * total {
                break;
            }
        }
        Ok(Sigmoid {
            slope: slope / unit,
            intercept: intercept - slope * centre / unit,
        })
    }

    #[inline]
    pub(crate) fn at(&self, place: f64) -> f64 {
        let score = self.slope * place + self.intercept;
        let tail = (-score.abs()).exp();
        let large = 1.0 / (1.0 + tail);
        if score >= 0.0 { large } else { tail * large }
    }

    pub(crate) fn is_sound(&self) -> bool {
        // Whatever place there is, a score is no NaN.
        (self.slope.abs() * MOST_LOG_ODDS + self.intercept.abs()).is_finite()
    }

    /// Its slope and intercept.
    #[cfg(test)]
    pub(super) fn parameters(&self) -> [f64; 2] {
        [self.slope, self.intercept]
    }
}
