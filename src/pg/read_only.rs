//! The guard against writing, for all that runs what a user wrote: type input functions while a query is parsed, functions that the
//! planner folds, and the query itself.

use std::ffi::CStr;

use pgrx::pg_sys;

/// Forbids writing while it lives: what would write raises 25006. It stands before a query is parsed, for functions that call themselves
/// immutable run from then on.
///
/// The transaction's flag is set directly, as PostgreSQL does itself for parallel workers: its setting cannot be taken back to "off" within a
/// transaction. Nothing that runs meanwhile can do so either. When an error unwinds, it is put back here, and again by the
/// (sub)transaction's abort, which restores the flag as it was when the (sub)transaction began.
pub struct ReadOnly(bool);

impl ReadOnly {
    pub fn enter() -> Self {
        // SAFETY: a plain global of this backend, read by its only PostgreSQL thread.
        unsafe { ReadOnly((&raw mut pg_sys::XactReadOnly).replace(true)) }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // SAFETY: as above; this calls no PostgreSQL function.
        unsafe { (&raw mut pg_sys::XactReadOnly).write(self.0) }
    }
}

/// Raises 25006 where nothing can be written: in a read-only transaction, on a standby, in a parallel worker. `function` is
/// named in the message.
pub fn require_writable(function: &CStr) {
    // SAFETY: they raise an error or do nothing.
    unsafe {
        pg_sys::PreventCommandIfReadOnly(function.as_ptr());
        pg_sys::PreventCommandIfParallelMode(function.as_ptr());
        pg_sys::PreventCommandDuringRecovery(function.as_ptr());
    }
}

/// Whether this server only repeats what another one writes.
pub fn is_standby() -> bool {
    // SAFETY: reads shared memory behind a lock.
    unsafe { pg_sys::RecoveryInProgress() }
}

/// Why nothing can be written; `None` when it can.
pub fn reason() -> Option<&'static str> {
    // SAFETY: they read this backend's memory, and shared memory behind a lock.
    unsafe {
        if pg_sys::RecoveryInProgress() {
            Some("the server is a standby")
        } else if pg_sys::XactReadOnly {
            Some("the transaction is read-only")
        } else if pg_sys::IsInParallelMode() {
            Some("the statement runs in parallel")
        } else {
            None
        }
    }
}
