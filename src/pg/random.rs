//! Bits that nobody can foresee.

use std::ffi::c_void;

use pgrx::pg_sys;

use super::error::{Error, INTERNAL, Result};

/// Random bits. Returns an error where the system has none.
pub fn bits() -> Result<u128> {
    let mut bytes = [0_u8; 16];
    // SAFETY: PostgreSQL's own source of random bytes fills a buffer of that length.
    let is_done = unsafe { pg_sys::pg_strong_random(bytes.as_mut_ptr().cast::<c_void>(), bytes.len()) };
    match is_done {
        true => Ok(u128::from_le_bytes(bytes)),
        false => Err(Error::new(INTERNAL, "the system gives no random bytes").hint("Try again.")),
    }
}
