//! Time zones by their names.

use std::ffi::CStr;

use pgrx::datum::{Timestamp, TimestampWithTimeZone};
use pgrx::{IntoDatum, direct_function_call, pg_sys};

use super::encoding;
use super::error::{Error, INTERNAL, INVALID_PARAMETER, Result};
use super::text::Text;

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

/// The name of the session's time zone.
pub fn of_session() -> Result<String> {
    // SAFETY: a backend always has a time zone, which lives as long as the backend, and so does its name, a C string.
    let name = unsafe { CStr::from_ptr(pg_sys::pg_get_timezone_name(pg_sys::session_timezone)) };
    let name = name
        .to_str()
        .map_err(|_| Error::new(INTERNAL, "the name of the time zone is no text"))?;
    Ok(name.to_string())
}

/// The moment at which the clock of a time zone shows so many microseconds since 2000-01-01. Returns an error for a zone that there is not, and for a moment
/// beyond those that PostgreSQL knows.
pub fn moment(local: i64, zone: &str) -> Result<TimestampWithTimeZone> {
    require(zone)?;
    let beyond = || {
        Error::new(INVALID_PARAMETER, "a moment is beyond those that PostgreSQL knows")
            .detail(format!("It is {local} microseconds after 2000-01-01."))
            .hint("Ask for fewer steps ahead.")
    };
    let local = Timestamp::try_from(local).map_err(|_| beyond())?;
    let zone = Text::from(zone);
    // SAFETY: a function of PostgreSQL, called with a text and a timestamp as it takes them.
    let moment = unsafe { direct_function_call(pg_sys::timestamp_zone, &[zone.into_datum(), local.into_datum()]) };
    moment.ok_or_else(beyond)
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
