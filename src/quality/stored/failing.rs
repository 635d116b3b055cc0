//! `failing_rows(check_id, limit)`: the rows themselves, found again by the check, copied nowhere.

use pgrx::spi::quote_identifier;
use pgrx::{pg_extern, pg_sys};

use super::table::{self, StoredCheck};
use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reads::Reads;
use crate::pg::rowset::RowSet;
use crate::pg::{arguments, relation, role, snapshot};
use crate::quality::engine::rights;
use crate::quality::kinds::check::Check;
use crate::quality::kinds::plan::RowCondition;
use crate::quality::pass::Pass;
use crate::quality::placement::Placement;
use crate::quality::source::Source;

/// `failing_rows(check_id, limit)`.
#[pg_extern(sql = false)]
fn failing_rows(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise(snapshot::with_own(|_| {
        let argument = |index| arguments::datum(fcinfo, index).map(|datum| datum.value() as i64);
        let stored = table::find(required("check_id", argument(0))?)?;
        let limit = argument(1).unwrap_or(i64::MAX);
        if limit < 0 {
            return Err(
                Error::new(INVALID_PARAMETER, "argument \"limit\" is negative").hint("Give how many rows to show.")
            );
        }
        if !stored.is_own() && !are_visible(&stored)? {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied for the rows of check \"{}\"", stored.check.spec.name),
            )
            .hint(format!(
                "It takes the rights of role \"{}\", or SELECT on all that the check reads, without row-level security or functions of users.",
                role::name_of(stored.added_by)
            )));
        }
        let mut rows = RowSet::of(fcinfo)?;
        stored.as_its_role(|| {
            let source = stored.open()?;
            let key = relation::primary_key(stored.relation);
            let query = Query::new(&statement(&stored.check, &source, &key, limit)?)?;
            query.run(&mut |row| rows.push(row))
        })
    }));
}

/// Whether the caller may see the rows of a check that is not its own. Why that is not known is not for it to see.
fn are_visible(stored: &StoredCheck) -> Result<bool> {
    let caller = role::current();
    let reads = attempt(|| {
        stored.as_its_role(|| {
            let source = stored.open()?;
            let rows = Query::reads(&source.select("pg_catalog.to_jsonb(q)"))?;
            let check = rights::reads(&[&stored.check], &source)?;
            Ok(check.into_iter().fold(rows, Reads::and))
        })
    })?;
    Ok(reads.is_ok_and(|reads| reads.is_visible_to(caller)))
}

/// The primary key of a row as a JSON object in SQL; NULL without one.
fn key_of(row: &str, columns: &[String], source: &Source) -> String {
    if columns.is_empty() || columns.iter().any(|name| source.column(name).is_none()) {
        return "NULL::pg_catalog.jsonb".into();
    }
    let parts: Vec<String> = columns
        .iter()
        .map(|name| format!("{}, {row}.{}", pgrx::spi::quote_literal(name), quote_identifier(name)))
        .collect();
    format!("pg_catalog.jsonb_build_object({})", parts.join(", "))
}

/// The statement that gives the failing rows of a check: their keys and the rows, as JSON.
fn statement(check: &Check, source: &Source, key: &[String], limit: i64) -> Result<String> {
    let mut pass = Pass::default();
    let plan = check.plan(source, &mut pass)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let (rows, filter) = (source.relation(), check.spec.filter_and());
    let placement = Placement::of(source)?;
    Ok(match plan.row_condition(&check.spec, source, &pass, most)? {
        RowCondition::Alone(condition) => format!(
            "SELECT {}, {} FROM {rows} AS q WHERE {filter}{condition} LIMIT {limit}",
            key_of("q", key, source),
            placement.row_json("q", source)
        ),
        RowCondition::Windowed(condition) => format!(
            "SELECT {}, {} FROM (SELECT q, {condition} FROM {rows} AS q WHERE {filter}true) AS w (q, fails)
WHERE w.fails LIMIT {limit}",
            key_of("(w.q)", key, source),
            placement.row_json("w.q", source)
        ),
    })
}
