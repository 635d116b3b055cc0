//! Questions with queries that answer them: kept, and found for a question that is alike.

use std::collections::BTreeSet;

use pgrx::pg_extern;

use super::run::planning;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::guarded::{self, Limits};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, role, statement, tables};
use algo_text::analyze::Language;
use algo_text::to_sql::relevance;

/// The most bytes of a question.
pub const LONGEST: usize = 10_000;
/// How many examples are looked at for a question.
const MOST: usize = 10_000;

/// A question, with the query that answers it.
pub struct Example {
    pub question: String,
    pub sql: String,
}

/// A question as an argument.
pub fn question(name: &str, value: Option<Text>) -> Result<String> {
    let question: String = required(name, value)?.into();
    match question.trim() {
        "" => Err(Error::new(INVALID_PARAMETER, format!("argument \"{name}\" has no words")).hint("Ask a question.")),
        trimmed if trimmed.len() > LONGEST => Err(Error::new(
            INVALID_PARAMETER,
            format!("argument \"{name}\" is too long"),
        )
        .detail(format!("It has {} bytes; at most {LONGEST} are taken.", trimmed.len()))
        .hint("Ask in fewer words.")),
        trimmed => Ok(trimmed.to_owned()),
    }
}

/// Examples of roles that the caller acts for, those first whose questions are most like this one, that the caller could run; at most `count`. One of the very
/// same question is left out where `others_only` says so, and one that reads something else than `within`.
pub fn alike(
    asked: &str,
    count: usize,
    limits: &Limits,
    language: Option<Language>,
    others_only: bool,
    within: Option<&BTreeSet<u32>>,
) -> Result<Vec<Example>> {
    let mut known = Vec::new();
    if count == 0 {
        return Ok(known);
    }
    statement::read(
        &format!("SELECT e.question, e.sql FROM assay.sql_examples AS e ORDER BY e.id DESC LIMIT {MOST}"),
        &[],
        &mut |row| {
            known.push(Example {
                question: row.require::<Text>(1)?.into(),
                sql: row.require::<Text>(2)?.into(),
            });
            Ok(())
        },
    )?;
    if others_only {
        known.retain(|example| example.question.trim() != asked.trim());
    }
    let questions: Vec<String> = known.iter().map(|example| example.question.clone()).collect();
    let scores = relevance::best_scores(asked, &questions, language, &Foreground::new()?)?;
    let mut found = Vec::new();
    for place in relevance::order(&scores) {
        if scores[place] <= 0.0 || found.len() == count {
            break;
        }
        let Ok(estimate) = guarded::try_estimate(&known[place].sql, role::current(), limits)? else {
            continue;
        };
        if within.is_none_or(|within| estimate.relations.is_subset(within)) {
            found.push(Example {
                question: known[place].question.clone(),
                sql: known[place].sql.clone(),
            });
        }
    }
    Ok(found)
}

/// `add_sql_example(question, sql)`.
#[pg_extern(sql = false)]
fn add_sql_example(question: Option<Text>, sql: Option<Text>) -> i64 {
    let add = || {
        read_only::require_writable(c"assay.add_sql_example()");
        let question = self::question("question", question)?;
        let sql: String = required("sql", sql)?.into();
        let sql = sql.trim();
        guarded::estimate(sql, role::current(), &planning())?;
        let by = role::current();
        tables::as_owner(|| {
            statement::run(
                "DELETE FROM assay.sql_example AS e WHERE e.added_by::pg_catalog.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND e.question OPERATOR(pg_catalog.=) $2",
                &[by.into(), question.as_str().into()],
            )?;
            let id: Option<i64> = tables::write_returning(
                "INSERT INTO assay.sql_example (question, sql, added_by) VALUES ($1, $2, $3) RETURNING id",
                &[question.as_str().into(), sql.into(), by.into()],
            )?;
            Ok(id.unwrap_or_default())
        })
    };
    or_raise(add())
}

/// `drop_sql_example(id)`.
#[pg_extern(sql = false)]
fn drop_sql_example(id: Option<i64>) {
    let forget = || {
        read_only::require_writable(c"assay.drop_sql_example()");
        let id = required("id", id)?;
        let mut is_own = false;
        statement::read(
            "SELECT e.id FROM assay.sql_examples AS e WHERE e.id OPERATOR(pg_catalog.=) $1",
            &[id.into()],
            &mut |_| {
                is_own = true;
                Ok(())
            },
        )?;
        if !is_own {
            return Err(
                Error::new(INVALID_PARAMETER, format!("there is no example {id} of yours"))
                    .hint("SELECT id, question FROM assay.sql_examples lists them."),
            );
        }
        tables::as_owner(|| {
            statement::run(
                "DELETE FROM assay.sql_example AS e WHERE e.id OPERATOR(pg_catalog.=) $1",
                &[id.into()],
            )
        })
    };
    or_raise(forget());
}
