//! Which rows train and which test, and the order of rows that makes results independent of the order they came in.

use rayon::prelude::*;

use super::error::{Error, Result};
use super::monitor::Monitor;

/// Below this number of rows a comparison sort is faster.
const SMALL: usize = 1 << 11;
/// Leading bits of a hash that choose a bucket.
const BUCKET_BITS: u32 = 11;
/// Rows between two looks at the monitor.
const CHUNK: usize = 1 << 18;

/// The permutation that sorts rows by their hash, equal ones in the order they came: `hashes[order[0]]` is the least.
///
/// Rows are dealt to buckets by the leading bits of their hash, and buckets are sorted in parallel: O(n log n), with few comparisons
/// for hashes that are spread. Also tells whether there are equal hashes. At most 2^31 rows: their places must fit beside 33 bits of a
/// hash. Returns an error only when stopped.
pub fn canonical_order(hashes: &[u64], monitor: &dyn Monitor) -> Result<(Vec<u32>, bool)> {
    debug_assert!(hashes.len() <= 1 << 31);
    if hashes.len() < SMALL {
        let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
        order.sort_by_key(|&row| hashes[row as usize]);
        let distinct = order.is_sorted_by(|&a, &b| hashes[a as usize] < hashes[b as usize]);
        return Ok((order, !distinct));
    }
    // A key is 33 leading bits of the hash, then the row.
    const ROW_BITS: u32 = 31;
    const MASK: u64 = (1 << ROW_BITS) - 1;
    let bucket = |hash: u64| (hash >> (u64::BITS - BUCKET_BITS)) as usize;
    let mut places = vec![0_u32; (1 << BUCKET_BITS) + 1];
    for chunk in hashes.chunks(CHUNK) {
        monitor.check()?;
        chunk.iter().for_each(|&hash| places[bucket(hash) + 1] += 1);
    }
    (1..places.len()).for_each(|next| places[next] += places[next - 1]);
    let ends: Vec<u32> = places[1..].to_vec();
    let mut keys = vec![0_u64; hashes.len()];
    for (chunk, first) in hashes.chunks(CHUNK).zip((0_u64..).step_by(CHUNK)) {
        monitor.check()?;
        for (&hash, row) in chunk.iter().zip(first..) {
            let place = &mut places[bucket(hash)];
            keys[*place as usize] = hash & !MASK | row;
            *place += 1;
        }
    }
    let mut order = vec![0_u32; hashes.len()];
    let mut buckets = Vec::with_capacity(ends.len());
    let (mut left_keys, mut left_order, mut start) = (&mut keys[..], &mut order[..], 0);
    for end in ends {
        let rows = (end - start) as usize;
        let (keys, more_keys) = left_keys.split_at_mut(rows);
        let (order, more_order) = left_order.split_at_mut(rows);
        buckets.push((keys, order));
        (left_keys, left_order, start) = (more_keys, more_order, end);
    }
    let bucket_repeats = |(keys, order): (&mut [u64], &mut [u32])| -> Result<bool> {
        monitor.check()?;
        let mut repeats = false;
        keys.sort_unstable();
        for run in keys.chunk_by_mut(|a, b| a & !MASK == b & !MASK) {
            if run.len() > 1 {
                let hash = |key: &u64| hashes[(key & MASK) as usize];
                run.sort_by_key(hash);
                repeats |= run.windows(2).any(|pair| hash(&pair[0]) == hash(&pair[1]));
            }
        }
        order
            .iter_mut()
            .zip(&*keys)
            .for_each(|(row, key)| *row = (key & MASK) as u32);
        Ok(repeats)
    };
    let repeats = buckets
        .into_par_iter()
        .map(bucket_repeats)
        .try_reduce(|| false, |a, b| Ok(a | b))?;
    Ok((order, repeats))
}

/// Which rows are for testing: `test_fraction` of each class, a half rounded up, but never the last row of a class, so that a class
/// of one row is in training. Without classes all rows count as one.
///
/// The rows with the least hashes of their class are taken, so rows (their hashes differ when their contents do) are split in the
/// same way in whatever order they come. A different seed of the hashes is a different split. O(n).
///
/// `order` is the [`canonical_order`] of the rows, or of some of those that have a class. Returns an error unless 0 <= `test_fraction` < 1, and
/// when there are fewer classes than rows in it.
pub fn test_rows(
    order: &[u32],
    classes: Option<&[u32]>,
    test_fraction: f64,
    monitor: &dyn Monitor,
) -> Result<Vec<bool>> {
    if !(0.0..1.0).contains(&test_fraction) {
        return Err(Error::Parameter {
            name: "test_fraction",
            value: test_fraction.to_string(),
            allowed: "0 or more and less than 1".into(),
        });
    }
    if let Some(classes) = classes
        && classes.len() < order.len()
    {
        return Err(Error::data(
            format!("{} rows have {} classes", order.len(), classes.len()),
            "give each row a class",
        ));
    }
    let class = |row: u32| classes.map_or(0, |classes| classes[row as usize] as usize);
    let mut wanted: Vec<usize> = Vec::new();
    for rows in order.chunks(CHUNK) {
        monitor.check()?;
        for &row in rows {
            if wanted.len() <= class(row) {
                wanted.resize(class(row) + 1, 0);
            }
            wanted[class(row)] += 1;
        }
    }
    wanted
        .iter_mut()
        .for_each(|rows| *rows = test_share(*rows, test_fraction));
    let mut is_test = vec![false; classes.map_or(order.len(), <[u32]>::len)];
    for rows in order.chunks(CHUNK) {
        monitor.check()?;
        for &row in rows {
            let left = &mut wanted[class(row)];
            if *left > 0 {
                *left -= 1;
                is_test[row as usize] = true;
            }
        }
    }
    Ok(is_test)
}

/// How many of a class's rows test.
pub(crate) fn test_share(rows: usize, fraction: f64) -> usize {
    // A product such as 0.145 * 100 falls just short of the half that it is in decimals.
    let rounded = (rows as f64 * fraction + 0.5 + 1e-9).floor() as usize;
    rounded.min(rows.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{hash_u64, mix, seeded};
    use crate::monitor::Unwatched;

    fn hashes(rows: usize, seed: u64) -> Vec<u64> {
        (0..rows as u64)
            .map(|row| mix(seeded(seed), hash_u64(0, row)))
            .collect()
    }

    fn sorted(hashes: &[u64]) -> Vec<u32> {
        canonical_order(hashes, &Unwatched).unwrap_or_default().0
    }

    fn by_comparison(hashes: &[u64]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
        order.sort_by_key(|&row| hashes[row as usize]);
        order
    }

    #[test]
    fn order_is_that_of_a_stable_sort() {
        for rows in [0, 1, 2, 100, SMALL - 1, SMALL, 50_000] {
            let spread = hashes(rows, 3);
            assert_eq!(sorted(&spread), by_comparison(&spread));
            for shift in [20, 32, 50, 60, 63] {
                let low: Vec<u64> = spread.iter().map(|hash| hash >> shift).collect();
                assert_eq!(sorted(&low), by_comparison(&low), "{rows} rows, low bits");
                let high: Vec<u64> = spread.iter().map(|hash| hash >> shift << shift).collect();
                assert_eq!(sorted(&high), by_comparison(&high), "{rows} rows, high bits");
            }
        }
    }

    #[test]
    fn equal_hashes_are_told() {
        for rows in [100, 50_000] {
            let mut hashes = hashes(rows, 3);
            let repeats = |hashes: &[u64]| canonical_order(hashes, &Unwatched).map(|(_, repeats)| repeats);
            assert_eq!(repeats(&hashes), Ok(false));
            hashes[rows - 1] = hashes[7];
            assert_eq!(repeats(&hashes), Ok(true));
        }
    }

    #[test]
    fn each_class_keeps_its_share() {
        // 40 + 7 + 2 + 1 rows.
        let classes: Vec<u32> = (0..50)
            .map(|row| {
                if row < 40 {
                    0
                } else if row < 47 {
                    1
                } else if row < 49 {
                    3
                } else {
                    5
                }
            })
            .collect();
        let is_test = test_rows(&sorted(&hashes(50, 1)), Some(&classes), 0.25, &Unwatched).unwrap_or_default();
        let tested = |class| {
            is_test
                .iter()
                .zip(&classes)
                .filter(|&(&test, &c)| test && c == class)
                .count()
        };
        assert_eq!([0, 1, 3, 5].map(tested), [10, 2, 1, 0]);
    }

    #[test]
    fn a_half_rounds_up_and_one_row_always_trains() {
        assert_eq!(test_share(10, 0.25), 3);
        assert_eq!(test_share(100, 0.145), 15);
        assert_eq!(test_share(100, 0.144), 14);
        assert_eq!(test_share(2, 0.99), 1);
        assert_eq!(test_share(1, 0.99), 0);
        assert_eq!(test_share(0, 0.5), 0);
        assert_eq!(test_share(1_000_000, 0.2), 200_000);
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let (hashes, classes): (Vec<u64>, Vec<u32>) = hashes(5000, 8)
            .into_iter()
            .enumerate()
            .map(|(row, hash)| (hash, (row % 3) as u32))
            .unzip();
        let straight = test_rows(&sorted(&hashes), Some(&classes), 0.2, &Unwatched).unwrap_or_default();
        let turned: Vec<usize> = (0..5000).map(|row| (row * 1237 + 11) % 5000).collect();
        let turned_hashes: Vec<u64> = turned.iter().map(|&row| hashes[row]).collect();
        let turned_classes: Vec<u32> = turned.iter().map(|&row| classes[row]).collect();
        let other = test_rows(&sorted(&turned_hashes), Some(&turned_classes), 0.2, &Unwatched).unwrap_or_default();
        assert_eq!(straight.len(), 5000);
        assert!(turned.iter().zip(other).all(|(&row, test)| straight[row] == test));
        assert_eq!(straight.iter().filter(|&&test| test).count(), 333 + 333 + 333);
    }

    #[test]
    fn another_seed_is_another_split() {
        let split = |seed| test_rows(&sorted(&hashes(1000, seed)), None, 0.2, &Unwatched).unwrap_or_default();
        assert_ne!(split(1), split(2));
        assert_eq!(split(1).iter().filter(|&&test| test).count(), 200);
    }

    #[test]
    fn fractions_outside_zero_to_one_are_refused() {
        for fraction in [-0.1, 1.0, f64::NAN] {
            assert!(matches!(
                test_rows(&[0, 1], None, fraction, &Unwatched),
                Err(Error::Parameter {
                    name: "test_fraction",
                    ..
                })
            ));
        }
        assert_eq!(test_rows(&[0, 1], None, 0.0, &Unwatched), Ok(vec![false, false]));
        assert!(test_rows(&[0, 1], Some(&[0]), 0.5, &Unwatched).is_err());
    }
}
