//! Rows of a series as values one step after the other: sorted, one value a time, no gaps. What was done is told.

use super::frequency::Frequency;
use super::input::Series;
use super::model::FURTHEST;
use super::notes::Note;
use super::options::{Duplicates, ForecastParams, Gaps};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// A series with a value at every step.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Regular {
    /// From the first value to the last.
    pub values: Vec<f64>,
    /// The time of the last value.
    pub last: i64,
    /// For each regressor, its values at these steps, and at those to come as far as they are known.
    pub regressors: Vec<Vec<f64>>,
    pub notes: Vec<Note>,
}

/// The most steps that gaps may add: more means that the frequency is not that of the times.
const SPARSE: usize = 1000;

/// Steps between two looks at the monitor.
const LOOK: usize = 1 << 14;

/// The order of a series' rows in time; equal times stay in their order.
pub(super) fn order(series: &Series) -> Result<Vec<usize>> {
    let mut order: Vec<usize> = room::with_capacity(series.times.len())?;
    order.extend(0..series.times.len());
    order.sort_by_key(|&index| series.times[index]);
    Ok(order)
}

/// From which step on there are values, and until which regressors are known.
#[derive(Clone, Copy)]
struct Span {
    begin: i64,
    known_until: i64,
    /// Whether there are values before, which are not learned from.
    is_cut: bool,
}

/// A series at the steps of its frequency: the last so many of them. `name` is for errors.
pub(super) fn regular(
    series: &Series,
    (frequency, longest): (Frequency, usize),
    params: &ForecastParams,
    name: &str,
    monitor: &dyn Monitor,
) -> Result<Regular> {
    let order = order(series)?;
    let is_known = |index: &&usize| series.values[**index].is_finite();
    let (Some(&first), Some(&last)) = (order.iter().find(is_known), order.iter().rev().find(is_known)) else {
        return Ok(Regular::default());
    };
    let anchor = series.times[last];
    let step_of = |time: i64| frequency.step_of(time, anchor);
    let (first, end) = (step_of(series.times[first]), step_of(anchor));
    let latest = order.last().map_or(end, |&index| step_of(series.times[index]));
    let steps = usize::try_from(latest.saturating_sub(first).saturating_add(1)).unwrap_or(usize::MAX);
    if steps > order.len().saturating_mul(SPARSE).max(100_000) {
        let hint = "Say \"frequency\", or look for a time that is far from the others.";
        return Err(
            Error::data(format!("{name} has too few values for its frequency"), hint).detail(format!(
                "It has {} rows, but {steps} steps of a {} between its times.",
                order.len(),
                frequency.name()
            )),
        );
    }
    let begin = first.max(end.saturating_sub(longest as i64 - 1));
    let span = Span {
        begin,
        known_until: latest.min(end.saturating_add(FURTHEST as i64)),
        is_cut: begin > first,
    };
    let (cells, moved) = cells(series, &order, (frequency, anchor), span, params.duplicates, monitor)?;
    let mut notes = Vec::new();
    let values = values(&cells[..(end - begin + 1) as usize], params, name, moved, &mut notes)?;
    if span.is_cut {
        notes.push(Note::Recent(values.len()));
    }
    let regressors = series.regressors.iter().map(|regressor| {
        monitor.check()?;
        let mut column = room::with_capacity(cells.len())?;
        column.extend(cells.iter().map(|cell| cell.row.map_or(f64::NAN, |row| regressor[row])));
        carry(&mut column);
        Ok(column)
    });
    Ok(Regular {
        regressors: regressors.collect::<Result<_>>()?,
        values,
        last: frequency.time_of(end, anchor),
        notes,
    })
}

/// What rows say of each step of a span, and how many of them are between steps.
fn cells(
    series: &Series,
    order: &[usize],
    (frequency, anchor): (Frequency, i64),
    span: Span,
    duplicates: Duplicates,
    monitor: &dyn Monitor,
) -> Result<(Vec<Cell>, usize)> {
    let steps = (span.known_until - span.begin + 1) as usize;
    let mut cells = room::with_capacity(steps)?;
    while cells.len() < steps {
        monitor.check()?;
        cells.resize(steps.min(cells.len() + LOOK), Cell::default());
    }
    let mut moved = 0;
    for (done, &index) in order.iter().enumerate() {
        if done.is_multiple_of(LOOK) {
            monitor.check()?;
        }
        let time = series.times[index];
        let step = frequency.step_of(time, anchor);
        if (span.begin..=span.known_until).contains(&step) {
            moved += usize::from(frequency.time_of(step, anchor) != time);
            cells[(step - span.begin) as usize].take(series.values[index], index, duplicates);
        }
    }
    Ok((cells, moved))
}

/// The value of each step. Notes what was done. Returns an error for what was asked not to be.
fn values(
    cells: &[Cell],
    params: &ForecastParams,
    name: &str,
    moved: usize,
    notes: &mut Vec<Note>,
) -> Result<Vec<f64>> {
    let merged: usize = cells.iter().map(|cell| cell.count.saturating_sub(1)).sum();
    let missing = cells.iter().filter(|cell| cell.count == 0).count();
    refuse(
        params.duplicates == Duplicates::Error && merged > 0,
        name,
        "several values at one time",
        merged,
        "Say \"duplicates\": sum, mean or last.",
    )?;
    refuse(
        params.gaps == Gaps::Error && missing > 0,
        name,
        "no value at some times",
        missing,
        "Say \"gaps\": interpolate, zero or previous.",
    )?;
    let mut values = room::with_capacity(cells.len())?;
    values.extend(cells.iter().map(|cell| cell.value(params.duplicates)));
    fill(&mut values, params.gaps);
    let zeros = values.iter().filter(|value| **value == 0.0).count();
    let negative = values.iter().filter(|value| **value < 0.0).count();
    let found = [
        Note::Merged(merged),
        Note::Filled(missing),
        Note::Moved(moved),
        Note::Zeros(zeros),
        Note::Negative(negative),
    ];
    notes.extend(found.into_iter().filter(|note| note.count() > 0));
    Ok(values)
}

fn refuse(is_wrong: bool, name: &str, problem: &str, count: usize, hint: &'static str) -> Result<()> {
    match is_wrong {
        true => Err(Error::data(format!("{name} has {problem}"), hint).detail(format!("That is so {count} times."))),
        false => Ok(()),
    }
}

/// What rows say of one step.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// The sum, or the last.
    sum: f64,
    /// How many values.
    count: usize,
    /// The last row.
    row: Option<usize>,
}

impl Cell {
    fn take(&mut self, value: f64, row: usize, duplicates: Duplicates) {
        self.row = Some(row);
        if value.is_finite() {
            self.count += 1;
            match duplicates {
                Duplicates::Last => self.sum = value,
                Duplicates::Mean | Duplicates::Sum | Duplicates::Error => self.sum += value,
            }
        }
    }

    fn value(&self, duplicates: Duplicates) -> f64 {
        match (self.count, duplicates) {
            (0, _) => f64::NAN,
            (count, Duplicates::Mean) => self.sum / count as f64,
            (_, Duplicates::Sum | Duplicates::Last | Duplicates::Error) => self.sum,
        }
    }
}

/// Gives each NaN between the first and the last value one.
fn fill(values: &mut [f64], gaps: Gaps) {
    let known = values.iter().filter(|value| value.is_finite());
    let (count, zeros) = known.fold((0, 0), |(count, zeros), value| {
        (count + 1, zeros + usize::from(*value == 0.0))
    });
    let is_zero = gaps == Gaps::Zero || gaps == Gaps::Interpolate && 2 * zeros > count;
    let mut index = 0;
    while index < values.len() {
        let length = values[index..].iter().take_while(|value| !value.is_finite()).count();
        if length > 0 && index > 0 {
            let before = values[index - 1];
            let after = values.get(index + length).copied().unwrap_or(before);
            for (offset, value) in values[index..index + length].iter_mut().enumerate() {
                *value = match (is_zero, gaps) {
                    (true, _) => 0.0,
                    (false, Gaps::Previous) => before,
                    (false, Gaps::Interpolate | Gaps::Zero | Gaps::Error) => {
                        before + (after - before) * (offset + 1) as f64 / (length + 1) as f64
                    }
                };
            }
        }
        index += length + 1;
    }
}

/// Gives each NaN the value before, the first ones 0.
fn carry(column: &mut [f64]) {
    let mut before = 0.0;
    for value in column {
        match value.is_finite() {
            true => before = *value,
            false => *value = before,
        }
    }
}
