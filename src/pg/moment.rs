//! Dates and timestamps from texts, by PostgreSQL's own rules.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{IntoDatum, PgSqlErrorCode, PgTryBuilder, pg_sys};

use super::codes;
use super::encoding;
use super::error::Result;
use super::reader::Reader;

/// A type of dates or timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Date,
    Timestamp,
    TimestampWithTimeZone,
}

impl Moment {
    /// The number that a text of this type is read as, in the session's time zone and style; `None` for one that is none.
    pub fn parse(self, text: &str) -> Result<Option<f64>> {
        let text = encoding::encode_c(text)?;
        let no_length = (-1_i32).into_datum();
        let arguments = [text.as_c_str().into_datum(), Some(pg_sys::Datum::from(0)), no_length];
        let parse = || {
            // SAFETY: the functions take a C string, or that, a number and a length, and give a value of the type.
            unsafe {
                match self {
                    Moment::Date => pgrx::direct_function_call_as_datum(pg_sys::date_in, &arguments[..1]),
                    Moment::Timestamp => pgrx::direct_function_call_as_datum(pg_sys::timestamp_in, &arguments),
                    Moment::TimestampWithTimeZone => {
                        pgrx::direct_function_call_as_datum(pg_sys::timestamptz_in, &arguments)
                    }
                }
            }
        };
        // Such a function holds nothing when it raises an error.
        let parsed = PgTryBuilder::new(AssertUnwindSafe(parse))
            .catch_others(|error| match error {
                CaughtError::PostgresError(report) if is_about_value(report.sql_error_code()) => {
                    codes::forget();
                    None
                }
                other => other.rethrow(),
            })
            .execute();
        let reader = match self {
            Moment::Date => Reader::Date,
            Moment::Timestamp | Moment::TimestampWithTimeZone => Reader::Timestamp,
        };
        Ok(parsed.map(|datum| reader.number(datum)))
    }
}

/// Whether an error says that a text is no date.
fn is_about_value(code: PgSqlErrorCode) -> bool {
    matches!(
        code,
        PgSqlErrorCode::ERRCODE_INVALID_DATETIME_FORMAT
            | PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW
            | PgSqlErrorCode::ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE
            | PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE
    )
}
