//! Sums that do not depend on the order of their terms, to about 30 digits.

use serde::{Deserialize, Serialize};

/// The rounded sum of two numbers and its rounding error, which together are exact (Knuth, The Art of Computer Programming 2,
/// 4.2.2).
#[inline]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The rounded product of two numbers and its rounding error (Dekker 1971). Beyond 2^996 the error is not known and given as 0.
#[inline]
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    /// Splits 53 bits into 26 and 26.
    #[inline]
    fn split(x: f64) -> (f64, f64) {
        let scaled = x * 134_217_729.0;
        let high = scaled - (scaled - x);
        (high, x - high)
    }
    let product = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    let error = ((ah * bh - product) + ah * bl + al * bh) + al * bl;
    (product, if error.is_finite() { error } else { 0.0 })
}

/// A compensated sum: what rounding drops from the leading part is gathered in a second number (Neumaier 1974). Sums of the same
/// terms in different orders agree to about the last digit of a float, whatever cancels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum {
    leading: f64,
    rest: f64,
}

impl Sum {
    /// Adds a term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let (sum, error) = two_sum(self.leading, term);
        self.leading = sum;
        self.rest += error;
    }

    /// Adds the square of a number, without rounding it.
    #[inline]
    pub fn add_square(&mut self, number: f64) {
        let (square, error) = two_product(number, number);
        self.add(square);
        self.rest += error;
    }

    /// Adds another sum.
    #[inline]
    pub fn merge(&mut self, other: &Sum) {
        self.add(other.leading);
        self.rest += other.rest;
    }

    /// The sum. Infinite when it left the range of a float.
    pub fn value(&self) -> f64 {
        if self.leading.is_finite() {
            self.leading + self.rest
        } else {
            self.leading
        }
    }

    /// Whether the parts are numbers, as they are in every sum that was added up from finite terms that did not overflow.
    pub fn is_finite(&self) -> bool {
        self.leading.is_finite() && self.rest.is_finite()
    }

    /// The sum of squared deviations from the mean, from the sum of `rows` numbers (this) and that of their squares:
    /// `squares - this^2 / rows`, computed with twice the digits of a float, because most of them cancel. Never negative; NaN where a sum overflowed.
    pub fn squared_deviations(&self, squares: &Sum, rows: u64) -> f64 {
        if rows == 0 {
            return 0.0;
        }
        let count = rows as f64;
        let (high, low) = two_sum(self.leading, self.rest);
        let (square, error) = two_product(high, high);
        let error = error + 2.0 * high * low;
        let quotient = square / count;
        let (back, back_error) = two_product(quotient, count);
        let rest = (((square - back) - back_error) + error) / count;
        let (difference, lost) = two_sum(squares.leading, -quotient);
        let deviations = difference + (lost + (squares.rest - rest));
        // Not `max`, which would take an overflow's NaN for 0.
        if deviations < 0.0 { 0.0 } else { deviations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_terms_leave_what_is_small() {
        let terms = [1e16, 3.5, -1e16, 1e-3, 7e12, -7e12];
        let mut forward = Sum::default();
        terms.iter().for_each(|&term| forward.add(term));
        let mut backward = Sum::default();
        terms.iter().rev().for_each(|&term| backward.add(term));
        assert!((forward.value() - 3.501).abs() < 1e-15);
        assert!((backward.value() - 3.501).abs() < 1e-15);
    }

    #[test]
    fn deviations_survive_a_large_mean() {
        let (mut sum, mut squares) = (Sum::default(), Sum::default());
        for i in 0..1000 {
            let value = 1e9 + f64::from(i % 10);
            sum.add(value);
            squares.add_square(value);
        }
        // 100 times the sum of (i - 4.5)^2 for i in 0..10.
        assert!((sum.squared_deviations(&squares, 1000) - 8250.0).abs() < 1e-9);
    }

    #[test]
    fn overflow_is_infinite() {
        let mut sum = Sum::default();
        sum.add_square(1e200);
        sum.add(1.0);
        assert_eq!(sum.value(), f64::INFINITY);
        assert!(!sum.is_finite());
    }
}
