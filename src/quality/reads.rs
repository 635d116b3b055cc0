//! What checks read: who may read it all may see what they find.

use super::check::Check;
use super::compile::{self, Work};
use super::pass::Pass;
use super::rule::Rule;
use super::source::Source;
use super::{near_duplicates, statement};
use crate::pg::attempt::attempt;
use crate::pg::builtin::is_type_of_postgres;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reads::Reads;

/// What each check reads. One of which that cannot be told is nobody's to see but that of the roles it belongs to.
pub fn of(checks: &[&Check], source: &Source) -> Result<Vec<Reads>> {
    let table = Query::reads(&source.text)?;
    // What checks do with values of PostgreSQL's own types is known without a look at their SQL.
    let is_plain = source
        .columns()
        .iter()
        .all(|column| is_type_of_postgres(column.type_oid));
    checks
        .iter()
        .map(|check| {
            if is_plain && !names_more(check) {
                return Ok(table.clone());
            }
            let more = attempt(|| more(check, source))?;
            Ok(more.map_or(Reads::UNKNOWN, |more| more.and(table.clone())))
        })
        .collect()
}

/// Whether a check has SQL or a relation of its own.
fn names_more(check: &Check) -> bool {
    check.has_expression()
        || matches!(
            check.rule,
            Rule::Relationships(_) | Rule::EqualRowcount(_) | Rule::Equality(_)
        )
}

/// What a check does besides reading its relation.
fn more(check: &Check, source: &Source) -> Result<Reads> {
    if statement::answers(&check.rule) {
        return Query::reads(&statement::sql(check, source)?);
    }
    let mut pass = Pass::default();
    let own = match compile::compile(check, source, &mut pass)? {
        Work::NearDuplicates(_, similarity) => Query::reads(&near_duplicates::sql(check, source, &similarity)?)?,
        Work::Found(_)
        | Work::Rows(_)
        | Work::Figure(..)
        | Work::Segments(_)
        | Work::Bounds(..)
        | Work::Statement(_)
        | Work::Anomaly(..) => Reads::default(),
    };
    let shared = pass.told(source)?.map(|sql| Query::reads(&sql)).transpose()?;
    Ok(own.and(shared.unwrap_or_default()))
}
