//! What a statement sees of the database: snapshots, their times, and when two statements see the same.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use super::error::{Error, INTERNAL, Result};

/// Runs `work` under a snapshot of its own, as PostgreSQL runs each statement of a volatile function: with READ COMMITTED one of this
/// moment, else that of the transaction, and what this command has written in either case. `work` is given its time.
pub fn with_own<T>(work: impl FnOnce(TimestampWithTimeZone) -> Result<T>) -> Result<T> {
    // SAFETY: the pushed snapshot is popped again; when an error unwinds, the (sub)transaction's abort pops it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let at = match is_kept() {
            true => pg_sys::GetCurrentTransactionStartTimestamp(),
            false => pg_sys::GetCurrentTimestamp(),
        };
        let result = timestamp(at).and_then(work);
        pg_sys::PopActiveSnapshot();
        result
    }
}

/// Runs `work` under a snapshot of this moment, which sees what this command has written and what others have committed since it began.
pub fn with_latest<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // SAFETY: the pushed snapshot is popped again; when an error unwinds, the (sub)transaction's abort pops it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        let result = work();
        pg_sys::PopActiveSnapshot();
        result
    }
}

/// When the running statement's snapshot was taken, or a little before: what was committed by then is in it.
pub fn time() -> Result<TimestampWithTimeZone> {
    // SAFETY: they read this backend's memory.
    timestamp(unsafe {
        match is_kept() {
            true => pg_sys::GetCurrentTransactionStartTimestamp(),
            false => pg_sys::GetCurrentStatementStartTimestamp(),
        }
    })
}

/// When the running transaction and the statement of the client began: together they tell what runs now from what ran before.
pub fn beginnings() -> (pg_sys::TimestampTz, pg_sys::TimestampTz) {
    // SAFETY: they read this backend's memory.
    unsafe {
        (
            pg_sys::GetCurrentTransactionStartTimestamp(),
            pg_sys::GetCurrentStatementStartTimestamp(),
        )
    }
}

/// The clock's time.
pub fn clock() -> Result<TimestampWithTimeZone> {
    // SAFETY: asks the system.
    timestamp(unsafe { pg_sys::GetCurrentTimestamp() })
}

fn timestamp(at: pg_sys::TimestampTz) -> Result<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(at)
        .map_err(|problem| Error::new(INTERNAL, format!("the clock is wrong: {problem:?}")))
}

/// Whether the transaction has one snapshot for all its statements.
pub fn is_kept() -> bool {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// What tells one statement's view of the database from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    xmin: pg_sys::TransactionId,
    xmax: pg_sys::TransactionId,
    running: u32,
    running_children: i32,
    command: u32,
    /// A subtransaction that was rolled back has taken its changes with it, but not its command numbers.
    subtransaction: u32,
    role: pg_sys::Oid,
}

// Called for each row, and none of them raises errors: so without pgrx's guard, which costs more than they do.
unsafe extern "C-unwind" {
    fn GetActiveSnapshot() -> pg_sys::Snapshot;
    fn GetCurrentSubTransactionId() -> u32;
    fn GetUserId() -> pg_sys::Oid;
}

/// The active snapshot's view. Two equal views see the same committed transactions and the same own commands, as the same role: a
/// transaction that ends changes one of the counts or bounds.
#[inline]
pub fn view() -> View {
    // SAFETY: functions run under an active snapshot; the functions only read this backend's memory.
    unsafe {
        let snapshot = &*GetActiveSnapshot();
        View {
            xmin: snapshot.xmin,
            xmax: snapshot.xmax,
            running: snapshot.xcnt,
            running_children: snapshot.subxcnt,
            command: snapshot.curcid,
            subtransaction: GetCurrentSubTransactionId(),
            role: GetUserId(),
        }
    }
}

/// When the running statement was begun by the client, in PostgreSQL's microseconds.
pub fn statement_start() -> i64 {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::GetCurrentStatementStartTimestamp() }
}

/// When the running transaction was begun, in PostgreSQL's microseconds.
pub fn transaction_start() -> i64 {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::GetCurrentTransactionStartTimestamp() }
}

/// Whether the transaction goes on: it is neither being rolled back nor over.
pub fn is_in_transaction() -> bool {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::IsTransactionState() }
}
