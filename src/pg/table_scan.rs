//! All rows of a table, one after the other. Of hundreds of thousands of rows, what is done for each is what counts: only the columns that are
//! asked for are unpacked, where the row lies, and PostgreSQL is entered once per row.

use pgrx::pg_sys;

use super::catalog_row::CatalogRow;
use super::error::{Error, INTERNAL, Result};

unsafe extern "C-unwind" {
    fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, columns: i32);
}

/// Visits the rows of a table that match the keys, in no order, until `visit` gives an answer. `row` is where they are put, with room for as many
/// columns as are wanted.
///
/// # Safety
/// The table is open, and has the columns of `row`, which are of its types; the keys are of its columns, and live as long as the call. The snapshot
/// is registered or active, or null for the newest one of a catalog.
pub(super) unsafe fn visit_rows<T>(
    table: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    keys: &mut [pg_sys::ScanKeyData],
    mut row: CatalogRow,
    mut visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: as the caller promises. What a scan holds is freed at its end, and on an error with the (sub)transaction.
    unsafe {
        let methods = (*table).rd_tableam;
        let Some(next) = methods.as_ref().and_then(|methods| methods.scan_getnextslot) else {
            return Err(Error::new(INTERNAL, "a relation that is no table cannot be read"));
        };
        let newest = match snapshot.is_null() {
            true => pg_sys::RegisterSnapshot(pg_sys::GetCatalogSnapshot((*table).rd_id)),
            false => std::ptr::null_mut(),
        };
        let snapshot = if newest.is_null() { snapshot } else { newest };
        let scan = pg_sys::table_beginscan_strat(table, snapshot, keys.len() as i32, keys.as_mut_ptr(), true, false);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let width = row.values.len();
        let mut answer = Ok(None);
        loop {
            // SAFETY: the guard lets an error pass Rust frames as a panic; what it leaves has nothing to be dropped. The slot has a column for each
            // of the table's.
            let found = pg_sys::ffi::pg_guard_ffi_boundary(|| {
                let found = next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot);
                if found && ((*slot).tts_nvalid as usize) < width {
                    slot_getsomeattrs_int(slot, width as i32);
                }
                found
            });
            if !found {
                break;
            }
            // SAFETY: so many columns are unpacked; they stay where they are until the next row is fetched.
            row.values
                .copy_from_slice(std::slice::from_raw_parts((*slot).tts_values, width));
            row.nulls
                .copy_from_slice(std::slice::from_raw_parts((*slot).tts_isnull, width));
            answer = visit(&row);
            if !matches!(answer, Ok(None)) {
                break;
            }
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        if !newest.is_null() {
            pg_sys::UnregisterSnapshot(newest);
        }
        answer
    }
}
