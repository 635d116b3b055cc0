//! Mean and spread of numbers, of which the mean may be large.

use serde::{Deserialize, Serialize};

use super::{Moments, Squares};

/// The number, the mean and the squared deviations of finite numbers, with a mean of twice the usual digits: parts whose means
/// differ in the last digits of a large number merge as if they were one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct PreciseMoments {
    count: u64,
    /// The mean is the sum of both; the second is what the first one leaves over.
    mean: f64,
    rest: f64,
    deviations: Squares,
}

impl PreciseMoments {
    /// Of finite numbers, which are not many. O(n).
    pub(crate) fn of(numbers: &[f64]) -> PreciseMoments {
        let Some(&first) = numbers.first() else {
            return PreciseMoments::default();
        };
        // Differences of neighbouring numbers are exact, however large they are.
        let differences: Vec<f64> = numbers.iter().map(|number| number - first).collect();
        let mut moments = Moments::of(&differences);
        let mut from = first;
        if moments.mean().is_none() || moments.stddev().is_none() {
            (moments, from) = (Moments::of(numbers), 0.0);
        }
        let (mean, rest) = two_sum(from, moments.mean().unwrap_or(f64::NAN));
        PreciseMoments {
            count: moments.count(),
            mean,
            rest,
            deviations: moments.deviations(),
        }
    }

    /// Of one finite number.
    pub(crate) fn of_one(number: f64) -> PreciseMoments {
        PreciseMoments {
            count: 1,
            mean: number,
            ..PreciseMoments::default()
        }
    }

    /// Adds the numbers of another, by the pairwise update of Chan, Golub and LeVeque (1983).
    pub(crate) fn merge(&mut self, other: &PreciseMoments) {
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                *self = *other;
            }
            return;
        }
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let total = ours + theirs;
        let delta = (other.mean - self.mean) + (other.rest - self.rest);
        let (mean, rest) = two_sum(self.mean, delta * (theirs / total));
        (self.mean, self.rest) = two_sum(mean, rest + self.rest);
        let between = Squares::of_root(delta.abs() * (ours * theirs / total).sqrt());
        self.deviations = self.deviations.plus(other.deviations.plus(between));
        self.count = self.count.saturating_add(other.count);
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The mean. `None` without numbers, and when their sum leaves the range of a float.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean).filter(|mean| mean.is_finite())
    }

    /// How much a number is above the mean, to its last digits. `None` as for the mean.
    pub(crate) fn above_mean(&self, number: f64) -> Option<f64> {
        self.mean().map(|mean| (number - mean) - self.rest)
    }

    /// The standard deviation of a sample (divided by n - 1). `None` with fewer than two numbers, and when it leaves the range of a
    /// float.
    pub(crate) fn stddev(&self) -> Option<f64> {
        (self.count > 1)
            .then(|| self.deviations.root_mean((self.count - 1) as f64))
            .filter(|stddev| stddev.is_finite())
    }

    /// Whether these can be anyone's moments.
    pub(crate) fn is_sound(&self) -> bool {
        self.deviations.is_sound()
    }
}

/// The sum as a float, and what rounding took off it (Knuth). An infinite sum leaves nothing.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let back = sum - a;
    let rest = (a - (sum - back)) + (b - back);
    (sum, if rest.is_finite() { rest } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_means_lose_no_digits() {
        let parts = |size: usize, mean: f64| {
            let numbers: Vec<f64> = (0..10_000).map(|i| mean + f64::from(i * 7919 % 10_007)).collect();
            let mut all = PreciseMoments::default();
            numbers
                .chunks(size)
                .for_each(|part| all.merge(&PreciseMoments::of(part)));
            (all.mean().map(|all| all - mean), all.stddev().unwrap_or(f64::NAN))
        };
        let (mean, stddev) = parts(10_000, 0.0);
        for size in [1, 7, 1000] {
            let (same, close) = parts(size, 1e12);
            assert!((close / stddev - 1.0).abs() < 1e-12, "{close} {stddev}");
            // As near as a float of that size can be.
            assert!((same.unwrap_or(f64::NAN) - mean.unwrap_or(f64::NAN)).abs() < 2e-4);
        }
    }

    #[test]
    fn huge_numbers_have_a_mean_or_none() {
        let moments = PreciseMoments::of(&[f64::MAX, -f64::MAX, 0.0]);
        assert_eq!((moments.mean(), moments.stddev()), (Some(0.0), None));
        assert!(moments.is_sound());
        assert_eq!(PreciseMoments::of(&[f64::MAX, f64::MAX]).mean(), Some(f64::MAX));
    }
}
