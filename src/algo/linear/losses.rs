//! Losses that are written down row by row.

use super::link::{Loss, exp};

/// A loss of one row.
pub(crate) trait RowLoss: Sync {
    /// The loss at a score, its negative derivative and its second derivative, which is at least 0.
    fn at(&self, score: f64, target: f64) -> [f64; 3];
}

impl<L: RowLoss> Loss for L {
    fn residuals(
        &self,
        scores: &mut [f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        roots: Option<&mut [f64]>,
    ) -> f64 {
        let mut sum = 0.0;
        let mut roots = roots;
        for (row, (score, target)) in scores.iter_mut().zip(targets).enumerate() {
            let weight = weights.map_or(1.0, |w| w[row]);
            let [loss, residual, curve] = self.at(*score, *target);
            sum += weight * loss;
            *score = weight * residual;
            if let Some(roots) = roots.as_deref_mut() {
                roots[row] = (weight * curve).sqrt();
            }
        }
        sum
    }
}

/// The square of what a row of class 1 has below a score of 1, and one of class 0 above -1.
pub(crate) struct SquaredHinge;

impl RowLoss for SquaredHinge {
    #[inline]
    fn at(&self, score: f64, target: f64) -> [f64; 3] {
        let sign = if target > 0.5 { 1.0 } else { -1.0 };
        let short = (1.0 - sign * score).max(0.0);
        [short * short, 2.0 * sign * short, if short > 0.0 { 2.0 } else { 0.0 }]
    }
}

/// The square of what an error has beyond `epsilon`.
pub(crate) struct SquaredInsensitive {
    pub epsilon: f64,
}

impl RowLoss for SquaredInsensitive {
    #[inline]
    fn at(&self, score: f64, target: f64) -> [f64; 3] {
        let error = target - score;
        let beyond = (error.abs() - self.epsilon).max(0.0);
        [
            beyond * beyond,
            2.0 * beyond.copysign(error),
            if beyond > 0.0 { 2.0 } else { 0.0 },
        ]
    }
}

/// Half the deviance of counts whose mean is `mean` times the exponential of the score.
pub(crate) struct PoissonLoss {
    pub mean: f64,
}

impl RowLoss for PoissonLoss {
    #[inline]
    fn at(&self, score: f64, target: f64) -> [f64; 3] {
        let expected = self.mean * exp(score);
        let excess = if target > 0.0 {
            target * ((target / self.mean).ln() - score)
        } else {
            0.0
        };
        [excess - (target - expected), target - expected, expected]
    }
}

/// Half the squared error up to `threshold`, from where on it grows by a line (Huber 1964). The second derivative is that of the parabola which touches
/// the loss at the error and is nowhere below it, so that its minimum is never above the loss.
pub(crate) struct HuberLoss {
    pub threshold: f64,
}

impl RowLoss for HuberLoss {
    #[inline]
    fn at(&self, score: f64, target: f64) -> [f64; 3] {
        let error = target - score;
        let size = error.abs();
        if size <= self.threshold {
            [0.5 * error * error, error, 1.0]
        } else {
            [
                self.threshold * (size - 0.5 * self.threshold),
                self.threshold.copysign(error),
                self.threshold / size,
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences of the loss are the residuals, and those of the residuals the second derivatives where there are such.
    #[test]
    fn derivatives_agree_with_differences() {
        let step = 1e-6;
        let losses: [(&dyn RowLoss, bool); 4] = [
            (&SquaredHinge, true),
            (&SquaredInsensitive { epsilon: 0.3 }, true),
            (&PoissonLoss { mean: 2.5 }, true),
            (&HuberLoss { threshold: 0.7 }, false),
        ];
        for (number, (loss, is_newton)) in losses.into_iter().enumerate() {
            for target in [0.0, 1.0] {
                for score in (-30..30).map(|s| f64::from(s) * 0.117 + 0.0031) {
                    let ([low, low_slope, _], [_, slope, curve], [high, high_slope, _]) = (
                        loss.at(score - step, target),
                        loss.at(score, target),
                        loss.at(score + step, target),
                    );
                    let differences = ((high - low) / (2.0 * step), (high_slope - low_slope) / (2.0 * step));
                    let size = 1e-5 * (1.0 + high.abs() + curve);
                    assert!(
                        (differences.0 + slope).abs() < size,
                        "{number}: slope at {score}, {target}"
                    );
                    assert!(
                        !is_newton || (differences.1 + curve).abs() < size,
                        "{number}: curve at {score}, {target}"
                    );
                }
            }
        }
    }
}
