//! `sequential_values`: that each value is one step after the one before it, as in dbt_utils. Repeated values fail; NULLs are passed over.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::interval::{self, Step};
use super::common::literal::{value_of, values_of};
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::spec::Needs;
use crate::quality::spec::declaration::Names;
use algo::block::Kind;

pub static SEQUENTIAL_VALUES: CheckKind = CheckKind {
    name: "sequential_values",
    needs: Needs::ROWS,
    parse: |arguments| {
        let mut values: SequentialValues = arguments.read()?;
        values.partition = Names::list(values.group_by_columns.take());
        Ok(Box::new(values))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SequentialValues {
    #[serde(default = "one")]
    interval: Json,
    datepart: Option<String>,
    /// Columns within whose values the sequences run.
    group_by_columns: Option<Names>,
    #[serde(skip)]
    partition: Vec<String>,
}

fn one() -> Json {
    Json::from(1)
}

impl SequentialValues {
    /// The condition that a value is not one step after another, in SQL.
    fn is_wrong(&self, column: &OutputColumn, value: &str, before: &str) -> Result<String> {
        let step = interval::step("sequential_values", column, self.datepart.as_deref(), &self.interval)?;
        Ok(match step {
            Step::Time(step) => format!("{value} <> {before} + {step}"),
            // Steps of fractions such as 0.1 are not exact in binary.
            Step::Number(step) if intake::kind_of(column.type_oid) == Kind::Float => format!(
                "NOT pg_catalog.abs({value} - {before} - {step}) <= 1e-9 * GREATEST(pg_catalog.abs({value}), {step})"
            ),
            // Integers at the end of their range have a number after them, too.
            Step::Number(step) => format!("{value}::pg_catalog.numeric <> {before}::pg_catalog.numeric + {step}"),
        })
    }
}

impl Assertion for SequentialValues {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let column = planner.column()?;
        let value = value_of(column);
        let mut partition = values_of(source, &self.partition)?;
        let parts = Parts::new(spec, source)?;
        let sql = breaks(&parts, &partition, &value, &self.is_wrong(column, "value", "before")?);
        let statement = sql.clone();
        let inquiry =
            planner.ask_rows(move |answer| statement::findings(spec, "rows_out_of_sequence", &statement, answer))?;
        // Rows without a value are passed over: they stand apart.
        partition.push(format!("{value} IS NULL"));
        let before = format!(
            "pg_catalog.lag({value}) OVER ({} ORDER BY {value})",
            parts.partition_rows(&partition)
        );
        let condition = self.is_wrong(column, &value, &before)?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |_| Ok(RowCondition::Windowed(condition)))),
        })
    }
}

/// The statement that finds the values that are not one step after the one before.
fn breaks(parts: &Parts, within: &[String], value: &str, is_wrong: &str) -> String {
    format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('before', before, 'value', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY value, before) AS place
    FROM (SELECT {segments}{value} AS value, pg_catalog.lag({value}) OVER ({windows} ORDER BY {value}) AS before
        FROM {rows} AS q WHERE {filter}{value} IS NOT NULL) AS step
    WHERE {is_wrong}) AS failing
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        segments = parts.segment_names(),
        windows = parts.partition_rows(within),
        rows = parts.rows,
        filter = parts.filter,
        group_by = parts.group_by(),
    )
}
