//! Runs a planned query, and hands over its rows as the executor gives them.

use pgrx::{PgMemoryContexts, pg_guard, pg_sys};

use super::error::{Error, Result};
use super::query_row::{OutputColumn, Row};

/// A destination of rows, as PostgreSQL knows it, with what it needs behind.
#[repr(C)]
struct Receiver<'a> {
    base: pg_sys::DestReceiver,
    receive: &'a mut dyn FnMut(&Row<'_>) -> Result<()>,
    columns: &'a [OutputColumn],
    scratch: PgMemoryContexts,
    rows: u64,
    error: Option<Error>,
}

/// Runs a query and hands each of its rows, which have these columns, to `receive`, until the first error. `describe` gives what the executor
/// needs to run it.
///
/// # Safety
/// The description that is made for a receiver is valid, and what it points to outlives the call.
pub(super) unsafe fn run(
    columns: &[OutputColumn],
    receive: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    describe: impl FnOnce(*mut pg_sys::DestReceiver) -> *mut pg_sys::QueryDesc,
) -> Result<()> {
    let mut receiver = Receiver {
        base: pg_sys::DestReceiver {
            receiveSlot: Some(receive_slot),
            rStartup: Some(startup),
            rShutdown: Some(shutdown),
            rDestroy: Some(shutdown),
            mydest: pg_sys::CommandDest::DestNone,
        },
        receive,
        columns,
        scratch: PgMemoryContexts::new("assay rows"),
        rows: 0,
        error: None,
    };
    // A PostgreSQL error unwinds through here; the executor's state is then cleaned up by the transaction's abort, as after any failed
    // query.
    // SAFETY: as the caller promises; the receiver outlives the run, and `base` is its first field (repr(C)), so that PostgreSQL hands it
    // back.
    unsafe {
        let description = describe((&raw mut receiver).cast());
        pg_sys::ExecutorStart(description, 0);
        execute(description);
        pg_sys::ExecutorFinish(description);
        pg_sys::ExecutorEnd(description);
        pg_sys::FreeQueryDesc(description);
    }
    receiver.error.map_or(Ok(()), Err)
}

/// Runs a started query to its end. With `execute_once` the plan may be parallel; from PostgreSQL 18 on that is implied.
///
/// # Safety
/// `description` has been started.
unsafe fn execute(description: *mut pg_sys::QueryDesc) {
    // SAFETY: as the caller promises.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::ExecutorRun(description, pg_sys::ScanDirection::ForwardScanDirection, 0, true);
        #[cfg(feature = "pg18")]
        pg_sys::ExecutorRun(description, pg_sys::ScanDirection::ForwardScanDirection, 0);
    }
}

/// After this many rows the memory their values were unpacked into is freed, and interrupts are served.
const BLOCK: u64 = 256;

#[pg_guard]
unsafe extern "C-unwind" fn startup(_this: *mut pg_sys::DestReceiver, _operation: i32, _type: pg_sys::TupleDesc) {}

#[pg_guard]
unsafe extern "C-unwind" fn shutdown(_this: *mut pg_sys::DestReceiver) {}

#[pg_guard]
unsafe extern "C-unwind" fn receive_slot(slot: *mut pg_sys::TupleTableSlot, this: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: PostgreSQL hands back the pointer given to CreateQueryDesc, a Receiver that lives until the run ends and that nothing
    // else touches meanwhile. After slot_getsomeattrs the slot's arrays hold one entry per column of its descriptor.
    unsafe {
        let this = &mut *this.cast::<Receiver<'_>>();
        let width = this.columns.len();
        if i32::from((*slot).tts_nvalid) < width as i32 {
            pg_sys::slot_getsomeattrs_int(slot, width as i32);
        }
        if this.rows.is_multiple_of(BLOCK) {
            pgrx::check_for_interrupts!();
            this.scratch.reset();
        }
        this.rows += 1;
        let row = Row {
            values: std::slice::from_raw_parts((*slot).tts_values, width),
            nulls: std::slice::from_raw_parts((*slot).tts_isnull, width),
            columns: this.columns,
        };
        let mut previous = this.scratch.set_as_current();
        let result = (this.receive)(&row);
        previous.set_as_current();
        match result {
            Ok(()) => true,
            Err(error) => {
                this.error = Some(error);
                false
            }
        }
    }
}
