//! `stuck_values`: that no value stays the same for too many rows in a row, as that of a sensor that hangs. NULLs are passed over.

use serde::Deserialize;

use super::assertion::{Arguments, Assertion, CheckKind, out_of_range};
use super::common::literal::{value_of, values_of};
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::quality::spec::Needs;
use crate::quality::spec::declaration::Names;

pub static STUCK_VALUES: CheckKind = CheckKind {
    name: "stuck_values",
    needs: Needs::ROWS,
    parse: StuckValues::parse,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StuckValues {
    sort_column: String,
    /// The most rows in a row that may have one value.
    max_run: u64,
    /// Columns within whose values rows are in order, such as the sensor.
    partition_by: Option<Names>,
    #[serde(skip)]
    partition: Vec<String>,
}

/// What a statement is written with.
struct Runs<'s> {
    parts: &'s Parts,
    /// The columns of `partition_by`, as expressions on a row q.
    partition: &'s [String],
    value: &'s str,
    sort: &'s str,
    max_run: u64,
}

impl StuckValues {
    fn parse(arguments: Arguments<'_>) -> Result<Box<dyn Assertion>> {
        let kind = arguments.kind;
        let mut stuck: StuckValues = arguments.read()?;
        if stuck.max_run == 0 {
            return Err(out_of_range(kind, "max_run must be at least 1"));
        }
        stuck.partition = Names::list(stuck.partition_by.take());
        Ok(Box::new(stuck))
    }
}

impl Runs<'_> {
    /// Names for what runs are within: `q.a AS s1, q.b AS p1, `.
    fn names(&self) -> String {
        let named = self.partition.iter().zip(1..);
        let named: String = named.map(|(sql, i)| format!("{sql} AS p{i}, ")).collect();
        self.parts.segment_names() + &named
    }

    /// The same names alone.
    fn groups(&self) -> Vec<String> {
        let segments = (1..=self.parts.segments.len()).map(|i| format!("s{i}"));
        segments
            .chain((1..=self.partition.len()).map(|i| format!("p{i}")))
            .collect()
    }

    /// The runs that are too long, as a query.
    fn query(&self) -> String {
        let by: String = self.groups().iter().map(|name| format!("{name}, ")).collect();
        format!(
            "SELECT {by}value, pg_catalog.count(*) AS n, pg_catalog.min(sort) AS first, pg_catalog.max(sort) AS last
        FROM (SELECT *, pg_catalog.count(*) FILTER (WHERE changed) OVER ({numbered} ORDER BY sort, value ROWS UNBOUNDED PRECEDING) AS run
            FROM (SELECT {names}{sort} AS sort, {value} AS value,
                    {value} IS DISTINCT FROM pg_catalog.lag({value}) OVER ({windows} ORDER BY {sort}, {value}) AS changed
                FROM {rows} AS q WHERE {filter}{value} IS NOT NULL AND {sort} IS NOT NULL) AS step) AS numbered
        GROUP BY {by}run, value HAVING pg_catalog.count(*) > {max_run}",
            numbered = match self.groups().join(", ").as_str() {
                "" => String::new(),
                names => format!("PARTITION BY {names}"),
            },
            names = self.names(),
            sort = self.sort,
            value = self.value,
            windows = self.parts.partition_rows(self.partition),
            rows = self.parts.rows,
            filter = self.parts.filter,
            max_run = self.max_run,
        )
    }

    /// The statement that finds them.
    fn statement(&self) -> String {
        format!(
            "SELECT {segment}, pg_catalog.sum(n)::pg_catalog.int8, pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'rows', n, 'from', first, 'to', last) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY n DESC, first, value) AS place
    FROM ({query}) AS stuck) AS ranked
{group_by}",
            segment = self.parts.segment_json(),
            partition = self.parts.partition(),
            query = self.query(),
            group_by = self.parts.group_by(),
        )
    }

    /// The condition that a row q is in one of them.
    fn condition(&self) -> String {
        let expressions = self.parts.segments.iter().chain(self.partition);
        let same: String = expressions
            .zip(self.groups())
            .map(|(sql, name)| format!(" AND stuck.{name} IS NOT DISTINCT FROM {sql}"))
            .collect();
        format!(
            "EXISTS (SELECT FROM ({}) AS stuck WHERE stuck.value = {} AND {} BETWEEN stuck.first AND stuck.last{same})",
            self.query(),
            self.value,
            self.sort
        )
    }
}

impl Assertion for StuckValues {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let value = value_of(planner.column()?);
        let sort = value_of(source.require_column(&self.sort_column)?);
        let partition = values_of(source, &self.partition)?;
        let parts = Parts::new(spec, source)?;
        let runs = Runs {
            parts: &parts,
            partition: &partition,
            value: &value,
            sort: &sort,
            max_run: self.max_run,
        };
        let (sql, condition) = (runs.statement(), runs.condition());
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| statement::findings(spec, "stuck_runs", &statement, answer))?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |_| Ok(RowCondition::Alone(condition)))),
        })
    }
}
