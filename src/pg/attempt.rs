//! Work that may fail without taking the statement with it.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgMemoryContexts, PgTryBuilder, pg_sys};

use super::codes;
use super::error::{Error, Result};
use super::messages;

/// Runs `work` in a subtransaction of its own. When it fails, what it did is undone, and the statement goes on; but cancellation,
/// shutdown, lack of resources and faults of PostgreSQL or assay itself are passed on.
///
/// What PostgreSQL allocates meanwhile goes when the work has ended: of a query that fails, the executor leaves all that it had.
///
/// The inner error says why the work failed: message, detail and hint in one text, as a person reads it.
pub fn attempt<T>(work: impl FnOnce() -> Result<T>) -> Result<std::result::Result<T, String>> {
    match in_subtransaction(work, true) {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Ours(error)) if error.is_fatal() => Err(error),
        Err(Stop::Ours(error)) => Ok(Err(error.told())),
        Err(Stop::Postgres(caught)) => match told(&caught) {
            Some(text) => Ok(Err(text)),
            None => caught.rethrow(),
        },
    }
}

/// Runs `work` in a subtransaction that is rolled back whatever comes of it: what it set, locked or left open is as before.
pub fn undone<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    match in_subtransaction(work, false) {
        Ok(value) => Ok(value),
        Err(Stop::Ours(error)) => Err(error),
        Err(Stop::Postgres(caught)) => caught.rethrow(),
    }
}

/// Why work ended without a value.
enum Stop {
    Ours(Error),
    Postgres(Box<CaughtError>),
}

/// Runs `work` in a subtransaction, which is rolled back when it fails, and when what it did is not to `stay`.
fn in_subtransaction<T>(work: impl FnOnce() -> Result<T>, stay: bool) -> std::result::Result<T, Stop> {
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
    let result = PgTryBuilder::new(AssertUnwindSafe(|| codes::kept(work).map_err(Stop::Ours)))
        .catch_others(|error| Err(Stop::Postgres(Box::new(error))))
        .execute();
    // SAFETY: as above; the current subtransaction is the one begun here, since those begun within it have ended.
    unsafe {
        match result {
            Ok(_) if stay => pg_sys::ReleaseCurrentSubTransaction(),
            Ok(_) | Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::MemoryContextSwitchTo(memory);
        pg_sys::CurrentResourceOwner = owner;
        pg_sys::error_context_stack = callbacks;
    }
    drop(own);
    result
}

/// What a caught error says; `None` for one that must go on.
fn told(caught: &CaughtError) -> Option<String> {
    let (CaughtError::PostgresError(report) | CaughtError::ErrorReport(report)) = caught else {
        return None;
    };
    let code = codes::noted().unwrap_or(report.sql_error_code() as i32);
    if must_go_on(code) {
        return None;
    }
    codes::forget();
    let detail = report
        .detail()
        .map(|detail| format!(" ({})", messages::original(detail)));
    Some(format!(
        "{}{}",
        messages::original(report.message()),
        detail.unwrap_or_default()
    ))
}

/// Whether an error is not the work's own: its class is that of resources (53), intervention (57), the system (58) or a fault (XX).
fn must_go_on(code: i32) -> bool {
    let character = |place: u32| char::from(((code >> (6 * place)) & 0x3f) as u8 + b'0');
    let class = [character(0), character(1)];
    [['5', '3'], ['5', '7'], ['5', '8'], ['X', 'X']].contains(&class)
}

#[cfg(test)]
mod tests {
    use super::must_go_on;
    use crate::pg::error::SqlState;

    #[test]
    fn cancellation_is_passed_on_and_a_division_by_zero_is_not() {
        let goes_on = |code: &'static [u8; 5]| must_go_on(SqlState(code).packed());
        assert!(goes_on(b"57014") && goes_on(b"53200") && goes_on(b"58030") && goes_on(b"XX000"));
        assert!(!goes_on(b"22012") && !goes_on(b"42703") && !goes_on(b"ML005") && !goes_on(b"P0001"));
    }
}
