//! What a function remembers at one call site, from its first row to the end of the statement.

use pgrx::{PgMemoryContexts, pg_sys};

/// The call site's `T`, made on the first call. It lives in PostgreSQL's `fn_extra` and is dropped with the statement's memory.
///
/// A function must always use one `T`.
#[inline(always)]
pub fn remembered<T>(fcinfo: pg_sys::FunctionCallInfo, make: impl FnOnce() -> T) -> &'static mut T {
    // SAFETY: `fn_extra` is null until this function fills it, and belongs to this function at this call site alone, so it always
    // holds a `T`; it lives as long as the FmgrInfo that points to it. A call site is not entered again before it has returned.
    unsafe {
        let flinfo = (*fcinfo).flinfo;
        if (*flinfo).fn_extra.is_null() {
            first(flinfo, make);
        }
        &mut *(*flinfo).fn_extra.cast::<T>()
    }
}

/// # Safety
/// As in [`remembered`], which calls this for the first row.
#[cold]
unsafe fn first<T>(flinfo: *mut pg_sys::FmgrInfo, make: impl FnOnce() -> T) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut memory = PgMemoryContexts::For((*flinfo).fn_mcxt);
        (*flinfo).fn_extra = memory.leak_and_drop_on_delete(make()).cast();
    }
}

/// Runs `work` with the call site's memory as the current memory context, for what has to live as long as it.
pub fn in_its_memory<T>(fcinfo: pg_sys::FunctionCallInfo, work: impl FnOnce() -> T) -> T {
    // SAFETY: PostgreSQL hands a valid call, whose FmgrInfo names a memory context that lives as long as the call site.
    unsafe { PgMemoryContexts::For((*(*fcinfo).flinfo).fn_mcxt).switch_to(|_| work()) }
}
