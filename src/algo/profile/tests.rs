//! Profiles in parts, in any order, and damaged.

use super::*;

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

/// The blocks of a column.
fn blocks<T>(kind: Kind, values: &[Option<T>], push: impl Fn(&mut BlockColumn, &T)) -> Vec<BlockColumn> {
    let block = |rows: &[Option<T>]| {
        let mut column = BlockColumn::new(kind);
        for row in rows {
            match row {
                Some(value) => push(&mut column, value),
                None => column.push_null(),
            }
        }
        column
    };
    values.chunks(1024).map(block).collect()
}

fn numbers(values: &[f64]) -> ColumnProfile {
    let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    let mut profile = ColumnProfile::new(Kind::Float, Sizes::for_columns(22), 1);
    blocks(Kind::Float, &values, |column, &value| column.push_number(value))
        .iter()
        .for_each(|block| profile.push(block));
    profile
}

fn texts(kind: Kind, values: &[&str]) -> ColumnProfile {
    let values: Vec<Option<&str>> = values.iter().copied().map(Some).collect();
    let mut profile = ColumnProfile::new(kind, Sizes::for_columns(22), 1);
    blocks(kind, &values, |column, value| column.push_text(value))
        .iter()
        .for_each(|block| profile.push(block));
    profile
}

#[test]
fn few_numbers_are_exact() -> Test {
    let profile = numbers(&[1.0, 2.0, 2.0, -3.5, 0.0, f64::NAN, f64::INFINITY, f64::INFINITY]);
    profile.validate()?;
    let report = profile.report();
    assert_eq!((report.rows, report.nulls, report.distinct), (8, 0, 6.0));
    assert_eq!(
        (report.min, report.max),
        (Some(Point::Number(-3.5)), Some(Point::Number(2.0)))
    );
    assert_eq!((report.zeros, report.negatives), (Some(1), Some(1)));
    assert_eq!(
        report.non_finite,
        NonFinite {
            nan: 1,
            positive: 2,
            negative: 0
        }
    );
    assert_eq!(
        report.top[..2],
        [(Point::Number(2.0), 2), (Point::Number(f64::INFINITY), 2)]
    );
    assert_eq!(report.histogram.iter().map(|bin| bin.count).sum::<f64>(), 5.0);
    Ok(())
}

#[test]
fn many_numbers_are_estimated() -> Test {
    let values: Vec<f64> = (0..300_000).map(|i| ((i * 7919_u64) % 300_007) as f64).collect();
    let profile = numbers(&values);
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
    assert!(report.quantile_error < 0.008, "{}", report.quantile_error);
    assert_eq!(report.top, []);
    Ok(())
}

#[test]
fn texts_have_details() -> Test {
    let profile = texts(Kind::Text, &["2024-01-31"; 30]);
    profile.validate()?;
    assert_eq!(profile.report().meaning, Meaning::Constant);
    let dates: Vec<String> = (1..=28).map(|day| format!("2024-02-{day:02}")).collect();
    let report = texts(Kind::Text, &dates.iter().map(String::as_str).collect::<Vec<_>>()).report();
    assert_eq!(report.meaning, Meaning::DateAsText(Format::DateYmdDash));
    assert_eq!(
        report.details.shapes.as_ref().map(|shapes| shapes.masks.clone()),
        Some(vec![("9999-99-99".into(), 28)])
    );
    Ok(())
}
