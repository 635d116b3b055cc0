//! Several seasons, one after the other, as in K. Bandara, R. J. Hyndman and C. Bergmeir, "MSTL: A Seasonal-Trend Decomposition Algorithm for Time Series
//! with Multiple Seasonal Patterns" (2021).

use super::stl::{Windows, stl};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// How often all seasons are gone through.
const ROUNDS: usize = 2;

/// The cycles that begin with the step behind the last value, one for each season, the shortest first; and the values without them. At least two
/// cycles of each.
pub(super) fn decompose(values: &[f64], seasons: &[usize], monitor: &dyn Monitor) -> Result<(Vec<Vec<f64>>, Vec<f64>)> {
    let mut parts = room::columns(values.len(), seasons.len(), monitor)?;
    let mut rest = room::with_capacity(values.len())?;
    rest.extend_from_slice(values);
    let rounds = if seasons.len() == 1 { 1 } else { ROUNDS };
    for _ in 0..rounds {
        for (index, (season, part)) in seasons.iter().zip(&mut parts).enumerate() {
            rest.iter_mut().zip(&*part).for_each(|(rest, part)| *rest += part);
            let windows = Windows::usual(*season, 11 + 4 * index, values.len());
            stl(&rest, *season, windows, part, monitor)?;
            rest.iter_mut().zip(&*part).for_each(|(rest, part)| *rest -= part);
        }
    }
    let cycles = seasons
        .iter()
        .zip(&parts)
        .map(|(season, part)| part[part.len() - season..].to_vec());
    Ok((cycles.collect(), rest))
}
