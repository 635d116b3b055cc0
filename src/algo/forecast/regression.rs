//! The linear effects of events and regressors: ridge regression of what is left of a series without trend and season on what is left of them (the theorem of
//! Frisch, Waugh and Lovell), with the penalty of A. E. Hoerl, R. W. Kennard and K. F. Baldwin, "Ridge regression: some simulations" (1975).

use super::seasonality::moving_average;
use crate::error::Result;
use crate::linear::cholesky::PivotedCholesky;
use crate::monitor::Monitor;
use crate::room;

/// The effects of columns on values, of which each has as many. 0 for a column that does not vary, and for all where there are too few values.
pub(super) fn effects(values: &[f64], columns: &[&[f64]], season: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let count = columns.len();
    let target = remainder(values, season)?;
    let rests: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            monitor.check()?;
            remainder(&column[..values.len()], season)
        })
        .collect::<Result<_>>()?;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms: Vec<f64> = rests.iter().map(|rest| dot(rest, rest).sqrt()).collect();
    let used: Vec<usize> = (0..count)
        .filter(|index| norms[*index] > 1e-9 * (1.0 + dot(columns[*index], columns[*index]).sqrt()))
        .collect();
    if used.is_empty() || target.len() < used.len() + season + 3 {
        return Ok(vec![0.0; count]);
    }
    let product = |i: usize, j: usize| dot(&rests[used[i]], &rests[used[j]]) / norms[used[i]] / norms[used[j]];
    let mut matrix = room::with_capacity(used.len() * used.len())?;
    for i in 0..used.len() {
        for j in 0..used.len() {
            monitor.check()?;
            matrix.push(if j <= i { product(i, j) } else { 0.0 });
        }
    }
    let right: Vec<f64> = used
        .iter()
        .map(|index| dot(&rests[*index], &target) / norms[*index])
        .collect();
    let solve = |penalty: f64| -> Result<Vec<f64>> {
        let lower = |i: usize, j: usize| matrix[i * used.len() + j] + if i == j { penalty } else { 0.0 };
        Ok(PivotedCholesky::new(used.len(), lower, monitor)?.solve(&right))
    };
    let free = solve(0.0)?;
    let explained = dot(&free, &right);
    let variance = ((dot(&target, &target) - explained) / (target.len() - used.len() - season) as f64).max(0.0);
    let size = dot(&free, &free);
    let penalty = if size > 0.0 {
        used.len() as f64 * variance / size
    } else {
        0.0
    };
    let shrunk = solve(penalty)?;
    let mut found = vec![0.0; count];
    for (place, index) in used.iter().enumerate() {
        found[*index] = shrunk[place] / norms[*index];
    }
    Ok(found)
}

/// A series less its moving average and the mean of each step of the season: linear in the series, so that what is added to it is added here, too.
fn remainder(values: &[f64], season: usize) -> Result<Vec<f64>> {
    let window = match season {
        0 | 1 => 7.min(values.len() / 2).max(2),
        season => season,
    };
    let trend = moving_average(values, window)?;
    let mut rest: Vec<(usize, f64)> = values
        .iter()
        .zip(&trend)
        .enumerate()
        .filter(|(_, (_, trend))| trend.is_finite())
        .map(|(index, (value, trend))| (index % season.max(1), value - trend))
        .collect();
    let mut sums = vec![(0.0, 0.0); season.max(1)];
    for (step, value) in &rest {
        sums[*step].0 += value;
        sums[*step].1 += 1.0;
    }
    for (step, value) in &mut rest {
        *value -= sums[*step].0 / sums[*step].1;
    }
    Ok(rest.into_iter().map(|(_, value)| value).collect())
}
