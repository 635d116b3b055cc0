//! `row_count_ratio`: how many rows there are for each row of another relation; expect_table_row_count_to_equal_other_table_times_factor of
//! dbt_expectations, with bounds instead of one factor.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::statement;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::spec::{Bounds, Need, Needs};

pub static ROW_COUNT_RATIO: CheckKind = CheckKind {
    name: "row_count_ratio",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        ..Needs::FIGURE
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(RowCountRatio::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowCountRatio {
    compare_model: String,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

impl RowCountRatio {
    fn bounds(&self) -> Bounds {
        Bounds {
            min_value: self.min_value,
            max_value: self.max_value,
        }
    }

    fn problem(&self) -> Option<&'static str> {
        self.bounds().problem()
    }
}

impl Assertion for RowCountRatio {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let sql = format!(
            "SELECT pg_catalog.count(*)::pg_catalog.float8 FROM {} AS other",
            planner.other()?.relation()
        );
        let (statement, bounds) = (sql.clone(), self.bounds());
        let inquiry = planner.ask_rows(move |answer| {
            let other = statement::one_number(&statement)?.unwrap_or(0.0);
            let mut findings = answer.findings(|tally| {
                // To no row there is no ratio, and nothing that could be within the bounds.
                let ratio = (other > 0.0).then(|| tally.rows as f64 / other);
                let holds = ratio.is_some_and(|ratio| bounds.contains(ratio));
                Ok(Finding {
                    message: ratio.is_none().then(|| "the other relation has no row".into()),
                    ..Finding::figure("row_count_ratio", ratio, bounds.describe(), holds)
                })
            })?;
            findings.iter_mut().for_each(|finding| finding.nulls = None);
            Ok(findings)
        })?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }

    fn other_relation(&self) -> Option<&str> {
        Some(&self.compare_model)
    }
}
