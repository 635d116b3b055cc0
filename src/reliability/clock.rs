//! The clock as callers give it: functions that judge take the time as an argument.

use pgrx::datum::TimestampWithTimeZone;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// The beginning of the year 1, and that of the year 10000, in microseconds since 2000. Windows, leases and days more on either side of a time between
/// them are times that PostgreSQL has.
const YEARS: std::ops::Range<i64> = -63_082_281_600_000_000..252_455_616_000_000_000;

/// Whether a time is of a year from 1 to 9999.
pub fn is_known(micros: i64) -> bool {
    YEARS.contains(&micros)
}

/// The time of an argument, in microseconds since 2000. Returns an error with 22023 for one that is infinite or of no year from 1 to 9999.
pub fn of(name: &str, at: TimestampWithTimeZone) -> Result<i64> {
    let micros = i64::from(at);
    match is_known(micros) {
        true => Ok(micros),
        false => Err(
            Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is out of range"))
                .hint("Give a time of the years 1 to 9999."),
        ),
    }
}
