//! Time zones by their names.

use pgrx::pg_sys;

use super::encoding;
use super::error::{Error, INVALID_PARAMETER, Result};

/// Whether PostgreSQL knows a time zone of this name, such as `Europe/Berlin`.
pub fn exists(name: &str) -> bool {
    let Ok(name) = encoding::encode_c(name) else {
        return false;
    };
    // SAFETY: a look-up by a C string, which gives null for what is no time zone; one that is found lives as long as the backend.
    unsafe {
        let zone = pg_sys::pg_tzset(name.as_ptr());
        !zone.is_null() && pg_sys::pg_tz_acceptable(zone)
    }
}

/// Returns an error with 22023 unless PostgreSQL knows a time zone of this name. An abbreviation such as `SAT` is none: what it means, if anything, is the
/// session's to say, and what is stored with one would be an error in the others.
pub fn require(name: &str) -> Result<()> {
    match exists(name) {
        true => Ok(()),
        false => Err(
            Error::new(INVALID_PARAMETER, format!("time zone \"{name}\" does not exist"))
                .hint("Name one as pg_timezone_names lists it, such as Europe/Berlin."),
        ),
    }
}
