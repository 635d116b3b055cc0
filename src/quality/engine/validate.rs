//! `validate(query, checks)`: checks that are not stored.

use pgrx::iter::TableIterator;
use pgrx::pg_extern;

use crate::pg::catalog;
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::quality::engine::results::{self, Results};
use crate::quality::engine::run as validate;
use crate::quality::source::Source;
use crate::quality::spec::check::Check;

/// `validate(query, checks)`.
#[pg_extern(sql = false)]
fn validate(query: Option<Text>, checks: Option<Jsonb>) -> Results {
    let rows = (|| -> Result<_> {
        let written = Check::parse_all(required("checks", checks)?.read("argument \"checks\"")?)?;
        let source = Source::open(required("query", query.as_deref())?)?;
        let at = catalog::snapshot_time()?;
        let checks: Vec<&Check> = written.iter().flatten().collect();
        let mut outcomes = validate::run(&checks, &source)?.into_iter();
        let rows = written.into_iter().flat_map(|check| match check {
            Ok(check) => outcomes.next().map_or(Vec::new(), |outcome| {
                results::rows(&check, &source.text, outcome, catalog::current_role(), at)
            }),
            Err(malformed) => vec![results::malformed(malformed, &source.text, at)],
        });
        Ok(rows.collect::<Vec<_>>())
    })();
    TableIterator::new(or_raise(rows))
}
