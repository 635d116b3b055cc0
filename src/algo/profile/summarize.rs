//! From what was counted to a report.

use super::days::Days;
use super::meaning::{Evidence, Meaning};
use super::number::{Numbers, day, number, point};
use super::report::{Bin, Details, Point, Report};
use super::text::Texts;
use super::{ColumnProfile, NonFinite};
use crate::block::Kind;
use crate::sketch::{CONFIDENCE_99, Key, Label, Table, Weighted};

/// Bins of a histogram.
const BINS: usize = 20;

/// Frequent values that are reported.
const TOP: usize = 10;

/// The quantiles that are reported.
const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

pub(super) fn numbers(profile: &ColumnProfile, numbers: &Numbers) -> Report {
    let kind = profile.kind;
    let sorted = sorted(kind, numbers);
    let range = numbers
        .range
        .map(|(least, greatest)| (number(kind, least), number(kind, greatest)));
    let infinities = [
        numbers.non_finite.nan,
        numbers.non_finite.positive,
        numbers.non_finite.negative,
    ];
    let others = infinities.iter().filter(|&&rows| rows > 0).count() as f64;
    let (mut distinct, mut distinct_error) = (numbers.exact.len() as f64 + others, 0.0);
    let mut top = most_frequent(kind, numbers);
    let (mut top_exact, mut top_error, mut quantile_error) = (true, 0, 0.0);
    if let Some(sketches) = &numbers.sketches {
        distinct = estimate(sketches.distinct.estimate(), profile.sizes.values, numbers.finite()) + others;
        distinct_error = CONFIDENCE_99 * sketches.distinct.deviation();
        top_exact = sketches.frequent.is_exact();
        top_error = error_of(top.first().map_or(0, |top| top.1), |count| {
            sketches.frequent.error(count)
        });
        quantile_error = CONFIDENCE_99 * sketches.quantiles.deviation();
    }
    add_non_finite(&mut top, kind, numbers.non_finite);
    let has_quantiles = kind.is_number() || kind.is_time() || matches!(kind, Kind::Time | Kind::Interval);
    let present = profile.rows - profile.nulls;
    Report {
        rows: profile.rows,
        nulls: profile.nulls,
        empty: None,
        distinct,
        distinct_exact: numbers.sketches.is_none(),
        distinct_error,
        min: numbers.range.map(|(least, _)| point(kind, least)),
        max: numbers.range.map(|(_, greatest)| point(kind, greatest)),
        mean: numbers.moments.mean(),
        stddev: numbers.moments.stddev().filter(|_| kind.is_number()),
        quantiles: has_quantiles.then(|| quantiles(&sorted)).flatten(),
        quantile_error,
        zeros: kind.is_number().then_some(numbers.zeros),
        negatives: kind
            .is_number()
            .then(|| numbers.negatives.saturating_add(numbers.non_finite.negative)),
        non_finite: numbers.non_finite,
        top,
        top_exact,
        top_error,
        histogram: range
            .filter(|_| has_quantiles)
            .map_or(Vec::new(), |range| histogram(&sorted, range)),
        meaning: Meaning::of(&Evidence {
            kind,
            present,
            distinct,
            distinct_error,
            range,
            shapes: None,
        }),
        details: Details {
            calendar: kind
                .is_time()
                .then(|| days(kind, numbers))
                .and_then(|days| days.calendar()),
            ..Details::default()
        },
    }
}

pub(super) fn texts(profile: &ColumnProfile, texts: &Texts) -> Report {
    let kind = profile.kind;
    let sketches = texts.sketches(kind, profile.sizes);
    let present = profile.rows - profile.nulls;
    let lengths = sketches.stats.lengths;
    let (distinct, distinct_error, mut top, top_exact, top_error);
    match texts.exact() {
        Some(exact) => {
            top = by_frequency(exact)
                .into_iter()
                .take(TOP)
                .map(|(label, rows)| (label.clone(), rows))
                .collect();
            (distinct, distinct_error, top_exact, top_error) = (exact.len() as f64, 0.0, true, 0);
        }
        None => {
            top = sketches.frequent.top(TOP);
            top_exact = sketches.frequent.is_exact();
            top_error = error_of(top.first().map_or(0, |top| top.1), |count| {
                sketches.frequent.error(count)
            });
            // The table may have been given up for its bytes, with few texts in it.
            distinct = estimate(sketches.distinct.estimate(), 0, present);
            distinct_error = CONFIDENCE_99 * sketches.distinct.deviation();
        }
    }
    top.truncate(TOP);
    let short = |text: &str| text[..text.floor_char_boundary(Label::SHORT)].to_owned();
    let range = sketches.stats.range.as_ref();
    Report {
        rows: profile.rows,
        nulls: profile.nulls,
        empty: Some(lengths.empty),
        distinct,
        distinct_exact: texts.exact().is_some(),
        distinct_error,
        min: range.map(|(least, _)| Point::Text(least.to_string())),
        max: range.map(|(_, greatest)| Point::Text(greatest.to_string())),
        mean: None,
        stddev: None,
        quantiles: None,
        quantile_error: 0.0,
        zeros: None,
        negatives: None,
        non_finite: NonFinite::default(),
        top: top
            .into_iter()
            .map(|(label, rows)| (Point::Text(short(label.text())), rows))
            .collect(),
        top_exact,
        top_error,
        histogram: Vec::new(),
        meaning: Meaning::of(&Evidence {
            kind,
            present,
            distinct,
            distinct_error,
            range: None,
            shapes: sketches.shapes.as_ref(),
        }),
        details: Details {
            lengths: Some(lengths),
            shapes: sketches
                .shapes
                .as_ref()
                .filter(|_| present > 0)
                .map(|shapes| shapes.details()),
            json: sketches.stats.json,
            array: sketches.stats.array,
            calendar: None,
        },
    }
}

/// The values of an exact table, the most frequent first, equals in their order. `None` without such a table, and with more values than `most`.
pub(super) fn counted_numbers(kind: Kind, numbers: &Numbers, most: usize) -> Option<Vec<(Point, u64)>> {
    if numbers.sketches.is_some() || numbers.exact.len() > most {
        return None;
    }
    let values = by_frequency(&numbers.exact).into_iter();
    Some(values.map(|(&value, rows)| (point(kind, value), rows)).collect())
}

/// As [`counted_numbers`].
pub(super) fn counted_texts(texts: &Texts, most: usize) -> Option<Vec<(Point, u64)>> {
    let exact = texts.exact().filter(|exact| exact.len() <= most)?;
    let values = by_frequency(exact).into_iter();
    Some(
        values
            .map(|(label, rows)| (Point::Text(label.text().to_owned()), rows))
            .collect(),
    )
}

fn by_frequency<K: Key>(table: &Table<K>) -> Vec<(&K, u64)> {
    let mut counted: Vec<(&K, u64)> = table.iter().collect();
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counted
}

/// An estimate of distinct values between what is known for certain.
fn estimate(estimate: f64, more_than: u16, rows: u64) -> f64 {
    estimate.max(f64::from(more_than) + 1.0).min(rows as f64).round()
}

fn error_of(count: u64, error: impl Fn(u64) -> f64) -> u64 {
    error(count).ceil() as u64
}

/// The finite values in order.
pub(super) fn sorted(kind: Kind, numbers: &Numbers) -> Weighted {
    let held = match &numbers.sketches {
        Some(sketches) => sketches.quantiles.sorted(),
        None => {
            let mut values: Vec<(i64, u64)> = numbers.exact.iter().map(|(&value, rows)| (value, rows)).collect();
            values.sort_unstable();
            values
        }
    };
    Weighted::new(held.into_iter().map(|(value, rows)| (number(kind, value), rows)))
}

fn quantiles(sorted: &Weighted) -> Option<[f64; 7]> {
    let mut quantiles = [0.0; 7];
    for (quantile, q) in quantiles.iter_mut().zip(QUANTILES) {
        *quantile = sorted.quantile(q)?;
    }
    Some(quantiles)
}

/// Bins of equal width. The last one has the greatest value.
fn histogram(sorted: &Weighted, (least, greatest): (f64, f64)) -> Vec<Bin> {
    let rows = sorted.rows();
    let bin = |low, high, count: u64| Bin {
        low,
        high,
        count: count as f64,
    };
    if least >= greatest {
        return vec![bin(least, greatest, rows)];
    }
    let width = (greatest - least) / BINS as f64;
    let edge = |bin: usize| match bin as f64 / BINS as f64 {
        1.0 => greatest,
        // The difference of two numbers can be infinite.
        part if width.is_infinite() => least * (1.0 - part) + greatest * part,
        _ => least + bin as f64 * width,
    };
    let below = |bin: usize| if bin == BINS { rows } else { sorted.below(edge(bin)) };
    (0..BINS)
        .map(|place| {
            bin(
                edge(place),
                edge(place + 1),
                below(place + 1).saturating_sub(below(place)),
            )
        })
        .collect()
}

/// The most frequent finite numbers with their rows.
fn most_frequent(kind: Kind, numbers: &Numbers) -> Vec<(Point, u64)> {
    match &numbers.sketches {
        Some(sketches) => {
            let top = sketches.frequent.top(TOP).into_iter();
            top.map(|(value, rows)| (point(kind, value), rows)).collect()
        }
        None => {
            let counted = counted_numbers(kind, numbers, usize::MAX).into_iter().flatten();
            counted.take(TOP).collect()
        }
    }
}

/// The most frequent numbers with their rows, as a report has them.
pub(super) fn frequent_numbers(kind: Kind, numbers: &Numbers) -> Vec<(Point, u64)> {
    let mut top = most_frequent(kind, numbers);
    add_non_finite(&mut top, kind, numbers.non_finite);
    top
}

/// Puts NaN and the infinities among the most frequent values.
fn add_non_finite(top: &mut Vec<(Point, u64)>, kind: Kind, non_finite: NonFinite) {
    let time = kind.is_time();
    let value = |integer: i64, number: f64| {
        if time {
            Point::Integer(integer)
        } else {
            Point::Number(number)
        }
    };
    for (point, rows) in [
        (value(i64::MAX, f64::INFINITY), non_finite.positive),
        (value(i64::MIN, f64::NEG_INFINITY), non_finite.negative),
        (Point::Number(f64::NAN), non_finite.nan),
    ] {
        if rows > 0 {
            let place = top.partition_point(|&(_, other)| other >= rows);
            top.insert(place, (point, rows));
        }
    }
    top.truncate(TOP);
}

fn days(kind: Kind, numbers: &Numbers) -> Days {
    if let Some(days) = numbers.sketches.as_ref().and_then(|sketches| sketches.days.clone()) {
        return days;
    }
    let mut days = Days::default();
    numbers.exact.iter().for_each(|(&time, _)| days.push(day(kind, time)));
    days
}
