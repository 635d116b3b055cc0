//! `mutually_exclusive_ranges`: that ranges between two columns do not overlap, as in dbt_utils: each ends before the next one begins. A bound
//! that is NULL fails.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::{value_of, values_of};
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::quality::spec::declaration::Names;
use crate::quality::spec::{Need, Needs};

pub static MUTUALLY_EXCLUSIVE_RANGES: CheckKind = CheckKind {
    name: "mutually_exclusive_ranges",
    needs: Needs {
        column: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| {
        let mut ranges: MutuallyExclusiveRanges = arguments.read()?;
        ranges.partition = Names::list(ranges.partition_by.take());
        Ok(Box::new(ranges))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MutuallyExclusiveRanges {
    lower_bound_column: String,
    upper_bound_column: String,
    /// Columns within whose values ranges must not overlap.
    partition_by: Option<Names>,
    #[serde(default)]
    gaps: Gaps,
    #[serde(default)]
    zero_length_range_allowed: bool,
    #[serde(skip)]
    partition: Vec<String>,
}

/// What may lie between a range and the next one.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Gaps {
    #[default]
    Allowed,
    NotAllowed,
    Required,
}

impl MutuallyExclusiveRanges {
    /// The condition that a range fails, in SQL; `next` is the lower bound of the next range, `is_last` whether there is none.
    fn is_wrong(&self, lower: &str, upper: &str, next: &str, is_last: &str) -> String {
        let length = if self.zero_length_range_allowed { "<=" } else { "<" };
        let gap = match self.gaps {
            Gaps::Allowed => "<=",
            Gaps::NotAllowed => "=",
            Gaps::Required => "<",
        };
        format!("NOT (COALESCE({lower} {length} {upper}, false) AND COALESCE({upper} {gap} {next}, {is_last}))")
    }

    /// The statement that finds the ranges that fail.
    fn statement(&self, parts: &Parts, window: &str, lower: &str, upper: &str) -> String {
        format!(
            "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('lower', lower, 'upper', upper, 'next_lower', next) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY lower, upper, next) AS place
    FROM (SELECT {segments}{lower} AS lower, {upper} AS upper, pg_catalog.lead({lower}) OVER neighbours AS next,
            pg_catalog.lead(true) OVER neighbours IS NULL AS is_last
        FROM {rows} AS q WHERE {filter}true WINDOW neighbours AS ({window})) AS range
    WHERE {is_wrong}) AS failing
{group_by}",
            segment = parts.segment_json(),
            partition = parts.partition(),
            segments = parts.segment_names(),
            rows = parts.rows,
            filter = parts.filter,
            is_wrong = self.is_wrong("lower", "upper", "next", "is_last"),
            group_by = parts.group_by(),
        )
    }
}

impl Assertion for MutuallyExclusiveRanges {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let lower = source.require_column(&self.lower_bound_column)?;
        let upper = source.require_column(&self.upper_bound_column)?;
        planner.require_comparable(lower, upper)?;
        let (lower, upper) = (value_of(lower), value_of(upper));
        let partition = values_of(source, &self.partition)?;
        let parts = Parts::new(spec, source)?;
        let window = format!("{} ORDER BY {lower}, {upper}", parts.partition_rows(&partition));
        let sql = self.statement(&parts, &window, &lower, &upper);
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| statement::findings(spec, "ranges_failed", &statement, answer))?;
        let next = format!("pg_catalog.lead({lower}) OVER ({window})");
        let is_last = format!("pg_catalog.lead(true) OVER ({window}) IS NULL");
        let condition = self.is_wrong(&lower, &upper, &next, &is_last);
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |_| Ok(RowCondition::Windowed(condition)))),
        })
    }
}
