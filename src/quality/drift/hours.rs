//! The hours of the day of points in time: these move on by themselves, but at which hours they lie moves only when something else does, such as a
//! time zone. They are a column beside the one that they are of, compared as categories.

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;

use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::grouping::Group;
use algo::block::Kind;

/// The type of such a column, as plans name it; baselines have it, too.
pub const TYPE_NAME: &str = "hour of the day";

/// As reports name the hours of a column.
pub fn name(column: &str) -> String {
    format!("hour({column})")
}

/// The column that a name names the hours of.
pub fn column_of(name: &str) -> Option<&str> {
    name.strip_prefix("hour(")?.strip_suffix(')')
}

/// The hour of a timestamp as a text, from 00 to 23; NULL for an infinite one. It is made of what postgres_fdw sends to another server: of nothing that hangs on
/// settings, as `to_char` does, and of no function that takes a text, which may hang on a collation.
fn hour(value: &str) -> String {
    let hours = |from: usize, minutes: &str| {
        (from..24)
            .map(|hour| format!("{hour:02}{minutes}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    format!(
        "('{{{}}}'::pg_catalog.text[])[1 OPERATOR(pg_catalog.+) pg_catalog.width_bucket({value}::pg_catalog.time, '{{{}}}'::pg_catalog.time[])]",
        hours(0, ""),
        hours(1, ":00")
    )
}

/// The hours of a column: of timestamps with a time zone by UTC, so that they are the same in every session. `None` for what has no hours.
pub fn of(column: &OutputColumn) -> Option<Group> {
    let value = format!("q.{}", quote_identifier(&column.name));
    let value = match intake::kind_of(column.type_oid) {
        Kind::Timestamp => value,
        Kind::TimestampTz => format!("pg_catalog.timezone('0'::pg_catalog.interval, {value})"),
        Kind::Bool
        | Kind::Integer
        | Kind::Float
        | Kind::Numeric
        | Kind::Text
        | Kind::Enum
        | Kind::Uuid
        | Kind::Date
        | Kind::Time
        | Kind::Interval
        | Kind::Json
        | Kind::Array
        | Kind::Bytes
        | Kind::Other => return None,
    };
    Some(Group {
        name: name(&column.name),
        sql: hour(&value),
        type_oid: pg_sys::TEXTOID,
        type_name: TYPE_NAME.into(),
    })
}
