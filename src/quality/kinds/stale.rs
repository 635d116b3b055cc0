//! `stale`: that documents still hold: none is too old, has a successor, or was written before what it rests on changed.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::{interval, rows};
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::Needs;
use algo::block::Kind;

pub static STALE: CheckKind = CheckKind {
    name: "stale",
    needs: Needs::ROWS,
    parse: |arguments| {
        let stale: Stale = arguments.read_sound(|stale: &Stale| {
            let says_nothing =
                stale.max_age.is_none() && stale.superseded_by.is_none() && stale.sources_changed.is_none();
            says_nothing.then_some("max_age, superseded_by or sources_changed must be given")
        })?;
        if let Some(age) = &stale.max_age {
            interval::text(stale.datepart.as_deref(), age)?;
        }
        Ok(Box::new(stale))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stale {
    datepart: Option<String>,
    /// A number of dateparts, or an interval of PostgreSQL.
    max_age: Option<Json>,
    /// The column that names what has taken a document's place; NULL where nothing has.
    superseded_by: Option<String>,
    /// The column that says when what a document rests on changed last.
    sources_changed: Option<String>,
}

impl Assertion for Stale {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(Kind::is_time, "a date or timestamp")?;
        let updated = value_of(column);
        let mut reasons = Vec::new();
        if let Some(age) = &self.max_age {
            let age = interval::sql(self.datepart.as_deref(), age)?;
            reasons.push(format!("{updated} < pg_catalog.now() - {age}"));
        }
        if let Some(name) = &self.superseded_by {
            reasons.push(format!(
                "{} IS NOT NULL",
                value_of(planner.source.require_column(name)?)
            ));
        }
        if let Some(name) = &self.sources_changed {
            let changed = planner.source.require_column(name)?;
            planner.require(changed, Kind::is_time, "a date or timestamp")?;
            reasons.push(format!("{} > {updated}", value_of(changed)));
        }
        rows::condition(planner, &format!("({}) IS NOT TRUE", reasons.join(" OR ")))
    }
}
