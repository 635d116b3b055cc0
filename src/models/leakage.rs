//! `find_leakage`: features that tell of the target what they will not tell of new rows.

use std::collections::HashMap;

use pgrx::pg_extern;

use super::predict::column_named;
use super::request::{self, Arguments, Request};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, advise, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Reader;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::types;
use algo::frame::Column;
use algo::leakage::{self, Clock, Leak, Moments};
use algo::monitor::Monitor;
use algo::prepare::{Apart, ColumnValues, Division, Prepared, ReadRows, Rows};
use algo::room;
use algo::task::Task;

/// With fewer rows nothing is said of how well a feature predicts.
const FEWEST_ROWS: usize = 100;

result_row! {
    /// A feature that is not to be trusted.
    struct LeakRow {
        feature: String,
        reason: String,
        evidence: f64,
        advice: String,
    }
}

/// `find_leakage(query, target, as_of)`.
#[pg_extern(sql = false)]
fn find_leakage(query: Option<Text>, target: Option<Text>, as_of: Option<Text>) -> SetOf<LeakRow> {
    let leaks = (|| {
        let arguments = Arguments {
            query,
            target,
            ..Arguments::default()
        };
        let search = Search {
            request: arguments.request()?,
            as_of: as_of.map(String::from),
        };
        request::carry_out(|reporter, statement| search.run(reporter, statement))
    })();
    set_of(or_raise(leaks).into_iter().map(|leak| LeakRow {
        feature: leak.feature,
        reason: leak.reason,
        evidence: leak.evidence,
        advice: leak.advice,
    }))
}

struct Search {
    request: Request,
    as_of: Option<String>,
}

/// The clock of a column of moments.
fn clock(column: &OutputColumn) -> Option<Clock> {
    match column.reader? {
        Reader::Date => Some(Clock::Date),
        Reader::Timestamp if types::has_time_zone(column.type_oid) => Some(Clock::World),
        Reader::Timestamp => Some(Clock::Local),
        _ => None,
    }
}

impl Search {
    /// The place of the column that says when each row's target became known, and its clock.
    fn as_of(&self, columns: &[OutputColumn]) -> Result<Option<(usize, Clock)>> {
        let Some(name) = &self.as_of else { return Ok(None) };
        let hint =
            "Name a column of dates or timestamps: when each row's target became known, or the prediction was needed.";
        if self.request.target.as_ref() == Some(name) {
            return Err(Error::new(INVALID_PARAMETER, format!("as_of \"{name}\" is the target")).hint(hint));
        }
        let place = column_named(columns, name, "as_of")?;
        match clock(&columns[place]) {
            Some(clock) => Ok(Some((place, clock))),
            None => Err(Error::new(
                INVALID_PARAMETER,
                format!("as_of \"{name}\" is neither a date nor a timestamp"),
            )
            .detail(format!("Its type is {}.", columns[place].type_name))
            .hint(hint)),
        }
    }

    /// Leaves columns out that no model can read.
    fn leave_unreadable(&mut self, columns: &[OutputColumn]) {
        for column in columns.iter().filter(|column| column.reader.is_none()) {
            if self.request.target.as_ref() != Some(&column.name) {
                advise(
                    format!(
                        "column \"{}\" is not looked at: it has type {}, which a model cannot use",
                        column.name, column.type_name
                    ),
                    None,
                    None,
                );
                self.request.exclude.push(column.name.clone());
            }
        }
    }

    fn run(mut self, reporter: &mut Reporter, statement: &Foreground) -> Result<Vec<Leak>> {
        let query = Query::new(&self.request.query)?;
        let columns = query.columns();
        self.request.require_target("find_leakage")?;
        let as_of = self.as_of(columns)?;
        self.leave_unreadable(columns);
        let resolved = self.request.resolve(columns, as_of.map(|(place, _)| place))?;
        let read = self
            .request
            .read(&query, &resolved, |_| 0, "looking for leakage", reporter, statement)?;
        // All rows once more, and what puts them in order.
        room::ask(statement.held().saturating_add(read.rows.saturating_mul(64)))?;
        let mut plan = self.request.plan(&resolved);
        if resolved.task == Task::Regression && resolved.target.is_some_and(|target| has_two_values(&read, target)) {
            plan.task = Task::Classification;
        }
        // Types are looked up here: threads cannot.
        let clocks: HashMap<&str, Clock> = (columns.iter())
            .filter_map(|column| Some((column.name.as_str(), clock(column)?)))
            .collect();
        let (leaks, rows) = compute::run("looking for leakage", reporter, statement, |monitor| {
            let rows = Rows::new(read, &plan, monitor)?;
            let all = Division {
                train: rows.order().to_vec(),
                test: Vec::new(),
            };
            let asked = as_of.and_then(|(place, clock)| Some((place, clock, ordered(&rows, place)?)));
            let prepared = rows.into_prepared(all, &plan, monitor)?;
            let mut leaks = match asked {
                Some((place, clock, values)) => {
                    let name = &columns[place].name;
                    let values = &values;
                    let as_of = Moments { name, clock, values };
                    as_of.check()?;
                    known_later(&prepared, &clocks, &as_of, monitor)?
                }
                None => Vec::new(),
            };
            leaks.extend(prepared.leaks);
            Ok::<_, Error>((leaks, prepared.train.rows()))
        })?;
        if rows < FEWEST_ROWS {
            advise(
                format!("{rows} rows are too few to judge what a feature predicts alone"),
                Some(format!("At least {FEWEST_ROWS} are needed.")),
                None,
            );
        }
        Ok(leaks)
    }
}

/// Whether a target of numbers has two values: then it is a flag.
fn has_two_values(read: &ReadRows, place: usize) -> bool {
    let column = read.columns.get(place).and_then(Option::as_ref);
    let Some(ColumnValues::Lane { lines, lane }) = column.map(|column| &column.values) else {
        return false;
    };
    let mut values: Vec<f64> = Vec::new();
    for value in read.lines[*lines].column_from(*lane, 0).filter(|value| !value.is_nan()) {
        if !values.contains(&value) {
            values.push(value);
        }
        if values.len() > 2 {
            return false;
        }
    }
    values.len() == 2
}

/// The numbers of a column set apart, in the order of the rows that are looked at.
fn ordered(rows: &Rows, place: usize) -> Option<Vec<f64>> {
    match rows.apart(place)? {
        Apart::Numbers(values) => Some(rows.order().iter().map(|&row| values[row as usize]).collect()),
        Apart::Codes { .. } => None,
    }
}

/// Columns of moments that are later than `as_of` in some rows.
fn known_later(
    prepared: &Prepared,
    clocks: &HashMap<&str, Clock>,
    as_of: &Moments<'_>,
    monitor: &dyn Monitor,
) -> Result<Vec<Leak>> {
    let mut leaks = Vec::new();
    for (column, statistic) in prepared.train.frame.columns().iter().zip(&prepared.statistics) {
        let name = &statistic.name;
        if let (Column::Number(values), Some(&clock)) = (column, clocks.get(name.as_str())) {
            leaks.extend(leakage::known_later(&Moments { name, clock, values }, as_of, monitor)?);
        }
    }
    Ok(leaks)
}
