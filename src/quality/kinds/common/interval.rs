//! Intervals of time among the arguments of kinds.

use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};

const DATEPARTS: [&str; 9] = [
    "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
];

/// The error of an interval that is none.
pub fn invalid(interval: &Json) -> Error {
    Error::new(INVALID_PARAMETER, "interval is out of range")
        .detail(format!("It is {interval}."))
        .hint("Write a number above 0 with a datepart, such as \"interval\": 3, \"datepart\": \"day\", or an interval such as \"3 days\".")
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
