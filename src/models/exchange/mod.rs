//! Models that come in and go out as files of a format. A format is a line in the table [`FORMATS`].

mod as_sql;
mod baseline;
mod export;
mod foreign;
mod import;
pub mod package;

use super::registry::Version;
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use algo::exchange;
use serde_json::Value as Json;

/// A model on its way in.
pub struct Incoming<'a> {
    /// What it is to be called: the caller may make a version of a model of that name.
    pub name: &'a str,
    /// The file.
    pub bytes: &'a [u8],
    /// A JSON object.
    pub options: Json,
}

/// Stores a model as a version, deploys it where the name is new, and gives the version's number.
pub type Import = fn(&Incoming<'_>, &mut Reporter, &Foreground) -> Result<i32>;

/// Writes a version, which the caller may read, as a file.
pub type Export = fn(&Version, &mut Reporter, &Foreground) -> Result<Vec<u8>>;

/// A format of files.
pub struct Format {
    /// Its name in SQL.
    pub name: &'static str,
    /// `None` for one that is not read.
    pub import: Option<Import>,
    /// `None` for one that is not written.
    pub export: Option<Export>,
}

/// Every format.
pub static FORMATS: &[Format] = &[
    Format {
        name: "assay",
        import: Some(package::import),
        export: Some(|version, _, statement| package::export(version, statement)),
    },
    Format {
        name: "lightgbm",
        import: Some(|incoming, reporter, statement| {
            foreign::import(incoming, "lightgbm", exchange::lightgbm::read, reporter, statement)
        }),
        export: Some(|version, reporter, statement| {
            foreign::export(version, exchange::lightgbm::write, reporter, statement)
        }),
    },
    Format {
        name: "xgboost",
        import: Some(|incoming, reporter, statement| {
            foreign::import(incoming, "xgboost", exchange::xgboost::read, reporter, statement)
        }),
        export: None,
    },
    Format {
        name: "onnx",
        import: Some(|incoming, reporter, statement| {
            foreign::import(incoming, "onnx", exchange::onnx::read, reporter, statement)
        }),
        export: Some(|version, reporter, statement| {
            foreign::export(version, exchange::onnx::write, reporter, statement)
        }),
    },
];

/// The format of that name that can do what `ability` gives. Returns 22023, and names those that can.
fn format<T>(name: &str, verb: &str, ability: fn(&Format) -> Option<T>) -> Result<T> {
    let found = FORMATS.iter().find(|format| format.name == name);
    if let Some(ability) = found.and_then(ability) {
        return Ok(ability);
    }
    let known: Vec<&str> = FORMATS
        .iter()
        .filter(|format| ability(format).is_some())
        .map(|format| format.name)
        .collect();
    let problem = match found {
        Some(_) => format!("models cannot be {verb} in the format \"{name}\""),
        None => format!("unknown format \"{name}\""),
    };
    Err(Error::new(INVALID_PARAMETER, problem).hint(format!("Models are {verb} as: {}.", known.join(", "))))
}
