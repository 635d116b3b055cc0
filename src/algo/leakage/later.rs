//! Dates and timestamps that are later than the moment of a row's label: the row to predict does not have them yet.

use super::Leak;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// How moments are counted, since 2000-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Days.
    Date,
    /// Seconds, of a time without a zone.
    Local,
    /// Seconds, of a time in the world.
    World,
}

/// The moments of a column, NaN for none.
pub struct Moments<'a> {
    /// Its name.
    pub name: &'a str,
    /// How they are counted.
    pub clock: Clock,
    /// One for each row.
    pub values: &'a [f64],
}

const DAY: f64 = 86_400.0;
/// Local time is at most so many seconds ahead of UTC, or behind it.
const ZONES: f64 = 14.0 * 3600.0;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

impl Moments<'_> {
    /// Returns an error for a label's moments that are never known.
    pub fn check(&self) -> Result<()> {
        if !self.values.iter().all(|value| value.is_nan()) {
            return Ok(());
        }
        Err(Error::data(
            format!("as_of \"{}\" is NULL in every row", self.name),
            "name the column that says when each row's target became known",
        ))
    }

    /// The first second of a row's moment, and the first after it: a date is the whole day.
    fn span(&self, row: usize) -> (f64, f64) {
        let value = self.values[row];
        match self.clock {
            Clock::Date => (value * DAY, (value + 1.0) * DAY),
            Clock::Local | Clock::World => (value, value),
        }
    }
}

/// What is said of a column that is later than `as_of` in some rows: for certain, so that a time of day is not later than its date, and times
/// with and without a zone may differ by what zones do. Returns an error only when stopped.
pub fn known_later(feature: &Moments<'_>, as_of: &Moments<'_>, monitor: &dyn Monitor) -> Result<Option<Leak>> {
    let slack = match (feature.clock, as_of.clock) {
        (Clock::World, Clock::World) | (Clock::Date | Clock::Local, Clock::Date | Clock::Local) => 0.0,
        (Clock::World, Clock::Date | Clock::Local) | (Clock::Date | Clock::Local, Clock::World) => ZONES,
    };
    let (mut compared, mut later, mut most) = (0_u64, 0_u64, 0.0_f64);
    for row in 0..feature.values.len().min(as_of.values.len()) {
        if row % BLOCK == 0 {
            monitor.check()?;
        }
        let ((moment, _), (asked, after)) = (feature.span(row), as_of.span(row));
        if moment.is_nan() || asked.is_nan() {
            continue;
        }
        compared += 1;
        let is_later = match as_of.clock {
            Clock::Date => moment >= after + slack,
            Clock::Local | Clock::World => moment > asked + slack,
        };
        if is_later {
            later += 1;
            most = most.max(moment - asked);
        }
    }
    if later == 0 {
        return Ok(None);
    }
    let figure = format!(
        "later than \"{}\" in {later} of {compared} rows, by up to {}",
        as_of.name,
        duration(most)
    );
    Ok(Some(Leak {
        feature: feature.name.into(),
        reason: format!("known after as_of: {figure}"),
        evidence: later as f64 / compared as f64,
        message: format!("column \"{}\" is {figure}", feature.name),
        advice: format!(
            "What was not known at \"{}\" is not known of rows to predict: leave it out of the query, or give what was known by then. \
             A date that is set beforehand, such as a due date, may stay.",
            as_of.name
        ),
    }))
}

/// A time in one unit, for people.
fn duration(seconds: f64) -> String {
    let (number, unit) = match seconds {
        seconds if seconds >= DAY => (seconds / DAY, "day"),
        seconds if seconds >= 3600.0 => (seconds / 3600.0, "hour"),
        seconds if seconds >= 60.0 => (seconds / 60.0, "minute"),
        seconds => (seconds, "second"),
    };
    let number = (number * 10.0).round() / 10.0;
    format!("{number} {unit}{}", if number == 1.0 { "" } else { "s" })
}
