//! `monotonic`: that values go up, or down, in the order of another column.

use pgrx::spi::quote_identifier;
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::quality::spec::Needs;

pub static MONOTONIC: CheckKind = CheckKind {
    name: "monotonic",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read::<Monotonic>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Monotonic {
    sort_column: String,
    #[serde(default)]
    decreasing: bool,
    #[serde(default)]
    strictly: bool,
}

impl Monotonic {
    /// How a value that is out of order compares with the one before.
    fn wrong_order(&self) -> &'static str {
        match (self.decreasing, self.strictly) {
            (false, false) => "<",
            (false, true) => "<=",
            (true, false) => ">",
            (true, true) => ">=",
        }
    }

    /// The statement that finds the values that are out of order.
    fn statement(&self, parts: &Parts, value: &str, sort: &str) -> String {
        format!(
            "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('at', sort, 'before', before, 'value', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY sort) AS place
    FROM (SELECT {segments}{sort} AS sort, {value} AS value,
            pg_catalog.lag({value}) OVER ({windows} ORDER BY {sort}) AS before
        FROM {rows} AS q WHERE {filter}{value} IS NOT NULL) AS step
    WHERE value {wrong} before) AS failing
{group_by}",
            segment = parts.segment_json(),
            partition = parts.partition(),
            segments = parts.segment_names(),
            windows = parts.partition_rows(&[]),
            rows = parts.rows,
            filter = parts.filter,
            wrong = self.wrong_order(),
            group_by = parts.group_by(),
        )
    }
}

impl Assertion for Monotonic {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let value = value_of(planner.column()?);
        let sort = format!(
            "q.{}",
            quote_identifier(&source.require_column(&self.sort_column)?.name)
        );
        let parts = Parts::new(spec, source)?;
        let sql = self.statement(&parts, &value, &sort);
        let statement = sql.clone();
        let inquiry =
            planner.ask_rows(move |answer| statement::findings(spec, "rows_out_of_order", &statement, answer))?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |_| {
                let partition = parts.partition_rows(&[format!("{value} IS NULL")]);
                // Rows without a value are passed over: they stand apart.
                Ok(RowCondition::Windowed(format!(
                    "{value} {} pg_catalog.lag({value}) OVER ({partition} ORDER BY {sort})",
                    self.wrong_order()
                )))
            })),
        })
    }
}
