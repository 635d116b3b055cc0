//! Estimates for groups of rows: a row per group, a column per metric.

use serde_json::Value as Json;

use crate::models::judging::evaluate::SliceRow;
use crate::models::judging::fairness::FairnessRow;
use crate::pages::columns::quoted_if_blank;
use crate::pages::read;
use crate::quality::finding::segment_text;
use algo::page::{Cell, Column, Table};

/// A metric by its name in SQL, and its heading.
pub(super) type Heading = (&'static str, &'static str);

/// A metric of a group.
pub(super) struct Estimate<'a> {
    /// The group; `None` for all rows.
    segment: Option<&'a Json>,
    metric: &'static str,
    rows: i64,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

impl<'a> Estimate<'a> {
    pub(super) fn of_slice(row: &'a SliceRow) -> Estimate<'a> {
        Estimate {
            segment: row.segment.as_ref(),
            metric: row.metric,
            rows: row.rows,
            value: Some(row.value),
            low: row.low,
            high: row.high,
        }
    }

    pub(super) fn of_fairness(row: &'a FairnessRow) -> Estimate<'a> {
        Estimate {
            segment: row.segment.as_ref(),
            metric: row.metric,
            rows: row.rows,
            value: row.value,
            low: row.low,
            high: row.high,
        }
    }
}

/// A group in words.
fn name(segment: Option<&Json>) -> String {
    match segment.and_then(Json::as_object) {
        None => "all".into(),
        // The caption names the column of the only value.
        Some(segment) if segment.len() == 1 => {
            let value = segment.values().next().and_then(read::text);
            value.map_or_else(|| "NULL".into(), quoted_if_blank)
        }
        Some(segment) => segment_text(segment),
    }
}

/// Estimates, those of a group one after the other, as a table.
pub(super) fn table(caption: &str, estimates: &[Estimate<'_>], metrics: &[Heading]) -> Table {
    let mut columns = vec![Column::text("group", 40), Column::number("rows")];
    columns.extend(metrics.iter().map(|(_, heading)| Column::number(heading)));
    let mut table = Table::new(caption, columns);
    let groups = estimates.chunk_by(|a, b| a.segment == b.segment);
    for group in groups.filter(|group| group.iter().any(|estimate| estimate.value.is_some())) {
        let cell = |metric: &str| {
            let found = group.iter().find(|estimate| estimate.metric == metric);
            found.map_or(Cell::Empty, |found| Cell::estimate(found.value, found.low, found.high))
        };
        let mut cells = vec![
            Cell::Text(name(group[0].segment)),
            Cell::count(group.iter().map(|estimate| estimate.rows).max()),
        ];
        cells.extend(metrics.iter().map(|(metric, _)| cell(metric)));
        table.rows.push(cells);
    }
    table.without_empty_columns()
}
