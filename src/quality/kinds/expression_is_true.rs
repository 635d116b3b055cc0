//! `expression_is_true`: that a condition in SQL holds; of a column it goes on from the column's name, as in dbt.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Need, Needs};

pub static EXPRESSION_IS_TRUE: CheckKind = CheckKind {
    name: "expression_is_true",
    needs: Needs {
        column: Need::Optional,
        ..Needs::ROWS
    },
    parse: |arguments| Ok(Box::new(arguments.read::<ExpressionIsTrue>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpressionIsTrue {
    expression: String,
}

impl Assertion for ExpressionIsTrue {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let condition = planner.expression()?;
        rows::condition(planner, &condition)
    }

    fn expression(&self) -> Option<&str> {
        Some(&self.expression)
    }
}
