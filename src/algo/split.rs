//! Which rows train and which test, and the order of rows that makes results independent of the order they came in.

use super::error::{Error, Result};

/// Below this number of rows a comparison sort is faster.
const SMALL: usize = 1 << 11;
/// Bits of a digit, and how many digits of a hash are sorted by counting.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 3;

/// The permutation that sorts rows by their hash, equal ones in the order they came: `hashes[order[0]]` is the least.
///
/// Counting sort by the leading 33 bits, then comparisons among the few rows that share them; so O(n) for hashes that are spread,
/// and O(n log n) at worst. At most 2^31 rows: their places must fit beside 33 bits of a hash.
pub fn canonical_order(hashes: &[u64]) -> Vec<u32> {
    debug_assert!(hashes.len() <= 1 << 31);
    if hashes.len() < SMALL {
        let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
        order.sort_by_key(|&row| hashes[row as usize]);
        return order;
    }
    // A key is 33 leading bits of the hash, then the row.
    const ROW_BITS: u32 = 31;
    const MASK: u64 = (1 << ROW_BITS) - 1;
    let digit =
        |key: u64, digit: usize| (key >> (ROW_BITS + DIGIT_BITS * digit as u32)) as usize & ((1 << DIGIT_BITS) - 1);
    let mut keys: Vec<u64> = (hashes.iter().enumerate())
        .map(|(row, &hash)| hash & !MASK | row as u64)
        .collect();
    let mut starts = vec![[0_u32; 1 << DIGIT_BITS]; DIGITS];
    for &key in &keys {
        starts
            .iter_mut()
            .enumerate()
            .for_each(|(d, counts)| counts[digit(key, d)] += 1);
    }
    let mut sorted = vec![0; keys.len()];
    for (d, counts) in starts.iter_mut().enumerate() {
        let mut start = 0;
        for count in counts.iter_mut() {
            (*count, start) = (start, start + *count);
        }
        for &key in &keys {
            let place = &mut counts[digit(key, d)];
            sorted[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut sorted);
    }
    for run in keys.chunk_by_mut(|a, b| a & !MASK == b & !MASK) {
        if run.len() > 1 {
            run.sort_by_key(|&key| hashes[(key & MASK) as usize]);
        }
    }
    keys.into_iter().map(|key| (key & MASK) as u32).collect()
}

/// Which rows are for testing: `test_fraction` of each class, a half rounded up, but never the last row of a class, so that a class
/// of one row is in training. Without classes all rows count as one.
///
/// The rows with the least hashes of their class are taken, so rows (their hashes differ when their contents do) are split in the
/// same way in whatever order they come. A different seed of the hashes is a different split. O(n).
///
/// Errs unless 0 <= `test_fraction` < 1, and when there are not as many classes as hashes.
pub fn test_rows(hashes: &[u64], classes: Option<&[u32]>, test_fraction: f64) -> Result<Vec<bool>> {
    test_rows_in(&canonical_order(hashes), classes, test_fraction)
}

/// As [`test_rows`], from the [`canonical_order`] of the rows.
pub fn test_rows_in(order: &[u32], classes: Option<&[u32]>, test_fraction: f64) -> Result<Vec<bool>> {
    if !(0.0..1.0).contains(&test_fraction) {
        return Err(Error::Parameter {
            name: "test_fraction",
            value: test_fraction.to_string(),
            allowed: "0 or more and less than 1",
        });
    }
    if let Some(classes) = classes
        && classes.len() != order.len()
    {
        return Err(Error::data(
            format!("{} rows have {} classes", order.len(), classes.len()),
            "give each row a class",
        ));
    }
    let class = |row: u32| classes.map_or(0, |classes| classes[row as usize] as usize);
    let mut wanted: Vec<usize> = Vec::new();
    for &row in order {
        if wanted.len() <= class(row) {
            wanted.resize(class(row) + 1, 0);
        }
        wanted[class(row)] += 1;
    }
    wanted
        .iter_mut()
        .for_each(|rows| *rows = test_share(*rows, test_fraction));
    let mut is_test = vec![false; order.len()];
    for &row in order {
        let left = &mut wanted[class(row)];
        if *left > 0 {
            *left -= 1;
            is_test[row as usize] = true;
        }
    }
    Ok(is_test)
}

/// How many of a class's rows test.
fn test_share(rows: usize, fraction: f64) -> usize {
    // A product such as 0.145 * 100 falls just short of the half that it is in decimals.
    let rounded = (rows as f64 * fraction + 0.5 + 1e-9).floor() as usize;
    rounded.min(rows.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::hash::{hash_u64, mix, seeded};

    fn hashes(rows: usize, seed: u64) -> Vec<u64> {
        (0..rows as u64)
            .map(|row| mix(seeded(seed), hash_u64(0, row)))
            .collect()
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
            assert_eq!(canonical_order(&spread), by_comparison(&spread));
            for shift in [20, 32, 50, 60, 63] {
                let low: Vec<u64> = spread.iter().map(|hash| hash >> shift).collect();
                assert_eq!(canonical_order(&low), by_comparison(&low), "{rows} rows, low bits");
                let high: Vec<u64> = spread.iter().map(|hash| hash >> shift << shift).collect();
                assert_eq!(canonical_order(&high), by_comparison(&high), "{rows} rows, high bits");
            }
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
        let is_test = test_rows(&hashes(50, 1), Some(&classes), 0.25).unwrap_or_default();
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
        let straight = test_rows(&hashes, Some(&classes), 0.2).unwrap_or_default();
        let turned: Vec<usize> = (0..5000).map(|row| (row * 1237 + 11) % 5000).collect();
        let turned_hashes: Vec<u64> = turned.iter().map(|&row| hashes[row]).collect();
        let turned_classes: Vec<u32> = turned.iter().map(|&row| classes[row]).collect();
        let other = test_rows(&turned_hashes, Some(&turned_classes), 0.2).unwrap_or_default();
        assert_eq!(straight.len(), 5000);
        assert!(turned.iter().zip(other).all(|(&row, test)| straight[row] == test));
        assert_eq!(straight.iter().filter(|&&test| test).count(), 333 + 333 + 333);
    }

    #[test]
    fn another_seed_is_another_split() {
        let split = |seed| test_rows(&hashes(1000, seed), None, 0.2).unwrap_or_default();
        assert_ne!(split(1), split(2));
        assert_eq!(split(1).iter().filter(|&&test| test).count(), 200);
    }

    #[test]
    fn fractions_outside_zero_to_one_are_refused() {
        for fraction in [-0.1, 1.0, f64::NAN] {
            assert!(matches!(
                test_rows(&[1, 2], None, fraction),
                Err(Error::Parameter {
                    name: "test_fraction",
                    ..
                })
            ));
        }
        assert_eq!(test_rows(&[1, 2], None, 0.0), Ok(vec![false, false]));
        assert!(test_rows(&[1, 2], Some(&[0]), 0.5).is_err());
    }
}
