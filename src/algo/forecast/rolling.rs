//! Rolling origins: fitted on the first values, a method forecasts from each of the values behind them as it comes to know them. Its parameters stay those of the
//! first fit, which makes its errors rather larger than they will be, never smaller.

use super::naive::Naive;
use super::state::State;
use crate::error::Result;
use crate::monitor::Monitor;

/// The errors of one series.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors {
    /// For each step ahead, the absolute errors, first origin first.
    pub ahead: Vec<Vec<f32>>,
    /// The errors one step ahead, with their signs: value less forecast.
    pub first: Vec<f32>,
    /// The mean symmetric percentage error of each step.
    pub smape: Vec<f64>,
    /// The mean of all absolute errors.
    pub mean: f64,
}

/// From which value on origins begin: half of the values at most are forecast, two horizons of them or a hundred more than one where there are as many.
pub(super) fn first_origin(count: usize, horizon: usize) -> usize {
    let some = (2 * horizon).max((horizon + 100).min(count / 4));
    count - some.min(count / 2)
}

/// The errors of a state that knows all values before `first`. At most `most` origins, the first ones skipped evenly.
pub(super) fn errors(
    mut state: State,
    values: &[f64],
    first: usize,
    horizon: usize,
    most: usize,
    monitor: &dyn Monitor,
) -> Result<Errors> {
    let horizon = horizon.min(values.len() - first);
    let stride = (values.len() - first).div_ceil(most.max(1));
    let mut errors = Errors {
        ahead: vec![Vec::new(); horizon],
        first: Vec::new(),
        smape: vec![0.0; horizon],
        mean: 0.0,
    };
    let mut forecast = vec![0.0; horizon];
    let (mut sum, mut count) = (0.0, 0.0);
    for origin in first..values.len() {
        if (origin - first) % stride == 0 {
            monitor.check()?;
            let ahead = &values[origin..values.len().min(origin + horizon)];
            let forecast = &mut forecast[..ahead.len()];
            state.project(forecast);
            errors.first.push((ahead[0] - forecast[0]) as f32);
            for (step, (value, forecast)) in ahead.iter().zip(&*forecast).enumerate() {
                let error = (value - forecast).abs();
                errors.ahead[step].push(error as f32);
                let size = value.abs() + forecast.abs();
                errors.smape[step] += if size > 0.0 { 200.0 * error / size } else { 0.0 };
                sum += error;
                count += 1.0;
            }
        }
        state.advance(values[origin]);
    }
    for (smape, ahead) in errors.smape.iter_mut().zip(&errors.ahead) {
        *smape /= ahead.len().max(1) as f64;
    }
    errors.mean = sum / count;
    Ok(errors)
}

/// The seasonal naive's state after the first values.
pub(super) fn naive_state(values: &[f64], season: usize) -> State {
    State::Naive(Naive::fit(values, season))
}
