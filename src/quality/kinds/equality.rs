//! `equality`: that another relation has the same rows, counting repeated ones one by one.

use pgrx::spi::quote_identifier;
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::statement;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs, Spec};

pub static EQUALITY: CheckKind = CheckKind {
    name: "equality",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| Ok(Box::new(arguments.read::<Equality>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Equality {
    compare_model: String,
    #[serde(default)]
    compare_columns: Vec<String>,
    #[serde(default)]
    exclude_columns: Vec<String>,
}

impl Equality {
    /// The columns that are compared, for a SELECT.
    fn columns(&self, source: &Source, other: &Source) -> Result<String> {
        let names: Vec<&String> = match self.compare_columns.as_slice() {
            [] => {
                let all = source.columns().iter().map(|column| &column.name);
                all.filter(|name| !self.exclude_columns.contains(name)).collect()
            }
            names => names.iter().collect(),
        };
        if names.is_empty() {
            return Err(
                Error::new(INVALID_PARAMETER, "equality has no column to compare").hint("Exclude fewer columns.")
            );
        }
        let column = |name: &&String| {
            source.require_column(name)?;
            other.require_column(name)?;
            Ok(quote_identifier(name))
        };
        Ok(names.iter().map(column).collect::<Result<Vec<String>>>()?.join(", "))
    }
}

impl Assertion for Equality {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, other) = (planner.spec, planner.other()?);
        let columns = self.columns(planner.source, &other)?;
        let sql = difference(spec, planner.source, &other, &columns);
        let statement = sql.clone();
        let inquiry = planner.ask_rows(move |answer| statement::findings(spec, "rows_failed", &statement, answer))?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Unknown(SEE_SAMPLE),
        })
    }

    fn other_relation(&self) -> Option<&str> {
        Some(&self.compare_model)
    }
}

/// The statement that counts the rows of one relation that the other lacks, both ways.
fn difference(spec: &Spec, source: &Source, other: &Source, columns: &str) -> String {
    format!(
        "WITH ours AS (SELECT {columns} FROM {} AS q WHERE {}true), theirs AS (SELECT {columns} FROM {} AS other),
missing AS (TABLE theirs EXCEPT ALL TABLE ours), further AS (TABLE ours EXCEPT ALL TABLE theirs),
counted AS (SELECT (SELECT pg_catalog.count(*) FROM further) AS further, (SELECT pg_catalog.count(*) FROM missing) AS missing)
SELECT '[]', further + missing, (further + missing)::pg_catalog.float8,
    pg_catalog.json_build_object('rows_only_here', further, 'rows_only_there', missing)::pg_catalog.text FROM counted",
        source.relation(),
        spec.filter_and(),
        other.relation(),
    )
}
