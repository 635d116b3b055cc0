//! `accepted_range`: that values are within a range.

use pgrx::spi::quote_identifier;
use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind, out_of_range};
use super::common::literal::{bound, literal, value_of};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::intake;
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Value;
use crate::quality::spec::{NO_BOUND, Needs, OUT_OF_ORDER};
use algo::block::Kind;
use algo::scan::{Bound, Constant, Test};

pub static ACCEPTED_RANGE: CheckKind = CheckKind {
    name: "accepted_range",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(AcceptedRange::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedRange {
    min_value: Option<Json>,
    max_value: Option<Json>,
    #[serde(default = "yes")]
    inclusive: bool,
}

fn yes() -> bool {
    true
}

impl AcceptedRange {
    fn problem(&self) -> Option<&'static str> {
        let number = |bound: &Option<Json>| bound.as_ref().and_then(Json::as_f64);
        match (&self.min_value, &self.max_value) {
            (None, None) => Some(NO_BOUND),
            _ => match (number(&self.min_value), number(&self.max_value)) {
                (Some(low), Some(high)) if low > high => Some(OUT_OF_ORDER),
                _ => None,
            },
        }
    }

    /// Returns an error where numbers are to bound texts, which are compared by their characters: "9" is above "10".
    fn require_no_number(&self, column: &OutputColumn) -> Result<()> {
        let bounds = [(">=", ">", &self.min_value), ("<=", "<", &self.max_value)];
        let numbers: Vec<String> = bounds
            .into_iter()
            .filter_map(|(inclusive, strict, bound)| {
                let number = bound.as_ref().filter(|bound| bound.is_number())?;
                let operator = if self.inclusive { inclusive } else { strict };
                Some(format!(
                    "{}::numeric {operator} {number}",
                    quote_identifier(&column.name)
                ))
            })
            .collect();
        if numbers.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "accepted_range has a number as a bound, but column \"{}\" is {}",
                column.name, column.type_name
            ),
        )
        .detail("Texts are compared by their characters: '9' is above '10'.")
        .hint(format!(
            "Check expression_is_true with the expression {}, or write bounds that are meant as texts in quotes.",
            numbers.join(" AND ")
        )))
    }

    /// Returns an error where the lower bound is above the upper one, in the order that PostgreSQL gives the column's type.
    fn require_order(&self, column: &OutputColumn) -> Result<()> {
        let given = |bound: &Option<Json>| bound.as_ref().filter(|bound| !bound.is_null()).map(literal(column));
        let (Some(low), Some(high)) = (given(&self.min_value), given(&self.max_value)) else {
            return Ok(());
        };
        let mut in_order = true;
        Query::new(&format!("SELECT ({low} <= {high}) IS NOT FALSE"))?.run(&mut |row| {
            if let Value::Number(holds) = row.value(0) {
                in_order = holds != 0.0;
            }
            Ok(())
        })?;
        match in_order {
            true => Ok(()),
            false => Err(out_of_range(ACCEPTED_RANGE.name, OUT_OF_ORDER)),
        }
    }

    /// As a condition, for values that only their type's own operators know to compare.
    fn condition(&self, column: &OutputColumn) -> String {
        let (value, literal) = (value_of(column), literal(column));
        let (above, below) = if self.inclusive { (">=", "<=") } else { (">", "<") };
        let end = |bound: &Option<Json>, operator: &str| {
            let bound = bound.as_ref().filter(|bound| !bound.is_null())?;
            Some(format!("{value} {operator} {}", literal(bound)))
        };
        let ends = end(&self.min_value, above)
            .into_iter()
            .chain(end(&self.max_value, below));
        ends.collect::<Vec<_>>().join(" AND ")
    }
}

impl Assertion for AcceptedRange {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column()?;
        let kind = intake::kind_of(column.type_oid);
        if kind == Kind::Text {
            self.require_no_number(column)?;
        }
        if matches!(kind, Kind::Enum | Kind::Array | Kind::Bytes | Kind::Json | Kind::Other) {
            self.require_order(column)?;
            return rows::condition(planner, &self.condition(column));
        }
        let (low, high) = (
            bound(self.min_value.as_ref(), self.inclusive, column, f64::ceil)?,
            bound(self.max_value.as_ref(), self.inclusive, column, f64::floor)?,
        );
        let is_above = |low: &Bound, high: &Bound| match (&low.value, &high.value) {
            (Constant::Integer(low), Constant::Integer(high)) => low > high,
            (Constant::Number(low), Constant::Number(high)) => low > high,
            (Constant::Text(low), Constant::Text(high)) => low > high,
            (Constant::Integer(_) | Constant::Number(_) | Constant::Text(_), _) => false,
        };
        // Among integers, nothing is between 0.2 and 0.8; that is no disorder.
        let are_numbers = [&self.min_value, &self.max_value].map(|bound| bound.as_ref().is_some_and(Json::is_number));
        if are_numbers != [true, true] && low.iter().zip(&high).any(|(low, high)| is_above(low, high)) {
            return Err(out_of_range(ACCEPTED_RANGE.name, OUT_OF_ORDER));
        }
        let test = Test::Range { low, high };
        rows::test(planner, column, test)
    }
}
