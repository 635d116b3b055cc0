//! `no_gaps`: that no step between neighbouring values is longer than allowed.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::interval::{self, Step};
use super::common::literal::value_of;
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::spec::Needs;
use algo::block::Kind;

pub static NO_GAPS: CheckKind = CheckKind {
    name: "no_gaps",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read::<NoGaps>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoGaps {
    datepart: Option<String>,
    #[serde(default = "one")]
    interval: Json,
}

fn one() -> Json {
    Json::from(1)
}

impl NoGaps {
    /// The longest step between two values, in SQL.
    fn step(&self, column: &OutputColumn) -> Result<String> {
        Ok(
            match interval::step("no_gaps", column, self.datepart.as_deref(), &self.interval)? {
                Step::Time(sql) => sql,
                // Steps of fractions such as 0.1 are not exact in binary.
                Step::Number(step) if intake::kind_of(column.type_oid) == Kind::Float => {
                    (step * (1.0 + 1e-9)).to_string()
                }
                Step::Number(step) => step.to_string(),
            },
        )
    }
}

impl Assertion for NoGaps {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.column()?);
        let step = self.step(column)?;
        let parts = Parts::new(spec, planner.source)?;
        let sql = gaps(&parts, &value_of(column), &step);
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| statement::findings(spec, "gaps", &statement, answer))?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_SAMPLE),
        })
    }
}

/// The statement that finds the gaps.
fn gaps(parts: &Parts, value: &str, step: &str) -> String {
    format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('after', before, 'before', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY value) AS place
    FROM (SELECT *, pg_catalog.lag(value) OVER ({partition} ORDER BY value) AS before
        FROM (SELECT DISTINCT {segments}{value} AS value FROM {rows} AS q WHERE {filter}{value} IS NOT NULL) AS occurring) AS step
    WHERE value > before + {step}) AS gap
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        segments = parts.segment_names(),
        rows = parts.rows,
        filter = parts.filter,
        group_by = parts.group_by(),
    )
}
