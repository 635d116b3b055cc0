//! Values among the arguments of kinds, as cells of a column and as literals of SQL.

use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::Value as Json;

use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::pg::{intake, types};
use crate::quality::source::Source;
use algo::block::Kind;
use algo::scan::{Bound, Constant};

/// Values written in JSON as cells of a column.
pub fn constants(values: &[Json], column: &OutputColumn) -> Result<Vec<Constant>> {
    // What is beyond the range of integers is none of them.
    let within = |number: f64| if number.abs() < 9.2e18 { number } else { f64::NAN };
    let present = values.iter().filter(|value| !value.is_null());
    present
        .filter_map(|value| constant(value, column, within).transpose())
        .collect()
}

/// A value written in JSON as a cell of a column; a fraction becomes an integer by `rounded`, or no cell at all when it stays one.
fn constant(value: &Json, column: &OutputColumn, rounded: fn(f64) -> f64) -> Result<Option<Constant>> {
    let kind = intake::kind_of(column.type_oid);
    Ok(match (value, kind) {
        (Json::Number(number), Kind::Integer) => match number.as_i64() {
            Some(integer) => Some(Constant::Integer(integer)),
            None => {
                let rounded = rounded(number.as_f64().unwrap_or(f64::NAN));
                // Beyond the range of integers it is as good as the last of them.
                (rounded.fract() == 0.0).then_some(Constant::Integer(rounded as i64))
            }
        },
        (Json::Number(number), Kind::Float | Kind::Numeric) => number.as_f64().map(Constant::Number),
        (Json::String(text), _) => intake::constant(column.type_oid, text)?,
        (other, _) => intake::constant(column.type_oid, &other.to_string())?,
    })
}

/// An end of a range of a column's values; a fraction among integers becomes one by `rounded`.
pub fn bound(
    value: Option<&Json>,
    inclusive: bool,
    column: &OutputColumn,
    rounded: fn(f64) -> f64,
) -> Result<Option<Bound>> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let is_integer = intake::kind_of(column.type_oid) == Kind::Integer;
    // Above 2.5 is from 3 on, 3 itself included.
    let fraction = is_integer && value.as_f64().is_some_and(|number| number.fract() != 0.0);
    Ok(constant(value, column, rounded)?.map(|value| Bound {
        value,
        strict: !inclusive && !fraction,
    }))
}

/// Writes values as literals of a column's type.
pub fn literal(column: &OutputColumn) -> impl Fn(&Json) -> String {
    let type_name = types::qualified_name(column.type_oid);
    move |value| match value {
        Json::String(text) => format!("{}::{type_name}", quote_literal(text)),
        other => format!("{}::{type_name}", quote_literal(other.to_string())),
    }
}

/// The value of a column in a row q.
pub fn value_of(column: &OutputColumn) -> String {
    format!("q.{}", quote_identifier(&column.name))
}

/// The same of columns by their names. Returns an error with 42703 where there is none of a name.
pub fn values_of(source: &Source, names: &[String]) -> Result<Vec<String>> {
    let value = |name: &String| Ok(value_of(source.require_column(name)?));
    names.iter().map(value).collect()
}
