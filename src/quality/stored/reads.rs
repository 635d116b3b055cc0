//! What checks read: who may read it all may see what they find.

use crate::pg::attempt::attempt;
use crate::pg::builtin::is_type_of_postgres;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reads::Reads;
use crate::quality::kinds::compile::{self, Work};
use crate::quality::kinds::near_duplicates;
use crate::quality::kinds::rule::Rule;
use crate::quality::kinds::statement;
use crate::quality::pass::Pass;
use crate::quality::source::Source;
use crate::quality::spec::check::Check;

/// What each check reads. One of which that cannot be told is nobody's to see but that of the roles it belongs to.
pub fn of(checks: &[&Check], source: &Source) -> Result<Vec<Reads>> {
    let table = Query::reads(&source.text)?;
    // What checks do with values of PostgreSQL's own types is known without a look at their SQL.
    let mut columns = source.columns().iter();
    let is_plain = columns.all(|column| is_type_of_postgres(column.type_oid));
    let adds_nothing = |check: &Check| is_plain && !check.has_expression() && !names_relation(check);
    // Most expressions add nothing either, and one look tells it of all.
    let alike = |check: &Check| !names_relation(check) && !adds_nothing(check);
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

/// Whether a check reads a relation beside its own.
fn names_relation(check: &Check) -> bool {
    matches!(
        check.rule,
        Rule::Relationships(_) | Rule::EqualRowcount(_) | Rule::Equality(_)
    )
}

/// What checks do besides reading their relation.
fn more(checks: &[&Check], source: &Source) -> Result<Reads> {
    let mut reads = Reads::default();
    let mut pass = Pass::default();
    for check in checks {
        if statement::answers(&check.rule) {
            reads = reads.and(Query::reads(&statement::sql(check, source)?)?);
            continue;
        }
        match compile::compile(check, source, &mut pass)? {
            Work::NearDuplicates(_, similarity) => {
                reads = reads.and(Query::reads(&near_duplicates::sql(check, source, &similarity)?)?);
            }
            Work::Found(_)
            | Work::Rows(_)
            | Work::Figure(..)
            | Work::Segments(_)
            | Work::Bounds(..)
            | Work::Statement(_)
            | Work::Anomaly(..) => {}
        }
    }
    let shared = pass.told(source)?.map(|sql| Query::reads(&sql)).transpose()?;
    Ok(reads.and(shared.unwrap_or_default()))
}
