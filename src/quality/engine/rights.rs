//! What running a check takes: rights, and what it reads.

use crate::pg::attempt::attempt;
use crate::pg::builtin::is_type_of_postgres;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reads::Reads;
use crate::quality::kinds::check::Check;
use crate::quality::pass::Pass;
use crate::quality::source::Source;

/// Has PostgreSQL plan all that a check runs, reading nothing. Returns an error where it cannot, or where the role lacks a right that it takes.
pub fn require(check: &Check, source: &Source) -> Result<()> {
    let mut pass = Pass::default();
    let plan = check.plan(source, &mut pass)?;
    if let Some(sql) = plan.means.statement() {
        Query::new(sql)?.require_rights()?;
    }
    pass.plan(source)
}

/// What each check reads: who may read it all may see what they find. One of which that is not known is nobody's to see but that of the roles
/// it belongs to.
pub fn reads(checks: &[&Check], source: &Source) -> Result<Vec<Reads>> {
    let table = Query::reads(&source.text)?;
    // What checks do with values of PostgreSQL's own types is known without a look at their SQL.
    let mut columns = source.columns().iter();
    let is_plain = columns.all(|column| is_type_of_postgres(column.type_oid));
    let adds_nothing = |check: &Check| is_plain && !check.has_expression() && !check.reads_another_relation();
    // Most expressions add nothing either, and one look shows it for all.
    let alike = |check: &Check| !check.reads_another_relation() && !adds_nothing(check);
    let together: Vec<&Check> = checks.iter().copied().filter(|check| alike(check)).collect();
    let more_together = attempt(|| more(&together, source))?;
    let is_nothing = more_together.is_ok_and(|more| more.and(table.clone()) == table);
    checks
        .iter()
        .map(|&check| {
            if adds_nothing(check) || (is_nothing && alike(check)) {
                return Ok(table.clone());
            }
            let more = attempt(|| more(&[check], source))?;
            Ok(more.map_or(Reads::UNKNOWN, |more| more.and(table.clone())))
        })
        .collect()
}

/// What checks do besides reading their relation.
fn more(checks: &[&Check], source: &Source) -> Result<Reads> {
    let mut reads = Reads::default();
    let mut pass = Pass::default();
    for check in checks {
        let plan = check.plan(source, &mut pass)?;
        if let Some(sql) = plan.means.statement() {
            reads = reads.and(Query::reads(sql)?);
        }
    }
    let shared = pass.describe(source)?.map(|sql| Query::reads(&sql)).transpose()?;
    Ok(reads.and(shared.unwrap_or_default()))
}
