//! Season and trend by local regression: R. B. Cleveland, W. S. Cleveland, J. E. McRae and I. Terpenning, "STL: A Seasonal-Trend Decomposition Procedure
//! Based on Loess", Journal of Official Statistics 6 (1990). Without its weights against outliers.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Lengths of the windows of local regressions, all odd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    seasonal: usize,
    trend: usize,
    low: usize,
}

/// How often trend and season are found from each other.
const ROUNDS: usize = 2;

impl Windows {
    /// As in R's `stl`: the trend's window is the least odd one of at least 1.5 m / (1 - 1.5 / seasonal).
    pub(super) fn usual(season: usize, seasonal: usize, count: usize) -> Windows {
        let odd = |least: f64| (least.ceil() as usize) | 1;
        Windows {
            seasonal,
            trend: odd(1.5 * season as f64 / (1.0 - 1.5 / seasonal as f64)).min(count.max(3) | 1),
            low: odd(season as f64),
        }
    }
}

/// The season of each value, into `seasonal`. At least two cycles.
pub(super) fn stl(
    values: &[f64],
    season: usize,
    windows: Windows,
    seasonal: &mut [f64],
    monitor: &dyn Monitor,
) -> Result<()> {
    let count = values.len();
    let mut trend = room::zeros(count)?;
    let mut rest = room::zeros(count)?;
    let mut extended = room::zeros(count + 2 * season)?;
    let mut low = room::zeros(count)?;
    for _ in 0..ROUNDS {
        for ((rest, value), trend) in rest.iter_mut().zip(values).zip(&trend) {
            *rest = value - trend;
        }
        smooth_cycles(&rest, season, windows.seasonal, &mut extended, monitor)?;
        // What is low in frequency belongs to the trend.
        let once = moving_mean(&extended, season)?;
        let twice = moving_mean(&once, season)?;
        let thrice = moving_mean(&twice, 3)?;
        loess(&thrice, windows.low, windows.low / 10, &mut low, monitor)?;
        for (index, (seasonal, low)) in seasonal.iter_mut().zip(&low).enumerate() {
            *seasonal = extended[index + season] - low;
        }
        for ((rest, value), seasonal) in rest.iter_mut().zip(values).zip(&*seasonal) {
            *rest = value - seasonal;
        }
        loess(&rest, windows.trend, windows.trend / 10, &mut trend, monitor)?;
    }
    Ok(())
}

/// Each step of the season smoothed over its cycles, and one cycle before and behind.
fn smooth_cycles(
    rest: &[f64],
    season: usize,
    window: usize,
    extended: &mut [f64],
    monitor: &dyn Monitor,
) -> Result<()> {
    let mut cycle = Vec::new();
    let mut smooth = Vec::new();
    for step in 0..season {
        monitor.check()?;
        cycle.clear();
        room::reserve(&mut cycle, rest.len() / season + 1)?;
        cycle.extend(rest.iter().skip(step).step_by(season).copied());
        smooth.clear();
        smooth.resize(cycle.len(), 0.0);
        loess(&cycle, window, 0, &mut smooth, monitor)?;
        extended[step] = local(&cycle, window, -1.0);
        for (index, value) in smooth.iter().enumerate() {
            extended[step + (index + 1) * season] = *value;
        }
        extended[step + (cycle.len() + 1) * season] = local(&cycle, window, cycle.len() as f64);
    }
    Ok(())
}

/// Means of so many neighbours: fewer by one less than so many.
fn moving_mean(values: &[f64], window: usize) -> Result<Vec<f64>> {
    let mut means = room::with_capacity(values.len() + 1 - window)?;
    let mut sum: f64 = values[..window].iter().sum();
    means.push(sum / window as f64);
    for index in window..values.len() {
        sum += values[index] - values[index - window];
        means.push(sum / window as f64);
    }
    Ok(means)
}

/// Local regression at every `jump`th value, and lines between.
fn loess(values: &[f64], window: usize, jump: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
    let (count, jump) = (values.len(), jump.max(1));
    let mut index = 0;
    let mut work = 0;
    out[0] = local(values, window, 0.0);
    while index + 1 < count {
        let next = (index + jump).min(count - 1);
        out[next] = local(values, window, next as f64);
        let (from, to) = (out[index], out[next]);
        for (place, out) in out[index..next].iter_mut().enumerate().skip(1) {
            *out = from + (to - from) * place as f64 / (next - index) as f64;
        }
        index = next;
        work += window.min(count);
        if work > 100_000 {
            monitor.check()?;
            work = 0;
        }
    }
    Ok(())
}

/// The line through the nearest values, weighted by Cleveland's cubes, at a place.
fn local(values: &[f64], window: usize, place: f64) -> f64 {
    let count = values.len();
    let width = window.min(count);
    let begin = (place.round() as i64 - (width as i64 - 1) / 2).clamp(0, (count - width) as i64) as usize;
    let neighbours = &values[begin..begin + width];
    let (first, last) = (begin as f64, (begin + width - 1) as f64);
    // A window that is wider than the series reaches further on both sides.
    let reach = (place - first).max(last - place) + (window - width) as f64 / 2.0;
    let (mut total, mut of_place, mut of_square, mut of_value, mut of_product) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (offset, value) in neighbours.iter().enumerate() {
        let distance = first + offset as f64 - place;
        let share = (distance.abs() / reach.max(1e-9)).min(1.0);
        let cube = 1.0 - share * share * share;
        let weight = (cube * cube * cube).max(if reach < 1.0 { 1.0 } else { 0.0 });
        total += weight;
        of_place += weight * distance;
        of_square += weight * distance * distance;
        of_value += weight * value;
        of_product += weight * distance * value;
    }
    let determinant = total * of_square - of_place * of_place;
    match determinant > 1e-9 * total * of_square.max(1e-9) {
        true => (of_square * of_value - of_place * of_product) / determinant,
        false if total > 0.0 => of_value / total,
        false => neighbours.iter().sum::<f64>() / width as f64,
    }
}
