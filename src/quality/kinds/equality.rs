//! `equality`: that another relation has the same rows, counting repeated ones one by one, as in dbt_utils, whose `precision` rounds numbers.
//! With a key, rows find each other by it, and their numbers may be as far apart as `tolerance` says.

use pgrx::spi::quote_identifier;
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::statement;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_SAMPLE};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query_row::OutputColumn;
use crate::pg::{intake, types};
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs, Spec};
use algo::block::Kind;

pub static EQUALITY: CheckKind = CheckKind {
    name: "equality",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(Equality::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Equality {
    compare_model: String,
    #[serde(default)]
    compare_columns: Vec<String>,
    #[serde(default)]
    exclude_columns: Vec<String>,
    /// Digits after the decimal point that numbers are rounded to.
    precision: Option<u8>,
    /// Columns by which rows find each other.
    #[serde(default)]
    key: Vec<String>,
    /// How far numbers may be apart.
    tolerance: Option<f64>,
}

/// The most digits that numbers are rounded to.
const MOST_DIGITS: u8 = 30;

impl Equality {
    fn problem(&self) -> Option<&'static str> {
        match (self.tolerance, self.precision) {
            (Some(_), _) if self.key.is_empty() => {
                Some("tolerance needs the argument key: columns by which rows find each other")
            }
            (Some(tolerance), _) if !(tolerance >= 0.0 && tolerance.is_finite()) => {
                Some("tolerance must be at least 0")
            }
            (Some(_), Some(_)) => Some("either tolerance or precision is given"),
            (_, Some(precision)) if precision > MOST_DIGITS => Some("precision must be from 0 to 30"),
            _ => None,
        }
    }

    /// The columns that are compared.
    fn columns<'s>(&'s self, source: &'s Source, other: &Source) -> Result<Vec<&'s OutputColumn>> {
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
        let column = |name: &&'s String| {
            other.require_column(name)?;
            source.require_column(name)
        };
        names.iter().map(column).collect()
    }

    /// A column as it is compared, in a relation that goes by this name.
    fn value(&self, column: &OutputColumn, relation: &str) -> String {
        let value = format!("{relation}.{}", quote_identifier(&column.name));
        match self.precision {
            Some(digits) if matches!(intake::kind_of(column.type_oid), Kind::Float | Kind::Numeric) => {
                format!("pg_catalog.round({value}::pg_catalog.numeric, {digits})")
            }
            _ if types::is_sortable(column.type_oid) => value,
            _ => format!("{value}::pg_catalog.text"),
        }
    }

    /// The statement that compares both relations.
    fn statement(&self, planner: &Planner<'_, '_>, other: &Source) -> Result<String> {
        let (spec, source) = (planner.spec, planner.source);
        let columns = self.columns(source, other)?;
        if self.key.is_empty() {
            return Ok(difference(spec, source, other, |relation| {
                let values = columns.iter().map(|column| self.value(column, relation));
                values.collect::<Vec<_>>().join(", ")
            }));
        }
        let keys = self.key.iter().map(|name| {
            other.require_column(name)?;
            source.require_column(name)
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        let columns: Vec<&OutputColumn> = columns.into_iter().filter(|c| !self.key.contains(&c.name)).collect();
        Ok(self.paired(spec, source, other, &keys, &columns))
    }

    /// The statement that pairs rows by a key. Rows of one key pair in the order of their other values.
    fn paired(
        &self,
        spec: &Spec,
        source: &Source,
        other: &Source,
        keys: &[&OutputColumn],
        columns: &[&OutputColumn],
    ) -> String {
        let rows = |relation: &str| {
            let of = |columns: &[&OutputColumn]| -> Vec<String> {
                columns.iter().map(|column| self.value(column, relation)).collect()
            };
            let (keys, values) = (of(keys), of(columns));
            let named = keys.iter().zip(1..).map(|(sql, i)| format!("{sql} AS k{i}, "));
            let named = named.chain(values.iter().zip(1..).map(|(sql, i)| format!("{sql} AS c{i}, ")));
            let order = match values.join(", ").as_str() {
                "" => String::new(),
                values => format!(" ORDER BY {values}"),
            };
            format!(
                "{}pg_catalog.row_number() OVER (PARTITION BY {}{order}) AS place",
                named.collect::<String>(),
                keys.join(", ")
            )
        };
        let on: String = (1..=keys.len())
            .map(|i| format!("ours.k{i} = theirs.k{i} AND "))
            .collect();
        let same = columns.iter().zip(1..).map(|(column, i)| {
            let equal = format!("ours.c{i} IS NOT DISTINCT FROM theirs.c{i}");
            match self.tolerance {
                Some(tolerance) if intake::kind_of(column.type_oid).is_number() => {
                    // The difference of integers may be beyond their range, and a tolerance among them have a fraction.
                    let is_float = intake::kind_of(column.type_oid) == Kind::Float;
                    let number = if is_float {
                        "pg_catalog.float8"
                    } else {
                        "pg_catalog.numeric"
                    };
                    format!(
                        "({equal} OR COALESCE(pg_catalog.abs(ours.c{i}::{number} - theirs.c{i}::{number}) <= '{tolerance}', false)) AND "
                    )
                }
                Some(_) | None => format!("{equal} AND "),
            }
        });
        let shown: Vec<String> = (1..=keys.len()).map(|i| format!("k{i}")).collect();
        format!(
            "WITH ours AS (SELECT {ours} FROM {source} AS q WHERE {filter}true), theirs AS (SELECT {theirs} FROM {other} AS other),
paired AS (SELECT {keys}ours.place IS NULL AS missing, theirs.place IS NULL AS further,
        NOT ({same}true) AS different
    FROM ours FULL JOIN theirs ON {on}ours.place = theirs.place),
counted AS (SELECT pg_catalog.count(*) FILTER (WHERE further) AS further, pg_catalog.count(*) FILTER (WHERE missing) AS missing,
    pg_catalog.count(*) FILTER (WHERE different AND NOT further AND NOT missing) AS different FROM paired)
SELECT '[]', further + missing + different, (further + missing + different)::pg_catalog.float8,
    pg_catalog.json_build_object('rows_only_here', further, 'rows_only_there', missing, 'rows_different', different, 'keys',
        (SELECT pg_catalog.json_agg(key) FROM (SELECT pg_catalog.json_build_array({shown}) AS key FROM paired WHERE different OR further OR missing
            ORDER BY {shown} LIMIT 5) AS first))::pg_catalog.text FROM counted",
            ours = rows("q"),
            theirs = rows("other"),
            source = source.relation(),
            other = other.relation(),
            filter = spec.filter_and(),
            keys = (1..=keys.len())
                .map(|i| format!("COALESCE(ours.k{i}, theirs.k{i}) AS k{i}, "))
                .collect::<String>(),
            same = same.collect::<String>(),
            shown = shown.join(", "),
        )
    }
}

impl Assertion for Equality {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, other) = (planner.spec, planner.other()?);
        let sql = self.statement(planner, &other)?;
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
fn difference(spec: &Spec, source: &Source, other: &Source, columns: impl Fn(&str) -> String) -> String {
    format!(
        "WITH ours AS (SELECT {} FROM {} AS q WHERE {}true), theirs AS (SELECT {} FROM {} AS other),
missing AS (TABLE theirs EXCEPT ALL TABLE ours), further AS (TABLE ours EXCEPT ALL TABLE theirs),
counted AS (SELECT (SELECT pg_catalog.count(*) FROM further) AS further, (SELECT pg_catalog.count(*) FROM missing) AS missing)
SELECT '[]', further + missing, (further + missing)::pg_catalog.float8,
    pg_catalog.json_build_object('rows_only_here', further, 'rows_only_there', missing)::pg_catalog.text FROM counted",
        columns("q"),
        source.relation(),
        spec.filter_and(),
        columns("other"),
        other.relation(),
    )
}
