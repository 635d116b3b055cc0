//! One side of a comparison: its columns and segments, from one pass over its rows.

use hashbrown::HashMap;
use serde_json::Value as Json;

use super::column::{Column, Content};
use super::hours;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result};
use crate::pg::intake;
use crate::quality::grouping::Grouping;
use crate::quality::pass::{InputPlace, Pass, Question};
use crate::quality::source::Source;
use crate::quality::value;
use algo::drift::{Limits, Scale};
use algo::scan::{Constant, MOST_SEGMENTS, Measure, PlanColumn, Scan, Tally, Test};

/// Reads the rows of a source once: the distribution of each wanted column, of the hours of the day of those whose hours are wanted, and of each
/// segment. O(columns) a row; memory below 64 MB whatever the rows.
pub fn read(
    source: &Source,
    wants: impl Fn(&str) -> bool,
    wants_hours: impl Fn(&str) -> bool,
    group_by: &[String],
) -> Result<Vec<Scan>> {
    source.require_distinct_names()?;
    let mut pass = Pass::default();
    let grouping: Vec<InputPlace> = Grouping::new(group_by, source)?
        .groups
        .iter()
        .map(|group| pass.group(group))
        .collect();
    let mut wanted: Vec<(InputPlace, &str, Option<Scale>)> = Vec::new();
    for column in source.columns() {
        if wants(&column.name) {
            let scale = Scale::of(intake::kind_of(column.type_oid));
            wanted.push((pass.column(column), &column.name, scale));
        }
        let hours = hours::of(column).filter(|hours| wants_hours(&column.name) && source.column(&hours.name).is_none());
        if let Some(hours) = hours {
            wanted.push((pass.group(&hours), &column.name, Some(Scale::Categories)));
        }
    }
    if wanted.is_empty() {
        return Err(Error::new(INVALID_PARAMETER, "the query has no column to compare")
            .detail(format!("The query is: {}", source.text))
            .hint("Give it columns, or name others in \"columns\" and \"exclude\"."));
    }
    // Segments take as much memory together as the whole.
    let limits = Limits::for_columns(wanted.len() * if grouping.is_empty() { 1 } else { 2 });
    for (place, name, scale) in wanted {
        let test = match scale {
            Some(_) => Test::Distribution(limits),
            None => Test::Rows,
        };
        let mut ask = |grouping: &[_]| {
            pass.ask(Question {
                column: Some(place),
                filter: None,
                grouping: grouping.to_vec(),
                test: test.clone(),
            });
        };
        ask(&[]);
        if !grouping.is_empty() && !group_by.iter().any(|group| group == name) {
            ask(&grouping);
        }
    }
    Ok(pass.run(source)?.into_scans())
}

/// A segment of a side.
pub struct Segment<'a> {
    /// Its columns with their values.
    pub values: Json,
    /// How many rows it has.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<Column<'a>>,
}

/// One side.
pub struct Side<'a> {
    /// Its columns, in the order of the query.
    pub columns: Vec<Column<'a>>,
    /// Its segments, in no order.
    pub segments: Vec<Segment<'a>>,
}

impl<'a> Side<'a> {
    /// What scans of one pass have found. Returns an error with 54000 when there were too many segments.
    pub fn of(scans: &'a [Scan]) -> Result<Side<'a>> {
        let mut side = Side {
            columns: Vec::new(),
            segments: Vec::new(),
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        for scan in scans {
            let plan = scan.plan();
            for (index, check) in plan.checks.iter().enumerate() {
                let Some(column) = check.column.map(|column| &plan.columns[column]) else {
                    continue;
                };
                let column = |tally: &'a Tally| Column {
                    name: column.name.clone(),
                    type_name: column.type_name.clone(),
                    kind: column.kind,
                    rows: tally.rows,
                    nulls: tally.nulls,
                    content: match tally.measure() {
                        Measure::Distribution(distribution) => Content::Counted(distribution),
                        _ => Content::Nothing,
                    },
                };
                let tallies = scan.tallies(index);
                let Some(grouping) = check.grouping else {
                    side.columns.extend(tallies.iter().map(column));
                    continue;
                };
                let segments = scan.segments(grouping);
                if segments.overflowed() {
                    return Err(Error::new(
                        LIMIT_EXCEEDED,
                        "the columns of group_by have more combinations of values than fit into memory",
                    )
                    .detail(format!("At most {MOST_SEGMENTS} are compared, fewer of many columns."))
                    .hint("Group by fewer columns, or by coarser ones."));
                }
                let of = plan.groupings[grouping].iter().map(|&column| &plan.columns[column]);
                let json = |segment: &[Option<Constant>]| -> Json {
                    let cell = |(column, value): (&PlanColumn, &Option<Constant>)| {
                        let value = value.as_ref().map_or(Json::Null, |cell| value::json(column.kind, cell));
                        (column.name.clone(), value)
                    };
                    Json::Object(of.clone().zip(segment).map(cell).collect())
                };
                for (segment, tally) in segments.values().iter().zip(tallies) {
                    serve_interrupts();
                    let values = json(segment);
                    let place = *places.entry(values.to_string()).or_insert_with(|| {
                        side.segments.push(Segment {
                            values,
                            rows: tally.rows,
                            columns: Vec::new(),
                        });
                        side.segments.len() - 1
                    });
                    side.segments[place].columns.push(column(tally));
                }
            }
        }
        Ok(side)
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.columns.first().map_or(0, |column| column.rows)
    }
}
