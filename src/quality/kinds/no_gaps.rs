//! `no_gaps`: that no step between neighbouring values is longer than allowed.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::interval;
use super::common::literal::value_of;
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
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
        let kind = intake::kind_of(column.type_oid);
        if kind.is_time() {
            let datepart = self.datepart.as_deref();
            let datepart = datepart.or(self.interval.is_number().then_some("day"));
            return interval::sql(datepart, &self.interval);
        }
        if !kind.is_number() || self.datepart.is_some() {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "no_gaps needs a number, date or timestamp, but column \"{}\" is {}",
                    column.name, column.type_name
                ),
            )
            .hint("Numbers take interval alone; datepart is for dates and timestamps."));
        }
        match self.interval.as_f64().filter(|step| *step > 0.0) {
            // Steps of fractions such as 0.1 are not exact in binary.
            Some(step) if kind == Kind::Float => Ok((step * (1.0 + 1e-9)).to_string()),
            Some(step) => Ok(step.to_string()),
            None => Err(interval::invalid(&self.interval)),
        }
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
