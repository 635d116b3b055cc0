//! Time zones by their names.

use pgrx::pg_sys;

use super::encoding;

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
