//! Measures that stay the same, as those of a sensor that hangs.

use hashbrown::HashMap;
use pgrx::spi::quote_identifier;
use serde_json::json;

use super::column::Column;
use super::proposal::Proposal;
use crate::pg::attempt::attempt;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::{Reader, Value};
use crate::quality::source::Source;
use algo::quality::runs::Runs;

/// Columns whose runs are counted.
const MOST: usize = 5;

/// That no measure stays the same for longer than chance explains; or four times as long, where it changes slowly. `origin` is the column that says where
/// rows are from.
pub fn proposals<'c, 'a: 'c>(
    source: &Source,
    columns: impl Iterator<Item = &'c Column<'a>>,
    time: &Column<'_>,
    origin: Option<&str>,
) -> Result<Vec<Vec<Proposal>>> {
    let changing = columns.filter_map(|column| Some((column, most_by_chance(column)?)));
    let changing: Vec<(&Column<'_>, u64)> = changing.take(MOST).collect();
    let names: Vec<&str> = changing.iter().map(|(column, _)| column.name).collect();
    // Where the rows cannot be read so the checks themselves say why.
    let longest = attempt(|| longest_runs(source, &names, time.name, origin))?
        .ok()
        .flatten();
    let proposal = |name: &str, run: u64| {
        let mut args = json!({ "sort_column": time.name, "max_run": run });
        if let Some(origin) = origin {
            args["partition_by"] = json!([origin]);
        }
        let reason =
            format!("its values change; more than {run} rows in a row with the same one would be a sensor that hangs");
        Proposal::new("stuck_values", Some(name), args, reason)
    };
    let groups = changing.iter().enumerate().map(|(place, &(column, run))| {
        let runs = [run, 4 * run].into_iter();
        match longest.as_ref().map(|longest| longest[place]) {
            Some(longest) => {
                let holding = runs.filter(|&run| longest <= run).take(1);
                holding
                    .map(|run| proposal(column.name, run).known_to_hold(true))
                    .collect()
            }
            None => runs.map(|run| proposal(column.name, run)).collect(),
        }
    });
    Ok(groups.filter(|group: &Vec<Proposal>| !group.is_empty()).collect())
}

/// The rows in a row that chance gives the same value at the most, if the column is a measure that changes.
fn most_by_chance(column: &Column<'_>) -> Option<u64> {
    const DISTINCT: f64 = 20.0;
    /// The share of rows that the most frequent value has at most.
    const MOST_FREQUENT: f64 = 0.2;
    const CHANCE: f64 = 1e-6;
    let (_, most) = column.report.top.first()?;
    let (rows, most) = (column.present as f64, *most as f64);
    let fits = column.is_measured() && column.report.distinct >= DISTINCT && most <= MOST_FREQUENT * rows;
    fits.then(|| ((CHANCE / rows).ln() / (most / rows).ln()).ceil().max(3.0) as u64)
}

/// The longest runs of equal values of columns, by one read of the rows in the order of time: as `stuck_values` counts them, but that numbers are compared
/// in double precision. `None` where it would not count so, or where it takes too much memory.
fn longest_runs(source: &Source, names: &[&str], time: &str, origin: Option<&str>) -> Result<Option<Vec<u64>>> {
    let columns = names.iter().map(|name| source.require_column(name));
    let columns: Vec<&OutputColumn> = columns.collect::<Result<_>>()?;
    let origin = origin.map(|name| source.require_column(name)).transpose()?;
    if columns.is_empty() || !columns.iter().all(|column| is_number(column)) || !origin.is_none_or(is_told_apart) {
        return Ok(None);
    }
    let value_of = |column: &OutputColumn| format!("q.{}", quote_identifier(&column.name));
    let time = value_of(source.require_column(time)?);
    let read = [time.clone()].into_iter().chain(columns.iter().copied().map(value_of));
    let read: Vec<String> = read.chain(origin.map(value_of)).collect();
    let sql = format!(
        "{} WHERE {time} IS NOT NULL ORDER BY {time}",
        source.select(&read.join(", "))
    );
    let (mut runs, mut parts) = (Runs::new(columns.len()), Parts::default());
    let mut cells = vec![None; columns.len()];
    let mut is_room = true;
    Query::new(&sql)?.run(&mut |row| {
        let part = if origin.is_some() {
            parts.place(row, columns.len() + 1)
        } else {
            0
        };
        for (cell, place) in cells.iter_mut().zip(1..) {
            *cell = row.number(place);
        }
        is_room = is_room && runs.push(part, row.number(0).unwrap_or(f64::NAN), &cells);
        Ok(())
    })?;
    Ok(is_room.then(|| runs.longest()))
}

fn is_number(column: &OutputColumn) -> bool {
    use Reader::{Float4, Float8, Int2, Int4, Int8, Numeric};
    column
        .reader
        .is_some_and(|reader| matches!(reader, Int2 | Int4 | Int8 | Float4 | Float8 | Numeric))
}

/// Whether values are the same to PostgreSQL where they are as they are read.
fn is_told_apart(column: &OutputColumn) -> bool {
    use Reader::{Enum, Int2, Int4, Int8, Padded, Text};
    let is_read = |reader| matches!(reader, Int2 | Int4 | Int8 | Text | Padded | Enum);
    column.is_deterministic && column.reader.is_some_and(is_read)
}

/// The numbers of the values that rows are parted by.
#[derive(Default)]
struct Parts {
    texts: HashMap<String, usize>,
    /// Numbers by their bits, enums by their oid; `None` is NULL.
    others: HashMap<Option<u64>, usize>,
}

impl Parts {
    /// That of a column's value.
    fn place(&mut self, row: &Row<'_>, column: usize) -> usize {
        let next = self.texts.len() + self.others.len();
        let other = match row.value(column) {
            Value::Text(text) => return *self.texts.entry_ref(&*text).or_insert(next),
            Value::Number(number) => Some(number.to_bits()),
            Value::Enum(oid) => Some(u64::from(oid.to_u32())),
            Value::Missing | Value::Vector(_) => None,
        };
        *self.others.entry(other).or_insert(next)
    }
}
