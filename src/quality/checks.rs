//! `validate(query, checks)`: checks that are not stored.

use pgrx::iter::TableIterator;
use pgrx::pg_extern;

use super::check::Check;
use super::results::{self, Results};
use super::source::Source;
use super::validate;
use crate::pg::catalog;
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::text::Text;

/// `validate(query, checks)`.
#[pg_extern(sql = false)]
fn validate(query: Option<Text>, checks: Option<Jsonb>) -> Results {
    let rows = (|| -> Result<_> {
        let checks = Check::parse_all(required("checks", checks)?.read("argument \"checks\"")?)?;
        let source = Source::open(required("query", query.as_deref())?)?;
        let at = catalog::snapshot_time()?;
        let outcomes = validate::run(&checks.iter().collect::<Vec<_>>(), &source)?;
        let rows = checks
            .iter()
            .zip(outcomes)
            .flat_map(|(check, outcome)| results::rows(check, &source.text, outcome, catalog::current_role(), at));
        Ok(rows.collect::<Vec<_>>())
    })();
    TableIterator::new(or_raise(rows))
}
