//! Classical decomposition and the test for a season, as in R's `decompose` and in Fiorucci's Theta.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// The trend by a centred moving average over one season, half weights at the ends of an even one; NaN where it does not reach.
pub(super) fn moving_average(values: &[f64], season: usize) -> Result<Vec<f64>> {
    let mut trend = room::filled(f64::NAN, values.len())?;
    let half = season / 2;
    if values.len() <= 2 * half {
        return Ok(trend);
    }
    let is_even = season.is_multiple_of(2);
    // The inner window has an odd number of values; an even season adds half of both ends.
    let reach = if is_even { half - 1 } else { half };
    let mut inner: f64 = values[half - reach..=half + reach].iter().sum();
    for middle in half..values.len() - half {
        if middle > half {
            inner += values[middle + reach] - values[middle - reach - 1];
        }
        let ends = if is_even {
            0.5 * (values[middle - half] + values[middle + half])
        } else {
            0.0
        };
        trend[middle] = (inner + ends) / season as f64;
    }
    Ok(trend)
}

/// The season of each of its steps, the first value's first: the mean distance from the trend, or the mean factor; they are 0 or 1 in the mean.
/// At least two seasons of values.
pub(super) fn seasonal_means(values: &[f64], season: usize, is_factor: bool) -> Result<Vec<f64>> {
    let trend = moving_average(values, season)?;
    let mut sums = room::filled((0.0, 0.0), season)?;
    for (index, (value, trend)) in values.iter().zip(&trend).enumerate() {
        let distance = if is_factor { value / trend } else { value - trend };
        if distance.is_finite() {
            let (sum, count) = &mut sums[index % season];
            *sum += distance;
            *count += 1.0;
        }
    }
    let neutral = if is_factor { 1.0 } else { 0.0 };
    let mut means: Vec<f64> = sums
        .iter()
        .map(|(sum, count)| if *count > 0.0 { sum / count } else { neutral })
        .collect();
    let mean = means.iter().sum::<f64>() / season as f64;
    if is_factor && mean != 0.0 {
        means.iter_mut().for_each(|of_step| *of_step /= mean);
    } else if !is_factor {
        means.iter_mut().for_each(|of_step| *of_step -= mean);
    }
    Ok(means)
}

/// The quantile .95 of the standard normal distribution.
const ONE_SIDED: f64 = 1.644_853_626_951_472_7;

/// Correlations that are computed for the variance of one of them, at most: of a long season not each is needed.
const LAGS: usize = 512;

/// Whether the correlation of values with those of a season before is larger than chance makes it in nine of ten cases, by Bartlett's formula.
pub(super) fn has_season(values: &[f64], season: usize, monitor: &dyn Monitor) -> Result<bool> {
    if season < 2 || values.len() < 2 * season.max(2) {
        return Ok(false);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let correlation = |lag: usize| -> Result<f64> {
        monitor.check()?;
        let products = values[lag..].iter().zip(values).map(|(a, b)| (a - mean) * (b - mean));
        Ok(products.sum())
    };
    let variance = correlation(0)?;
    if variance <= 0.0 {
        return Ok(false);
    }
    let stride = season.div_ceil(LAGS);
    let mut others = 0.0;
    for lag in (1..season).step_by(stride) {
        others += stride as f64 * (correlation(lag)? / variance).powi(2);
    }
    let limit = ONE_SIDED * ((1.0 + 2.0 * others) / count).sqrt();
    Ok((correlation(season)? / variance).abs() > limit)
}

/// Values without their season.
pub(super) fn adjusted(values: &[f64], means: &[f64], is_factor: bool) -> Result<Vec<f64>> {
    let mut adjusted = room::with_capacity(values.len())?;
    let seasons = means.iter().cycle();
    adjusted.extend(
        values
            .iter()
            .zip(seasons)
            .map(|(value, season)| if is_factor { value / season } else { value - season }),
    );
    Ok(adjusted)
}

/// The cycle that begins with the step behind the last value.
pub(super) fn next_cycle(means: &[f64], count: usize) -> Vec<f64> {
    let mut cycle = means.to_vec();
    cycle.rotate_left(count % means.len());
    cycle
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::monitor::Unwatched;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    #[test]
    fn seasons_are_those_of_statsmodels() {
        let golden: Value = serde_json::from_str(include_str!("../../../tests/oracle/forecast.json")).unwrap();
        for case in golden["seasonal"].as_array().unwrap() {
            let series = &golden["series"][case["series"].as_str().unwrap()];
            let season = series["season"].as_u64().unwrap() as usize;
            let means = seasonal_means(&numbers(&series["values"]), season, case["model"] == "multiplicative").unwrap();
            for (ours, theirs) in means.iter().zip(numbers(&case["means"])) {
                assert!((ours - theirs).abs() < 1e-9 * (1.0 + theirs.abs()), "{means:?} {case}");
            }
        }
        for case in golden["decomposes"].as_array().unwrap() {
            let series = &golden["series"][case["series"].as_str().unwrap()];
            let season = series["season"].as_u64().unwrap() as usize;
            assert_eq!(
                has_season(&numbers(&series["values"]), season, &Unwatched).unwrap(),
                case["decomposes"].as_bool().unwrap()
            );
        }
        assert!(!has_season(&[1.0; 48], 12, &Unwatched).unwrap());
    }
}
