//! Parts merge into the whole.

use proptest::prelude::*;

use super::*;

const KINDS: [Kind; 8] = [
    Kind::Integer,
    Kind::Float,
    Kind::Bool,
    Kind::Date,
    Kind::TimestampTz,
    Kind::Text,
    Kind::Json,
    Kind::Array,
];

/// A cell out of about `variety` different ones.
fn cell(kind: Kind, seed: u64, row: u64, variety: u64) -> Cell {
    let random = hash_u64(seed, row);
    let value = (hash_u64(seed, random % variety) % 1_000_000_007) as i64 - 500_000_000;
    match kind {
        _ if random >> 60 == 7 => Cell::Null,
        Kind::Bool => Cell::Integer(value & 1),
        Kind::Date => Cell::Integer(value % 30_000),
        Kind::TimestampTz => Cell::Integer(value * 10_000_000),
        Kind::Float if value % 97 == 0 => Cell::Number([f64::NAN, f64::INFINITY, -0.0][value.rem_euclid(3) as usize]),
        Kind::Float => Cell::Number(value as f64 / 1024.0),
        Kind::Text => Cell::Text(format!(
            "{}{value}",
            [" Row ", "x", "2024-01-"][value.rem_euclid(3) as usize]
        )),
        Kind::Json => Cell::Text(format!(r#"{{"a": [{value}, 2]}}"#)),
        Kind::Array => Cell::Text(format!("{{{}}}", vec!["1"; value.rem_euclid(9) as usize].join(","))),
        _ => Cell::Integer(value),
    }
}

/// The profiles of parts, merged in a random order.
fn in_parts(kind: Kind, sizes: Sizes, cells: &[Cell], parts: usize, seed: u64) -> Result<ColumnProfile> {
    let mut bounds: Vec<usize> = (1..parts as u64)
        .map(|i| hash_u64(seed, i) as usize % (cells.len() + 1))
        .collect();
    bounds.extend([0, cells.len()]);
    bounds.sort_unstable();
    let part = |bound: &[usize]| profile_of(kind, sizes, &cells[bound[0]..bound[1]], 300);
    let mut profiles: Vec<ColumnProfile> = bounds.windows(2).map(part).collect();
    let mut step = 0;
    while profiles.len() > 1 {
        step += 1;
        let other = profiles.swap_remove(hash_u64(!seed, step) as usize % profiles.len());
        let into = hash_u64(!seed, !step) as usize % profiles.len();
        profiles[into].merge(&other)?;
    }
    Ok(profiles.swap_remove(0))
}

/// Whether two statistics agree to 1e-12 of themselves or of the numbers' scale, whichever is larger.
fn close(a: Option<f64>, b: Option<f64>, scale: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(scale.unwrap_or(0.0)),
        (a, b) => a == b,
    }
}

/// Checks a merged report against the report of the whole and the cells themselves.
fn check(merged: &Report, whole: &Report, cells: &[Cell]) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(
        (merged.rows, merged.nulls, merged.empty),
        (whole.rows, whole.nulls, whole.empty)
    );
    prop_assert_eq!((&merged.min, &merged.max), (&whole.min, &whole.max));
    prop_assert_eq!(
        (merged.zeros, merged.negatives, merged.non_finite),
        (whole.zeros, whole.negatives, whole.non_finite)
    );
    prop_assert!(close(merged.mean, whole.mean, whole.stddev) && close(merged.stddev, whole.stddev, None));
    prop_assert_eq!(merged.distinct_exact, whole.distinct_exact);
    prop_assert_eq!(merged.distinct, whole.distinct);
    prop_assert_eq!(merged.details.lengths, whole.details.lengths);
    prop_assert_eq!(merged.details.calendar, whole.details.calendar);
    prop_assert_eq!(
        (merged.details.json, merged.details.array),
        (whole.details.json, whole.details.array)
    );
    if whole.distinct_exact {
        prop_assert_eq!(format!("{:?}", &merged.top), format!("{:?}", &whole.top));
        prop_assert_eq!(
            (&merged.quantiles, &merged.histogram),
            (&whole.quantiles, &whole.histogram)
        );
        prop_assert_eq!(
            (merged.meaning, &merged.details.shapes),
            (whole.meaning, &whole.details.shapes)
        );
        return Ok(());
    }
    let mut numbers: Vec<f64> = cells
        .iter()
        .filter_map(|cell| match cell {
            Cell::Integer(integer) => Some(*integer as f64),
            Cell::Number(number) if number.is_finite() => Some(*number),
            _ => None,
        })
        .collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let n = numbers.len() as f64;
    for (quantile, q) in merged
        .quantiles
        .into_iter()
        .flatten()
        .zip([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    {
        let low = numbers.partition_point(|&other| other < quantile) as f64 / n;
        let high = numbers.partition_point(|&other| other <= quantile) as f64 / n;
        // Interpolation adds less than a row.
        let off = (low - q).max(q - high) - 1.0 / n;
        prop_assert!(
            off <= 1.8 * merged.quantile_error,
            "{} off at {}, {} stated",
            off,
            q,
            merged.quantile_error
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_parts_in_any_order(
        kind in prop::sample::select(&KINDS[..]),
        parts in 1_usize..9,
        seed: u64,
        rows in 0_u64..12_000,
        variety in prop::sample::select(&[1_u64, 10, 200, 20_000][..]),
        columns in prop::sample::select(&[1_usize, 1600][..]),
    ) {
        let sizes = Sizes::for_columns(columns);
        let cells: Vec<Cell> = (0..rows).map(|row| cell(kind, seed, row, variety)).collect();
        let merged = in_parts(kind, sizes, &cells, parts, seed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let whole = profile_of(kind, sizes, &cells, 1024);
        prop_assert_eq!(merged.validate(), Ok(()));
        prop_assert_eq!(whole.validate(), Ok(()));
        check(&merged.report(), &whole.report(), &cells)?;
        let bytes = postcard::to_allocvec(&merged).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again: ColumnProfile = postcard::from_bytes(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&again, &merged);
    }
}

#[test]
fn other_kinds_and_capacities_do_not_merge() {
    let small = Sizes::for_columns(1600);
    let mut profile = ColumnProfile::new(Kind::Integer, Sizes::for_columns(1), 0);
    for other in [
        ColumnProfile::new(Kind::Date, Sizes::for_columns(1), 0),
        ColumnProfile::new(Kind::Integer, small, 0),
    ] {
        assert!(matches!(profile.merge(&other), Err(Error::Mismatch { .. })));
    }
}

#[test]
fn states_that_were_read_go_on_counting() -> Test {
    let cells: Vec<Cell> = (0..9_000).map(|row| cell(Kind::Text, 5, row, 1500)).collect();
    let half = profile_of(Kind::Text, Sizes::for_columns(1), &cells[..4_500], 1024);
    let mut read: ColumnProfile = postcard::from_bytes(&postcard::to_allocvec(&half)?)?;
    read.merge(&profile_of(Kind::Text, Sizes::for_columns(1), &cells[4_500..], 1024))?;
    let whole = profile_of(Kind::Text, Sizes::for_columns(1), &cells, 1024);
    assert_eq!(read.report(), whole.report());
    Ok(())
}
