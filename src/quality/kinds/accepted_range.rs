//! `accepted_range`: that values are within a range.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::{bound, literal, value_of};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::spec::{NO_BOUND, Needs};
use algo::block::Kind;
use algo::scan::Test;

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
        (self.min_value.is_none() && self.max_value.is_none()).then_some(NO_BOUND)
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
        if matches!(
            intake::kind_of(column.type_oid),
            Kind::Enum | Kind::Array | Kind::Bytes | Kind::Json | Kind::Other
        ) {
            return rows::condition(planner, &self.condition(column));
        }
        let test = Test::Range {
            low: bound(self.min_value.as_ref(), self.inclusive, column, f64::ceil)?,
            high: bound(self.max_value.as_ref(), self.inclusive, column, f64::floor)?,
        };
        rows::test(planner, column, test)
    }
}
