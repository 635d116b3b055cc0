//! The rows of a training query, streamed into columns under a bound of memory.

use super::columns::{ColumnBuilder, heading_of};
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INTERNAL, MEMORY_LIMIT, Result, megabytes};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::Reader;
use crate::pg::settings;
use algo::lines::{LINE, Lines};
use algo::monitor::Monitor;
use algo::prepare::{ColumnValues, Heading, ReadColumn, ReadRows};

/// The columns of a query, growing row by row. Numbers stand side by side in lines, as many as a line of the cache holds.
pub struct Reading {
    /// How many columns the query has.
    columns: usize,
    rows: u64,
    groups: Vec<Group>,
    others: Vec<(usize, ColumnBuilder)>,
}

/// Number columns that share lines.
struct Group {
    lanes: Vec<Lane>,
    /// How many values of each lane were NaN or infinite.
    non_finite: [u64; LINE],
    /// The place of the first one, when they are neighbours of double precision, which are read faster.
    floats: Option<usize>,
    lines: Lines,
}

/// A column of numbers: its place in the query, and how it is read.
struct Lane {
    place: usize,
    heading: Heading,
    reader: Reader,
}

impl Reading {
    /// No rows yet. `wanted` says of each column of the query whether it is read; those in `apart`, which are no features, stand in lines of
    /// their own. Returns `ML005` for a column of a type that assay cannot read.
    pub fn new(query: &Query, apart: &[usize], wanted: impl Fn(usize) -> bool) -> Result<Reading> {
        let (mut groups, mut others) = (Vec::<Vec<Lane>>::new(), Vec::new());
        let mut open = None;
        for (place, column) in query.columns().iter().enumerate() {
            if !wanted(place) {
                continue;
            }
            let (heading, reader) = heading_of(column)?;
            if !heading.kind.is_number() {
                others.push((place, ColumnBuilder::new(heading, reader)));
                continue;
            }
            let lane = Lane { place, heading, reader };
            let shared = !apart.contains(&place);
            match open.filter(|_| shared).and_then(|group: usize| groups.get_mut(group)) {
                Some(lanes) if lanes.len() < LINE => lanes.push(lane),
                _ => {
                    if shared {
                        open = Some(groups.len());
                    }
                    groups.push(vec![lane]);
                }
            }
        }
        Ok(Reading {
            columns: query.columns().len(),
            rows: 0,
            groups: groups.into_iter().map(Group::new).collect(),
            others,
        })
    }

    /// How many columns are read.
    pub fn width(&self) -> usize {
        self.others.len() + self.groups.iter().map(|group| group.lanes.len()).sum::<usize>()
    }

    /// Bytes that the rows so far take.
    pub fn memory(&self) -> usize {
        let numbers: usize = self.groups.iter().map(|group| group.lines.memory()).sum();
        numbers + self.others.iter().map(|(_, column)| column.memory()).sum::<usize>()
    }

    /// Runs the query to its end. `needed` tells the bytes that so many rows, which take so many bytes, will need; more than
    /// `assay.max_memory` is an error (53400), be they needed or already held, of which `statement` knows. `what` names the training in progress reports.
    /// `None` as soon as there are more than `most` rows.
    pub fn run(
        mut self,
        query: &Query,
        needed: impl Fn(usize, u64) -> usize,
        what: &str,
        reporter: &mut Reporter,
        statement: &Foreground,
        most: Option<u64>,
    ) -> Result<Option<ReadRows>> {
        /// Rows between two looks at the memory and the clock.
        const BLOCK: u64 = 4096;
        let (expected, allowed) = (query.expected_rows(), settings::max_memory());
        let check =
            |reading: &Reading| check_memory(needed(reading.memory(), reading.rows), reading.rows, expected, allowed);
        let is_beyond = |reading: &Reading| most.is_some_and(|most| reading.rows > most);
        let ran = query.run(&mut |row| {
            self.push(row, statement)?;
            if is_beyond(&self) {
                // Ends the query, and is no error for anybody.
                return Err(Error::new(INTERNAL, "there are more rows than are held"));
            }
            if self.rows.is_multiple_of(BLOCK) {
                check(&self)?;
                reporter.rows(what, self.rows, expected);
            }
            Ok(())
        });
        if is_beyond(&self) {
            return Ok(None);
        }
        ran?;
        check(&self)?;
        Ok(Some(self.finish()))
    }

    #[inline]
    fn push(&mut self, row: &Row<'_>, statement: &Foreground) -> Result<()> {
        for group in &mut self.groups {
            group.push(row)?;
        }
        for (place, column) in &mut self.others {
            // Unpacking is an allocation, too: as large as the value, and not by Rust.
            statement.allow(row.unpacked_size(*place))?;
            column.push(&row.value(*place))?;
        }
        statement.check()?;
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> ReadRows {
        let mut columns: Vec<Option<ReadColumn>> = (0..self.columns).map(|_| None).collect();
        for (place, column) in self.others {
            columns[place] = Some(column.finish());
        }
        let mut all_lines = Vec::with_capacity(self.groups.len());
        for (number, group) in self.groups.into_iter().enumerate() {
            for (lane, (column, non_finite)) in group.lanes.into_iter().zip(group.non_finite).enumerate() {
                columns[column.place] = Some(ReadColumn {
                    heading: column.heading,
                    non_finite,
                    values: ColumnValues::Lane { lines: number, lane },
                });
            }
            all_lines.push(group.lines);
        }
        ReadRows {
            rows: self.rows as usize,
            columns,
            lines: all_lines,
        }
    }
}

impl Group {
    /// Without rows. At most [`LINE`] lanes.
    fn new(lanes: Vec<Lane>) -> Group {
        let first = lanes.first().map_or(0, |lane| lane.place);
        let in_order = |(lane, place): (&Lane, usize)| lane.place == place && lane.reader == Reader::Float8;
        Group {
            non_finite: [0; LINE],
            floats: lanes.iter().zip(first..).all(in_order).then_some(first),
            lines: Lines::new(lanes.len()),
            lanes,
        }
    }

    /// Appends a row's numbers.
    #[inline(always)]
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let mut line = [f64::NAN; LINE];
        let width = self.lanes.len();
        match self.floats {
            // A width that is known beforehand needs no loop.
            Some(first) if width == LINE => row.floats(first, &mut line, &mut self.non_finite),
            Some(first) => row.floats(first, &mut line[..width], &mut self.non_finite),
            None => {
                for ((number, lane), non_finite) in line.iter_mut().zip(&self.lanes).zip(&mut self.non_finite) {
                    let Some(value) = row.number(lane.place) else { continue };
                    if value.is_finite() {
                        *number = value;
                    } else {
                        *non_finite += 1;
                    }
                }
            }
        }
        Ok(self.lines.push(&line[..width])?)
    }
}

/// Returns 53400 when `rows` rows, of `expected`, need more memory than is allowed.
pub(super) fn check_memory(needed: usize, rows: u64, expected: f64, allowed: usize) -> Result<()> {
    if needed <= allowed {
        return Ok(());
    }
    let whole = needed as f64 / rows as f64 * expected.max(rows as f64);
    Err(out_of_memory(format!(
        "{rows} rows need {}, {} are allowed; about {} would be needed for the {:.0} rows that the planner expects.",
        megabytes(needed),
        megabytes(allowed),
        megabytes(whole as usize),
        expected.max(rows as f64),
    ))
    .hint(format!("{}, or train on fewer rows or columns.", settings::MORE_MEMORY)))
}

/// The error of a training that would hold too much; it still lacks its hint.
pub fn out_of_memory(detail: String) -> Error {
    Error::new(MEMORY_LIMIT, "training needs more memory than assay.max_memory allows").detail(detail)
}
