//! How columns of numbers go together on both sides. Each side is read a second time, for the places of its numbers among its own quantiles, which
//! the first reading gives: places have no outliers, and are spread alike whatever the numbers.

use pgrx::spi::quote_identifier;

use super::column::{Column, Content};
use super::side::Side;
use crate::pg::error::{Error, LIMIT_EXCEEDED, Result};
use crate::pg::query::Query;
use crate::quality::source::Source;
use algo::drift::{Correlation, Correlations, Steps, ValueDistribution, correlations_differ, swapped};

/// How far apart correlations are that matter.
pub const THRESHOLD: f64 = 0.1;
/// The most columns that are compared with each other.
const MOST_COLUMNS: usize = 40;
/// The quantiles that numbers are placed among.
const PLACES: u32 = 50;

/// How a pair of columns goes together on both sides.
pub struct PairDrift {
    /// As reports name it.
    pub name: String,
    pub reference: f64,
    pub current: f64,
    pub rows: (u64, u64),
    pub p_value: f64,
    /// What seems to have happened to them.
    pub swap: Option<String>,
}

/// Compares the columns of numbers that both sides have. Reads each side once more. Returns an error with 54000 for too many columns.
pub fn compare(
    (reference, before): (&Source, &Side<'_>),
    (current, after): (&Source, &Side<'_>),
) -> Result<Vec<PairDrift>> {
    let is_there = |name: &str| {
        after
            .columns
            .iter()
            .any(|column| column.name == name && steps(column).is_some())
    };
    let names: Vec<&str> = before
        .columns
        .iter()
        .filter(|column| steps(column).is_some() && is_there(&column.name))
        .map(|column| column.name.as_str())
        .collect();
    if names.len() > MOST_COLUMNS {
        return Err(Error::new(
            LIMIT_EXCEEDED,
            format!("too many columns of numbers to correlate: {}", names.len()),
        )
        .hint(format!("Name at most {MOST_COLUMNS} of them in \"columns\".")));
    }
    let ours = correlations(reference, before, &names)?;
    let theirs = correlations(current, after, &names)?;
    let swaps = swapped(&ours, &theirs);
    let mut pairs = Vec::new();
    for (a, b) in couples(names.len()) {
        let (Some(was), Some(is)) = (ours[a][b], theirs[a][b]) else {
            continue;
        };
        // The correlation of both with each other stays what it is.
        let of_pair = swaps.iter().find(|(one, other)| {
            let has = |column: usize| column == a || column == b;
            has(*one) != has(*other)
        });
        let has_moved = (was.value - is.value).abs() > THRESHOLD;
        pairs.push(PairDrift {
            name: format!("correlation({}, {})", names[a], names[b]),
            reference: was.value,
            current: is.value,
            rows: (was.rows, is.rows),
            p_value: correlations_differ(&was, &is),
            swap: of_pair
                .filter(|_| has_moved)
                .map(|&(one, other)| format!("{} and {} seem to be swapped", names[one], names[other])),
        });
    }
    Ok(pairs)
}

/// The steps of a column of numbers that vary; `None` of any other.
fn steps(column: &Column<'_>) -> Option<Steps> {
    match &column.content {
        Content::Counted(distribution) if column.kind.is_number() => match distribution.values() {
            ValueDistribution::Numbers(numbers) => Some(Steps::of(numbers)).filter(|steps| steps.pieces().len() > 1),
            ValueDistribution::Categories(_) => None,
        },
        Content::Counted(_) | Content::Steps(..) | Content::Levels { .. } | Content::Nothing => None,
    }
}

/// Each pair of columns once.
fn couples(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(move |a| (a + 1..columns).map(move |b| (a, b)))
}

/// How the columns of one side go together. One pass over its rows; O(columns squared) a row.
fn correlations(source: &Source, side: &Side<'_>, names: &[&str]) -> Result<Correlations> {
    let mut table = vec![vec![None; names.len()]; names.len()];
    if names.len() < 2 {
        return Ok(table);
    }
    let places = names.iter().zip(1..).map(|(name, i)| {
        let column = side.columns.iter().find(|column| column.name == *name);
        let edges = column.and_then(steps).map(|steps| edges(&steps)).unwrap_or_default();
        let value = format!("q.{}::pg_catalog.float8", quote_identifier(name));
        // NaN and infinities take no part here either.
        format!(
            "CASE WHEN {value} OPERATOR(pg_catalog.>) '-Infinity' AND {value} OPERATOR(pg_catalog.<) 'Infinity'
        THEN pg_catalog.width_bucket({value}, '{{{edges}}}'::pg_catalog.float8[])::pg_catalog.float8 END AS c{i}"
        )
    });
    let places: Vec<String> = places.collect();
    let figures = couples(names.len()).map(|(a, b)| {
        let (a, b) = (a + 1, b + 1);
        format!("pg_catalog.corr(c{a}, c{b}), pg_catalog.regr_count(c{a}, c{b})::pg_catalog.float8")
    });
    let sql = format!(
        "SELECT {}\nFROM (SELECT {} FROM {} AS q) AS places",
        figures.collect::<Vec<_>>().join(", "),
        places.join(",\n    "),
        source.relation()
    );
    Query::new(&sql)?.run(&mut |row| {
        for ((a, b), place) in couples(names.len()).zip(0..) {
            let correlation = row.number(2 * place).zip(row.number(2 * place + 1));
            table[a][b] = correlation.map(|(value, rows)| Correlation {
                value,
                rows: rows as u64,
            });
            table[b][a] = table[a][b];
        }
        Ok(())
    })?;
    Ok(table)
}

/// Quantiles in order, each once, as elements of an array.
fn edges(steps: &Steps) -> String {
    let quantiles = (1..PLACES).filter_map(|i| steps.quantile(f64::from(i) / f64::from(PLACES)));
    let mut edges: Vec<f64> = quantiles.collect();
    // The greatest alone among many that are equal would have the place of these.
    edges.extend(steps.pieces().last().map(|piece| piece.high));
    edges.dedup();
    edges.iter().map(f64::to_string).collect::<Vec<_>>().join(",")
}
