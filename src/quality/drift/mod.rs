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
use serde_json::Value as Json;

use self::options::Options;
use self::report::DriftResult;
pub use self::report::ReportRow;
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

/// Compares two queries: each is read once. Returns errors before rows are read where they can be known then.
fn results(reference: Option<&str>, current: Option<&str>, options: &Options) -> Result<Vec<DriftResult>> {
    // What is wrong with a query is an error before rows are read.
    let reference = Source::open(required("reference", reference)?)?;
    let current = Source::open(required("current", current)?)?;
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
        options,
        ABSENT,
        importance.as_ref(),
        correlations,
    ))
}

/// The rows that `drift` gives, each with the distributions of a column of numbers: `low`, `high`, and the shares of both sides.
pub fn report_rows(
    reference: Option<&str>,
    current: Option<&str>,
    options: Json,
) -> Result<Vec<(ReportRow, Vec<Json>)>> {
    let mut options = Options::parse(options)?;
    options.histograms = true;
    let results = results(reference, current, &options)?;
    let row = |mut result: DriftResult| {
        let histogram = result.take_histogram();
        (result.into_row(), histogram)
    };
    Ok(results.into_iter().map(row).collect())
}

/// `drift(reference, current, options)`.
#[pg_extern(sql = false)]
fn drift(reference: Option<Text>, current: Option<Text>, options: Option<Jsonb>) -> SetOf<ReportRow> {
    let results = || {
        results(
            reference.as_deref(),
            current.as_deref(),
            &Options::parse(object("options", options)?)?,
        )
    };
    report::table(or_raise(results()))
}
