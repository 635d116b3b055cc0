//! `reason_codes`: what pushed each row of a query most towards being refused, in words.

use pgrx::pg_extern;
use pgrx::pg_sys;

use super::attributions::checked_top_k;
use super::described::{Words, words_of};
use super::query::text;
use super::run::{Run, Wanted, checked_key};
use crate::pg::arguments::{nullable_texts, small_integer};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::kept::Shared;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::text::Text;
use algo::explain::{Direction, Side};
use algo::label::Label;

result_row! {
    /// A reason for a row.
    struct ReasonRow {
        key: Shared,
        rank: i32,
        feature: Shared,
        reason: String,
        attribution: f64,
        value: Option<String>,
        refused: Shared,
        baseline: Shared,
        base_value: f64,
        margin: f64,
        error: f64,
    }
}

/// `reason_codes(model, query, key, top_k, refused, baseline)`.
#[pg_extern(sql = false)]
fn reason_codes(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise(write(fcinfo));
}

/// The side that refuses, and its name: that of the class that is named, or of the positive class; of a number the one above or below.
fn refused(run: &Run, given: Option<&str>) -> Result<(Side, String)> {
    let missing = |hint: String| {
        Error::new(
            INVALID_PARAMETER,
            format!(
                "which side of model \"{}\" refuses is not known",
                run.rows.version.reference()
            ),
        )
        .hint(hint)
    };
    let Some(labels) = run.rows.model().answer.classes() else {
        let side = match given {
            Some("high") => run.folded.side(None),
            Some("low") => run.folded.side(None).map(Side::opposite),
            Some(_) | None => None,
        };
        let side =
            side.ok_or_else(|| missing("The model predicts a number: say refused => 'high' or 'low'.".into()))?;
        return Ok((side, given.unwrap_or_default().to_string()));
    };
    let class = super::explanation::class_named(&run.rows.version, run.rows.model(), given)?;
    let class = class.or((labels.len() == 2).then_some(1)).ok_or_else(|| {
        let known: Vec<String> = labels.iter().take(20).map(Label::to_string).collect();
        missing(format!(
            "Name the class that refuses with refused: one of {}.",
            known.join(", ")
        ))
    })?;
    let side = super::explanation::side_of(&run.folded, Some(class))?;
    Ok((side, labels[class].to_string()))
}

fn write(fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
    let mut rows = RowWriter::<ReasonRow>::of(fcinfo)?;
    let key = checked_key(nullable_texts(fcinfo, 2))?;
    let top_k = checked_top_k(small_integer(fcinfo, 3))?;
    let given: Option<Text> = text(fcinfo, 4)?;
    let run = Run::new(text(fcinfo, 0)?, text(fcinfo, 1)?, None, text(fcinfo, 5)?)?;
    let (side, name) = refused(&run, given.as_deref())?;
    let (described, by_default) = (words_of(&run.rows.version.model)?, Words::by_default());
    let inputs = &run.rows.model().inputs;
    let words: Vec<&Words> = (inputs.iter())
        .map(|input| described.get(&input.name).unwrap_or(&by_default))
        .collect();
    let (_, names) = run.names();
    let (refused, baseline) = (Shared::text(Some(&name)), Shared::text(Some(&run.baseline)));
    let wanted = Wanted {
        top_k,
        direction: Direction::Up,
        side: &|_, _| Ok((None, side)),
    };
    run.rank(&key, &wanted, &mut |mut ranked| {
        rows.write(|| {
            let (input, value) = (ranked.input, ranked.value());
            ReasonRow {
                key: ranked.key,
                rank: ranked.rank,
                feature: names[input],
                reason: words[input].write(&inputs[input].name, value.as_deref()),
                attribution: ranked.attribution,
                value,
                refused,
                baseline,
                base_value: ranked.base_value,
                margin: ranked.margin,
                error: ranked.error,
            }
        })
    })
}
