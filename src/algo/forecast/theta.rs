//! Dynamic optimised Theta: J. A. Fiorucci, T. R. Pellegrini, F. Louzada, F. Petropoulos and A. B. Koehler, "Models for optimising the theta method and
//! their relationship to state space models", International Journal of Forecasting 32 (2016). The seasons are taken out before.

use serde::{Deserialize, Serialize};

use super::line_search::least;
use crate::error::Result;
use crate::monitor::Monitor;

/// The state after the last value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Theta {
    /// The weight of a new value in the level.
    alpha: f64,
    /// 1 - 1/theta: the weight of the line.
    weight: f64,
    /// How many values there were.
    count: f64,
    level: f64,
    mean: f64,
    /// The line through all values so far.
    intercept: f64,
    slope: f64,
    /// (1 - alpha) to the number of values.
    decay: f64,
}

/// The least and the greatest alpha that is tried.
const ALPHA: (f64, f64) = (0.1, 0.99);

/// The first residuals, which tell more of the start than of the parameters.
const BURN_IN: usize = 3;

impl Theta {
    /// Finds the parameters with the least sum of squared one-step errors. For a given alpha the errors are linear in the first level and in the
    /// weight of the line, so that only alpha is searched for. At least 4 values. Also gives
    /// the square root of the mean squared error.
    pub(super) fn fit(values: &[f64], monitor: &dyn Monitor) -> Result<(Theta, f64)> {
        let (alpha, _) = least(ALPHA, 12, 1e-4, |alpha| {
            monitor.check()?;
            Ok(Equations::of(values, alpha).solve().2)
        })?;
        let (first, weight, loss) = Equations::of(values, alpha).solve();
        let mut state = Theta::start(values[0], alpha, weight, first);
        values[1..].iter().for_each(|&value| state.advance(value));
        let count = (values.len() - BURN_IN) as f64;
        Ok((state, (loss.max(0.0) / count).sqrt()))
    }

    /// The state after the first value.
    fn start(value: f64, alpha: f64, weight: f64, first_level: f64) -> Theta {
        Theta {
            alpha,
            weight,
            count: 1.0,
            level: alpha * value + (1.0 - alpha) * first_level,
            mean: value,
            intercept: value,
            slope: 0.0,
            decay: 1.0 - alpha,
        }
    }

    /// What the line adds to the level in the forecast of the next value, but for its weight.
    fn line(&self) -> f64 {
        let Theta { alpha, decay, .. } = *self;
        self.intercept * decay + self.slope * (1.0 - decay * (1.0 - alpha)) / alpha
    }

    fn next(&self) -> f64 {
        self.level + self.weight * self.line()
    }

    pub(super) fn advance(&mut self, value: f64) {
        let i = self.count;
        self.level += self.alpha * (value - self.level);
        self.slope = ((i - 1.0) * self.slope + 6.0 * (value - self.mean) / (i + 1.0)) / (i + 2.0);
        self.mean = (i * self.mean + value) / (i + 1.0);
        self.intercept = self.mean - self.slope * (i + 2.0) / 2.0;
        self.decay *= 1.0 - self.alpha;
        self.count += 1.0;
    }

    pub(super) fn project(&self, out: &mut [f64]) {
        let mut state = *self;
        for out in out {
            *out = state.next();
            state.advance(*out);
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let numbers = [self.level, self.mean, self.intercept, self.slope];
        numbers.iter().all(|number| number.is_finite())
            && (ALPHA.0..=ALPHA.1).contains(&self.alpha)
            && (0.0..=1.0).contains(&self.weight)
            && (0.0..=1.0).contains(&self.decay)
            && self.count >= 1.0
            && self.count.is_finite()
    }
}

/// The normal equations of one-step errors in the first level and the weight of the line.
struct Equations {
    level_level: f64,
    level_line: f64,
    line_line: f64,
    level_value: f64,
    line_value: f64,
    value_value: f64,
}

impl Equations {
    fn of(values: &[f64], alpha: f64) -> Equations {
        let mut sums = Equations {
            level_level: 0.0,
            level_line: 0.0,
            line_line: 0.0,
            level_value: 0.0,
            line_value: 0.0,
            value_value: 0.0,
        };
        let mut state = Theta::start(values[0], alpha, 0.0, 0.0);
        for (index, &value) in values.iter().enumerate().skip(1) {
            if index >= BURN_IN {
                let (level, line, rest) = (state.decay, state.line(), value - state.level);
                sums.level_level += level * level;
                sums.level_line += level * line;
                sums.line_line += line * line;
                sums.level_value += level * rest;
                sums.line_value += line * rest;
                sums.value_value += rest * rest;
            }
            state.advance(value);
        }
        sums
    }

    /// The first level, the weight of the line between 0 and 1, and the sum of squared errors.
    fn solve(&self) -> (f64, f64, f64) {
        let determinant = self.level_level * self.line_line - self.level_line * self.level_line;
        let free = (self.level_level * self.line_value - self.level_line * self.level_value) / determinant;
        let is_determined = determinant > 1e-12 * self.level_level * self.line_line;
        let weights = match is_determined && (0.0..=1.0).contains(&free) {
            true => [free, free],
            false => [0.0, 1.0],
        };
        let candidates = weights.map(|weight| {
            let level = match self.level_level > 0.0 {
                true => (self.level_value - weight * self.level_line) / self.level_level,
                false => 0.0,
            };
            (level, weight, self.loss(level, weight))
        });
        match candidates[1].2 < candidates[0].2 {
            true => candidates[1],
            false => candidates[0],
        }
    }

    fn loss(&self, level: f64, weight: f64) -> f64 {
        let square = level * level * self.level_level + weight * weight * self.line_line + self.value_value;
        square + 2.0 * (level * weight * self.level_line - level * self.level_value - weight * self.line_value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::monitor::Unwatched;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../../tests/oracle/forecast.json")).unwrap()
    }

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    #[test]
    fn at_statsforecasts_parameters_the_forecast_is_its_own_and_ours_have_no_larger_errors() {
        let golden = golden();
        for case in golden["theta"].as_array().unwrap() {
            let values = numbers(&golden["series"][case["series"].as_str().unwrap()]["values"]);
            let number = |name: &str| case[name].as_f64().unwrap();
            let mut state = Theta::start(values[0], number("alpha"), 1.0 - 1.0 / number("theta"), number("level"));
            let mut squares = 0.0;
            for (index, value) in values.iter().enumerate().skip(1) {
                if index >= BURN_IN {
                    squares += (value - state.next()).powi(2);
                }
                state.advance(*value);
            }
            assert!((squares / number("squares") - 1.0).abs() < 1e-9, "{squares} {case}");
            let mut forecast = [0.0; 8];
            state.project(&mut forecast);
            for (ours, theirs) in forecast.iter().zip(numbers(&case["forecast"])) {
                assert!((ours - theirs).abs() < 1e-6, "{forecast:?} {case}");
            }
            let (_, root) = Theta::fit(&values, &Unwatched).unwrap();
            let ours = root * root * (values.len() - BURN_IN) as f64;
            assert!(ours <= squares * (1.0 + 1e-6), "{ours} {squares}");
        }
    }
}
