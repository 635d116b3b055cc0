//! `equal_rowcount`: that another relation has as many rows.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::statement;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::spec::{Need, Needs};

pub static EQUAL_ROWCOUNT: CheckKind = CheckKind {
    name: "equal_rowcount",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        ..Needs::FIGURE
    },
    parse: |arguments| Ok(Box::new(arguments.read::<EqualRowcount>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EqualRowcount {
    compare_model: String,
}

impl Assertion for EqualRowcount {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let sql = format!(
            "SELECT pg_catalog.count(*)::pg_catalog.float8 FROM {} AS other",
            planner.other()?.relation()
        );
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| {
            let other = statement::one_number(&statement)?;
            let mut findings = answer.findings(|tally| {
                let rows = tally.rows;
                let holds = other == Some(rows as f64);
                Ok(Finding::figure("rows_of_other", other, format!("= {rows}"), holds))
            })?;
            findings.iter_mut().for_each(|finding| finding.nulls = None);
            Ok(findings)
        })?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_SAMPLE),
        })
    }

    fn other_relation(&self) -> Option<&str> {
        Some(&self.compare_model)
    }
}
