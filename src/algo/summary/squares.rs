//! A sum of squares that may leave the range of a float.

use serde::{Deserialize, Serialize};

/// A sum of squares of at least this has all its digits.
const LEAST: f64 = 1e-290;

/// A sum of squares. Where it is beyond the range of a float, minus its root is kept, which is not: unless the numbers are so many and so large
/// that it is, too.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Squares(f64);

impl Squares {
    /// A sum that a float holds. One that overflowed before it came here stays unknown.
    pub fn of_sum(sum: f64) -> Squares {
        Squares(sum)
    }

    /// The square of this, which is not negative.
    pub fn of_root(root: f64) -> Squares {
        let square = root * root;
        let fits = (LEAST..=f64::MAX).contains(&square) || root == 0.0 || !root.is_finite();
        Squares(if fits { square } else { -root })
    }

    /// The root of the sum. NaN or infinite where that is unknown.
    pub fn root(self) -> f64 {
        if self.0 < 0.0 { -self.0 } else { self.0.sqrt() }
    }

    /// The root of the mean of so many squares.
    pub fn root_mean(self, count: f64) -> f64 {
        if self.0 < 0.0 {
            -self.0 / count.sqrt()
        } else {
            (self.0 / count).sqrt()
        }
    }

    /// The sum with another.
    pub fn plus(self, other: Squares) -> Squares {
        let sum = self.0 + other.0;
        if self.0 >= 0.0 && other.0 >= 0.0 && (sum.is_finite() || self.0 == f64::INFINITY || other.0 == f64::INFINITY) {
            return Squares(sum);
        }
        Squares::of_root(self.root().hypot(other.root()))
    }

    /// The sum of the squares of numbers that are so many times as large. The factor is a power of two.
    pub fn scaled(self, factor: f64) -> Squares {
        let sum = self.0 * factor * factor;
        if self.0 >= 0.0 && ((LEAST..=f64::MAX).contains(&sum) || self.0 == 0.0) {
            return Squares(sum);
        }
        Squares::of_root(self.root() * factor)
    }

    /// Whether it can be anyone's: not infinite in its root.
    pub fn is_sound(self) -> bool {
        self.0 != f64::NEG_INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_beyond_the_range_keep_their_roots() {
        for root in [0.0, 1e-300, 1e-160, 3.0, 1e150, 1e200, 1e308] {
            let squares = Squares::of_root(root);
            let near =
                |found: f64, expected: f64| assert!((found - expected).abs() <= 1e-14 * expected, "{found} {expected}");
            near(squares.root(), root);
            near(squares.root_mean(4.0), root / 2.0);
            near(squares.plus(squares).root(), root * 2_f64.sqrt());
            near(squares.plus(Squares::default()).root(), root);
            let factor = f64::powi(2.0, if root > 1.0 { -600 } else { 600 });
            near(squares.scaled(factor).scaled(1.0 / factor).root(), root);
            assert!(squares.is_sound());
        }
        assert_eq!(Squares::of_sum(2.0).plus(Squares::of_sum(3.0)), Squares(5.0));
        // What an older release lost stays unknown.
        for lost in [f64::INFINITY, f64::NAN] {
            assert!(!Squares::of_sum(lost).plus(Squares::of_sum(3.0)).root().is_finite());
        }
    }
}
