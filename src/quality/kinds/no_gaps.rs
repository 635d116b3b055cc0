//! `no_gaps`: that no step between neighbouring values is longer than allowed.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::interval::{self, Step};
use super::common::literal::value_of;
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::pg::{intake, types};
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

impl NoGaps {
    /// The type of timestamps between which no step is shorter than an hour.
    fn by_hours(&self, column: &OutputColumn) -> Option<String> {
        let is_timestamp = matches!(intake::kind_of(column.type_oid), Kind::Timestamp | Kind::TimestampTz);
        let is_long =
            !matches!(self.datepart.as_deref(), Some("second" | "minute")) && self.interval.as_f64() >= Some(1.0);
        (is_timestamp && is_long).then(|| types::qualified_name(column.type_oid))
    }
}

impl Assertion for NoGaps {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.column()?);
        let step = self.step(column)?;
        let parts = Parts::new(spec, planner.source)?;
        let sql = gaps(&parts, &value_of(column), &step, self.by_hours(column).as_deref());
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| statement::findings(spec, "gaps", &statement, answer))?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_SAMPLE),
        })
    }
}

/// The statement that finds the gaps. Of timestamps within an hour the first and the last are enough where a step is no shorter, for there are fewer of them
/// to sort.
fn gaps(parts: &Parts, value: &str, step: &str, by_hours: Option<&str>) -> String {
    let rows = format!("FROM {} AS q WHERE {}{value} IS NOT NULL", parts.rows, parts.filter);
    let segments = parts.segment_names();
    let occurring = match by_hours {
        None => format!("SELECT DISTINCT {segments}{value} AS value, {value} AS last {rows}"),
        Some(type_name) => {
            let hour = format!("pg_catalog.date_bin('1 hour', {value}, '2000-01-01 00:00:00+00'::{type_name})");
            let grouped = [parts.segments.as_slice(), &[hour]].concat().join(", ");
            format!(
                "SELECT {segments}pg_catalog.min({value}) AS value, pg_catalog.max({value}) AS last {rows} GROUP BY {grouped}"
            )
        }
    };
    format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('after', before, 'before', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY value) AS place
    FROM (SELECT *, pg_catalog.lag(last) OVER ({partition} ORDER BY value) AS before
        FROM ({occurring}) AS occurring) AS step
    WHERE value > before + {step}) AS gap
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        group_by = parts.group_by(),
    )
}
