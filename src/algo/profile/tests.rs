//! Profiles against pandas (tests/oracle/profile.py), in parts, in any order, and damaged.

mod damage;
mod meanings;
mod merge;
mod oracle;
mod orders;

use super::*;
use crate::hash::hash_u64;

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

/// Cells of a column.
#[derive(Debug, Clone)]
enum Cell {
    Null,
    Integer(i64),
    Number(f64),
    Text(String),
}

/// The profile of cells that come in blocks of some rows.
fn profile_of(kind: Kind, sizes: Sizes, cells: &[Cell], rows: usize) -> ColumnProfile {
    let mut profile = ColumnProfile::new(kind, sizes, 1);
    let mut column = BlockColumn::new(kind);
    for block in cells.chunks(rows) {
        column.clear();
        for cell in block {
            match cell {
                Cell::Null => column.push_null(),
                Cell::Integer(integer) => column.push_integer(*integer),
                Cell::Number(number) => column.push_number(*number),
                Cell::Text(text) => column.push_text(text).unwrap(),
            }
        }
        profile.push(&column);
    }
    profile
}

fn numbers(values: impl IntoIterator<Item = f64>) -> ColumnProfile {
    let cells: Vec<Cell> = values.into_iter().map(Cell::Number).collect();
    profile_of(Kind::Float, Sizes::for_columns(22), &cells, 1024)
}

fn integers(kind: Kind, values: impl IntoIterator<Item = i64>) -> ColumnProfile {
    let cells: Vec<Cell> = values.into_iter().map(Cell::Integer).collect();
    profile_of(kind, Sizes::for_columns(22), &cells, 1024)
}

fn texts(kind: Kind, values: impl IntoIterator<Item = impl Into<String>>) -> ColumnProfile {
    let cells: Vec<Cell> = values.into_iter().map(|text| Cell::Text(text.into())).collect();
    profile_of(kind, Sizes::for_columns(22), &cells, 1024)
}

#[test]
fn numbers_that_are_none_are_counted_apart() -> Test {
    let profile = numbers([1.0, 2.0, 2.0, -3.5, 0.0, -0.0, f64::NAN, f64::INFINITY, f64::INFINITY]);
    profile.validate()?;
    let report = profile.report();
    assert_eq!((report.rows, report.nulls, report.distinct), (9, 0, 6.0));
    assert_eq!(
        (report.min, report.max),
        (Some(Point::Number(-3.5)), Some(Point::Number(2.0)))
    );
    assert_eq!((report.zeros, report.negatives), (Some(2), Some(1)));
    assert_eq!(
        report.non_finite,
        NonFinite {
            nan: 1,
            positive: 2,
            negative: 0
        }
    );
    let twos = [Point::Number(0.0), Point::Number(2.0), Point::Number(f64::INFINITY)].map(|point| (point, 2));
    assert_eq!(report.top[..3], twos);
    assert_eq!(report.histogram.iter().map(|bin| bin.count).sum::<f64>(), 6.0);
    Ok(())
}

#[test]
fn infinite_times_are_no_days() {
    let report = integers(Kind::Date, [0, 10, i64::MAX, i64::MAX, i64::MIN]).report();
    assert_eq!(
        (report.min, report.max),
        (Some(Point::Integer(0)), Some(Point::Integer(10)))
    );
    assert_eq!(
        report.non_finite,
        NonFinite {
            nan: 0,
            positive: 2,
            negative: 1
        }
    );
    assert_eq!(report.top[0], (Point::Integer(i64::MAX), 2));
    let calendar = report
        .details
        .calendar
        .map(|calendar| (calendar.span, calendar.missing, calendar.gap));
    assert_eq!(calendar, Some((11, 9, Some((1, 9)))));
}

#[test]
fn many_numbers_are_estimated() -> Test {
    let profile = numbers((0..300_000).map(|i| ((i * 7919_u64) % 300_007) as f64));
    profile.validate()?;
    let report = profile.report();
    assert!((report.distinct / 300_000.0 - 1.0).abs() < report.distinct_error);
    let quantiles = report.quantiles.ok_or("no quantiles")?;
    for (quantile, q) in quantiles.into_iter().zip([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) {
        assert!(
            (quantile / 300_007.0 - q).abs() < report.quantile_error,
            "{quantile} {q}"
        );
    }
    assert!(report.quantile_error < 0.006, "{}", report.quantile_error);
    assert_eq!(report.top, []);
    for bin in report.histogram {
        assert!(
            (bin.count / 300_000.0 - 0.05).abs() < 2.0 * report.quantile_error,
            "{bin:?}"
        );
    }
    Ok(())
}

#[test]
fn large_integers_keep_every_digit() -> Test {
    let profile = integers(Kind::Integer, (0..20_000).map(|i| i64::MAX - i));
    profile.validate()?;
    let report = profile.report();
    assert!(!report.distinct_exact);
    assert_eq!(report.max, Some(Point::Integer(i64::MAX)));
    assert_eq!(report.min, Some(Point::Integer(i64::MAX - 19_999)));
    Ok(())
}

#[test]
fn a_frequent_value_is_found_among_many() -> Test {
    let value = |i: u64| if i.is_multiple_of(5) { 42 } else { hash_u64(3, i) as i64 };
    let report = integers(Kind::Integer, (0..400_000).map(value)).report();
    assert_eq!(report.top.len(), 1);
    let (point, rows) = &report.top[0];
    assert_eq!(*point, Point::Integer(42));
    assert!(
        rows.abs_diff(80_000) <= report.top_error && report.top_error < 8_000,
        "{rows} {}",
        report.top_error
    );

    let text = |i: u64| {
        if i.is_multiple_of(5) {
            "often".into()
        } else {
            format!("{:x}", hash_u64(3, i))
        }
    };
    let report = texts(Kind::Text, (0..200_000).map(text)).report();
    assert_eq!(report.top.len(), 1);
    assert!(report.top[0].1.abs_diff(40_000) <= report.top_error && report.top_error < 4_000);
    let lengths = report.details.lengths.ok_or("no lengths")?;
    assert_eq!((lengths.characters.rows, lengths.empty), (200_000, 0));
    Ok(())
}

#[test]
fn long_texts_take_little_memory() -> Test {
    let sizes = Sizes::for_columns(1600);
    let cells: Vec<Cell> = (0..3000).map(|i| Cell::Text(format!("{i:0>20000}"))).collect();
    let profile = profile_of(Kind::Text, sizes, &cells, 10);
    profile.validate()?;
    assert!(profile.memory() < 60_000, "{}", profile.memory());
    let report = profile.report();
    let lengths = report.details.lengths.ok_or("no lengths")?;
    assert_eq!(
        (lengths.characters.least, lengths.characters.greatest),
        (20_000, 20_000)
    );
    assert!((report.distinct / 3000.0 - 1.0).abs() < report.distinct_error);
    Ok(())
}

#[test]
fn a_scan_of_any_width_stays_in_its_memory() {
    for columns in [1, 22, 100, 400, 1600] {
        let sizes = Sizes::for_columns(columns);
        assert_eq!(sizes.validate(), Ok(()));
        let rows = 0..50_000;
        let number: Vec<Cell> = rows.clone().map(|i| Cell::Number(hash_u64(8, i) as f64)).collect();
        let text: Vec<Cell> = rows.map(|i| Cell::Text(format!("{:064x}", hash_u64(8, i)))).collect();
        let few: Vec<Cell> = text.iter().cycle().take(900).cloned().collect();
        for (kind, cells) in [(Kind::Float, &number), (Kind::Text, &text), (Kind::Text, &few)] {
            let memory = profile_of(kind, sizes, cells, 1024).memory();
            assert!(
                memory * columns.max(100) < 48_000_000,
                "{memory} bytes for each of {columns} columns"
            );
        }
    }
}

#[test]
fn equal_pushes_give_equal_states() -> Test {
    let profile = || numbers((0..100_000).map(|i| hash_u64(4, i) as f64));
    assert_eq!(postcard::to_allocvec(&profile())?, postcard::to_allocvec(&profile())?);
    Ok(())
}

#[test]
fn a_column_without_values_has_no_answers() -> Test {
    for kind in [Kind::Float, Kind::Text, Kind::Date, Kind::Json, Kind::Bool] {
        let profile = profile_of(kind, Sizes::for_columns(1), &[Cell::Null, Cell::Null], 1024);
        profile.validate()?;
        let report = profile.report();
        assert_eq!((report.rows, report.nulls, report.distinct), (2, 2, 0.0));
        assert_eq!(
            (report.min, report.max, report.mean, report.quantiles),
            (None, None, None, None)
        );
        assert_eq!(
            (report.top, report.histogram, report.meaning),
            (vec![], vec![], Meaning::Unknown)
        );
    }
    Ok(())
}
