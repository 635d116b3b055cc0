//! Sorting that can be stopped: a sort of many millions takes seconds.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Numbers that are sorted, or merged, between two looks at the monitor: some 20 ms. Fewer are sorted at once.
const RUN: usize = 1 << 20;

/// Puts numbers in their total order. Returns an error when stopped, and where there is no room for a copy. O(n log n).
pub(super) fn sort(values: &mut Vec<f64>, monitor: &dyn Monitor) -> Result<()> {
    for run in values.chunks_mut(RUN) {
        monitor.check()?;
        run.sort_unstable_by(f64::total_cmp);
    }
    if values.is_sorted_by(|a, b| a.total_cmp(b).is_le()) {
        return Ok(());
    }
    let mut merged = room::with_capacity(values.len())?;
    let mut width = RUN;
    while width < values.len() {
        for pair in values.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, monitor)?;
        }
        std::mem::swap(values, &mut merged);
        merged.clear();
        width *= 2;
    }
    Ok(())
}

/// Appends two sorted lists as one, for which there is room.
fn merge<'a>(mut left: &'a [f64], mut right: &'a [f64], merged: &mut Vec<f64>, monitor: &dyn Monitor) -> Result<()> {
    while let ([a, ..], [b, ..]) = (left, right) {
        if merged.len().is_multiple_of(RUN) {
            monitor.check()?;
        }
        let (least, from) = match a.total_cmp(b).is_le() {
            true => (*a, &mut left),
            false => (*b, &mut right),
        };
        merged.push(least);
        *from = &from[1..];
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
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
