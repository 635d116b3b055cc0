//! The pinball loss, which the quantile minimises (Koenker and Bassett, "Regression Quantiles", 1978). Its second derivative is 0 nearly everywhere:
//! trees grow by the first, and a leaf's value is then the quantile of what remains in it, as in LightGBM.

use serde::{Deserialize, Serialize};

use super::{NumberLoss, Numbers};
use crate::error::Result;
use crate::estimator::Criterion;

/// The quantile `alpha`: the number that the target is below with this probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// Between 0 and 1.
    pub alpha: f64,
}

impl Criterion for Quantile {
    fn name(&self) -> &'static str {
        "pinball_loss"
    }

    fn loss(&self, y: f64, predicted: f64) -> f64 {
        let error = y - predicted;
        if error >= 0.0 {
            self.alpha * error
        } else {
            (self.alpha - 1.0) * error
        }
    }
}

impl NumberLoss for Quantile {
    fn objective(&self) -> &'static str {
        "quantile"
    }

    fn about(&self) -> &'static str {
        "the quantile `alpha`: what the target is below with this probability"
    }

    fn is_sound(&self) -> bool {
        self.alpha > 0.0 && self.alpha < 1.0
    }

    fn first_score(&self, numbers: &Numbers) -> Result<f64> {
        let weighed = |(row, &y): (usize, &f64)| (y, numbers.weights.map_or(1.0, |w| w[row]));
        let mut values: Vec<(f64, f32)> = numbers.values.iter().enumerate().map(weighed).collect();
        Ok(quantile(&mut values, self.alpha, numbers.weights.is_some()))
    }

    fn derivatives(&self, y: f64, score: f64) -> [f64; 2] {
        match score >= y {
            true => [1.0 - self.alpha, 1.0],
            false => [-self.alpha, 1.0],
        }
    }

    fn constant_hessian(&self) -> bool {
        true
    }

    fn renewal(&self) -> Option<f64> {
        Some(self.alpha)
    }
}

/// A quantile of numbers with their weights, of which there is at least one: between two neighbours, as numpy's and LightGBM's. It reorders them.
/// O(n), with weights O(n log n).
pub(in super::super) fn quantile(values: &mut [(f64, f32)], alpha: f64, weighted: bool) -> f64 {
    let ascending = |a: &(f64, f32), b: &(f64, f32)| a.0.total_cmp(&b.0);
    if weighted && let Some(quantile) = weighted_quantile(values, alpha) {
        return quantile;
    }
    let count = values.len();
    let place = (count - 1) as f64 * alpha;
    let (_, lower, larger) = values.select_nth_unstable_by(place as usize, ascending);
    let lower = lower.0;
    let upper = larger.iter().map(|value| value.0).fold(f64::INFINITY, f64::min);
    match place.fract() {
        0.0 => lower,
        share => lower + (upper - lower) * share,
    }
}

/// The same of weights; `None` where all are 0. What weights are multiplied by does not matter, while LightGBM goes between neighbours only where the
/// upper one's weight is 1 or more.
fn weighted_quantile(values: &mut [(f64, f32)], alpha: f64) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = values.iter().map(|(_, weight)| f64::from(*weight)).sum();
    let wanted = total * alpha;
    let (mut sum, mut before) = (0.0, None);
    // A row of weight 0 is not there.
    for &(value, weight) in values.iter().filter(|(_, weight)| *weight > 0.0) {
        let weight = f64::from(weight);
        if let Some(lower) = before
            && sum + weight > wanted
        {
            return Some(lower + (value - lower) * ((wanted - sum) / weight).max(0.0));
        }
        (sum, before) = (sum + weight, Some(value));
        if sum > wanted {
            break;
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], alpha: f64) -> f64 {
        let mut values: Vec<(f64, f32)> = values.iter().map(|&value| (value, 1.0)).collect();
        quantile(&mut values, alpha, false)
    }

    #[test]
    fn quantiles_are_between_neighbours() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (alpha, expected) in [(0.9, 4.6), (0.5, 3.0), (0.1, 1.4)] {
            assert!((of(&values, alpha) - expected).abs() < 1e-12);
        }
        assert_eq!(of(&[7.0], 0.5), 7.0);
    }

    #[test]
    fn weights_move_the_quantile() {
        let mut values = [(1.0, 0.2), (2.0, 0.2), (3.0, 0.2), (4.0, 5.0), (5.0, 0.2)];
        assert!((quantile(&mut values, 0.5, true) - 3.46).abs() < 1e-6);
        let mut values = [(1.0, 0.0), (2.0, 3.0), (9.0, 0.0)];
        assert_eq!(quantile(&mut values, 0.5, true), 2.0);
        // As LightGBM finds them.
        for (alpha, expected) in [(0.05, 0.0), (0.25, 15.0), (0.5, 40.0), (0.75, 65.0), (0.9, 80.0)] {
            let mut values: Vec<(f64, f32)> = (0..10).map(|i| (f64::from(i) * 10.0, 2.0)).collect();
            assert!((quantile(&mut values, alpha, true) - expected).abs() < 1e-9);
        }
    }
}
