//! Intervals of time among the arguments of kinds.

use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;

const DATEPARTS: [&str; 9] = [
    "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
];

/// The error of an interval that is none.
pub fn invalid(interval: &Json) -> Error {
    Error::new(INVALID_PARAMETER, "interval is out of range")
        .detail(format!("It is {interval}."))
        .hint("Write a number above 0 with a datepart, such as \"interval\": 3, \"datepart\": \"day\", or an interval such as \"3 days\".")
}

/// A step between values of a column.
pub enum Step {
    /// Between points in time, as an expression of SQL.
    Time(String),
    /// Between numbers.
    Number(f64),
}

/// The step that a kind was given for a column: dates and timestamps take a datepart, days if none is named. Returns an error with 22023 where
/// the column is neither a number nor a point in time, or the step does not suit it.
pub fn step(kind_name: &str, column: &OutputColumn, datepart: Option<&str>, interval: &Json) -> Result<Step> {
    let kind = intake::kind_of(column.type_oid);
    if kind.is_time() {
        let datepart = datepart.or(interval.is_number().then_some("day"));
        return sql(datepart, interval).map(Step::Time);
    }
    if !kind.is_number() || datepart.is_some() {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "{kind_name} needs a number, date or timestamp, but column \"{}\" is {}",
                column.name, column.type_name
            ),
        )
        .hint("Numbers take interval alone; datepart is for dates and timestamps."));
    }
    match interval.as_f64().filter(|step| *step > 0.0) {
        Some(step) => Ok(Step::Number(step)),
        None => Err(invalid(interval)),
    }
}

/// An interval as an expression of SQL.
pub fn sql(datepart: Option<&str>, interval: &Json) -> Result<String> {
    let text = text(datepart, interval)?;
    Ok(format!("{}::pg_catalog.interval", quote_literal(text)))
}

/// An interval as PostgreSQL reads it: a number of dateparts, or a text. Returns an error with 22023 where it is neither.
pub fn text(datepart: Option<&str>, interval: &Json) -> Result<String> {
    match (interval, datepart) {
        (Json::Number(number), Some(datepart)) => {
            if !DATEPARTS.contains(&datepart) {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("unknown datepart \"{datepart}\""))
                        .hint(format!("The dateparts are: {}.", DATEPARTS.join(", "))),
                );
            }
            let number = number
                .as_f64()
                .filter(|number| *number > 0.0)
                .ok_or_else(|| invalid(interval))?;
            Ok(match datepart {
                "quarter" => format!("{} months", 3.0 * number),
                datepart if number == 1.0 => format!("1 {datepart}"),
                datepart => format!("{number} {datepart}s"),
            })
        }
        (Json::String(text), None) => Ok(text.clone()),
        _ => Err(invalid(interval)),
    }
}
