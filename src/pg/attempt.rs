//! Work that may fail without taking the statement with it.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgMemoryContexts, PgTryBuilder, pg_sys};

use super::cancel::Watch;
use super::codes;
use super::error::{Error, OUT_OF_MEMORY, Result};
use super::{messages, watchdog};

/// Runs `work`, which only reads, in a subtransaction of its own that is rolled back whatever comes of it: nothing that it set, locked or left
/// open stays. When it fails, with whatever error, the statement goes on; only a cancel of the statement is passed on.
///
/// What PostgreSQL allocates meanwhile goes when the work has ended: of a query that fails, the executor leaves all that it had.
///
/// The inner error says why the work failed: message, detail and hint in one text, as a person reads it.
pub fn attempt<T>(work: impl FnOnce() -> Result<T>) -> Result<std::result::Result<T, String>> {
    failure(in_subtransaction(work, Effects::Undone))
}

/// The same for work that writes: when it succeeds, what it wrote stays.
pub fn attempt_to_write<T>(work: impl FnOnce() -> Result<T>) -> Result<std::result::Result<T, String>> {
    failure(in_subtransaction(work, Effects::Stay))
}

/// Runs `work` as an attempt does, and passes its error on as it is.
pub fn undone<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    match in_subtransaction(work, Effects::Undone) {
        Ok(value) => Ok(value),
        Err(Stop::Ours(error)) => Err(error),
        Err(Stop::Postgres(caught)) => {
            codes::carry();
            caught.rethrow()
        }
    }
}

/// Why work ended without a value.
enum Stop {
    Ours(Error),
    Postgres(Box<CaughtError>),
}

/// What becomes of the effects of work that succeeds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effects {
    Stay,
    Undone,
}

/// Runs `work` in a subtransaction, which is rolled back when it fails.
fn in_subtransaction<T>(work: impl FnOnce() -> Result<T>, effects: Effects) -> std::result::Result<T, Stop> {
    // SAFETY: what PL/pgSQL does for a block with an exception handler: the subtransaction is begun in the caller's memory context
    // and resource owner, which are put back after it has ended in either way.
    let (memory, owner, callbacks) = unsafe {
        let before = (
            pg_sys::CurrentMemoryContext,
            pg_sys::CurrentResourceOwner,
            pg_sys::error_context_stack,
        );
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(before.0);
        before
    };
    let mut own = PgMemoryContexts::new("assay attempt");
    // SAFETY: the context lives until the subtransaction has ended, and the one before it is put back below.
    unsafe { own.set_as_current() };
    let watch = Watch::begin();
    let result = PgTryBuilder::new(AssertUnwindSafe(|| codes::preserve(work).map_err(Stop::Ours)))
        .catch_others(|error| Err(Stop::Postgres(Box::new(error))))
        .execute();
    let result = match watch.error() {
        Some(cancel) => Err(Stop::Ours(cancel)),
        // Whoever watches says it in words of its own.
        None if result.is_err() && watchdog::memory_is_used_up() => {
            codes::forget();
            Err(Stop::Ours(Error::new(OUT_OF_MEMORY, "memory is used up")))
        }
        None => result,
    };
    // SAFETY: as above; the current subtransaction is the one begun here, since those begun within it have ended.
    unsafe {
        if result.is_ok() && effects == Effects::Stay {
            pg_sys::ReleaseCurrentSubTransaction();
        } else {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(memory);
        pg_sys::CurrentResourceOwner = owner;
        pg_sys::error_context_stack = callbacks;
    }
    drop(own);
    result
}

/// The outcome of an attempt: a failure as a text, unless it is the statement's own.
fn failure<T>(result: std::result::Result<T, Stop>) -> Result<std::result::Result<T, String>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Ours(error)) if error.is_cancel() => Err(error),
        Err(Stop::Ours(error)) => Ok(Err(error.sentences())),
        Err(Stop::Postgres(caught)) => {
            codes::forget();
            Ok(Err(description(&caught)))
        }
    }
}

/// What a caught error says.
fn description(caught: &CaughtError) -> String {
    let (CaughtError::PostgresError(report)
    | CaughtError::ErrorReport(report)
    | CaughtError::RustPanic { ereport: report, .. }) = caught;
    let detail = report.detail().map(messages::original);
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{detail}", messages::original(report.message()))
}
