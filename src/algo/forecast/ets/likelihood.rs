//! The likelihood of a form of exponential smoothing, and its gradient by the smoothing parameters and the first state. One pass ahead gives the errors;
//! one pass back carries the derivatives from the last value to the first, so that a gradient costs about three passes however many numbers there are.

use super::form::{Form, Kind};
use super::point::Point;

/// What each step began with, kept for the way back. One for all fits of a series.
pub(super) struct Trace {
    trend: Vec<f64>,
    slope: Vec<f64>,
    season: Vec<f64>,
    error: Vec<f64>,
    seasons: Vec<f64>,
}

/// The least forecast, level and season that forms with factors may have, where values are about 1.
const LEAST: f64 = 1e-8;

/// Factors that are multiplied before a logarithm is taken of them.
const FACTORS: usize = 8;

impl Trace {
    /// Room for so many values.
    pub(super) fn new(count: usize) -> crate::error::Result<Trace> {
        let zeros = || crate::room::zeros(count);
        Ok(Trace {
            trend: zeros()?,
            slope: zeros()?,
            season: zeros()?,
            error: zeros()?,
            seasons: Vec::new(),
        })
    }

    /// Minus twice the logarithm of the likelihood, but for what no parameter changes, as in R; infinite where a factor is not positive.
    pub(super) fn pass(&mut self, values: &[f64], form: Form, point: &Point) -> f64 {
        let Point {
            alpha,
            beta,
            gamma,
            phi,
            ..
        } = *point;
        let (mut level, mut slope) = (point.level, point.slope);
        self.seasons.clear();
        self.seasons.extend(&point.seasons);
        let cycle = self.seasons.len().max(1);
        let is_relative = form.error == Kind::Multiplicative;
        let (mut squares, mut logs, mut product) = (0.0, 0.0, 1.0);
        let mut slot = 0;
        let steps = self
            .trend
            .iter_mut()
            .zip(&mut self.slope)
            .zip(&mut self.season)
            .zip(&mut self.error);
        for (index, ((((trend_out, slope_out), season_out), error_out), &value)) in steps.zip(values).enumerate() {
            let trend = level + phi * slope;
            (*trend_out, *slope_out) = (trend, slope);
            let (forecast, error);
            match form.season {
                Kind::None => {
                    forecast = trend;
                    error = value - forecast;
                    level = trend + alpha * error;
                    slope = phi * slope + beta * error;
                }
                Kind::Additive => {
                    let season = self.seasons[slot];
                    *season_out = season;
                    forecast = trend + season;
                    error = value - forecast;
                    level = trend + alpha * error;
                    slope = phi * slope + beta * error;
                    self.seasons[slot] = season + gamma * error;
                }
                Kind::Multiplicative => {
                    let season = self.seasons[slot];
                    *season_out = season;
                    if season < LEAST || trend < LEAST {
                        return f64::INFINITY;
                    }
                    forecast = trend * season;
                    error = value - forecast;
                    let share = error / season;
                    level = trend + alpha * share;
                    slope = phi * slope + beta * share;
                    self.seasons[slot] = season + gamma * error / trend;
                }
            }
            slot = if slot + 1 == cycle { 0 } else { slot + 1 };
            *error_out = error;
            if is_relative {
                if forecast < LEAST {
                    return f64::INFINITY;
                }
                let relative = error / forecast;
                squares += relative * relative;
                product *= forecast;
                if index % FACTORS == FACTORS - 1 {
                    logs += product.ln();
                    product = 1.0;
                }
            } else {
                squares += error * error;
            }
        }
        let count = values.len() as f64;
        let loss = count * squares.max(f64::MIN_POSITIVE).ln() + 2.0 * (logs + product.ln());
        if loss.is_nan() { f64::INFINITY } else { loss }
    }

    /// The gradient of [`Trace::pass`], right after it, into `by`.
    pub(super) fn back(&mut self, values: &[f64], form: Form, point: &Point, by: &mut Point) {
        let count = values.len();
        let cycle = point.seasons.len().max(1);
        let is_relative = form.error == Kind::Multiplicative;
        let forecast_of = |value: f64, error: f64| value - error;
        let squares: f64 = values
            .iter()
            .zip(&self.error)
            .map(|(value, error)| {
                let error = if is_relative {
                    error / forecast_of(*value, *error)
                } else {
                    *error
                };
                error * error
            })
            .sum();
        let scale = 2.0 * count as f64 / squares.max(f64::MIN_POSITIVE);
        let Point {
            alpha,
            beta,
            gamma,
            phi,
            ..
        } = *point;
        let (mut by_alpha, mut by_beta, mut by_gamma, mut by_phi) = (0.0, 0.0, 0.0, 0.0);
        let (mut by_level, mut by_slope) = (0.0, 0.0);
        self.seasons.iter_mut().for_each(|by_season| *by_season = 0.0);
        let mut slot = (count - 1) % cycle;
        for index in (0..count).rev() {
            let (value, error) = (values[index], self.error[index]);
            let (trend, slope) = (self.trend[index], self.slope[index]);
            let direct = match is_relative {
                false => -scale * error,
                true => {
                    let forecast = forecast_of(value, error);
                    (2.0 - scale * error * value / (forecast * forecast)) / forecast
                }
            };
            let by_trend;
            match form.season {
                Kind::None => {
                    let by_forecast = direct - (alpha * by_level + beta * by_slope);
                    by_alpha += by_level * error;
                    by_beta += by_slope * error;
                    by_trend = by_level + by_forecast;
                }
                Kind::Additive => {
                    let by_season = self.seasons[slot];
                    let by_forecast = direct - (alpha * by_level + beta * by_slope + gamma * by_season);
                    by_alpha += by_level * error;
                    by_beta += by_slope * error;
                    by_gamma += by_season * error;
                    by_trend = by_level + by_forecast;
                    self.seasons[slot] = by_season + by_forecast;
                }
                Kind::Multiplicative => {
                    let (season, by_season) = (self.season[index], self.seasons[slot]);
                    let share = error / season;
                    let by_share = alpha * by_level + beta * by_slope;
                    let by_forecast = direct - by_share / season - gamma * by_season / trend;
                    by_alpha += by_level * share;
                    by_beta += by_slope * share;
                    by_gamma += by_season * error / trend;
                    by_trend = by_level + by_forecast * season - gamma * by_season * error / (trend * trend);
                    self.seasons[slot] = by_season + by_forecast * trend - by_share * share / season;
                }
            }
            by_phi += slope * (by_trend + by_slope);
            by_slope = phi * (by_trend + by_slope);
            by_level = by_trend;
            slot = if slot == 0 { cycle - 1 } else { slot - 1 };
        }
        (by.alpha, by.beta, by.gamma, by.phi) = (by_alpha, by_beta, by_gamma, by_phi);
        (by.level, by.slope) = (by_level, by_slope);
        by.seasons.clear();
        by.seasons.extend(&self.seasons);
    }

    /// The one-step errors of the last pass.
    pub(super) fn errors(&self) -> &[f64] {
        &self.error
    }
}
