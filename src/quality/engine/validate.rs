//! `validate(query, checks)`: checks that are not stored.

use pgrx::pg_extern;

use super::result::CheckResult;
use super::run::run;
use crate::pg::error::{Error, NOTHING_ASSERTED, Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::sweep::Swept;
use crate::pg::text::Text;
use crate::pg::{role, snapshot};
use crate::quality::kinds::check::Check;
use crate::quality::source::Source;

/// `validate(query, checks)`.
#[pg_extern(sql = false)]
fn validate(query: Option<Text>, checks: Option<Jsonb>) -> SetOf<CheckResult> {
    set_of(or_raise(results(query, checks)))
}

fn results(query: Option<Text>, checks: Option<Jsonb>) -> Result<Vec<CheckResult>> {
    let declared = Swept::new(Check::parse_all(
        required("checks", checks)?.read("argument \"checks\"")?,
    )?);
    let source = Source::open(required("query", query.as_deref())?)?;
    if declared.is_empty() {
        return Err(Error::new(NOTHING_ASSERTED, "argument \"checks\" has no check")
            .hint("Give at least one, such as '[{\"kind\": \"not_null\", \"column_name\": \"id\"}]'."));
    }
    let at = snapshot::time()?;
    let checks: Vec<&Check> = declared.iter().flatten().collect();
    let mut outcomes = run(&checks, &source)?.into_iter();
    let results = declared.into_inner().into_iter().flat_map(|check| match check {
        Ok(check) => outcomes.next().map_or(Vec::new(), |outcome| {
            CheckResult::of(&check, &source.text, outcome, role::current(), at)
        }),
        Err(malformed) => vec![CheckResult::malformed(malformed, &source.text, at)],
    });
    Ok(results.collect())
}
