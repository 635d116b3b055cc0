//! The rows of a query as series: to which one each belongs, when it is, what there was, and what was known beside.

use std::cmp::Ordering;

use crate::models::logging::json_object;
use crate::models::predict::{column_named, quote_identifier};
use crate::models::reading::out_of_memory;
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, FEATURE_TYPE, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, megabytes};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::settings;
use algo::dictionary::Dictionary;
use algo::forecast::{Event, Series};
use algo::frame::MISSING;
use algo::monitor::Monitor;
use algo::room;
use algo::sort::{sort_in_parallel, sort_in_parallel_by};
use serde_json::Value as Json;

/// Rows between two looks at the clock and the memory.
const LOOK: u64 = 4096;
/// Microseconds of a second.
const MICROSECONDS: f64 = 1e6;

/// The columns of a query that make series.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// When a row is: dates or timestamps.
    pub time: String,
    /// What tells series apart; none for one series.
    pub series: Vec<String>,
    /// What is known in advance: numbers.
    pub regressors: Vec<String>,
}

/// The names of columns, found in a query.
struct Places {
    time: usize,
    series: Vec<usize>,
    target: Option<usize>,
    regressors: Vec<usize>,
}

/// Rows that were read, in the order of the query.
#[derive(Default)]
pub struct Rows {
    /// The names of the series, as arrays of JSON with a value for each column of `series`.
    names: Dictionary,
    series: Vec<u32>,
    /// Microseconds since 2000-01-01, by the clock on the wall.
    times: Vec<i64>,
    /// What there was; NaN where that is not known.
    values: Vec<f64>,
    /// One after the other for each row.
    regressors: Vec<f64>,
    width: usize,
    /// Rows without a moment, which belong nowhere.
    untimed: u64,
}

/// How moments of a column become those of the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// They are.
    Local,
    /// By the session's time zone.
    Zoned,
}

impl Columns {
    fn places(&self, columns: &[OutputColumn], target: Option<&str>) -> Result<Places> {
        let numbers = |name: &str, role: &str| {
            let place = column_named(columns, name, role)?;
            match columns[place].reader {
                Some(reader) if reader.role() == Role::Number => Ok(place),
                _ => Err(Error::new(
                    FEATURE_TYPE,
                    format!("column \"{name}\", which is {role}, is no number"),
                )
                .detail(format!("Its type is {}.", columns[place].type_name))
                .hint("Cast it to a number in the query.")),
            }
        };
        let time = column_named(columns, &self.time, "the time of a row")?;
        clock_of(&columns[time])?;
        let series = self.series.iter().map(|name| {
            let place = column_named(columns, name, "what tells series apart")?;
            match columns[place].reader {
                Some(reader) if reader.role() != Role::Vector => Ok(place),
                _ => Err(Error::new(
                    FEATURE_TYPE,
                    format!("series cannot be told apart by column \"{name}\""),
                )
                .detail(format!("Its type is {}.", columns[place].type_name))
                .hint("Name columns of texts, whole numbers, enums, booleans or dates.")),
            }
        });
        let places = Places {
            time,
            series: series.collect::<Result<_>>()?,
            target: target.map(|name| numbers(name, "the target")).transpose()?,
            regressors: (self.regressors.iter())
                .map(|name| numbers(name, "a regressor"))
                .collect::<Result<_>>()?,
        };
        self.check_distinct(target)?;
        Ok(places)
    }

    /// Returns 22023 for a column that has two roles.
    fn check_distinct(&self, target: Option<&str>) -> Result<()> {
        let all: Vec<&str> = [Some(self.time.as_str()), target]
            .into_iter()
            .flatten()
            .chain(self.series.iter().map(String::as_str))
            .chain(self.regressors.iter().map(String::as_str))
            .collect();
        match all
            .iter()
            .enumerate()
            .find(|(place, name)| all[..*place].contains(name))
        {
            None => Ok(()),
            Some((_, name)) => Err(Error::new(
                INVALID_PARAMETER,
                format!("column \"{name}\" is named twice for a forecast"),
            )
            .hint("The time, each column of series, the target and each regressor are columns of their own.")),
        }
    }

    /// The place of the column of time.
    pub fn time_place(&self, query: &Query) -> Result<usize> {
        column_named(query.columns(), &self.time, "the time of a row")
    }

    /// How the moments of a query become those of the clock on the wall.
    pub fn clock(&self, query: &Query) -> Result<Clock> {
        clock_of(&query.columns()[self.time_place(query)?])
    }

    /// The query that gives the moment, the series' name, the target and the regressors of each row of `query`.
    fn of(&self, query: &Query, target: Option<&str>) -> Result<Query> {
        self.with(query, target, None)
    }

    /// The same, with an object of JSON of the columns that tell rows apart behind the target, and without regressors.
    pub fn keyed(&self, query: &Query, target: Option<&str>, key: &[String]) -> Result<Query> {
        let mut parts = Vec::with_capacity(key.len());
        for name in key {
            let place = column_named(query.columns(), name, "a column of the key")?;
            parts.push((name, format!("q.c{}", place + 1)));
        }
        self.with(query, target, Some(json_object(&parts)))
    }

    fn with(&self, query: &Query, target: Option<&str>, key: Option<String>) -> Result<Query> {
        let Places {
            time,
            series,
            target,
            regressors,
        } = self.places(query.columns(), target)?;
        let column = |place: usize| format!("q.c{}", place + 1);
        let values: Vec<String> = series.iter().map(|&place| column(place)).collect();
        let number = |place: usize| {
            format!(
                "({})::pg_catalog.float8",
                cast_flag(&query.columns()[place], column(place))
            )
        };
        let target = target.map_or("NULL::pg_catalog.float8".to_string(), number);
        let more: Vec<String> = match key {
            Some(key) => vec![format!(", {key}")],
            None => regressors.iter().map(|&place| format!(", {}", number(place))).collect(),
        };
        let names: Vec<String> = (0..query.columns().len())
            .map(|place| quote_identifier(&format!("c{}", place + 1)))
            .collect();
        Query::new(&format!(
            "SELECT ({})::pg_catalog.timestamp, (pg_catalog.jsonb_build_array({}))::pg_catalog.text, {target}{} FROM (\n{}\n) AS q({})",
            column(time),
            values.join(", "),
            more.concat(),
            query.statement(),
            names.join(", ")
        ))
    }

    /// Reads the rows of a query. `needed` tells the bytes that so many rows will take once they are read; `what` names the work in progress reports.
    pub fn read(
        &self,
        query: &Query,
        target: Option<&str>,
        needed: impl Fn(usize) -> usize,
        what: &str,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Rows> {
        let query = self.of(query, target)?;
        let mut rows = Rows {
            width: self.regressors.len(),
            ..Rows::default()
        };
        let expected = query.expected_rows();
        let mut count = 0_u64;
        query.run(&mut |row| {
            match (row.value(0), row.value(1)) {
                (Value::Number(seconds), Value::Text(name)) if seconds.is_finite() => {
                    let code = rows.names.code(&name, MISSING)?.ok_or_else(too_many)?;
                    room::push(&mut rows.series, code)?;
                    room::push(&mut rows.times, (seconds * MICROSECONDS).round() as i64)?;
                    let number = |place: usize| row.number(place).filter(|value| value.is_finite()).unwrap_or(f64::NAN);
                    room::push(&mut rows.values, number(2))?;
                    for regressor in 0..rows.width {
                        room::push(&mut rows.regressors, number(3 + regressor))?;
                    }
                }
                _ => rows.untimed += 1,
            }
            count += 1;
            statement.check()?;
            if count.is_multiple_of(LOOK) {
                rows.check_memory(&needed)?;
                reporter.rows(what, count, expected);
            }
            Ok(())
        })?;
        rows.check_memory(&needed)?;
        Ok(rows)
    }
}

/// Microseconds since 2000-01-01 of a moment that was read; `None` for an infinite one.
pub fn moment_of(seconds: f64) -> Option<i64> {
    seconds.is_finite().then(|| (seconds * MICROSECONDS).round() as i64)
}

/// A flag counts as 0 or 1, which needs a cast more.
fn cast_flag(column: &OutputColumn, expression: String) -> String {
    match column.reader {
        Some(Reader::Bool) => format!("{expression}::pg_catalog.int4"),
        _ => expression,
    }
}

fn too_many() -> Error {
    Error::new(LIMIT_EXCEEDED, "there are too many series").hint("Name fewer columns in series.")
}

/// How a column tells the time. Returns ML004 for one that does not.
fn clock_of(column: &OutputColumn) -> Result<Clock> {
    match (column.reader, column.type_oid) {
        (_, pgrx::pg_sys::TIMESTAMPTZOID) => Ok(Clock::Zoned),
        (Some(Reader::Date | Reader::Timestamp), _) => Ok(Clock::Local),
        _ => Err(Error::new(
            FEATURE_TYPE,
            format!("column \"{}\" does not tell the time", column.name),
        )
        .detail(format!("Its type is {}.", column.type_name))
        .hint("Name a column of dates or timestamps; make_date(year, month, 1) makes one of numbers.")),
    }
}

impl Rows {
    fn memory(&self) -> usize {
        self.names.memory()
            + self.series.capacity() * 4
            + (self.times.capacity() + self.values.capacity()) * 8
            + self.regressors.capacity() * 8
    }

    /// Returns 53400 when so many rows need more memory than is allowed.
    fn check_memory(&self, needed: impl Fn(usize) -> usize) -> Result<()> {
        let rows = self.series.len();
        // The order of the rows, and the rows once more in that order.
        let own = self
            .memory()
            .saturating_add(rows.saturating_mul(4 + 16 + 8 * self.width));
        let (needed, allowed) = (own.saturating_add(needed(rows)), settings::max_memory());
        if needed <= allowed {
            return Ok(());
        }
        let [needed, allowed] = [needed, allowed].map(megabytes);
        Err(
            out_of_memory(format!("{rows} rows need {needed}, {allowed} are allowed.")).hint(format!(
                "{}, or forecast fewer series or a shorter past.",
                settings::MORE_MEMORY
            )),
        )
    }

    /// Rows without a moment, which belong nowhere.
    pub fn untimed(&self) -> u64 {
        self.untimed
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// The moment of each row in seconds since 2000-01-01, ascending: the order of the query says nothing.
    pub fn moments(&self, monitor: &dyn Monitor) -> algo::error::Result<Vec<f64>> {
        let mut moments = room::with_capacity(self.times.len())?;
        moments.extend(self.times.iter().map(|&time| time as f64 / MICROSECONDS));
        sort_in_parallel(&mut moments, monitor)?;
        Ok(moments)
    }

    /// The series by their names, the rows of each by time; rows of one moment by their values, so that nothing depends on the order of the query.
    pub fn into_series(self, monitor: &dyn Monitor) -> algo::error::Result<Vec<Series>> {
        let rank = self.ranks(monitor)?;
        let mut order: Vec<u32> = room::with_capacity(self.series.len())?;
        order.extend(0..self.series.len() as u32);
        let key = |row: usize| (rank[self.series[row] as usize], self.times[row]);
        let by_key = |&a: &u32, &b: &u32| {
            let (a, b) = (a as usize, b as usize);
            key(a)
                .cmp(&key(b))
                .then_with(|| self.values[a].total_cmp(&self.values[b]))
                .then_with(|| compared(self.regressors_of(a), self.regressors_of(b)))
        };
        sort_in_parallel_by(&mut order, &by_key, monitor)?;
        let mut series: Vec<Series> = room::with_capacity(self.names.len())?;
        for run in order.chunk_by(|&a, &b| self.series[a as usize] == self.series[b as usize]) {
            monitor.check()?;
            series.push(self.series_of(run)?);
        }
        Ok(series)
    }

    /// The place of each series by its name.
    fn ranks(&self, monitor: &dyn Monitor) -> algo::error::Result<Vec<u32>> {
        let count = self.names.len();
        let mut by_name: Vec<u32> = room::with_capacity(count)?;
        by_name.extend(0..count as u32);
        let names = |&a: &u32, &b: &u32| self.names.text(a).cmp(self.names.text(b));
        sort_in_parallel_by(&mut by_name, &names, monitor)?;
        let mut rank = room::filled(0_u32, count)?;
        (0..)
            .zip(&by_name)
            .for_each(|(place, &code)| rank[code as usize] = place);
        Ok(rank)
    }

    /// The series of rows of one name.
    fn series_of(&self, rows: &[u32]) -> algo::error::Result<Series> {
        let mut own = Series {
            key: key_of(self.names.text(self.series[rows[0] as usize])),
            times: room::with_capacity(rows.len())?,
            values: room::with_capacity(rows.len())?,
            regressors: vec![Vec::new(); self.width],
        };
        own.times.extend(rows.iter().map(|&row| self.times[row as usize]));
        own.values.extend(rows.iter().map(|&row| self.values[row as usize]));
        for &row in rows {
            for (list, value) in own.regressors.iter_mut().zip(self.regressors_of(row as usize)) {
                room::push(list, *value)?;
            }
        }
        Ok(own)
    }

    fn regressors_of(&self, row: usize) -> &[f64] {
        &self.regressors[row * self.width..(row + 1) * self.width]
    }
}

/// The order of two lists of numbers.
fn compared(a: &[f64], b: &[f64]) -> Ordering {
    let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// The values that name a series, each as JSON writes it: a text has quotes, a number has none.
pub fn key_of(name: &str) -> Vec<String> {
    let values = serde_json::from_str::<Vec<Json>>(name).unwrap_or_default();
    values.iter().map(Json::to_string).collect()
}

/// Holidays and events, at most.
const MOST_EVENTS: usize = 100_000;

/// The events of a query with the columns `at` and `name`. Returns an error for another, and 54000 for too many.
pub fn read_events(text: &str) -> Result<Vec<Event>> {
    let query = Query::new(text)?;
    let at = column_named(query.columns(), "at", "the moment of a holiday")?;
    let name = column_named(query.columns(), "name", "the name of a holiday")?;
    clock_of(&query.columns()[at])?;
    let names: Vec<String> = (0..query.columns().len())
        .map(|place| quote_identifier(&format!("c{}", place + 1)))
        .collect();
    let query = Query::new(&format!(
        "SELECT (q.c{})::pg_catalog.timestamp, (q.c{})::pg_catalog.text FROM (\n{}\n) AS q({})",
        at + 1,
        name + 1,
        query.statement(),
        names.join(", ")
    ))?;
    let mut events = Vec::new();
    query.run(&mut |row| {
        if let (Value::Number(seconds), Value::Text(name)) = (row.value(0), row.value(1))
            && seconds.is_finite()
        {
            if events.len() == MOST_EVENTS {
                return Err(
                    Error::new(LIMIT_EXCEEDED, format!("there are more than {MOST_EVENTS} holidays"))
                        .hint("Give those of the years that the rows and the horizon span."),
                );
            }
            room::push(
                &mut events,
                Event {
                    name: name.into_owned(),
                    at: (seconds * MICROSECONDS).round() as i64,
                },
            )?;
        }
        Ok(())
    })?;
    Ok(events)
}
