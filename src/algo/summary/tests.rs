//! Summaries against numpy (tests/oracle/metrics.py), in parts, and damaged.

use serde_json::Value;

use super::*;
use crate::hash::hash_u64;
use crate::monitor::Unwatched;

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

const FIXTURE: &str = include_str!("../../../tests/oracle/metrics.json");

fn summary_of(column: &Column, levels: &[String], non_finite: u64) -> Summary {
    match summarize(column, levels, non_finite, &Unwatched) {
        Ok(summary) => summary,
        Err(error) => panic!("{error}"),
    }
}

fn numbers(summary: &Summary) -> &NumberSummary {
    match summary.values() {
        ValueSummary::Numbers(numbers) => numbers,
        ValueSummary::Categories(_) => panic!("numbers were summarized"),
    }
}

fn categories(summary: &Summary) -> &CategorySummary {
    match summary.values() {
        ValueSummary::Categories(categories) => categories,
        ValueSummary::Numbers(_) => panic!("categories were summarized"),
    }
}

fn assert_close(actual: Option<f64>, expected: Option<f64>, what: &str) {
    let close = match (actual, expected) {
        (Some(a), Some(e)) => (a - e).abs() <= 1e-12 * e.abs().max(1e-3),
        (a, e) => a == e,
    };
    assert!(close, "{what}: {actual:?} instead of {expected:?}");
}

#[test]
fn numbers_are_as_numpy_says() -> Test {
    let fixture: Value = serde_json::from_str(FIXTURE)?;
    let cases = fixture["summaries"].as_array().cloned().unwrap_or_default();
    assert!(!cases.is_empty());
    for case in cases {
        let values: Vec<f64> = case["values"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| value.as_f64().unwrap_or(f64::NAN))
            .collect();
        let missing = values.iter().filter(|value| value.is_nan()).count() as u64;
        let summary = summary_of(&Column::Number(values.clone()), &[], 1);
        summary.validate()?;
        let json = summary.to_json();
        for statistic in ["min", "max", "mean", "stddev"] {
            assert_close(
                json[statistic].as_f64(),
                case[statistic].as_f64(),
                &format!("{statistic} of {}", case["name"]),
            );
        }
        for (place, name) in ["p01", "p05", "p25", "p50", "p75", "p95", "p99"]
            .into_iter()
            .enumerate()
        {
            assert_close(
                json[name].as_f64(),
                case["quantiles"][place].as_f64(),
                &format!("{name} of {}", case["name"]),
            );
        }
        assert_eq!(summary.rows(), values.len() as u64);
        assert_eq!(
            (summary.non_finite(), summary.nulls()),
            (missing.min(1), missing.saturating_sub(1))
        );
    }
    Ok(())
}

#[test]
fn bins_have_about_equal_counts() -> Test {
    let values: Vec<f64> = (0..100_000)
        .map(|i| (hash_u64(4, i) as f64 / u64::MAX as f64).powi(9))
        .collect();
    let summary = summary_of(&Column::Number(values.clone()), &[], 0);
    assert_eq!(numbers(&summary).counts(), [5000; 20]);
    // The same rows fall into the same bins.
    let again = summary.within(&Column::Number(values), &[], 0)?;
    assert_eq!(numbers(&again).counts(), [5000; 20]);
    assert_eq!(numbers(&again).quantiles(), None);
    Ok(())
}

#[test]
fn few_values_have_few_bins() {
    let bits: Vec<f64> = (0..1000).map(|i| if i % 10 == 0 { 1.0 } else { 0.0 }).collect();
    let summary = summary_of(&Column::Number(bits), &[], 0);
    assert_eq!(
        (numbers(&summary).edges(), numbers(&summary).counts()),
        (&[0.0][..], &[900, 100][..])
    );
    let summary = summary_of(&Column::Number(vec![7.0; 5]), &[], 0);
    assert_eq!(
        (numbers(&summary).edges(), numbers(&summary).counts()),
        (&[][..], &[5][..])
    );
}

#[test]
fn a_column_without_numbers_has_no_statistics() -> Test {
    for values in [vec![], vec![f64::NAN; 3]] {
        let rows = values.len() as u64;
        let summary = summary_of(&Column::Number(values), &[], 0);
        summary.validate()?;
        assert_eq!(
            (summary.rows(), summary.nulls(), summary.distribution()),
            (rows, rows, vec![0, rows])
        );
        let json = summary.to_json();
        for statistic in ["min", "max", "mean", "stddev", "p01", "p50", "p99"] {
            assert_eq!(json[statistic], Value::Null);
        }
    }
    Ok(())
}

#[test]
fn huge_numbers_leave_no_nan() -> Test {
    let summary = summary_of(&Column::Number(vec![f64::MAX, f64::MAX, -f64::MAX]), &[], 0);
    summary.validate()?;
    let json = summary.to_json();
    assert_eq!(
        (&json["stddev"], json["max"].as_f64(), json["p50"].as_f64()),
        (&Value::Null, Some(f64::MAX), Some(f64::MAX))
    );
    Ok(())
}

#[test]
fn parts_merge_into_the_whole() -> Test {
    let value = |i: u64| {
        if i % 50 == 3 {
            f64::NAN
        } else {
            (hash_u64(2, i) >> 40) as f64 / 1e3 - 5e3
        }
    };
    let values: Vec<f64> = (0..20_000).map(value).collect();
    let reference = summary_of(&Column::Number(values[..5000].to_vec()), &[], 7);
    let whole = reference.within(&Column::Number(values.clone()), &[], 0)?;
    let parts = values
        .chunks(777)
        .map(|part| reference.within(&Column::Number(part.to_vec()), &[], 0));
    let parts = parts.collect::<Result<Vec<Summary>>>()?;
    let mut merged = parts[0].clone();
    parts[1..].iter().try_for_each(|part| merged.merge(part))?;
    merged.validate()?;
    assert_eq!(merged.distribution(), whole.distribution());
    assert_eq!((merged.rows(), merged.nulls()), (20_000, 400));
    let (left, right) = (numbers(&merged).moments(), numbers(&whole).moments());
    assert_close(left.mean(), right.mean(), "mean");
    assert_close(left.stddev(), right.stddev(), "stddev");
    assert_eq!((left.min(), left.max()), (right.min(), right.max()));
    // Other bins do not merge.
    let other = summary_of(&Column::Number(values[..100].to_vec()), &[], 0);
    assert!(matches!(merged.merge(&other), Err(Error::Mismatch { .. })));
    assert!(
        reference
            .within(
                &Column::Category {
                    codes: vec![],
                    levels: 0
                },
                &[],
                0
            )
            .is_err()
    );
    Ok(())
}

#[test]
fn categories_are_counted() -> Test {
    let names = ["red", "green", "blue", "never"].map(String::from);
    let codes = vec![1, 1, 0, MISSING, 1, 2, 0];
    let summary = summary_of(&Column::Category { codes, levels: 4 }, &names, 0);
    summary.validate()?;
    let counted = |summary: &Summary| -> Vec<(String, u64)> { categories(summary).levels().to_vec() };
    assert_eq!(
        counted(&summary),
        [("green".into(), 3), ("red".into(), 2), ("blue".into(), 1)]
    );
    assert_eq!(
        (
            categories(&summary).distinct(),
            categories(&summary).other(),
            summary.nulls()
        ),
        (Some(3), 0, 1)
    );
    assert_eq!(summary.distribution(), [3, 2, 1, 0, 1]);

    // Later rows have their own dictionary.
    let later = Column::Category {
        codes: vec![0, 0, 1, 2, MISSING],
        levels: 3,
    };
    let later = summary.within(&later, &["blue", "violet", "red"].map(String::from), 0)?;
    later.validate()?;
    assert_eq!(later.distribution(), [0, 1, 2, 1, 1]);
    let mut merged = summary.clone();
    merged.merge(&later)?;
    merged.validate()?;
    assert_eq!(merged.distribution(), [3, 3, 3, 1, 2]);
    assert_eq!(categories(&merged).distinct(), None);
    merged = summary.clone();
    merged.merge(&summary)?;
    assert_eq!(categories(&merged).distinct(), Some(3));
    Ok(())
}

#[test]
fn rare_levels_count_together() -> Test {
    let names: Vec<String> = (0..300).map(|level| format!("level {level}")).collect();
    // Level i has i + 1 rows.
    let codes: Vec<u32> = (0..300).flat_map(|level| vec![level; level as usize + 1]).collect();
    let summary = summary_of(&Column::Category { codes, levels: 300 }, &names, 0);
    summary.validate()?;
    let categories = categories(&summary);
    assert_eq!((categories.levels().len(), categories.distinct()), (254, Some(300)));
    assert_eq!(categories.levels()[0], ("level 299".into(), 300));
    assert_eq!(categories.other(), (1..=46).sum::<u64>());
    Ok(())
}

#[test]
fn bytes_hold_everything_and_damage_is_noticed() -> Test {
    let values: Vec<f64> = (0..500).map(|i| f64::from(i).sqrt()).collect();
    let codes = (0..50).map(|i| i % 7).collect();
    let names: Vec<String> = (0..7).map(|level| level.to_string()).collect();
    for column in [Column::Number(values), Column::Category { codes, levels: 7 }] {
        let summary = summary_of(&column, &names, 0);
        let bytes = postcard::to_allocvec(&summary)?;
        assert_eq!(postcard::from_bytes::<Summary>(&bytes)?, summary);
        assert_eq!(
            serde_json::from_str::<Summary>(&serde_json::to_string(&summary)?)?,
            summary
        );
        for place in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                // What is accepted works.
                if let Ok(mut damaged) = postcard::from_bytes::<Summary>(&damaged)
                    && damaged.validate().is_ok()
                {
                    damaged.to_json();
                    let _ = damaged.merge(&damaged.clone());
                    damaged.within(&column, &names, 0)?;
                }
            }
        }
    }
    let mut summary = summary_of(&Column::Number(vec![1.0, 2.0]), &[], 0);
    summary.nulls = 5;
    assert!(matches!(summary.validate(), Err(Error::Damaged { .. })));
    Ok(())
}

/// Numbers whose squares leave the range of a float have the deviation of the same numbers in another unit, in any parts.
#[test]
fn numbers_of_any_size_have_a_deviation() -> Test {
    let value = |row: u64| (hash_u64(3, row) % 2000) as f64 / 1000.0 - 0.7;
    let plain: Vec<f64> = (0..5000).map(value).collect();
    let expected = Moments::of(&plain);
    for unit in [1e155, 1e200, 1e300, 1e-155, 1e-200, 1e-300] {
        let values: Vec<f64> = plain.iter().map(|value| value * unit).collect();
        let mut parts = Moments::default();
        values.chunks(700).for_each(|part| parts.merge(&Moments::of(part)));
        for found in [Moments::of(&values), parts] {
            let near = |found: Option<f64>, expected: Option<f64>, what: &str| {
                let (found, expected) = (found.unwrap_or(f64::NAN) / unit, expected.unwrap_or(f64::NAN));
                assert!(
                    (found / expected - 1.0).abs() < 1e-9,
                    "{what} of {unit}: {found}, not {expected}"
                );
            };
            near(found.stddev(), expected.stddev(), "stddev");
            near(found.mean(), expected.mean(), "mean");
            assert!(found.is_sound());
            let json = serde_json::to_string(&found)?;
            assert_eq!(serde_json::from_str::<Moments>(&json)?, found, "{json}");
        }
    }
    // A constant has none, however large.
    let constant = Moments::of(&vec![1e300; 3000]);
    assert_eq!((constant.mean(), constant.stddev()), (Some(1e300), Some(0.0)));
    // One huge number among others: it is what deviates.
    let mut values = vec![1.0; 200];
    values[17] = 1.7e308;
    let moments = Moments::of(&values);
    let (mean, stddev) = (moments.mean().unwrap_or(f64::NAN), moments.stddev().unwrap_or(f64::NAN));
    assert!((1.7e308 - mean) / stddev > 13.0, "{mean} {stddev}");
    Ok(())
}
