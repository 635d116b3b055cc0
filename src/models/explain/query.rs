//! `explain_query`: what moved each row of a query most.

use pgrx::pg_extern;
use pgrx::pg_sys;

use super::attributions::checked_top_k;
use super::run::{Run, Wanted, checked_key};
use crate::pg::arguments::from;
use crate::pg::error::{Result, or_raise};
use crate::pg::fields::{Arguments, Fields};
use crate::pg::kept::Shared;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::text::Text;
use algo::explain::Direction;

result_row! {
    /// What a feature adds to the margin of a row.
    struct ExplainedRow {
        key: Shared,
        rank: i32,
        feature: Shared,
        value: Option<String>,
        attribution: f64,
        class: Shared,
        baseline: Shared,
        base_value: f64,
        margin: f64,
        /// How far base value and attributions are from the margin.
        error: f64,
    }
}

/// A text argument; `None` for NULL, and where the function was declared without it.
pub fn text(fcinfo: pg_sys::FunctionCallInfo, place: usize) -> Result<Option<Text>> {
    if from(fcinfo, place).is_empty() {
        return Ok(None);
    }
    Ok(Arguments::of(&fcinfo)
        .text(place)?
        .map(|text| Text::from(text.as_ref())))
}

/// `explain_query(model, query, key, top_k, baseline, class)`.
#[pg_extern(sql = false)]
fn explain_query(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise(write(fcinfo));
}

fn write(fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
    let mut rows = RowWriter::<ExplainedRow>::of(fcinfo)?;
    let key = checked_key(crate::pg::arguments::nullable_texts(fcinfo, 2))?;
    let top_k = checked_top_k(crate::pg::arguments::small_integer(fcinfo, 3))?;
    let run = Run::new(text(fcinfo, 0)?, text(fcinfo, 1)?, text(fcinfo, 5)?, text(fcinfo, 4)?)?;
    let (labels, inputs) = run.names();
    let (none, baseline) = (Shared::text(None), Shared::text(Some(&run.baseline)));
    let wanted = Wanted {
        top_k,
        direction: Direction::Either,
        side: &|explained, row| run.side(explained, row),
    };
    run.rank(&key, &wanted, &mut |mut ranked| {
        rows.write(|| ExplainedRow {
            key: ranked.key,
            rank: ranked.rank,
            feature: inputs[ranked.input],
            value: ranked.value(),
            attribution: ranked.attribution,
            class: ranked.class.map_or(none, |class| labels[class]),
            baseline,
            base_value: ranked.base_value,
            margin: ranked.margin,
            error: ranked.error,
        })
    })
}
