//! `recency`: that the latest point in time is not long ago.

use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Assertion, CheckKind};
use super::common::{figure, interval};
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::quality::finding::{Finding, Verdict, describe_latest};
use crate::quality::spec::Needs;
use algo::block::Kind;
use algo::scan::{Constant, Measure, Tally, Test};

pub static RECENCY: CheckKind = CheckKind {
    name: "recency",
    needs: Needs::FIGURE,
    parse: |arguments| {
        let recency: Recency = arguments.read()?;
        interval::text(recency.datepart.as_deref(), &recency.interval)?;
        Ok(Box::new(recency))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recency {
    datepart: Option<String>,
    /// A number of dateparts, or an interval of PostgreSQL.
    interval: Json,
}

impl Assertion for Recency {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let interval = interval::text(self.datepart.as_deref(), &self.interval)?;
        let column = planner.column_of(Kind::is_time, "a date or timestamp")?;
        let (kind, input) = (intake::kind_of(column.type_oid), planner.input(column));
        figure::plan(planner, Some(input), Test::Latest, move |tally| {
            age(tally, &interval, kind)
        })
    }
}

/// How long ago the latest point in time was, in seconds, and whether that is within the interval.
fn age(tally: &Tally, interval: &str, kind: Kind) -> Result<Finding> {
    let threshold = format!("within {interval}");
    let mut finding = Finding::figure("age_seconds", None, threshold, false);
    let Measure::Latest(Some(latest)) = tally.measure() else {
        finding.message = Some("there is no value, so none is recent".into());
        return Ok(finding);
    };
    let at = intake::written(kind, &Constant::Integer(*latest));
    let type_name = match kind {
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        _ => "timestamptz",
    };
    let literal = format!("{}::pg_catalog.{type_name}", quote_literal(&at));
    let interval = format!("{}::pg_catalog.interval", quote_literal(interval));
    let sql = format!(
        "SELECT extract(epoch FROM pg_catalog.now() - {literal})::pg_catalog.float8, {literal} >= pg_catalog.now() - {interval}"
    );
    Query::new(&sql)?.run(&mut |row| {
        if let (Value::Number(age), Value::Number(recent)) = (row.value(0), row.value(1)) {
            finding.value = Some(age);
            finding.message = Some(describe_latest(age));
            finding.verdict = Verdict::Holds(recent != 0.0);
        }
        Ok(())
    })?;
    finding.sample = Some(json!({ "latest": at }));
    Ok(finding)
}
