//! `assay.state` in SQL: its input and output, merging, and what it answers.

use std::ffi::CString;

use pgrx::{pg_extern, pg_sys};

use crate::pg::arguments;
use crate::pg::error::{DAMAGED_STATE, Error, MISMATCHED_STATES, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::state::{self, StateDatum};
use algo::room;
use algo::state::State;

/// The text form begins as that of bytea does.
const PREFIX: &str = "\\x";

/// Text in: `\x` and hexadecimal digits.
#[pg_extern(sql = false)]
fn state_in(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    let state = |text: &[u8]| state::taken_in(&parse_hex(text)?);
    arguments::input_text(fcinfo).map(|text| or_raise(state(text.to_bytes())))
}

/// What a byte is as a hexadecimal digit; above 15 for what is none.
const DIGITS: [u8; 256] = {
    let mut digits = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        let written = b"0123456789abcdef"[digit];
        digits[written as usize] = digit as u8;
        digits[written.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    digits
};

fn parse_hex(text: &[u8]) -> Result<Vec<u8>> {
    let damaged = || {
        Error::new(DAMAGED_STATE, "invalid input syntax for type assay.state")
            .hint("Its text form is \\x and an even number of hexadecimal digits, as its output is.")
    };
    let digits = text.strip_prefix(PREFIX.as_bytes()).ok_or_else(damaged)?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return Err(damaged());
    };
    let mut bytes = Vec::new();
    room::reserve(&mut bytes, pairs.len())?;
    // What is no digit has bits that no digit has: they are looked at once, at the end.
    let mut seen = 0;
    bytes.extend(pairs.iter().map(|pair| {
        let [high, low] = pair.map(|digit| DIGITS[usize::from(digit)]);
        seen |= high | low;
        high << 4 | low
    }));
    if seen < 16 { Ok(bytes) } else { Err(damaged()) }
}

/// Bytes as the text form has them.
fn hex(bytes: &[u8]) -> Result<Vec<u8>> {
    let digit = |four: u8| b"0123456789abcdef"[usize::from(four)];
    let mut text = Vec::new();
    // A zero byte will follow.
    room::reserve(&mut text, PREFIX.len() + 2 * bytes.len() + 1)?;
    text.extend_from_slice(PREFIX.as_bytes());
    for byte in bytes {
        text.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    Ok(text)
}

/// Text out.
#[pg_extern(sql = false)]
fn state_out(fcinfo: pg_sys::FunctionCallInfo) -> Option<CString> {
    // Hexadecimal digits hold no zero byte.
    let text = |state: &State| Ok(CString::new(hex(&state.to_bytes()?)?).unwrap_or_default());
    or_raise(state::look(fcinfo, 0, text))
}

/// Binary in.
#[pg_extern(sql = false)]
fn state_recv(fcinfo: pg_sys::FunctionCallInfo) -> StateDatum {
    or_raise(state::message_bytes(fcinfo).and_then(state::taken_in))
}

/// The cast from bytea.
#[pg_extern(sql = false)]
fn state_from(bytes: Option<&[u8]>) -> Option<StateDatum> {
    bytes.map(|bytes| or_raise(state::taken_in(bytes)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_gives_the_bytes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = hex(&bytes).unwrap();
        assert_eq!(&text[..8], b"\\x000102");
        assert_eq!(&text[508..], b"fdfeff");
        assert_eq!(parse_hex(&text).unwrap(), bytes);
        assert_eq!(parse_hex(b"\\xABcd").unwrap(), [0xab, 0xcd]);
        assert!(parse_hex(b"\\x").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_text_form_is_an_error() {
        for text in [
            "",
            "x00",
            "\\x0",
            "\\x000",
            "\\x0g",
            "\\xg0",
            "\\x00 0",
            "\\x\u{e9}",
            "00",
        ] {
            assert!(parse_hex(text.as_bytes()).is_err(), "{text}");
        }
        (0..=255u8).for_each(|byte| {
            let is_digit = parse_hex(&[b'\\', b'x', b'0', byte]).is_ok();
            assert_eq!(is_digit, byte.is_ascii_hexdigit(), "{byte}");
        });
    }
}
