//! `accepted_values` and `not_accepted_values`: that values are some of a list, or none of them.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::{constants, literal, value_of};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::spec::Needs;
use algo::block::Kind;
use algo::scan::Test;

pub static ACCEPTED_VALUES: CheckKind = CheckKind {
    name: "accepted_values",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read::<AcceptedValues>()?)),
};

pub static NOT_ACCEPTED_VALUES: CheckKind = CheckKind {
    name: "not_accepted_values",
    needs: Needs::ROWS,
    parse: |arguments| {
        Ok(Box::new(AcceptedValues {
            negated: true,
            ..arguments.read()?
        }))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedValues {
    values: Vec<Json>,
    #[serde(skip)]
    negated: bool,
}

impl AcceptedValues {
    /// As a condition, for values that only their type's own operators know to compare.
    fn condition(&self, column: &OutputColumn) -> String {
        let (value, literal) = (value_of(column), literal(column));
        let values: Vec<String> = self.values.iter().filter(|v| !v.is_null()).map(literal).collect();
        match (self.negated, values.is_empty()) {
            (negated, true) => format!("CASE WHEN {value} IS NOT NULL THEN {negated} END"),
            (false, false) => format!("{value} IN ({})", values.join(", ")),
            (true, false) => format!("{value} NOT IN ({})", values.join(", ")),
        }
    }
}

impl Assertion for AcceptedValues {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column()?;
        if matches!(intake::kind_of(column.type_oid), Kind::Array | Kind::Other) {
            return rows::condition(planner, &self.condition(column));
        }
        let test = Test::Accepted {
            values: constants(&self.values, column)?,
            negated: self.negated,
        };
        rows::test(planner, column, test)
    }
}
