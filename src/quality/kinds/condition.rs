//! Conditions in SQL that a check is answered by: expressions, and comparisons of values that only their type's own operators know to
//! compare, such as enums, arrays and network addresses.

use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::Value as Json;

use crate::pg::intake;
use crate::pg::query::OutputColumn;
use crate::pg::types;
use crate::quality::kinds::rule::Rule;
use algo::block::Kind;

/// The condition that a row q passes by; `None` where the shared pass tests the column's cells itself.
pub fn of(rule: &Rule, column: Option<&OutputColumn>) -> Option<String> {
    let value = |column: &OutputColumn| format!("q.{}", quote_identifier(&column.name));
    match (rule, column) {
        (Rule::ExpressionIsTrue(expression), None) => Some(expression.expression.clone()),
        // dbt's form for a column: the expression goes on from its name.
        (Rule::ExpressionIsTrue(expression), Some(column)) => {
            Some(format!("{} {}", quote_identifier(&column.name), expression.expression))
        }
        (Rule::AcceptedValues(values) | Rule::NotAcceptedValues(values), Some(column))
            if matches!(intake::kind_of(column.type_oid), Kind::Array | Kind::Other) =>
        {
            let (value, literal) = (value(column), literal(column));
            let accepted: Vec<String> = values.values.iter().filter(|v| !v.is_null()).map(literal).collect();
            Some(match (matches!(rule, Rule::AcceptedValues(_)), accepted.is_empty()) {
                (wanted, true) => format!("CASE WHEN {value} IS NOT NULL THEN {} END", !wanted),
                (true, false) => format!("{value} IN ({})", accepted.join(", ")),
                (false, false) => format!("{value} NOT IN ({})", accepted.join(", ")),
            })
        }
        (Rule::AcceptedRange(range), Some(column))
            if matches!(
                intake::kind_of(column.type_oid),
                Kind::Enum | Kind::Array | Kind::Bytes | Kind::Json | Kind::Other
            ) =>
        {
            let (value, literal) = (value(column), literal(column));
            let (above, below) = if range.inclusive { (">=", "<=") } else { (">", "<") };
            let end = |bound: &Option<Json>, operator: &str| {
                let bound = bound.as_ref().filter(|bound| !bound.is_null())?;
                Some(format!("{value} {operator} {}", literal(bound)))
            };
            let ends = end(&range.min_value, above)
                .into_iter()
                .chain(end(&range.max_value, below));
            Some(ends.collect::<Vec<_>>().join(" AND "))
        }
        _ => None,
    }
}

/// Writes values as literals of a column's type.
fn literal(column: &OutputColumn) -> impl Fn(&Json) -> String {
    let type_name = types::qualified_name(column.type_oid);
    move |value| match value {
        Json::String(text) => format!("{}::{type_name}", quote_literal(text)),
        other => format!("{}::{type_name}", quote_literal(other.to_string())),
    }
}
