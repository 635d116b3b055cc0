//! Rows of a series as values one step after the other: sorted, one value a time, no gaps. What was done is told.

use super::frequency::Frequency;
use super::input::Series;
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

/// The order of a series' rows in time; equal times stay in their order.
pub(super) fn order(series: &Series) -> Vec<usize> {
    let mut order: Vec<usize> = (0..series.times.len()).collect();
    order.sort_by_key(|&index| series.times[index]);
    order
}

/// A series at the steps of its frequency. `name` is for errors.
pub(super) fn regular(
    series: &Series,
    frequency: Frequency,
    params: &ForecastParams,
    name: &str,
    monitor: &dyn Monitor,
) -> Result<Regular> {
    let order = order(series);
    let is_known = |index: &&usize| series.values[**index].is_finite();
    let (Some(&first), Some(&last)) = (order.iter().find(is_known), order.iter().rev().find(is_known)) else {
        return Ok(Regular::default());
    };
    let anchor = series.times[last];
    let begin = frequency.step_of(series.times[first], anchor);
    let end = frequency.step_of(anchor, anchor);
    let rows = order.len();
    let known_until = order
        .last()
        .map_or(end, |&index| frequency.step_of(series.times[index], anchor));
    let steps = usize::try_from(known_until.saturating_sub(begin).saturating_add(1)).unwrap_or(usize::MAX);
    if steps > rows.saturating_mul(SPARSE).max(100_000) {
        let hint = "Say \"frequency\", or look for a time that is far from the others.";
        return Err(
            Error::data(format!("series {name} has too few values for its frequency"), hint).detail(format!(
                "It has {rows} rows, but {steps} steps of a {} between its times.",
                frequency.name()
            )),
        );
    }
    let count = (end - begin + 1) as usize;
    let mut cells = room::filled(Cell::default(), steps)?;
    let mut moved = 0;
    for (done, &index) in order.iter().enumerate() {
        if done % 4096 == 0 {
            monitor.check()?;
        }
        let time = series.times[index];
        let step = frequency.step_of(time, anchor);
        if step < begin {
            continue;
        }
        if frequency.time_of(step, anchor) != time {
            moved += 1;
        }
        cells[(step - begin) as usize].take(series.values[index], index, params.duplicates);
    }
    let mut notes = Vec::new();
    let mut note = |note: Note| {
        if note.count() > 0 {
            notes.push(note)
        }
    };
    let merged: usize = cells[..count].iter().map(|cell| cell.count.saturating_sub(1)).sum();
    let missing = cells[..count].iter().filter(|cell| cell.count == 0).count();
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
    note(Note::Merged(merged));
    note(Note::Filled(missing));
    note(Note::Moved(moved));
    let mut values = room::with_capacity(count)?;
    values.extend(cells[..count].iter().map(|cell| cell.value(params.duplicates)));
    fill(&mut values, params.gaps);
    note(Note::Zeros(values.iter().filter(|value| **value == 0.0).count()));
    note(Note::Negative(values.iter().filter(|value| **value < 0.0).count()));
    let regressors = series.regressors.iter().map(|regressor| {
        let mut column = room::with_capacity(steps)?;
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

fn refuse(is_wrong: bool, name: &str, problem: &str, count: usize, hint: &'static str) -> Result<()> {
    match is_wrong {
        true => {
            Err(Error::data(format!("series {name} has {problem}"), hint).detail(format!("That is so {count} times.")))
        }
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
