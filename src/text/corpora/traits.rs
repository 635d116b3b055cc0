//! `detect_language` and `encoding_damage`: what single texts are like.

use pgrx::pg_sys;

use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::{arguments, text};
use algo::quality::mixed_formats;
use algo_text::language;

/// `detect_language(input)`.
fn detect_language(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let input = arguments::text(fcinfo, 0)?;
    let statement = or_raise(Foreground::new());
    let detected = language::detect(&input, &statement).map_err(Error::from);
    or_raise(detected).and_then(text::datum_of)
}

/// `encoding_damage(input)`.
fn encoding_damage(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let input = arguments::text(fcinfo, 0)?;
    mixed_formats::damage(&input).and_then(text::datum_of)
}

entry::per_row!(
    detect_language,
    detect_language_wrapper,
    pg_finfo_detect_language_wrapper
);
entry::per_row!(
    encoding_damage,
    encoding_damage_wrapper,
    pg_finfo_encoding_damage_wrapper
);
