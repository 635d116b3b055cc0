//! Against pandas and numpy.

use serde_json::Value;

use super::*;

const FIXTURE: &str = include_str!("../../../../tests/oracle/profile.json");

fn cases(of: &str) -> std::result::Result<Vec<Value>, Box<dyn std::error::Error>> {
    let fixture: Value = serde_json::from_str(FIXTURE)?;
    Ok(fixture[of]
        .as_array()
        .filter(|cases| !cases.is_empty())
        .ok_or("no cases")?
        .clone())
}

fn close(actual: Option<f64>, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap_or(f64::NAN);
    let off = (actual.unwrap_or(f64::NAN) - expected).abs();
    assert!(
        off <= 1e-12 * expected.abs().max(1e-3),
        "{what}: {actual:?} instead of {expected}"
    );
}

fn number(point: &Point) -> f64 {
    match point {
        Point::Integer(integer) => *integer as f64,
        Point::Number(number) => *number,
        Point::Text(_) => f64::NAN,
    }
}

#[test]
fn numbers_are_as_pandas_says() -> Test {
    for case in cases("numbers")? {
        let name = &case["name"];
        let values = case["values"].as_array().ok_or("no values")?;
        let cells: Vec<Cell> = values
            .iter()
            .map(|value| value.as_f64().map_or(Cell::Null, Cell::Number))
            .collect();
        for rows in [1024, 7] {
            let profile = profile_of(Kind::Numeric, Sizes::for_columns(3), &cells, rows);
            profile.validate()?;
            let report = profile.report();
            assert!(report.distinct_exact && report.top_exact && report.quantile_error == 0.0);
            assert_eq!(
                (report.rows, report.nulls),
                (values.len() as u64, case["nulls"].as_u64().ok_or("")?)
            );
            close(Some(report.distinct), &case["distinct"], "distinct");
            close(report.min.as_ref().map(number), &case["min"], "min");
            close(report.max.as_ref().map(number), &case["max"], "max");
            close(report.mean, &case["mean"], &format!("mean of {name}"));
            match case["stddev"].is_null() {
                // The squares of pandas overflow.
                true => assert!(report.stddev.is_none_or(|stddev| stddev > 1e150), "{name}"),
                false => close(report.stddev, &case["stddev"], &format!("stddev of {name}")),
            }
            for (place, quantile) in report.quantiles.ok_or("no quantiles")?.into_iter().enumerate() {
                close(
                    Some(quantile),
                    &case["quantiles"][place],
                    &format!("quantile {place} of {name}"),
                );
            }
            assert_eq!(
                (report.zeros, report.negatives),
                (case["zeros"].as_u64(), case["negatives"].as_u64())
            );
            let top: Vec<(f64, u64)> = report.top.iter().map(|(point, rows)| (number(point), *rows)).collect();
            assert_eq!(
                top,
                serde_json::from_value::<Vec<(f64, u64)>>(case["top"].clone())?,
                "{name}"
            );
            let counts: Vec<f64> = report.histogram.iter().map(|bin| bin.count).collect();
            assert_eq!(
                counts,
                serde_json::from_value::<Vec<f64>>(case["counts"].clone())?,
                "{name}"
            );
            for (place, bin) in report.histogram.iter().enumerate() {
                let width = (report.histogram[19].high - report.histogram[0].low).abs();
                let edge = case["edges"][place].as_f64().ok_or("no edge")?;
                assert!((bin.low - edge).abs() <= 1e-12 * width.max(edge.abs()), "{name}");
            }
        }
    }
    Ok(())
}

#[test]
fn texts_are_as_pandas_says() -> Test {
    for case in cases("texts")? {
        let name = &case["name"];
        let values = case["values"].as_array().ok_or("no values")?;
        let cell = |value: &Value| value.as_str().map_or(Cell::Null, |text| Cell::Text(text.into()));
        let cells: Vec<Cell> = values.iter().map(cell).collect();
        // The statistics of texts are the same when few are counted exactly, but for the most frequent ones.
        for (sizes, exact) in [(Sizes::for_columns(1), true), (tiny(), false)] {
            let profile = profile_of(Kind::Text, sizes, &cells, 1024);
            let report = profile.report();
            assert_eq!(report.distinct_exact, exact, "{name}");
            if exact {
                profile.validate()?;
                close(Some(report.distinct), &case["distinct"], "distinct");
                let top: Vec<(String, u64)> = serde_json::from_value(case["top"].clone())?;
                let short = |text: String| text[..text.floor_char_boundary(256)].to_owned();
                let top: Vec<(Point, u64)> = top
                    .into_iter()
                    .map(|(text, rows)| (Point::Text(short(text)), rows))
                    .collect();
                assert_eq!(report.top, top, "{name}");
            }
            let point = |value: &Value| value.as_str().map(|text| Point::Text(text.into()));
            assert_eq!((report.min, report.max), (point(&case["min"]), point(&case["max"])));
            let lengths = report.details.lengths.ok_or("no lengths")?;
            assert_eq!(Some(lengths.characters.least), case["lengths"][0].as_u64());
            assert_eq!(Some(lengths.characters.greatest), case["lengths"][1].as_u64());
            close(lengths.characters.mean(), &case["lengths"][2], "mean length");
            let counts = [lengths.empty, lengths.blank, lengths.leading, lengths.trailing];
            assert_eq!(
                counts.map(Some),
                ["empty", "blank", "leading", "trailing"].map(|count| case[count].as_u64())
            );
            let shapes = report.details.shapes.ok_or("no shapes")?;
            assert_eq!(
                (Some(shapes.upper), Some(shapes.lower)),
                (case["upper"].as_u64(), case["lower"].as_u64()),
                "{name}"
            );
        }
    }
    Ok(())
}

/// Capacities that a handful of values overflows.
fn tiny() -> Sizes {
    Sizes {
        values: 4,
        ..Sizes::for_columns(1600)
    }
}

#[test]
fn days_are_as_pandas_says() -> Test {
    for case in cases("days")? {
        let days: Vec<i64> = serde_json::from_value(case["days"].clone())?;
        for sizes in [Sizes::for_columns(1), tiny()] {
            let time = |&day: &i64| Cell::Integer(day * 86_400_000_000 + day.rem_euclid(7) * 12_345_678_901);
            for (kind, cells) in [
                (
                    Kind::Date,
                    days.iter().map(|&day| Cell::Integer(day)).collect::<Vec<_>>(),
                ),
                (Kind::Timestamp, days.iter().map(time).collect()),
            ] {
                let report = profile_of(kind, sizes, &cells, 10).report();
                let calendar = report.details.calendar.ok_or("no days")?;
                assert_eq!(
                    (Some(calendar.span), Some(calendar.missing)),
                    (case["span"].as_u64(), case["missing"].as_u64())
                );
                assert_eq!(calendar.span, calendar.filled + calendar.missing);
                let gap = calendar.gap.map_or(0, |(first, last)| last - first + 1);
                assert_eq!(Some(gap), case["largest_gap"].as_i64());
            }
        }
    }
    Ok(())
}
