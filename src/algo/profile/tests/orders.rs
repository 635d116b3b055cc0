//! Stated errors hold whatever the order of the rows: sorted, in blocks, in step with the sampler's runs.

use super::*;

const ROWS: u64 = 1 << 18;

/// The value of a place in sorted rows: 0 has 1/4 of them, 1 has 1/8, and so on to 7; the rest are all different.
fn sorted_value(place: u64) -> i64 {
    let mut start = 0;
    for value in 0..8 {
        start += ROWS >> (value + 2);
        if place < start {
            return value;
        }
    }
    place as i64
}

/// Where in sorted rows the row of a place stands.
type Order = Box<dyn Fn(u64) -> u64>;

/// Orders that are known to be hard on samples.
fn orders() -> Vec<(&'static str, Order)> {
    let mut shuffled: Vec<u64> = (0..ROWS).collect();
    shuffled.sort_by_key(|&row| hash_u64(3, row));
    let strided = |stride: u64| move |row: u64| row % stride * (ROWS / stride) + row / stride;
    vec![
        ("sorted", Box::new(|row| row)),
        ("reversed", Box::new(|row| ROWS - 1 - row)),
        (
            "from both ends",
            Box::new(|row| if row % 2 == 0 { row / 2 } else { ROWS - 1 - row / 2 }),
        ),
        (
            "blocks backwards",
            Box::new(|row| (ROWS / 1024 - 1 - row / 1024) * 1024 + row % 1024),
        ),
        ("by twos", Box::new(strided(2))),
        ("by fours", Box::new(strided(4))),
        ("by 256", Box::new(strided(256))),
        ("by 1024", Box::new(strided(1024))),
        ("shuffled", Box::new(move |row| shuffled[row as usize])),
    ]
}

#[test]
fn frequent_values_ranks_and_distinct_values_are_within_their_errors() -> Test {
    let (mut judged, mut beyond) = (0, 0);
    let different: std::collections::HashSet<i64> = (0..ROWS).map(sorted_value).collect();
    let distinct = different.len() as f64;
    for (name, order) in orders() {
        let numbers = integers(Kind::Integer, (0..ROWS).map(|row| sorted_value(order(row)))).report();
        let words = texts(
            Kind::Text,
            (0..ROWS).map(|row| format!("w{}", sorted_value(order(row)))),
        )
        .report();
        for report in [&numbers, &words] {
            let off = report.distinct / distinct - 1.0;
            assert!(
                off.abs() < 2.0 * report.distinct_error,
                "{name}: {} of {distinct}",
                report.distinct
            );
            // Those of more than a hundredth of the rows.
            for value in 0..5_i64 {
                let expected = ROWS >> (value + 2);
                let is = |point: &Point| match point {
                    Point::Integer(integer) => *integer == value,
                    Point::Text(text) => *text == format!("w{value}"),
                    Point::Number(_) => false,
                };
                let found = report.top.iter().find(|(point, _)| is(point));
                let rows = found
                    .map(|(_, rows)| *rows)
                    .ok_or_else(|| format!("{name}: {value} is missing"))?;
                let off = rows.abs_diff(expected);
                assert!(
                    off <= 2 * report.top_error,
                    "{name}: {value} is {off} off, and {} are stated",
                    report.top_error
                );
                judged += 1;
                beyond += u32::from(off > report.top_error);
            }
        }
        let quantiles = numbers.quantiles.ok_or("no quantiles")?;
        let rank =
            |value: f64| (0..ROWS).filter(|&place| (sorted_value(place) as f64) < value).count() as f64 / ROWS as f64;
        for (quantile, q) in quantiles.into_iter().zip([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) {
            let (low, high) = (rank(quantile), rank(quantile + 0.5));
            let off = (low - q).max(q - high).max(0.0);
            assert!(
                off <= 2.0 * numbers.quantile_error,
                "{name}: the rank of {q} is {off} off"
            );
        }
    }
    assert!(
        beyond * 20 <= judged,
        "{beyond} of {judged} counts are beyond their error"
    );
    Ok(())
}
