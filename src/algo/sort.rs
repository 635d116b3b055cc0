//! Sorting that can be stopped: a sort of many millions takes seconds.

use std::cmp::Ordering;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Numbers that are sorted, or merged, between two looks at the monitor: some 20 ms. Fewer are sorted at once.
const RUN: usize = 1 << 20;

/// Puts numbers in their total order. Returns an error when stopped, and where there is no room for a copy. O(n log n).
pub(crate) fn sort(values: &mut Vec<f64>, monitor: &dyn Monitor) -> Result<()> {
    sort_by(values, RUN, f64::total_cmp, monitor)
}

/// Puts values in an order, so many between two looks at the monitor. Returns an error when stopped, and where there is no room for a copy.
/// O(n log n).
pub(crate) fn sort_by<T: Copy>(
    values: &mut Vec<T>,
    run: usize,
    order: impl Fn(&T, &T) -> Ordering,
    monitor: &dyn Monitor,
) -> Result<()> {
    for values in values.chunks_mut(run) {
        monitor.check()?;
        values.sort_unstable_by(&order);
    }
    if values.is_sorted_by(|a, b| order(a, b).is_le()) {
        return Ok(());
    }
    let mut merged = room::with_capacity(values.len())?;
    let mut width = run;
    while width < values.len() {
        for pair in values.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([a, ..], [b, ..]) = (left, right) {
                if merged.len().is_multiple_of(run) {
                    monitor.check()?;
                }
                let (least, from) = match order(a, b).is_le() {
                    true => (*a, &mut left),
                    false => (*b, &mut right),
                };
                merged.push(least);
                *from = &from[1..];
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(values, &mut merged);
        merged.clear();
        width *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn orders_as_a_sort_does() {
        for length in [0, 1, RUN - 1, RUN, 2 * RUN + 1, 5 * RUN + 7] {
            let mut values: Vec<f64> = (0..length).map(|i| ((i * 7919) % 65_521) as f64 - 3e4).collect();
            let mut expected = values.clone();
            expected.sort_by(f64::total_cmp);
            assert_eq!(sort(&mut values, &Unwatched), Ok(()));
            assert_eq!(values, expected, "{length}");
        }
    }
}
