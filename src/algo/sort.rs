//! Sorting that can be stopped: a sort of many millions takes seconds.

use std::cmp::Ordering;

use rayon::prelude::*;

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
pub fn sort_by<T: Copy>(
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

/// Numbers that one thread sorts, or merges, at a time.
const PART: usize = 1 << 16;

/// Puts numbers in their total order, on all threads. Returns an error when stopped, and where there is no room for a copy. O(n log n).
pub fn sort_in_parallel(values: &mut Vec<f64>, monitor: &dyn Monitor) -> Result<()> {
    sort_in_parallel_by(values, &f64::total_cmp, monitor)
}

/// Puts values in an order, on all threads; equal ones in any. Returns an error when stopped, and where there is no room for a copy. O(n log n).
pub fn sort_in_parallel_by<T: Copy + Default + Send + Sync>(
    values: &mut Vec<T>,
    order: &(impl Fn(&T, &T) -> Ordering + Sync),
    monitor: &dyn Monitor,
) -> Result<()> {
    values.par_chunks_mut(PART).try_for_each(|part| -> Result<()> {
        monitor.check()?;
        part.sort_unstable_by(order);
        Ok(())
    })?;
    if values.len() <= PART {
        return Ok(());
    }
    let mut merged = room::filled(T::default(), values.len())?;
    let mut width = PART;
    while width < values.len() {
        let pairs = values.par_chunks(2 * width).zip(merged.par_chunks_mut(2 * width));
        pairs.try_for_each(|(pair, out)| {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, out, order, monitor)
        })?;
        std::mem::swap(values, &mut merged);
        width *= 2;
    }
    Ok(())
}

/// Merges two sorted lists, in parallel: what is below a value in the middle, and what is not.
fn merge<T: Copy + Send + Sync>(
    left: &[T],
    right: &[T],
    out: &mut [T],
    order: &(impl Fn(&T, &T) -> Ordering + Sync),
    monitor: &dyn Monitor,
) -> Result<()> {
    if out.len() <= PART {
        monitor.check()?;
        let (mut l, mut r) = (0, 0);
        // Which one is less cannot be foretold: without a branch.
        while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
            let from_right = order(b, a).is_lt();
            out[l + r] = if from_right { *b } else { *a };
            (l, r) = (l + usize::from(!from_right), r + usize::from(from_right));
        }
        let (rest, last) = out[l + r..].split_at_mut(left.len() - l);
        rest.copy_from_slice(&left[l..]);
        last.copy_from_slice(&right[r..]);
        return Ok(());
    }
    let (long, short) = if left.len() < right.len() {
        (right, left)
    } else {
        (left, right)
    };
    let (below, above) = long.split_at(long.len() / 2);
    let cut = short.partition_point(|value| order(value, &above[0]).is_lt());
    let (short_below, short_above) = short.split_at(cut);
    let (out_below, out_above) = out.split_at_mut(below.len() + cut);
    let (first, second) = rayon::join(
        || merge(below, short_below, out_below, order, monitor),
        || merge(above, short_above, out_above, order, monitor),
    );
    first.and(second)
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
            let mut values: Vec<f64> = (0..length).map(|i| ((i * 7919) % 65_521) as f64 - 3e4).collect();
            assert_eq!(sort_in_parallel(&mut values, &Unwatched), Ok(()));
            assert_eq!(values, expected, "{length} in parallel");
        }
    }
}
