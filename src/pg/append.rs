//! Rows that are added to assay's own tables without SPI: a trigger does so for each row of a load, where planning a statement would take longer
//! than the load.

use std::ffi::CStr;

use pgrx::{PgMemoryContexts, pg_sys};

use super::cell::Parameter;
use super::error::{Error, INTERNAL, Result};
use super::tables::{Table, oid_of};

unsafe extern "C-unwind" {
    fn nextval_internal(sequence: pg_sys::Oid, check_permissions: bool) -> i64;
}

/// The next number of the sequence `assay.<name>`, whoever asks.
pub fn next_number(name: &CStr) -> i64 {
    let sequence = oid_of(name);
    // SAFETY: the sequence is there, or PostgreSQL raises an error, which the guard lets pass Rust frames as a panic.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| nextval_internal(sequence, false)) }
}

/// Adds a row to `assay.<table>`, which has no constraints but NOT NULL and a primary key, no expressions in its indexes and no triggers. Returns an error where the values are not of the
/// columns' types.
pub fn append(table: &CStr, values: &[Parameter]) -> Result<()> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; its descriptor has as many columns as it says.
    let columns = unsafe { pgrx::PgTupleDesc::from_pg_unchecked((*table.0).rd_att) };
    let types = columns.iter().map(|column| column.atttypid);
    if columns.len() != values.len() || !types.zip(values).all(|(column, value)| column == value.typed().1) {
        return Err(
            Error::new(INTERNAL, "a table of assay has other columns than it should")
                .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE."),
        );
    }
    let mut data: Vec<pg_sys::Datum> = values
        .iter()
        .map(|value| value.typed().0.unwrap_or(pg_sys::Datum::from(0)))
        .collect();
    let mut nulls: Vec<bool> = values.iter().map(|value| value.typed().0.is_none()).collect();
    // SAFETY: as many values and flags are handed over as the table has columns, each value of its column's type. The indexes are as those of catalogs are, for
    // which the function is. The lock stays until the end of the transaction, as after every INSERT.
    unsafe {
        pg_sys::LockRelationOid((*table.0).rd_id, pg_sys::RowExclusiveLock as i32);
        let tuple = pg_sys::heap_form_tuple((*table.0).rd_att, data.as_mut_ptr(), nulls.as_mut_ptr());
        pg_sys::CatalogTupleInsert(table.0, tuple);
        pg_sys::heap_freetuple(tuple);
        pg_sys::table_close(table.0, pg_sys::NoLock as i32);
    }
    Ok(())
}

/// Runs `work` for each of what may be many. What PostgreSQL allocates meanwhile is freed from time to time, and the statement ends there when it is told to.
pub fn each<T>(all: &[T], mut work: impl FnMut(&T) -> Result<()>) -> Result<()> {
    /// Few enough to take some milliseconds.
    const SLICE: usize = 128;
    for slice in all.chunks(SLICE) {
        pgrx::check_for_interrupts!();
        let memory = PgMemoryContexts::new("assay rows");
        // SAFETY: the memory is there until the one before it is current again. Nothing that is allocated there is kept: `work` gives nothing back but errors, which are Rust's.
        let _back = Back(unsafe { pg_sys::MemoryContextSwitchTo(memory.value()) });
        slice.iter().try_for_each(&mut work)?;
    }
    Ok(())
}

/// Makes the memory current again that was before, on every way out.
struct Back(pg_sys::MemoryContext);

impl Drop for Back {
    fn drop(&mut self) {
        // SAFETY: it was current when this was made, and lives longer.
        unsafe { pg_sys::MemoryContextSwitchTo(self.0) };
    }
}
