//! Features made of columns: scalars of one row, and what a window's rows teach.

pub mod bucket;
pub mod combine;
pub mod distance;
pub mod farm_hash;
mod frequencies;
pub mod imputer;
pub mod mode;
pub mod ngrams;
pub mod norm;
pub mod ordered;
mod queue;
pub mod scale;
pub mod sliding;
mod sorted;
pub mod vocabulary;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::error::Error;

/// The error of a parameter that is out of its range.
fn parameter(name: &'static str, value: impl ToString, allowed: impl Into<Cow<'static, str>>) -> Error {
    Error::Parameter {
        name,
        value: value.to_string(),
        allowed: allowed.into(),
    }
}
