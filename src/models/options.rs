//! Arguments that are JSON, and arguments that may not be NULL.

use pgrx::JsonB;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// An argument that may not be NULL.
pub fn required<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is NULL")).hint("Give it a value.")
    })
}

/// An argument that is a JSON object; NULL is an empty one.
pub fn object(name: &str, value: Option<JsonB>) -> Result<Json> {
    match value.map(|json| json.0) {
        None => Ok(Json::Object(serde_json::Map::new())),
        Some(object @ Json::Object(_)) => Ok(object),
        Some(other) => Err(Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is no JSON object"))
            .detail(format!("It is {other}."))
            .hint(format!("Write it as {name} => '{{\"key\": value}}'."))),
    }
}

/// Reads an options object. The error of an unknown key lists the known ones.
pub fn parse<T: DeserializeOwned>(name: &str, options: Json) -> Result<T> {
    serde_json::from_value(options).map_err(|error| invalid(name, &error))
}

/// The error of options that do not fit.
pub fn invalid(name: &str, error: &serde_json::Error) -> Error {
    let problem = error.to_string().replace('`', "\"");
    // serde says what is wrong, and after "expected" what is known.
    let (found, known) = match problem.split_once(", expected ") {
        Some((found, known)) => (found.to_string(), Some(known.trim_start_matches("one of ").to_string())),
        None => (problem, None),
    };
    let error = Error::new(INVALID_PARAMETER, format!("{name}: {found}"));
    match known {
        Some(known) => error.hint(format!("Known here: {known}.")),
        None => error.hint("The function's comment lists the options and their types."),
    }
}
