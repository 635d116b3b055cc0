//! What a function remembers at one call site, from its first row to the end of the statement.

use pgrx::{PgMemoryContexts, pg_sys};

/// The call site's `T`, made on the first call. It lives in PostgreSQL's `fn_extra` and is dropped with the statement's memory.
///
/// A function must always use one `T`.
pub fn remembered<T>(fcinfo: pg_sys::FunctionCallInfo, make: impl FnOnce() -> T) -> &'static mut T {
    // SAFETY: `fn_extra` is null until this function fills it, and belongs to this function at this call site alone, so it always
    // holds a `T`; it lives as long as the FmgrInfo that points to it. A call site is not entered again before it has returned.
    unsafe {
        let flinfo = (*fcinfo).flinfo;
        if (*flinfo).fn_extra.is_null() {
            (*flinfo).fn_extra = memory(fcinfo).leak_and_drop_on_delete(make()).cast();
        }
        &mut *(*flinfo).fn_extra.cast::<T>()
    }
}

/// Runs `work` with the call site's memory as the current memory context, for what has to live as long as it.
pub fn in_its_memory<T>(fcinfo: pg_sys::FunctionCallInfo, work: impl FnOnce() -> T) -> T {
    // SAFETY: the context lives as long as the call site.
    unsafe { memory(fcinfo).switch_to(|_| work()) }
}

fn memory(fcinfo: pg_sys::FunctionCallInfo) -> PgMemoryContexts {
    // SAFETY: PostgreSQL hands a valid call, whose FmgrInfo names its memory context.
    unsafe { PgMemoryContexts::For((*(*fcinfo).flinfo).fn_mcxt) }
}
