//! Estimates for groups of rows: a row per group, a column per metric.

use super::performance::segment;
use crate::pages::read::Row;
use algo::page::{Cell, Column, Table};

/// A metric by its name in SQL, and its heading.
pub(super) type Heading = (&'static str, &'static str);

/// The estimates of `rows` (metric, segment, rows, value, low, high) as a table of at most `most` groups, in their order; those without a segment are all
/// rows together.
pub(super) fn table(caption: &str, rows: &[Row], metrics: &[Heading], most: usize) -> Table {
    let mut columns = vec![Column::text("group", 40), Column::number("rows")];
    columns.extend(metrics.iter().map(|(_, heading)| Column::number(heading)));
    let mut table = Table::new(caption, columns);
    let mut groups: Vec<Option<String>> = Vec::new();
    for row in rows.iter().filter(|row| row.number("value").is_some()) {
        let group = segment(row);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    table.rows.extend(groups.into_iter().take(most).map(|group| {
        let of_group = || rows.iter().filter(|row| segment(row) == group);
        let estimate = |metric: &str| {
            let row = of_group().find(|row| row.text("metric").as_deref() == Some(metric));
            row.map_or(Cell::Empty, |row| {
                Cell::estimate(row.number("value"), row.number("low"), row.number("high"))
            })
        };
        let count = of_group().filter_map(|row| row.count("rows")).max();
        let mut cells = vec![
            Cell::Text(group.clone().unwrap_or_else(|| "all".into())),
            Cell::count(count),
        ];
        cells.extend(metrics.iter().map(|(metric, _)| estimate(metric)));
        cells
    }));
    table.without_empty_columns()
}
