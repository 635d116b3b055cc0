//! The options of servers and user mappings, looked at when they are set.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::WRAPPER;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreign_server::{SERVERS, USER_MAPPINGS, pair};
use crate::pg::options;
use crate::pg::text::Text;
use algo_text::endpoint::options::{KeyPlace, SERVER, ServerOptions, USER, Wrong};
use algo_text::endpoint::secret::Secret;

/// `http_validator(options, catalog)`.
#[pg_extern(sql = false)]
fn http_validator(options: Option<Vec<Option<Text>>>, catalog: Oid) {
    or_raise(validate(options, catalog));
}

fn validate(options: Option<Vec<Option<Text>>>, catalog: Oid) -> Result<()> {
    let options = options::texts("options", options)?.unwrap_or_default();
    let pairs = options.iter().map(|option| pair(option));
    match catalog {
        SERVERS => ServerOptions::read(pairs)
            .map(drop)
            .map_err(|problem| wrong(problem, &SERVER)),
        USER_MAPPINGS => match KeyPlace::read(pairs).map_err(|problem| wrong(problem, &USER))? {
            Some(KeyPlace::Here(key)) if Secret::new(&key).is_none() => Err(not_a_key("option \"api_key\"")),
            Some(KeyPlace::Here(_) | KeyPlace::File(_) | KeyPlace::Variable(_)) | None => Ok(()),
        },
        _ if options.is_empty() => Ok(()),
        _ => Err(Error::new(
            INVALID_PARAMETER,
            format!("{WRAPPER} has options for servers and user mappings only"),
        )
        .hint("Give them to CREATE SERVER and CREATE USER MAPPING.")),
    }
}

/// The error of an option, which does not repeat its value: that may be a key in the wrong place.
pub fn wrong(problem: Wrong, known: &[&str]) -> Error {
    match problem {
        Wrong::Unknown { name } => Error::new(INVALID_PARAMETER, format!("unknown option \"{name}\""))
            .hint(format!("The options are: {}.", known.join(", "))),
        Wrong::Value { name, problem } => {
            Error::new(INVALID_PARAMETER, format!("option \"{name}\" is not valid: {problem}"))
                .hint("Correct the option.")
        }
        Wrong::Missing { name } => Error::new(INVALID_PARAMETER, format!("option \"{name}\" is missing"))
            .hint("OPTIONS (base_url 'https://host/v1') says where the server is."),
    }
}

/// The error of a key that could not be sent.
pub fn not_a_key(place: &str) -> Error {
    Error::new(INVALID_PARAMETER, format!("{place} holds no key"))
        .detail("A key has printable characters of ASCII, and no spaces.")
        .hint("Correct it.")
}
