//! Checks that say of each row whether it fails, by a test that the shared pass makes.

use serde_json::Value as Json;

use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::kinds::answer::Answer;
use crate::quality::kinds::plan::{FailingRows, Means, Plan, Planner};
use crate::quality::spec::Spec;
use crate::quality::value;
use algo::block::{Form, Kind};
use algo::scan::Test;

/// Whether values are texts to the shared pass.
pub fn is_text(kind: Kind) -> bool {
    kind.form() == Form::Texts
}

/// A check whose rows fail by a test of a column's values.
pub fn test<'a>(planner: &mut Planner<'a, '_>, column: &OutputColumn, test: Test) -> Result<Plan<'a>> {
    if !test.is_per_row() {
        let message = format!("{} asked for something else than a test of rows", planner.spec.kind);
        return Err(Error::new(INTERNAL, message));
    }
    let (spec, kind) = (planner.spec, intake::kind_of(column.type_oid));
    let input = planner.input(column);
    let inquiry = planner.ask(Some(input), test, move |answer| findings(spec, answer, Some(kind)))?;
    Ok(Plan {
        means: Means::SharedScan(inquiry),
        failing_rows: FailingRows::Tested,
    })
}

/// A check whose rows pass by a condition in SQL on a row q. NULL passes, as in a constraint.
pub fn condition<'a>(planner: &mut Planner<'a, '_>, sql: &str) -> Result<Plan<'a>> {
    let spec = planner.spec;
    let input = planner.condition(sql);
    let inquiry = planner.ask(Some(input), Test::True, move |answer| findings(spec, answer, None))?;
    Ok(Plan {
        means: Means::SharedScan(inquiry),
        failing_rows: FailingRows::Tested,
    })
}

/// The findings of such a check. The kind is that of the values that fail; `None` where they are not known, but only a condition that they do
/// not meet.
pub fn findings(spec: &Spec, answer: &Answer<'_>, kind: Option<Kind>) -> Result<Vec<Finding>> {
    let mut findings = answer.findings(|tally| {
        let shown = |kind| tally.sample().map(|cell| value::json(kind, cell)).collect();
        let sample: Vec<Json> = kind.map(shown).unwrap_or_default();
        Ok(Finding {
            metric: "rows_failed",
            value: Some(tally.failed as f64),
            failed: Some(tally.failed),
            sample: (!sample.is_empty()).then_some(Json::Array(sample)),
            ..Finding::default()
        })
    })?;
    add_evidence(spec, &mut findings);
    Ok(findings)
}
