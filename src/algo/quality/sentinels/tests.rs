//! What people fill in for missing values is found, and what happens to be rare, round or extreme is not.

use super::*;
use crate::block::BlockColumn;
use crate::hash::hash_u64;
use crate::profile::Sizes;

fn profile(kind: Kind, numbers: impl IntoIterator<Item = f64>) -> ColumnProfile {
    let mut profile = ColumnProfile::new(kind, Sizes::for_columns(1), 1);
    let mut column = BlockColumn::new(kind);
    for number in numbers {
        match kind {
            Kind::Float | Kind::Numeric => column.push_number(number),
            _ => column.push_integer(number as i64),
        }
        if column.rows() == 1000 {
            profile.push(&column);
            column.clear();
        }
    }
    profile.push(&column);
    profile
}

/// Between 0 and 1.
fn uniform(seed: u64, row: u64) -> f64 {
    (hash_u64(seed, row) >> 11) as f64 / (1_u64 << 53) as f64
}

fn normal(seed: u64, row: u64) -> f64 {
    (0..12).map(|part| uniform(seed * 31 + part, row)).sum::<f64>() - 6.0
}

/// The sentinels of some numbers, of which one is put in place of each of so many.
fn found(kind: Kind, rows: u64, usual: impl Fn(u64) -> f64, planted: &[(u64, f64)]) -> Vec<f64> {
    let numbers = (0..rows).map(|row| {
        let planted = planted.iter().find(|(every, _)| row % every == every - 1);
        planted.map_or_else(|| usual(row), |(_, value)| *value)
    });
    let found = find(&profile(kind, numbers));
    let mut found: Vec<f64> = found
        .sentinels
        .iter()
        .filter_map(|found| number(&found.value))
        .collect();
    found.sort_by(f64::total_cmp);
    found
}

#[test]
fn numbers_that_stand_for_none_are_found() {
    let temperature = |row| (normal(1, row) * 80.0).round() / 10.0 + 12.0;
    let age = |row| 18.0 + (uniform(2, row) * 70.0).floor();
    let price = |row| (normal(3, row).exp() * 2_000.0).round() / 100.0;
    assert_eq!(found(Kind::Float, 2_000, temperature, &[(50, -999.0)]), [-999.0]);
    assert_eq!(
        found(Kind::Float, 2_000, temperature, &[(50, -999.9), (70, 9999.0)]),
        [-999.9, 9999.0]
    );
    let single = f64::from(-999.9_f32);
    assert_eq!(found(Kind::Float, 2_000, temperature, &[(50, single)]), [single]);
    assert_eq!(found(Kind::Integer, 2_000, age, &[(40, 999.0)]), [999.0]);
    assert_eq!(found(Kind::Integer, 2_000, age, &[(40, -1.0)]), [-1.0]);
    assert_eq!(
        found(Kind::Integer, 2_000, age, &[(900, 2_147_483_647.0)]),
        [2_147_483_647.0]
    );
    assert_eq!(
        found(Kind::Integer, 2_000, age, &[(30, -99.0), (40, -999.0), (50, -9999.0)]),
        [-9999.0, -999.0, -99.0]
    );
    assert_eq!(found(Kind::Numeric, 2_000, price, &[(60, 99_999.0)]), [99_999.0]);
    // So many different values that the profile is a sketch.
    assert_eq!(
        found(Kind::Float, 60_000, |row| normal(4, row) * 10.0, &[(100, -999.0)]),
        [-999.0]
    );
    // As one of them, but ten times as frequent.
    assert_eq!(
        found(
            Kind::Integer,
            20_000,
            |row| (uniform(5, row) * 3_000.0).floor(),
            &[(50, 999.0)]
        ),
        [999.0]
    );
}

#[test]
fn dates_that_stand_for_none_are_found() {
    let day = |row| 8_000.0 + (uniform(6, row) * 1_500.0).floor();
    let birth = |row| -25_000.0 + (uniform(7, row) * 25_000.0).floor();
    assert_eq!(
        found(Kind::Date, 2_000, day, &[(50, -36_524.0), (70, 2_921_939.0)]),
        [-36_524.0, 2_921_939.0]
    );
    assert_eq!(found(Kind::Date, 2_000, birth, &[(50, -36_524.0)]), [-36_524.0]);
    // 1970-01-01 among dates of birth.
    assert_eq!(found(Kind::Date, 2_000, birth, &[(20, -10_957.0)]), [-10_957.0]);
    let moment = |row| (9_000.0 + uniform(8, row) * 300.0) * 24.0 * HOUR as f64;
    let epoch = -10_957.0 * 24.0 * HOUR as f64;
    assert_eq!(found(Kind::Timestamp, 2_000, moment, &[(100, epoch)]), [epoch]);
    let in_berlin = epoch - HOUR as f64;
    assert_eq!(
        found(Kind::TimestampTz, 2_000, moment, &[(100, in_berlin)]),
        [in_berlin]
    );
}

#[test]
fn what_is_rare_round_or_extreme_is_none() {
    let none: [f64; 0] = [];
    let price = |row| (normal(9, row).exp() * 20.0).floor() + 0.99;
    // Prices end in nines.
    assert_eq!(found(Kind::Numeric, 5_000, price, &[(90, 99.99), (300, 999.99)]), none);
    // Many zeros.
    assert_eq!(
        found(Kind::Float, 5_000, |row| normal(10, row).abs() * 50.0, &[(2, 0.0)]),
        none
    );
    // A single extreme, and one that occurs twice.
    assert_eq!(
        found(
            Kind::Integer,
            5_000,
            |row| (normal(11, row).exp() * 1e4).round(),
            &[(2_400, 12_345_678.0)]
        ),
        none
    );
    // Codes.
    assert_eq!(
        found(
            Kind::Integer,
            5_000,
            |row| (uniform(12, row) * 4.0).floor(),
            &[(10, 9.0)]
        ),
        none
    );
    // Change of stock: -1 is one of many below 0.
    assert_eq!(
        found(
            Kind::Integer,
            5_000,
            |row| (normal(13, row) * 3.0).round(),
            &[(8, -1.0)]
        ),
        none
    );
    // A year on the first of January.
    assert_eq!(
        found(
            Kind::Date,
            5_000,
            |row| (uniform(14, row) * 9_000.0).floor(),
            &[(40, 7_305.0)]
        ),
        none
    );
    assert_eq!(found(Kind::Float, 9, |_| 1.0, &[(3, 999.0)]), none);
    assert_eq!(found(Kind::Integer, 900, |_| 7.0, &[(3, 999.0)]), none);
}

/// The number of a row.
type Numbers = Box<dyn Fn(u64) -> f64>;

/// At most one false alarm in 600 clean columns.
#[test]
fn clean_columns_raise_no_alarm() {
    let mut alarms = Vec::new();
    for seed in 100..200 {
        let columns: [(&str, Kind, Numbers); 6] = [
            ("normal", Kind::Float, Box::new(move |row| normal(seed, row) * 10.0)),
            (
                "lognormal",
                Kind::Numeric,
                Box::new(move |row| (normal(seed, row) * 1.5).exp().round() * 10.0),
            ),
            (
                "exponential",
                Kind::Integer,
                Box::new(move |row| (-uniform(seed, row).ln() * 30.0).floor()),
            ),
            (
                "uniform",
                Kind::Integer,
                Box::new(move |row| (uniform(seed, row) * 10_000.0).floor()),
            ),
            (
                "pareto",
                Kind::Integer,
                Box::new(move |row| uniform(seed, row).powf(-0.8).floor()),
            ),
            (
                "days",
                Kind::Date,
                Box::new(move |row| -30_000.0 + (uniform(seed, row) * 40_000.0).floor()),
            ),
        ];
        for (name, kind, usual) in columns {
            let found = found(kind, 3_000, usual, &[]);
            if !found.is_empty() {
                alarms.push((name, seed, found));
            }
        }
    }
    assert!(alarms.len() <= 1, "{alarms:?}");
}
