//! Sketches against sorted values, in adversarial orders, in parts, and damaged.

use proptest::prelude::*;

use super::*;
use crate::accumulator::Accumulator;
use crate::error::Result;
use crate::hash::hash_u64;

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

/// Orders of the numbers below n that are known to be hard on quantile sketches.
fn orders(n: u64) -> Vec<(&'static str, Vec<f64>)> {
    let order = |at: &dyn Fn(u64) -> u64| (0..n).map(|i| at(i) as f64).collect::<Vec<f64>>();
    let mut shuffled: Vec<u64> = (0..n).collect();
    shuffled.sort_by_key(|&i| hash_u64(11, i));
    vec![
        ("sorted", order(&|i| i)),
        ("reversed", order(&|i| n - 1 - i)),
        ("zigzag", order(&|i| if i % 2 == 0 { i / 2 } else { n - 1 - i / 2 })),
        (
            "from the middle",
            order(&|i| if i % 2 == 0 { (n + i) / 2 } else { (n - 1 - i) / 2 }),
        ),
        (
            "organ pipe",
            order(&|i| if 2 * i < n { 2 * i } else { 2 * (n - 1 - i) + 1 }),
        ),
        ("periodic", order(&|i| (i % 1024) * (n / 1024) + i / 1024)),
        ("two by two", order(&|i| if i % 2 == 0 { i } else { n - i })),
        ("shuffled", order(&|i| shuffled[i as usize])),
    ]
}

/// How far the rank of any of 99 quantiles is off, at most, as a share of the numbers.
fn rank_error(numbers: &[f64], quantiles: &Quantiles) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (view, n) = (quantiles.sorted(), numbers.len() as f64);
    let off = |percent: u32| {
        let q = f64::from(percent) / 100.0;
        let value = view.quantile(q).unwrap_or(f64::NAN);
        let low = sorted.partition_point(|&other| other < value) as f64 / n;
        let high = sorted.partition_point(|&other| other <= value) as f64 / n;
        // Ranks both ways: of the sketch's quantile among the numbers, and of the numbers' quantile in the sketch.
        let exact = sorted[(q * (n - 1.0)) as usize];
        let back =
            (view.at_most(exact) as f64 / n - high.max(sorted.partition_point(|&o| o <= exact) as f64 / n)).abs();
        (low - q)
            .max(q - high)
            .max(0.0)
            .max(if low == high || exact == value { back } else { 0.0 })
    };
    (1..100).map(off).fold(0.0, f64::max)
}

#[test]
fn ranks_are_within_the_stated_error_in_any_order() -> Test {
    let n = 1 << 20;
    let (mut runs, mut beyond) = (0, 0);
    for (name, numbers) in orders(n) {
        for seed in 0..4 {
            let mut quantiles = Quantiles::new(1024, seed);
            quantiles.push_all(&numbers);
            quantiles.validate()?;
            let (error, stated) = (rank_error(&numbers, &quantiles), quantiles.error());
            assert_eq!(quantiles.count(), n);
            assert!(stated < 0.006, "{name} states {stated}");
            assert!(error < 1.5 * stated, "{name}: {error} of a stated {stated}");
            runs += 1;
            beyond += i32::from(error > stated);
        }
    }
    // Each run takes the greatest of 99 errors, of which each alone is within the bound 99 times in 100.
    assert!(beyond * 10 <= runs, "{beyond} of {runs} are beyond the bound");
    Ok(())
}

#[test]
fn numbers_pushed_one_by_one_are_as_well_known() -> Test {
    let numbers: Vec<f64> = (0..200_000).map(|i| hash_u64(5, i) as f64).collect();
    let mut quantiles = Quantiles::new(256, 3);
    numbers.iter().for_each(|&number| quantiles.push(number));
    quantiles.validate()?;
    assert!(rank_error(&numbers, &quantiles) < quantiles.error());
    assert!(quantiles.error() < 0.015, "{}", quantiles.error());
    assert!(quantiles.memory() < 30_000, "{}", quantiles.memory());
    Ok(())
}

#[test]
fn few_numbers_have_exact_quantiles() {
    let mut quantiles = Quantiles::new(1024, 0);
    quantiles.push_all(&[3.0, 1.0, f64::NAN, 2.0, f64::INFINITY, 10.0, -0.0]);
    assert!(quantiles.is_exact());
    assert_eq!((quantiles.count(), quantiles.non_finite()), (5, 2));
    assert_eq!(
        [0.0, 0.25, 0.5, 0.625, 1.0].map(|q| quantiles.quantile(q)),
        [Some(0.0), Some(1.0), Some(2.0), Some(2.5), Some(10.0)]
    );
    assert_eq!(
        [-1.0, 0.0, 2.5, 10.0].map(|x| quantiles.rank(x)),
        [Some(0.0), Some(0.2), Some(0.6), Some(1.0)]
    );
    assert_eq!(Quantiles::new(8, 0).quantile(0.5), None);
}

#[test]
fn distinct_values_are_estimated_without_bias() -> Test {
    for (precision, deviation) in [(10, 0.0325), (14, 0.0082)] {
        for n in [500_u64, 5_000, 50_000, 1_000_000] {
            let runs = if n > 100_000 { 4 } else { 40 };
            let errors: Vec<f64> = (0..runs)
                .map(|run| {
                    let mut sketch = HyperLogLog::new(precision);
                    sketch.push_all((0..n).map(|i| hash_u64(run, i)));
                    sketch.estimate() / n as f64 - 1.0
                })
                .collect();
            let mean = errors.iter().sum::<f64>() / runs as f64;
            let square = (errors.iter().map(|error| error * error).sum::<f64>() / runs as f64).sqrt();
            assert!(
                mean.abs() < 3.5 * deviation / (runs as f64).sqrt(),
                "precision {precision}, {n}: mean {mean}"
            );
            assert!(square < 1.8 * deviation, "precision {precision}, {n}: {square}");
        }
    }
    assert_eq!(HyperLogLog::new(12).estimate(), 0.0);
    Ok(())
}

#[test]
fn distinct_values_are_exact_up_to_the_limit() -> Test {
    let mut distinct = Distinct::new(1000, 12);
    (0..5000).for_each(|i| distinct.push(hash_u64(1, i % 1000)));
    assert_eq!(
        (distinct.estimate(), distinct.is_exact(), distinct.bounds()),
        (1000.0, true, (1000.0, 1000.0))
    );
    distinct.push(7);
    assert!(!distinct.is_exact() && distinct.estimate() >= 1001.0);
    let (low, high) = distinct.bounds();
    assert!(low <= 1001.0 && 1001.0 <= high);
    distinct.validate()?;
    Ok(())
}

/// Rows of a skewed distribution: value i has about 1/(i + 1) of them.
fn skewed(rows: u64) -> Vec<i64> {
    let value = |row: u64| (30_000_f64.powf(hash_u64(9, row) as f64 / u64::MAX as f64)) as i64;
    (0..rows).map(value).collect()
}

#[test]
fn frequent_values_are_counted_within_the_stated_error() -> Test {
    let rows = skewed(200_000);
    let mut exact = std::collections::BTreeMap::<i64, u64>::new();
    let mut frequent = Frequent::new(256);
    for &row in &rows {
        *exact.entry(row).or_default() += 1;
        frequent.push(row, 1);
    }
    frequent.validate()?;
    let top = frequent.top(10);
    assert_eq!(top.len(), 10);
    assert!(frequent.error(0) <= 2.0 * 200_000.0 / 256.0);
    for (value, count) in top {
        let off = count.abs_diff(exact[&value]) as f64;
        assert!(off <= frequent.error(count), "{value}: {count} is {off} off");
    }
    Ok(())
}

#[test]
fn values_without_a_frequent_one_have_no_top() {
    let mut frequent = Frequent::new(64);
    (0..100_000_i64).for_each(|value| frequent.push(value, 1));
    assert_eq!(frequent.top(10), []);
}

#[test]
fn keys_keep_the_order_of_numbers() {
    let numbers = [f64::MIN, -1.5, -1e-320, 0.0, 1e-320, 2.0, f64::MAX];
    assert!(numbers.map(ordered).is_sorted_by(|a, b| a < b));
    assert_eq!(numbers.map(ordered).map(from_ordered), numbers);
    assert_eq!(ordered(-0.0), 0);
}

#[test]
fn capacities_must_agree() -> Test {
    use crate::error::Error;
    let mismatch = |result: Result<()>| matches!(result, Err(Error::Mismatch { .. }));
    assert!(mismatch(Quantiles::new(64, 0).merge(&Quantiles::new(128, 0))));
    assert!(mismatch(Distinct::new(64, 10).merge(&Distinct::new(64, 11))));
    assert!(mismatch(Frequent::<i64>::new(64).merge(&Frequent::new(65))));
    Ok(())
}

/// Pushes the parts apart and merges them in a random order.
fn in_parts<S: Clone>(
    rows: &[i64],
    parts: usize,
    seed: u64,
    new: impl Fn(u64) -> S,
    push: impl Fn(&mut S, &[i64]),
    merge: impl Fn(&mut S, &S) -> Result<()>,
) -> Result<S> {
    let mut bounds: Vec<usize> = (1..parts as u64)
        .map(|i| hash_u64(seed, i) as usize % (rows.len() + 1))
        .collect();
    bounds.extend([0, rows.len()]);
    bounds.sort_unstable();
    let mut states: Vec<S> = bounds
        .windows(2)
        .map(|bound| {
            let mut state = new(seed);
            push(&mut state, &rows[bound[0]..bound[1]]);
            state
        })
        .collect();
    let mut step = 0;
    while states.len() > 1 {
        step += 1;
        let place = hash_u64(!seed, step) as usize % states.len();
        let other = states.swap_remove(place);
        let into = hash_u64(!seed, !step) as usize % states.len();
        merge(&mut states[into], &other)?;
    }
    Ok(states.swap_remove(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn quantiles_merge(parts in 1_usize..20, seed: u64, n in 1_u64..60_000) {
        let rows: Vec<i64> = (0..n).map(|i| (hash_u64(seed, i) >> 40) as i64).collect();
        let push = |sketch: &mut Quantiles, rows: &[i64]| {
            sketch.push_all(&rows.iter().map(|&row| row as f64).collect::<Vec<_>>());
        };
        let merged = in_parts(&rows, parts, seed, |seed| Quantiles::new(128, seed), push, |a, b| a.merge(b));
        let merged = merged.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(merged.validate().is_ok());
        prop_assert_eq!(merged.count(), n);
        let numbers: Vec<f64> = rows.iter().map(|&row| row as f64).collect();
        // The greatest of 99 errors in each of 40 cases.
        prop_assert!(rank_error(&numbers, &merged) <= 2.0 * merged.error() + 1.0 / n as f64);
        prop_assert!(merged.error() < 0.035);
    }

    #[test]
    fn distinct_values_merge_into_the_same_state(parts in 1_usize..20, seed: u64, n in 1_u64..5_000) {
        let rows: Vec<i64> = (0..n).map(|i| (hash_u64(seed, i) % 3_000) as i64).collect();
        let new = |_| Distinct::new(1000, 10);
        let push = |state: &mut Distinct, rows: &[i64]| rows.iter().for_each(|row| state.push(row.hash()));
        let merged = in_parts(&rows, parts, seed, new, push, |a, b| a.merge(b));
        let merged = merged.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut whole = new(0);
        push(&mut whole, &rows);
        prop_assert!(merged.validate().is_ok());
        prop_assert_eq!(merged.estimate(), whole.estimate());
        prop_assert_eq!(merged.is_exact(), whole.is_exact());
    }

    #[test]
    fn frequent_values_merge_within_their_error(parts in 1_usize..12, seed: u64, n in 1_u64..20_000) {
        let rows = skewed(n);
        let push = |state: &mut Frequent<i64>, rows: &[i64]| rows.iter().for_each(|&row| state.push(row, 1));
        let merged = in_parts(&rows, parts, seed, |_| Frequent::new(128), push, |a, b| a.merge(b));
        let merged = merged.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(merged.validate().is_ok());
        prop_assert_eq!(merged.rows(), n);
        prop_assert!(merged.error(0) <= 2.0 * n as f64 / 128.0);
        for (value, count) in merged.top(10) {
            let exact = rows.iter().filter(|&&row| row == value).count() as u64;
            prop_assert!(count >= exact && (count - exact) as f64 <= merged.error(count));
        }
    }

    #[test]
    fn whatever_validates_works(seed: u64, n in 0_u64..3_000, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut quantiles = Quantiles::new(8, seed);
        let mut distinct = Distinct::new(20, 6);
        for i in 0..n {
            quantiles.push(hash_u64(seed, i) as f64);
            distinct.push(hash_u64(seed, i % 30));
        }
        let damage = |mut bytes: Vec<u8>| {
            changes.iter().for_each(|(index, byte)| *index.get_mut(&mut bytes) = *byte);
            bytes
        };
        let bytes = damage(postcard::to_allocvec(&quantiles).map_err(|e| TestCaseError::fail(e.to_string()))?);
        if let Ok(mut damaged) = postcard::from_bytes::<Quantiles>(&bytes) && damaged.validate().is_ok() {
            damaged.push_all(&[1.0, f64::NAN, 2.0]);
            let _ = damaged.merge(&quantiles);
            prop_assert!(quantiles.merge(&damaged).is_err() || damaged.quantile(0.5).is_some_and(f64::is_finite));
            damaged.rank(1.0);
        }
        let bytes = damage(postcard::to_allocvec(&distinct).map_err(|e| TestCaseError::fail(e.to_string()))?);
        if let Ok(mut damaged) = postcard::from_bytes::<Distinct>(&bytes) && damaged.validate().is_ok() {
            damaged.push(7);
            let _ = damaged.merge(&distinct);
            prop_assert!(damaged.bounds().0.is_finite());
        }
    }
}
