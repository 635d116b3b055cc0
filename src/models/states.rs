//! `assay.state` in SQL: its input and output, merging, and what it answers.

use std::ffi::CString;

use pgrx::{pg_extern, pg_sys};

use crate::pg::arguments;
use crate::pg::error::{DAMAGED_STATE, Error, MISMATCHED_STATES, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::state::{self, StateDatum};
use algo::state::State;

/// The text form begins as that of bytea does.
const PREFIX: &str = "\\x";

/// Text in: `\x` and hexadecimal digits.
#[pg_extern(sql = false)]
fn state_in(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    arguments::input_text(fcinfo).map(|text| {
        or_raise(
            parse_hex(text.to_bytes())
                .and_then(|bytes| state::parse(&bytes))
                .and_then(|s| state::flat_datum(&s)),
        )
    })
}

fn parse_hex(text: &[u8]) -> Result<Vec<u8>> {
    let damaged = || {
        Error::new(DAMAGED_STATE, "invalid input syntax for type assay.state")
            .hint("Its text form is \\x and an even number of hexadecimal digits, as its output is.")
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    text.strip_prefix(PREFIX.as_bytes())
        .filter(|digits| digits.len().is_multiple_of(2))
        .and_then(|digits| {
            digits
                .chunks_exact(2)
                .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
                .collect::<Option<Vec<u8>>>()
        })
        .ok_or_else(damaged)
}

/// Text out.
#[pg_extern(sql = false)]
fn state_out(fcinfo: pg_sys::FunctionCallInfo) -> Option<CString> {
    use std::fmt::Write;
    or_raise(state::look(fcinfo, 0, |state| {
        let text = state.to_bytes()?.iter().fold(String::from(PREFIX), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        // Hexadecimal digits hold no zero byte.
        Ok(CString::new(text).unwrap_or_default())
    }))
}

/// Binary in.
#[pg_extern(sql = false)]
fn state_recv(fcinfo: pg_sys::FunctionCallInfo) -> StateDatum {
    or_raise(
        state::message_bytes(fcinfo)
            .and_then(state::parse)
            .and_then(|s| state::flat_datum(&s)),
    )
}

/// The cast from bytea.
#[pg_extern(sql = false)]
fn state_from(bytes: Option<&[u8]>) -> Option<StateDatum> {
    bytes.map(|bytes| or_raise(state::parse(bytes).and_then(|s| state::flat_datum(&s))))
}

/// Binary out, and the cast to bytea.
#[pg_extern(sql = false)]
fn state_send(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<u8>> {
    or_raise(state::look(fcinfo, 0, |state| Ok(state.to_bytes()?)))
}

/// The combine function of every aggregate, and the step of the aggregate `merge_states`.
#[pg_extern(sql = false)]
fn state_combine(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise(state::combine(fcinfo))
}

/// `merge_states(a, b)`; with one of them NULL the other.
#[pg_extern(sql = false)]
fn merge_states(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let left = state::look(fcinfo, 0, |state| Ok(state.clone()))?;
        let right = state::look(fcinfo, 1, |state| Ok(state.clone()))?;
        let merged = match (left, right) {
            (Some(mut left), Some(right)) => {
                left.merge(&right, &Foreground::new()?)?;
                Some(left)
            }
            (left, right) => left.or(right),
        };
        merged.as_ref().map(state::flat_datum).transpose()
    })())
}

/// The final function of the metrics, and `metric_of(state)`.
#[pg_extern(sql = false)]
fn metric_of(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    or_raise(state::look(fcinfo, 0, |state| match state {
        State::Metric(tally) => Ok(tally.finish(&Foreground::new()?)?),
        other => Err(Error::new(
            MISMATCHED_STATES,
            format!("a state of {} holds no metric", other.kind()),
        )
        .hint("Make it with assay.metric_state.")),
    }))
    .flatten()
}
