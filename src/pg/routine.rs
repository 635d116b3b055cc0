//! Functions by their number and by their signature.

use std::panic::AssertUnwindSafe;

use pgrx::pg_catalog::pg_proc::PgProc;
use pgrx::{IntoDatum, PgTryBuilder, pg_sys};

use super::codes;
use super::encoding;

/// The function of a signature such as `public.net(numeric)`, as `regprocedure` reads it; `None` where there is none.
pub fn of_signature(signature: &str) -> Option<pg_sys::Oid> {
    let signature = encoding::encode_c(signature).ok()?;
    let look = || {
        // SAFETY: the input function takes a C string and gives the number of a function, or raises an error, holding nothing.
        let found = unsafe {
            pgrx::direct_function_call_as_datum(pg_sys::regprocedurein, &[signature.as_c_str().into_datum()])
        };
        found.map(|datum| pg_sys::Oid::from(datum.value() as u32))
    };
    let found = PgTryBuilder::new(AssertUnwindSafe(look))
        .catch_others(|_| {
            codes::forget();
            None
        })
        .execute();
    found.filter(|&oid| oid != pg_sys::InvalidOid)
}

/// The role that owns a function.
pub fn owner(oid: pg_sys::Oid) -> Option<pg_sys::Oid> {
    PgProc::new(oid).map(|function| function.proowner())
}

/// A function with its schema, where the search path does not find it, and the types of its arguments, for messages.
pub fn signature(oid: pg_sys::Oid) -> String {
    // SAFETY: gives a C string, of the number alone where there is no such function.
    unsafe { encoding::decode_c(pg_sys::format_procedure(oid)) }
}
