//! Keys of two or three columns.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};
use pgrx::spi::quote_identifier;
use serde_json::json;

use super::column::{Column, FEWEST_ROWS, NEARLY_ALL, REPEATED_ROWS};
use super::proposal::Proposal;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::quality::source::Source;
use algo::block::Kind;
use algo::profile::Meaning;

/// Rows that are looked at first.
const SAMPLE: u32 = 5000;
/// Columns that may be part of a key.
const CANDIDATES: usize = 6;
/// Pairs of equal rows that chance would have made: fewer show no design.
const EQUAL_PAIRS: f64 = 10.0;

/// What the sample says of a combination of candidates.
struct Combination {
    places: Vec<usize>,
    distinct: f64,
}

/// The key of several columns that the rows have; where they have none, not of one column either, that no row occurs twice.
pub fn proposals(source: &Source, columns: &[Column<'_>]) -> Result<Vec<Vec<Proposal>>> {
    let key = key(source, columns)?;
    let has_key = columns.iter().any(Column::is_key);
    let rows = || Proposal::new("duplicate_rows", None, json!({}), "no two rows have the same values");
    let key = key.or_else(|| (!has_key && is_wide(columns)).then(rows));
    Ok(key.map(|proposal| vec![proposal]).into_iter().collect())
}

/// Whether there are so many possible rows that chance makes none twice.
fn is_wide(columns: &[Column<'_>]) -> bool {
    let rows = columns.iter().map(|column| column.report.rows).max().unwrap_or(0);
    let possible: f64 = columns.iter().map(|column| column.report.distinct.max(1.0).ln()).sum();
    possible >= 3.0 * (rows as f64).ln()
}

/// The shortest key of several columns, of equally long ones the one that chance explains least. A sample of rows leaves few, and the check itself
/// decides.
fn key(source: &Source, columns: &[Column<'_>]) -> Result<Option<Proposal>> {
    let candidates = candidates(columns);
    if candidates.len() < 2 {
        return Ok(None);
    }
    let combinations = combinations(candidates.len());
    let sample = sample(source, &candidates, combinations)?;
    let keys = sample.counted.iter().filter_map(|combination| {
        let surprise = surprise(combination, &sample, &candidates)?;
        Some((combination, surprise))
    });
    let best = keys.min_by(|(a, surprise_a), (b, surprise_b)| {
        let by_length = a.places.len().cmp(&b.places.len());
        by_length
            .then_with(|| surprise_b.total_cmp(surprise_a))
            .then_with(|| a.places.cmp(&b.places))
    });
    Ok(best.map(|(best, _)| proposal(&candidates, best)))
}

/// Columns that may be part of a key: of every row, no measure, no text of several words, and no key by themselves. In their order.
fn candidates<'c, 'a>(columns: &'c [Column<'a>]) -> Vec<&'c Column<'a>> {
    let may_be = |column: &&'c Column<'a>| {
        let has_kind = matches!(
            column.kind,
            Kind::Integer | Kind::Text | Kind::Date | Kind::Timestamp | Kind::TimestampTz | Kind::Uuid | Kind::Enum
        );
        let is_part = !matches!(
            column.report.meaning,
            Meaning::Number | Meaning::Boolean | Meaning::FreeText | Meaning::Unknown | Meaning::Constant
        );
        let is_key =
            column.is_key() || column.report.distinct * (1.0 + column.report.distinct_error) >= column.present as f64;
        has_kind && is_part && !is_key && column.nulls == 0 && column.present >= FEWEST_ROWS
    };
    let mut found: Vec<(usize, &Column<'a>)> = columns.iter().filter(may_be).enumerate().collect();
    found.sort_by(|(_, a), (_, b)| b.report.distinct.total_cmp(&a.report.distinct));
    found.truncate(CANDIDATES);
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, column)| column).collect()
}

/// All pairs and triples of so many things.
fn combinations(things: usize) -> Vec<Vec<usize>> {
    let pairs = (0..things).flat_map(|a| (a + 1..things).map(move |b| vec![a, b]));
    let triples = pairs
        .clone()
        .flat_map(|pair| (pair[1] + 1..things).map(move |c| vec![pair[0], pair[1], c]));
    pairs.clone().chain(triples).collect()
}

/// What some rows have in the candidates.
struct Sample {
    rows: f64,
    /// Of each candidate how likely two of the rows have the same value: by how many have each, or if all its values were as frequent. The lesser of both: a
    /// few rows show too few values of a column that has many, and a single frequent value is no reason to expect others twice.
    alike: Vec<f64>,
    counted: Vec<Combination>,
}

/// Counts the different values of candidates and of their combinations in some rows.
fn sample(source: &Source, candidates: &[&Column<'_>], combinations: Vec<Vec<usize>>) -> Result<Sample> {
    let texts = candidates
        .iter()
        .map(|column| format!("q.{}::pg_catalog.text", quote_identifier(column.name)));
    let sql = format!(
        "{} LIMIT {SAMPLE}",
        source.select(&texts.collect::<Vec<_>>().join(", "))
    );
    // Values by number, and how many rows have each.
    let mut numbers: Vec<HashMap<String, u32>> = vec![HashMap::new(); candidates.len()];
    let mut counts: Vec<Vec<f64>> = vec![Vec::new(); candidates.len()];
    let mut cells: Vec<u32> = Vec::new();
    Query::new(&sql)?.run(&mut |row| {
        for (place, (numbers, counts)) in numbers.iter_mut().zip(&mut counts).enumerate() {
            let text = match row.value(place) {
                Value::Text(text) => text,
                Value::Missing | Value::Number(_) | Value::Enum(_) | Value::Vector(_) => Cow::Borrowed(""),
            };
            let number = *numbers.entry_ref(&*text).or_insert(counts.len() as u32);
            if number as usize == counts.len() {
                counts.push(0.0);
            }
            counts[number as usize] += 1.0;
            cells.push(number);
        }
        Ok(())
    })?;
    let rows = cells.len() / candidates.len().max(1);
    let pairs = |rows: f64| rows * (rows - 1.0) / 2.0;
    let alike = counts.iter().map(|counts| {
        let all = pairs(rows as f64).max(1.0);
        let by_counts = counts.iter().copied().map(pairs).sum::<f64>() / all;
        by_counts.min(1.0 / counts.len().max(1) as f64)
    });
    let counted = combinations.into_iter().map(|places| {
        let values = |row: &[u32]| -> Vec<u32> { places.iter().map(|&place| row[place]).collect() };
        let distinct: HashSet<Vec<u32>> = cells.chunks(candidates.len()).map(values).collect();
        Combination {
            distinct: distinct.len() as f64,
            places,
        }
    });
    Ok(Sample {
        rows: rows as f64,
        alike: alike.collect(),
        counted: counted.collect(),
    })
}

/// How many pairs of equal rows chance would have made, where it does not explain that there are none, or so few.
fn surprise(combination: &Combination, sample: &Sample, candidates: &[&Column<'_>]) -> Option<f64> {
    let rows = sample.rows;
    let excess = rows - combination.distinct;
    let alike = combination.places.iter().map(|&place| sample.alike[place]);
    let expected = rows * rows / 2.0 * alike.product::<f64>();
    let all = candidates.first().map_or(0.0, |column| column.present as f64);
    let distinct = combination
        .places
        .iter()
        .map(|&place| candidates[place].report.distinct);
    let expected_of_all = all * all / (2.0 * distinct.product::<f64>());
    let holds = combination.distinct >= NEARLY_ALL * rows
        && excess * 3.0 <= expected
        && expected.max(expected_of_all) >= EQUAL_PAIRS
        && rows > 0.0;
    holds.then_some(expected)
}

fn proposal(candidates: &[&Column<'_>], key: &Combination) -> Proposal {
    let names: Vec<&str> = key.places.iter().map(|&place| candidates[place].name).collect();
    let reason = format!(
        "{} make a key: values that repeat often do not repeat together",
        names.join(" and ")
    );
    Proposal {
        tolerance: REPEATED_ROWS,
        ..Proposal::new(
            "unique_combination",
            None,
            json!({ "combination_of_columns": names }),
            reason,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pairs_and_triples() {
        assert_eq!(combinations(1), Vec::<Vec<usize>>::new());
        assert_eq!(combinations(3), [vec![0, 1], vec![0, 2], vec![1, 2], vec![0, 1, 2]]);
        assert_eq!(combinations(CANDIDATES).len(), 15 + 20);
    }
}
