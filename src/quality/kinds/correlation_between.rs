//! `correlation_between`: how closely two columns go together, between two bounds. Rows count whose numbers are both there and finite.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::figure;
use super::common::literal::value_of;
use super::common::statement::{self, Parts};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::spec::{Bounds, Need, Needs};
use algo::block::Kind;

pub static CORRELATION_BETWEEN: CheckKind = CheckKind {
    name: "correlation_between",
    needs: Needs {
        column: Need::Refused,
        ..Needs::FIGURE
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(CorrelationBetween::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrelationBetween {
    #[serde(rename = "column_A", alias = "column_a")]
    column_a: String,
    #[serde(rename = "column_B", alias = "column_b")]
    column_b: String,
    #[serde(default)]
    method: Method,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// Of the numbers.
    #[default]
    Pearson,
    /// Of their ranks; equal numbers share the mean of theirs.
    Spearman,
}

impl CorrelationBetween {
    fn bounds(&self) -> Bounds {
        Bounds {
            min_value: self.min_value,
            max_value: self.max_value,
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let within = self
            .min_value
            .iter()
            .chain(&self.max_value)
            .all(|end| (-1.0..=1.0).contains(end));
        let problem = self.bounds().problem();
        problem.or((!within).then_some("min_value and max_value are correlations, from -1 to 1"))
    }

    /// The statement that gives the correlation in each segment.
    fn statement(&self, parts: &Parts, a: &str, b: &str) -> String {
        let pairs = format!(
            "SELECT {segments}{a} AS a, {b} AS b FROM {rows} AS q
    WHERE {filter}{a} > '-Infinity' AND {a} < 'Infinity' AND {b} > '-Infinity' AND {b} < 'Infinity'",
            segments = parts.segment_names(),
            rows = parts.rows,
            filter = parts.filter,
        );
        let names: String = (1..=parts.segments.len()).map(|i| format!("s{i}, ")).collect();
        let pairs = match self.method {
            Method::Pearson => pairs,
            Method::Spearman => {
                let rank = |column: &str| {
                    format!(
                        "pg_catalog.rank() OVER ({} ORDER BY {column}) + (pg_catalog.count(*) OVER (PARTITION BY {names}{column}) - 1) / 2.0::pg_catalog.float8",
                        parts.partition()
                    )
                };
                format!(
                    "SELECT {names}{} AS a, {} AS b FROM ({pairs}) AS numbers",
                    rank("a"),
                    rank("b")
                )
            }
        };
        format!(
            "SELECT {segment}, pg_catalog.corr(a, b) FROM ({pairs}) AS pair
{group_by}",
            segment = parts.segment_json(),
            group_by = parts.group_by(),
        )
    }
}

impl Assertion for CorrelationBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let value = |name: &str| -> Result<String> {
            let column = source.require_column(name)?;
            planner.require(column, Kind::is_number, "numbers")?;
            // Integers have no infinities to be compared with.
            Ok(format!("{}::pg_catalog.float8", value_of(column)))
        };
        let (a, b) = (value(&self.column_a)?, value(&self.column_b)?);
        let sql = self.statement(&Parts::new(spec, source)?, &a, &b);
        let (statement, bounds) = (sql.clone(), self.bounds());
        let inquiry = planner.ask_rows(move |answer| {
            statement::figures(&statement, answer, |figure| {
                figure::within("correlation", figure, &bounds)
            })
        })?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
