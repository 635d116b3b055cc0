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

/// The hours of a column, from 00 to 23: of timestamps with a time zone by UTC, so that they are the same in every session. `None` for what has no hours.
pub fn of(column: &OutputColumn) -> Option<Group> {
    let value = format!("q.{}", quote_identifier(&column.name));
    let value = match intake::kind_of(column.type_oid) {
        Kind::Timestamp => value,
        Kind::TimestampTz => format!("pg_catalog.timezone('UTC', {value})"),
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
        // Infinite ones have no hour.
        sql: format!("CASE WHEN pg_catalog.isfinite({value}) THEN pg_catalog.to_char({value}, 'HH24') END"),
        type_oid: pg_sys::TEXTOID,
        type_name: TYPE_NAME.into(),
    })
}
