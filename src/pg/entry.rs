//! The way in for functions that are called for each row. What pgrx's `pg_extern` does around a function takes longer than a short function
//! itself; here it is only pgrx's guard, which turns panics into errors.

use pgrx::{IntoDatum, pg_sys};

/// An answer that is a datum already.
pub struct Raw(pub pg_sys::Datum);

impl IntoDatum for Raw {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        Some(self.0)
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::InvalidOid
    }
}

/// PostgreSQL's version 1 of calling conventions.
pub static VERSION_1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };

/// Lets PostgreSQL call `$function`, which takes the call and answers with an option, NULL being `None`, by the name `$symbol`; `$info` is
/// that name with `pg_finfo_` before it.
macro_rules! per_row {
    ($function:path, $symbol:ident, $info:ident) => {
        #[doc(hidden)]
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        pub extern "C-unwind" fn $info() -> &'static pgrx::pg_sys::Pg_finfo_record {
            &$crate::pg::entry::VERSION_1
        }

        #[doc(hidden)]
        #[pgrx::pg_guard]
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        pub extern "C-unwind" fn $symbol(fcinfo: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum {
            $crate::pg::entry::answer(fcinfo, $function(fcinfo))
        }
    };
}
pub(crate) use per_row;

/// An answer as PostgreSQL takes it.
#[inline(always)]
pub fn answer(fcinfo: pg_sys::FunctionCallInfo, value: Option<impl IntoDatum>) -> pg_sys::Datum {
    value.and_then(IntoDatum::into_datum).unwrap_or_else(|| {
        // SAFETY: PostgreSQL hands a valid call, and expects whether its answer is NULL there.
        unsafe { (*fcinfo).isnull = true };
        pg_sys::Datum::from(0)
    })
}
