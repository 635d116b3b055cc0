//! `column_count_between`: how many columns a relation has; expect_table_column_count_to_be_between of dbt_expectations and Great Expectations.

use super::assertion::{Assertion, CheckKind};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::spec::{Bounds, Need, Needs};

pub static COLUMN_COUNT_BETWEEN: CheckKind = CheckKind {
    name: "column_count_between",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        filter: Need::Refused,
        counts_rows: false,
    },
    parse: |arguments| Ok(Box::new(ColumnCountBetween(arguments.read_sound(Bounds::problem)?))),
};

#[derive(Debug)]
struct ColumnCountBetween(Bounds);

impl Assertion for ColumnCountBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        let count = planner.source.columns().len() as f64;
        let holds = self.0.contains(count);
        Ok(Plan {
            means: Means::Columns(Finding::figure("columns", Some(count), self.0.describe(), holds)),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
