//! Drift: what has moved between two sides, how sure that is, and how much it matters to a model.

mod baseline;
mod column;
mod correlation;
mod hours;
mod model;
mod options;
mod record;
mod report;
mod side;

use pgrx::pg_extern;

use self::options::Options;
use self::report::{DriftResult, ReportRow};
use self::side::Side;
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::query_row::OutputColumn;
use crate::pg::result_row::SetOf;
use crate::pg::text::Text;
use crate::quality::source::Source;

/// What a column of the current side is that the reference lacks.
const ABSENT: &str = "only in the current data";

fn names(columns: &[OutputColumn]) -> impl Iterator<Item = &str> + Clone {
    columns.iter().map(|column| column.name.as_str())
}

/// `drift(reference, current, options)`.
#[pg_extern(sql = false)]
fn drift(reference: Option<Text>, current: Option<Text>, options: Option<Jsonb>) -> SetOf<ReportRow> {
    let results = || -> Result<Vec<DriftResult>> {
        let options = Options::parse(object("options", options)?)?;
        // What is wrong with a query is an error before rows are read.
        let reference = Source::open(required("reference", reference.as_deref())?)?;
        let current = Source::open(required("current", current.as_deref())?)?;
        options.require_known(names(reference.columns()).chain(names(current.columns())))?;
        let importance = model::importance(options.model.as_deref())?;
        let wants = |column: &str| options.wants(column);
        let hours = |column: &str| options.wants_hours(column);
        let before = side::read(&reference, wants, hours, &options.group_by)?;
        let after = side::read(&current, wants, hours, &options.group_by)?;
        let (before, after) = (Side::of(&before)?, Side::of(&after)?);
        let correlations = match options.correlations {
            true => correlation::compare((&reference, &before), (&current, &after))?,
            false => Vec::new(),
        };
        Ok(report::compare(
            &before,
            &after,
            &options,
            ABSENT,
            importance.as_ref(),
            correlations,
        ))
    };
    report::table(or_raise(results()))
}
