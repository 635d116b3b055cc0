//! How far predicted numbers are off.

use serde::{Deserialize, Serialize};

use super::sum::Sum;
use super::{MAX_ROWS, add_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// Returns an error when one of the numbers is not finite.
#[inline]
fn check_finite(actual: f64, predicted: f64) -> Result<()> {
    let problem = match (actual.is_finite(), predicted.is_finite()) {
        (true, true) => return Ok(()),
        (false, _) => format!("an actual value is {actual}"),
        (true, false) => format!("a predicted value is {predicted}"),
    };
    Err(Error::data(problem, "leave such rows out, or make the value NULL"))
}

/// Sums of the errors of (actual, predicted) numbers. O(1) memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RegressionError {
    rows: u64,
    absolute: Sum,
    squared: Sum,
    relative: Sum,
    actual: Sum,
    actual_squared: Sum,
    /// The least and the greatest actual value; 0 without rows.
    least: f64,
    greatest: f64,
}

impl RegressionError {
    /// Adds a row. Returns an error when a number is NaN or infinite.
    #[inline]
    pub fn push(&mut self, actual: f64, predicted: f64) -> Result<()> {
        check_finite(actual, predicted)?;
        let error = (predicted - actual).abs();
        self.absolute.add(error);
        self.squared.add(error * error);
        self.relative.add(error / actual.abs().max(f64::EPSILON));
        self.actual.add(actual);
        self.actual_squared.add_square(actual);
        self.extend(actual, actual);
        self.rows += 1;
        Ok(())
    }

    #[inline]
    fn extend(&mut self, least: f64, greatest: f64) {
        let empty = self.rows == 0;
        self.least = if empty { least } else { self.least.min(least) };
        self.greatest = if empty { greatest } else { self.greatest.max(greatest) };
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn mean(&self, sum: &Sum) -> Option<f64> {
        (self.rows > 0).then(|| sum.value() / self.rows as f64)
    }

    /// The mean squared error. `None` without rows.
    pub fn mse(&self) -> Option<f64> {
        self.mean(&self.squared)
    }

    /// The root of the mean squared error. `None` without rows.
    pub fn rmse(&self) -> Option<f64> {
        self.mse().map(f64::sqrt)
    }

    /// The mean absolute error. `None` without rows.
    pub fn mae(&self) -> Option<f64> {
        self.mean(&self.absolute)
    }

    /// The mean of the absolute errors as fractions of the actual values, which count as 2.2e-16 at least, as in scikit-learn.
    /// `None` without rows.
    pub fn mape(&self) -> Option<f64> {
        self.mean(&self.relative)
    }

    /// The coefficient of determination: 1 less the ratio of the squared errors to the squared deviations from the mean. Where
    /// the actual values are all the same it is 1 when all are predicted exactly and 0 otherwise, as in scikit-learn. `None` with
    /// fewer than two rows, and where sums leave the range of a float.
    pub fn r2(&self) -> Option<f64> {
        if self.rows < 2 {
            return None;
        }
        let errors = self.squared.value();
        let deviations = self.actual.squared_deviations(&self.actual_squared, self.rows);
        // The least and the greatest tell without rounding whether values vary.
        if self.least == self.greatest || deviations == 0.0 {
            return Some(if self.absolute.value() == 0.0 { 1.0 } else { 0.0 });
        }
        Some(1.0 - errors / deviations).filter(|r2| r2.is_finite())
    }
}

impl Accumulator for RegressionError {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let rows = add_rows(self.rows, other.rows)?;
        if other.rows > 0 {
            self.extend(other.least, other.greatest);
        }
        self.rows = rows;
        self.absolute.merge(&other.absolute);
        self.squared.merge(&other.squared);
        self.relative.merge(&other.relative);
        self.actual.merge(&other.actual);
        self.actual_squared.merge(&other.actual_squared);
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let errors = [&self.absolute, &self.squared, &self.relative, &self.actual_squared];
        // Sums of huge numbers may be infinite, but then they are positive.
        let sound = self.rows <= MAX_ROWS
            && errors.into_iter().all(|sum| sum.value() >= 0.0)
            && !self.actual.value().is_nan()
            && self.least.is_finite()
            && self.greatest.is_finite()
            && self.least <= self.greatest
            && (self.rows > 0 || *self == RegressionError::default());
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums of errors", "counts or sums do not agree"))
        }
    }

    fn memory(&self) -> usize {
        0
    }
}

/// The absolute errors of (actual, predicted) numbers, all of them: an exact median needs them. 8 bytes a row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AbsoluteErrors {
    errors: Vec<f64>,
}

impl AbsoluteErrors {
    /// Adds a row. Returns an error when a number is NaN or infinite.
    #[inline]
    pub fn push(&mut self, actual: f64, predicted: f64) -> Result<()> {
        check_finite(actual, predicted)?;
        room::push(&mut self.errors, (predicted - actual).abs())
    }

    /// The median, the mean of the middle two for an even number of rows. `None` without rows. O(n) time and memory.
    pub fn median(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        if self.errors.is_empty() {
            return Ok(None);
        }
        let mut errors = room::with_capacity(self.errors.len())?;
        errors.extend_from_slice(&self.errors);
        monitor.check()?;
        let half = errors.len() / 2;
        let even = errors.len().is_multiple_of(2);
        let (below, &mut middle, _) = errors.select_nth_unstable_by(half, f64::total_cmp);
        if !even {
            return Ok(Some(middle));
        }
        let lower = below.iter().copied().fold(0.0, f64::max);
        Ok(Some(lower + (middle - lower) / 2.0))
    }
}

impl Accumulator for AbsoluteErrors {
    fn merge(&mut self, other: &Self) -> Result<()> {
        room::reserve(&mut self.errors, other.errors.len())?;
        self.errors.extend_from_slice(&other.errors);
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        // An error may be infinite when the two numbers are far apart.
        if self.errors.iter().all(|&error| error >= 0.0) {
            return Ok(());
        }
        Err(Error::damaged(
            "absolute errors",
            "one of them is negative or no number",
        ))
    }

    fn memory(&self) -> usize {
        self.errors.capacity() * size_of::<f64>()
    }
}
