//! What steps compute of a training column.

use crate::error::{Error, Result};
use crate::frame::Column;
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::summary::order_statistics;

/// The numbers of a column that has some.
pub(super) fn numbers_of(column: &Column) -> Result<&[f64]> {
    match column {
        Column::Number(values) => Ok(values),
        Column::Category { .. } => Err(Error::Internal("a step of numbers was given a category")),
    }
}

/// The codes of a column that has some, and how many levels there are.
pub(super) fn codes_of(column: &Column) -> Result<(&[u32], usize)> {
    match column {
        Column::Category { codes, levels } => Ok((codes, *levels)),
        Column::Number(_) => Err(Error::Internal("a step of categories was given numbers")),
    }
}

/// A number that fits in double precision, or none.
#[inline(always)]
pub(super) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// The numbers that are not missing.
pub(super) fn present(values: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let mut known = room::with_capacity(values.len())?;
    for values in values.chunks(1 << 16) {
        monitor.check()?;
        known.extend(values.iter().copied().filter(|value| !value.is_nan()));
    }
    Ok(known)
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let about = values.iter().sum::<f64>() / count;
    // Once more around it, which takes off what the sum has lost.
    about + values.iter().map(|value| value - about).sum::<f64>() / count
}

/// The least and the greatest; 0 of nothing.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    match values.split_first() {
        None => (0.0, 0.0),
        Some((first, rest)) => rest.iter().fold((*first, *first), |(least, greatest), &value| {
            (least.min(value), greatest.max(value))
        }),
    }
}

/// The quantiles at ascending `shares`, interpolated between neighbours as SQL's `percentile_cont` and numpy do; 0 of nothing.
pub(super) fn quantiles(values: &[f64], shares: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
    if values.is_empty() {
        return Ok(vec![0.0; shares.len()]);
    }
    let last = values.len() - 1;
    let places: Vec<f64> = shares.iter().map(|share| share * last as f64).collect();
    let ranks = places.iter().flat_map(|place| {
        let low = (place.floor() as usize).min(last);
        [low, (low + 1).min(last)]
    });
    let mut ranks: Vec<usize> = ranks.collect();
    ranks.sort_unstable();
    ranks.dedup();
    let found = order_statistics(values, extremes(values), &ranks, monitor)?;
    let value = |rank: usize| ranks.binary_search(&rank).map_or(0.0, |place| found[place].value);
    let quantile = |place: &f64| {
        let low = (place.floor() as usize).min(last);
        let (below, above) = (value(low), value((low + 1).min(last)));
        // numpy's order of operations.
        let part = place - low as f64;
        if part >= 0.5 {
            above - (above - below) * (1.0 - part)
        } else {
            below + (above - below) * part
        }
    };
    Ok(places.iter().map(quantile).collect())
}

/// The median; 0 of nothing.
pub(super) fn median(values: &[f64], monitor: &dyn Monitor) -> Result<f64> {
    let last = values.len().saturating_sub(1);
    if values.is_empty() {
        return Ok(0.0);
    }
    let found = order_statistics(values, extremes(values), &[last / 2, last.div_ceil(2)], monitor)?;
    let sum: f64 = found.iter().map(|ranked| ranked.value).sum();
    let halves: f64 = found.iter().map(|ranked| ranked.value / 2.0).sum();
    Ok(if sum.is_finite() { sum / 2.0 } else { halves })
}

/// The number that occurs most often, of several the least; 0 of nothing.
pub(super) fn most_frequent_number(values: &[f64], monitor: &dyn Monitor) -> Result<f64> {
    let mut counts = hashbrown::HashMap::<u64, u64>::new();
    let mut pace = Pace::new(monitor);
    for value in values {
        pace.spend(1)?;
        // 0 and -0 are one number.
        *counts.entry((value + 0.0).to_bits()).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(bits, count)| (f64::from_bits(bits), count));
    let best = counts.max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.total_cmp(&a.0)));
    Ok(best.map_or(0.0, |(value, _)| value))
}
