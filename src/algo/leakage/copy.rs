//! Copies of the target: the same values, the same in another unit, or another name for each class.

use super::{Leak, NOT_AT_HAND};
use crate::error::Result;
use crate::frame::Column;
use crate::monitor::Monitor;
use crate::training_set::Target;

/// Fewer rows say nothing; of a class a tenth of it.
const FEWEST: usize = 100;
/// How far a number may be from what it is a copy of, in parts of the greatest one: what computing it twice may change.
const TOLERANCE: f64 = 1e-9;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// The target that columns may be copies of.
pub(super) struct Sought<'a> {
    name: &'a str,
    target: &'a Target,
    /// How far a number may be from what it is a copy of.
    allowed: f64,
}

impl Sought<'_> {
    /// O(rows).
    pub(super) fn new<'a>(name: &'a str, target: &'a Target) -> Sought<'a> {
        let greatest = match target {
            Target::Numbers(values) => values.iter().fold(0.0_f64, |most, y| most.max(y.abs())),
            Target::None | Target::Classes { .. } => 0.0,
        };
        Sought {
            name,
            target,
            allowed: greatest * TOLERANCE,
        }
    }

    /// What is said of a column that is the target. Stops at the first row that shows that it is not.
    pub(super) fn find(&self, name: &str, column: &Column, monitor: &dyn Monitor) -> Result<Option<Leak>> {
        monitor.check()?;
        let figure = match self.target {
            Target::None => None,
            Target::Numbers(values) => number_figure(column, values, self.allowed, monitor)?,
            Target::Classes { numbers, count } => class_figure(column, numbers, *count, monitor)?,
        };
        Ok(figure.map(|(figure, share)| Leak {
            feature: name.into(),
            reason: format!("copy of the target: {figure}"),
            evidence: share,
            message: format!("column \"{name}\" is a copy of target \"{}\": {figure}", self.name),
            advice: NOT_AT_HAND.into(),
        }))
    }
}

/// The figure of numbers that a line leads to, and the share of rows that have one.
fn number_figure(
    column: &Column,
    target: &[f64],
    allowed: f64,
    monitor: &dyn Monitor,
) -> Result<Option<(String, f64)>> {
    let Column::Number(values) = column else {
        return Ok(None);
    };
    let known = || values.iter().zip(target).filter(|(x, _)| !x.is_nan());
    // Two points that are far from each other among the first rows.
    let Some(&(mut low, mut low_target)) = known().next().map(|(x, y)| (*x, *y)).as_ref() else {
        return Ok(None);
    };
    let (mut high, mut high_target) = (low, low_target);
    for (&x, &y) in known().take(1000) {
        if x < low {
            (low, low_target) = (x, y);
        }
        if x > high {
            (high, high_target) = (x, y);
        }
    }
    let slope = (high_target - low_target) / (high - low);
    if !slope.is_finite() || slope == 0.0 {
        return Ok(None);
    }
    let (mut rows, mut equal) = (0_usize, true);
    for (row, (&x, &y)) in known().enumerate() {
        if row % BLOCK == 0 {
            monitor.check()?;
        }
        if ((x - low) * slope + low_target - y).abs() > allowed {
            return Ok(None);
        }
        equal &= x == y;
        rows += 1;
    }
    if rows < FEWEST || rows * 2 < target.len() {
        return Ok(None);
    }
    let figure = match equal {
        true => format!("equal in {rows} of {} rows", target.len()),
        false => format!(
            "on a line with it in {rows} of {} rows, {} for each 1 of the column",
            target.len(),
            rounded(slope)
        ),
    };
    Ok(Some((figure, rows as f64 / target.len() as f64)))
}

/// A number with as many digits as people read.
fn rounded(number: f64) -> String {
    let short = format!("{number:.5e}").parse::<f64>().unwrap_or(number);
    if (1e-4..1e15).contains(&short.abs()) {
        short.to_string()
    } else {
        format!("{short:e}")
    }
}

/// The figure of values of which each class has one of its own. Missing is a value, too.
fn class_figure(
    column: &Column,
    classes: &[f64],
    count: usize,
    monitor: &dyn Monitor,
) -> Result<Option<(String, f64)>> {
    /// A value by which it is known again.
    fn key(value: f64) -> u64 {
        if value.is_nan() {
            u64::MAX
        } else {
            (value + 0.0).to_bits()
        }
    }
    let mut values: Vec<Option<u64>> = vec![None; count];
    let mut rows = vec![0_usize; count];
    for (row, &class) in classes.iter().enumerate() {
        if row % BLOCK == 0 {
            monitor.check()?;
        }
        let (value, class) = (key(column.encoded(row)), class as usize);
        match values[class] {
            None if values.contains(&Some(value)) => return Ok(None),
            None => values[class] = Some(value),
            Some(own) if own != value => return Ok(None),
            Some(_) => {}
        }
        rows[class] += 1;
    }
    if classes.len() < FEWEST || rows.iter().any(|&rows| rows < FEWEST / 10) {
        return Ok(None);
    }
    Ok(Some((
        format!("each class has one value of its own in all {} rows", classes.len()),
        1.0,
    )))
}
