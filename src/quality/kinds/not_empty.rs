//! `not_empty`: that no text is empty; without a column, that there are rows.

use super::assertion::{Assertion, CheckKind};
use super::common::{figure, rows};
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Bounds, Need, Needs};
use algo::scan::Test;

pub static NOT_EMPTY: CheckKind = CheckKind {
    name: "not_empty",
    needs: Needs {
        column: Need::Optional,
        ..Needs::ROWS
    },
    parse: |arguments| {
        arguments.none()?;
        Ok(Box::new(NotEmpty))
    },
};

#[derive(Debug)]
struct NotEmpty;

impl Assertion for NotEmpty {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        if planner.optional_column()?.is_some() {
            let column = planner.column_of(rows::is_text, "text")?;
            return rows::test(planner, column, Test::NotEmpty);
        }
        let bounds = Bounds {
            min_value: Some(1.0),
            max_value: None,
        };
        figure::rows(planner, bounds)
    }
}
