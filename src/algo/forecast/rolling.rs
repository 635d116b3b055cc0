//! Rolling origins: fitted on the first values, a method forecasts from each of the values behind them as it comes to know them. Its parameters stay those of the
//! first fit, which makes its errors rather larger than they will be, never smaller.

use super::naive::Naive;
use super::state::State;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// The errors of one series.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors {
    /// The absolute errors of the origins that are kept: all one step ahead, first origin first, then all two steps ahead, and so on.
    absolute: Vec<f32>,
    /// Where those of each step end.
    ends: Vec<usize>,
    /// The errors one step ahead, with their signs: value less forecast.
    pub first: Vec<f32>,
    /// The mean symmetric percentage error of each step.
    pub smape: Vec<f64>,
    /// The mean of all absolute errors.
    pub mean: f64,
}

impl Errors {
    /// The absolute errors so many steps ahead, from 0; none beyond what was forecast.
    pub(super) fn ahead(&self, step: usize) -> &[f32] {
        match self.ends.get(step) {
            Some(&end) => &self.absolute[if step == 0 { 0 } else { self.ends[step - 1] }..end],
            None => &[],
        }
    }

    /// Whether there are any.
    pub(super) fn is_judged(&self) -> bool {
        !self.absolute.is_empty()
    }
}

/// Which origins there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origins {
    /// The first value that is forecast.
    pub first: usize,
    /// How far ahead.
    pub horizon: usize,
    /// The errors of so many origins are kept, of others only their sums.
    pub kept: usize,
    /// Whether the error one step ahead is kept of all origins.
    pub all_first: bool,
}

/// Steps that are forecast in all origins of a series, at most: beyond, origins are skipped evenly.
const WORK: usize = 10_000_000;

/// From which value on origins begin: half of the values at most are forecast, two horizons of them or a hundred more than one where there are as many.
pub(super) fn first_origin(count: usize, horizon: usize) -> usize {
    let some = (2 * horizon).max((horizon + 100).min(count / 4));
    count - some.min(count / 2)
}

/// The errors of a state that knows all values before the first origin.
pub(super) fn errors(mut state: State, values: &[f64], origins: Origins, monitor: &dyn Monitor) -> Result<Errors> {
    let Origins {
        first,
        horizon,
        kept,
        all_first,
    } = origins;
    let tried = values.len() - first;
    let horizon = horizon.min(tried);
    let stride = tried.div_ceil((WORK / horizon).max(1));
    // A multiple, so that what is kept is among what is tried.
    let kept_stride = tried.div_ceil(kept.max(1)).next_multiple_of(stride);
    let kept_at = |origin: usize| (origin - first).is_multiple_of(kept_stride);
    // The origin at a distance from the end has as many steps ahead of it.
    let count_of = |step: usize| (tried - step).div_ceil(kept_stride);
    let mut ends = room::with_capacity(horizon)?;
    let mut end = 0;
    for step in 0..horizon {
        end += count_of(step);
        ends.push(end);
    }
    let mut errors = Errors {
        absolute: room::filled(0.0, end)?,
        ends,
        first: Vec::new(),
        smape: room::zeros(horizon)?,
        mean: 0.0,
    };
    let mut counts = room::zeros(horizon)?;
    let mut forecast = room::zeros(horizon)?;
    let mut sum = 0.0;
    for (origin, &value) in values.iter().enumerate().skip(first) {
        let is_tried = (origin - first).is_multiple_of(stride);
        let ahead = match is_tried {
            true => &values[origin..values.len().min(origin + horizon)],
            false => &values[origin..=origin],
        };
        if is_tried || all_first {
            monitor.check()?;
            let forecast = &mut forecast[..ahead.len()];
            state.project(forecast);
            if all_first || kept_at(origin) {
                room::push(&mut errors.first, finite(value - forecast[0]))?;
            }
        }
        if is_tried {
            let place = (origin - first) / kept_stride;
            for (step, (value, forecast)) in ahead.iter().zip(&forecast).enumerate() {
                let error = (value - forecast).abs();
                if kept_at(origin) {
                    let begin = if step == 0 { 0 } else { errors.ends[step - 1] };
                    errors.absolute[begin + place] = finite(error);
                }
                let size = value.abs() + forecast.abs();
                errors.smape[step] += if size > 0.0 { 200.0 * error / size } else { 0.0 };
                counts[step] += 1.0;
                sum += error;
            }
        }
        state.advance(value);
    }
    errors.mean = sum / counts.iter().sum::<f64>();
    for (smape, count) in errors.smape.iter_mut().zip(&counts) {
        *smape /= count.max(1.0);
    }
    Ok(errors)
}

/// A number as it is kept: what is too large as the largest.
fn finite(number: f64) -> f32 {
    match number.is_nan() {
        true => f32::MAX,
        false => (number as f32).clamp(f32::MIN, f32::MAX),
    }
}

/// The seasonal naive's state after the first values.
pub(super) fn naive_state(values: &[f64], season: usize) -> State {
    State::Naive(Naive::fit(values, season))
}
