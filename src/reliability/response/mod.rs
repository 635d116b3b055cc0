//! Who has to act on an incident, and by when: working hours, rotations, policies, and what happens when nobody does.

mod calendar;
mod escalate;
mod hours;
mod policy;
mod rotation;

use pgrx::datum::Interval;

use super::read::{query_json, read_json, read_one};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result};
use crate::pg::role;
use crate::pg::text::Text;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;
/// The longest time that something may be given, in seconds: 366 days.
const LONGEST: f64 = 366.0 * 86_400.0;

/// Returns an error with 42501 unless the caller looks after what belongs to nobody in particular.
fn require_steward(what: &str) -> Result<()> {
    match role::is_steward() {
        true => Ok(()),
        false => Err(
            Error::new(INSUFFICIENT_PRIVILEGE, format!("permission denied for {what}"))
                .hint("It takes the rights of the database's owner: it holds for everybody's incidents."),
        ),
    }
}

/// The seconds of an argument, in which a day has 24 hours. Returns an error with 22023 for one with months, below `least` seconds or over a year.
fn seconds(name: &str, interval: &Interval, least: f64) -> Result<f64> {
    let refused = |problem: String| {
        Error::new(INVALID_PARAMETER, format!("argument \"{name}\" {problem}"))
            .hint("Write hours, days or weeks, such as '30 minutes' or '1 day'; a day has 24 hours.")
    };
    if interval.months() != 0 {
        return Err(refused("has months, which are not all as long".into()));
    }
    let seconds = f64::from(interval.days()) * 86_400.0 + interval.micros() as f64 / SECOND as f64;
    match (least..=LONGEST).contains(&seconds) {
        true => Ok(seconds),
        false => Err(refused("is out of range".into())
            .detail(format!("It has {seconds} seconds; it must have {least} to {LONGEST}."))),
    }
}

/// The session's time zone.
fn session_time_zone() -> Result<String> {
    let zone: Option<Text> = read_one("SELECT pg_catalog.current_setting('TimeZone')", &[])?;
    Ok(zone.map_or("UTC".into(), String::from))
}
