//! Cells as JSON, and what a profile has found as cells.

use serde_json::Value as Json;

use crate::pg::intake;
use algo::block::Kind;
use algo::profile::Point;
use algo::scan::Constant;

/// A cell as JSON: a number or boolean where it is one, else its text.
pub fn json(kind: Kind, value: &Constant) -> Json {
    match (kind, value) {
        (Kind::Bool, Constant::Integer(value)) => Json::Bool(*value != 0),
        (Kind::Integer, Constant::Integer(value)) => Json::from(*value),
        (_, Constant::Number(number)) if number.is_finite() => Json::from(*number),
        (kind, value) => Json::String(intake::written_in_json(kind, value)),
    }
}

/// A number on the scale of a kind's cells, as the kind's values are written.
pub fn json_on_scale(kind: Kind, number: f64) -> Json {
    match kind {
        Kind::Date | Kind::Timestamp | Kind::TimestampTz | Kind::Time | Kind::Interval => {
            Json::String(intake::written(kind, &Constant::Integer(number.round() as i64)))
        }
        _ => Json::from(number),
    }
}

/// A value of a profile as a cell.
pub fn of_point(point: &Point) -> Constant {
    match point {
        Point::Integer(integer) => Constant::Integer(*integer),
        Point::Number(number) => Constant::Number(*number),
        Point::Text(text) => Constant::Text(text.clone()),
    }
}
