//! The least value of a function of one number: a grid, then Fibonacci's golden section around its best point.

use crate::error::Result;

/// Where between two bounds a function is least, and its value there, to a tolerance of the place. `points` are tried first, for there may be several
/// valleys. A value that is no number counts as infinite.
pub(super) fn least(
    (low, high): (f64, f64),
    points: usize,
    tolerance: f64,
    mut function: impl FnMut(f64) -> Result<f64>,
) -> Result<(f64, f64)> {
    let mut value = |place: f64| function(place).map(|value| if value.is_nan() { f64::INFINITY } else { value });
    let step = (high - low) / (points - 1) as f64;
    let mut best = (low, f64::INFINITY);
    for index in 0..points {
        // Rounding leaves no place beyond the bound.
        let place = (low + step * index as f64).min(high);
        let found = value(place)?;
        if found < best.1 {
            best = (place, found);
        }
    }
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = ((best.0 - step).max(low), (best.0 + step).min(high));
    let (mut a, mut b) = (right - RATIO * (right - left), left + RATIO * (right - left));
    let (mut at_a, mut at_b) = (value(a)?, value(b)?);
    while right - left > tolerance {
        if at_a <= at_b {
            (right, b, at_b) = (b, a, at_a);
            a = right - RATIO * (right - left);
            at_a = value(a)?;
        } else {
            (left, a, at_a) = (a, b, at_b);
            b = left + RATIO * (right - left);
            at_b = value(b)?;
        }
    }
    for found in [(a, at_a), (b, at_b)] {
        if found.1 < best.1 {
            best = found;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_within_the_bounds() {
        for (low, high) in [(0.1, 0.99), (0.0, 0.3), (1.0, 1.7)] {
            for points in 2..40 {
                let falling = least((low, high), points, 1e-9, |place| Ok(-place)).unwrap().0;
                assert!(
                    (low..=high).contains(&falling) && high - falling < 1e-6,
                    "{falling} of {high}"
                );
                let rising = least((low, high), points, 1e-9, Ok).unwrap().0;
                assert!(
                    (low..=high).contains(&rising) && rising - low < 1e-6,
                    "{rising} of {low}"
                );
            }
        }
    }
}
