//! Rows of assay's own tables and of PostgreSQL's catalogs, found by index under a snapshot, without SPI: it works in parallel workers, on a
//! standby and in a read-only transaction, and costs microseconds.

use std::ffi::CStr;

use pgrx::{IntoDatum, pg_sys};

use super::catalog_row::CatalogRow;
use super::cell::Column;
use super::error::{Error, INTERNAL, Result};
use super::table_scan::visit_rows;
use super::tables::{Table, oid_of};
use super::text::Text;

/// A column to find rows by: its attribute number, and its value.
pub enum Key<'a> {
    Text(i16, &'a str),
    Int(i16, i32),
    BigInt(i16, i64),
    /// Also of what is the same inside, as roles are.
    Oid(i16, pg_sys::Oid),
}

/// Visits the rows of `assay.<table>` whose columns equal `keys`, found by `assay.<index>`, under the active snapshot, until `visit`
/// gives an answer.
pub fn find<T>(
    table: &CStr,
    index: &CStr,
    keys: &[Key<'_>],
    visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; the snapshot is this function's, for functions run under one.
    unsafe {
        let answer = scan(
            table.0,
            Order::By(oid_of(index)),
            pg_sys::GetActiveSnapshot(),
            keys,
            visit,
        );
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// As [`find`], the last in the order of the index first.
pub fn find_last<T>(
    table: &CStr,
    index: &CStr,
    keys: &[Key<'_>],
    visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; the snapshot is this function's, for functions run under one; the index is open while it is scanned.
    unsafe {
        let index = pg_sys::index_open(oid_of(index), pg_sys::AccessShareLock as i32);
        let answer = scan(
            table.0,
            Order::Descending(index),
            pg_sys::GetActiveSnapshot(),
            keys,
            visit,
        );
        pg_sys::index_close(index, pg_sys::AccessShareLock as i32);
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// Visits all rows of `assay.<table>`, in no order, under the active snapshot, until `visit` gives an answer.
pub fn visit<T>(table: &CStr, visit: impl FnMut(&CatalogRow) -> Result<Option<T>>) -> Result<Option<T>> {
    visit_columns(table, usize::MAX, visit)
}

/// As [`visit`], reading only so many columns of each row, the first ones.
pub fn visit_columns<T>(
    table: &CStr,
    columns: usize,
    visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; the snapshot is this function's, for functions run under one.
    unsafe {
        let row = CatalogRow::of(table.0, columns);
        let answer = visit_rows(table.0, pg_sys::GetActiveSnapshot(), &mut [], row, visit);
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// How many pages `assay.<table>` has on disk: what reading all of it costs.
pub fn pages(table: &CStr) -> Result<u32> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open.
    unsafe {
        let pages = pg_sys::RelationGetNumberOfBlocksInFork(table.0, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        Ok(pages)
    }
}

/// As [`pages`], of one of PostgreSQL's own catalogs.
pub fn pages_of_catalog(catalog: pg_sys::Oid) -> u32 {
    // SAFETY: the catalog exists, and is open while it is looked at.
    unsafe {
        let table = pg_sys::table_open(catalog, pg_sys::AccessShareLock as i32);
        let pages = pg_sys::RelationGetNumberOfBlocksInFork(table, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        pages
    }
}

/// As [`find`], in one of PostgreSQL's own catalogs as it is now.
pub fn find_in_catalog<T>(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    keys: &[Key<'_>],
    visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: the catalog exists, and is open while it is read; without a snapshot a scan takes the newest for a catalog.
    unsafe {
        let table = pg_sys::table_open(catalog, pg_sys::AccessShareLock as i32);
        let answer = scan(table, Order::By(index), std::ptr::null_mut(), keys, visit);
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// Visits all rows of one of PostgreSQL's own catalogs as it is now, in no order, until `visit` gives an answer.
pub fn visit_catalog<T>(
    catalog: pg_sys::Oid,
    visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: as of `find_in_catalog`.
    unsafe {
        let table = pg_sys::table_open(catalog, pg_sys::AccessShareLock as i32);
        let row = CatalogRow::of(table, usize::MAX);
        let answer = visit_rows(table, std::ptr::null_mut(), &mut [], row, visit);
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// The number of a column of a catalog, which differs between versions of PostgreSQL; 0 where there is none.
pub fn column_of(catalog: pg_sys::Oid, name: &CStr) -> usize {
    // SAFETY: a catalog look-up by a C string.
    usize::try_from(unsafe { pg_sys::get_attnum(catalog, name.as_ptr()) }).unwrap_or(0)
}

/// Whether one of the columns of an open table, which are of type `assay.role`, has a role anywhere, under the active snapshot.
pub fn has_row(table: pg_sys::Relation, columns: &[i32], role: pg_sys::Oid) -> Result<bool> {
    for column in columns {
        if has_row_by(table, *column as i16, role)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_row_by(table: pg_sys::Relation, column: i16, role: pg_sys::Oid) -> Result<bool> {
    let key = [Key::Oid(column, role)];
    // SAFETY: the caller has the table open; a key of what is no column of it is an error.
    let found = unsafe {
        let snapshot = pg_sys::GetActiveSnapshot();
        match index_led_by(table, column) {
            pg_sys::InvalidOid => {
                let row = CatalogRow::of(table, usize::MAX);
                let mut keys = scan_keys(&key, &row.types)?;
                visit_rows(table, snapshot, &mut keys, row, |_| Ok(Some(())))?
            }
            index => scan(table, Order::By(index), snapshot, &key, |_| Ok(Some(())))?,
        }
    };
    Ok(found.is_some())
}

/// As [`has_row`], of `assay.<table>` and its columns of these names.
pub fn has_row_in(table: &CStr, columns: &[&CStr], role: pg_sys::Oid) -> Result<bool> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; a column that is not there has number 0, with which a scan returns an error.
    unsafe {
        let columns: Vec<i32> = (columns.iter())
            .map(|column| pg_sys::get_attnum((*table.0).rd_id, column.as_ptr()).into())
            .collect();
        let found = has_row(table.0, &columns, role);
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        found
    }
}

/// An index whose first column is a column of the table; InvalidOid without one.
///
/// # Safety
/// The table is open.
unsafe fn index_led_by(table: pg_sys::Relation, column: i16) -> pg_sys::Oid {
    // SAFETY: the table is open; each index of its list exists, and is open while it is looked at.
    unsafe {
        let indexes = pgrx::PgList::<pg_sys::Oid>::from_pg(pg_sys::RelationGetIndexList(table));
        for place in 0..indexes.len() {
            let Some(oid) = indexes.get_oid(place) else { continue };
            let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as i32);
            let form = &*(*index).rd_index;
            let fits = form.indisvalid && form.indkey.values.as_slice(1)[0] == column;
            pg_sys::index_close(index, pg_sys::AccessShareLock as i32);
            if fits {
                return oid;
            }
        }
    }
    pg_sys::InvalidOid
}

/// In which order of an index rows are found.
enum Order {
    By(pg_sys::Oid),
    /// The last first; the index is open.
    Descending(pg_sys::Relation),
}

/// Visits the rows whose columns equal `keys`, by an index, until `visit` gives an answer.
///
/// # Safety
/// The table is open; the index is one of it whose columns the keys name; the snapshot is registered or active.
unsafe fn scan<T>(
    table: pg_sys::Relation,
    order: Order,
    snapshot: pg_sys::Snapshot,
    keys: &[Key<'_>],
    mut visit: impl FnMut(&CatalogRow) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: the relation is open.
    let mut row = unsafe { CatalogRow::of(table, usize::MAX) };
    let mut scan_keys = scan_keys(keys, &row.types)?;
    // SAFETY: the relation is open during the scan; the keys live as long as it, and each compares an attribute with a value of its type;
    // PostgreSQL raises an error for one that is not of the index. The tuple is read before the next one is fetched.
    unsafe {
        let descriptor = (*table).rd_att;
        let (count, keys) = (scan_keys.len() as i32, scan_keys.as_mut_ptr());
        let scan = match order {
            Order::By(index) => pg_sys::systable_beginscan(table, index, true, snapshot, count, keys),
            Order::Descending(index) => pg_sys::systable_beginscan_ordered(table, index, snapshot, count, keys),
        };
        let next = || match order {
            Order::By(_) => pg_sys::systable_getnext(scan),
            Order::Descending(_) => {
                pg_sys::systable_getnext_ordered(scan, pg_sys::ScanDirection::BackwardScanDirection)
            }
        };
        let mut answer = Ok(None);
        loop {
            let tuple = next();
            if tuple.is_null() {
                break;
            }
            pg_sys::heap_deform_tuple(tuple, descriptor, row.values.as_mut_ptr(), row.nulls.as_mut_ptr());
            answer = visit(&row);
            if !matches!(answer, Ok(None)) {
                break;
            }
        }
        match order {
            Order::By(_) => pg_sys::systable_endscan(scan),
            Order::Descending(_) => pg_sys::systable_endscan_ordered(scan),
        }
        answer
    }
}

fn scan_keys(keys: &[Key<'_>], types: &[pg_sys::Oid]) -> Result<Vec<pg_sys::ScanKeyData>> {
    keys.iter().map(|key| scan_key(key, types)).collect()
}

/// Returns an error unless the key's attribute is of the type of its value.
fn scan_key(key: &Key<'_>, types: &[pg_sys::Oid]) -> Result<pg_sys::ScanKeyData> {
    type Reads = fn(pg_sys::Oid) -> bool;
    let (attribute, reads, procedure, argument) = match *key {
        Key::Text(attribute, value) => (
            attribute,
            Text::reads as Reads,
            pg_sys::F_TEXTEQ,
            Text::from(value).into_datum(),
        ),
        Key::Int(attribute, value) => (attribute, i32::reads as Reads, pg_sys::F_INT4EQ, value.into_datum()),
        Key::BigInt(attribute, value) => (attribute, i64::reads as Reads, pg_sys::F_INT8EQ, value.into_datum()),
        Key::Oid(attribute, value) => (
            attribute,
            pg_sys::Oid::reads as Reads,
            pg_sys::F_OIDEQ,
            Some(pg_sys::Datum::from(value)),
        ),
    };
    let place = usize::try_from(i32::from(attribute) - 1).ok();
    if !place
        .and_then(|place| types.get(place))
        .is_some_and(|&type_oid| reads(type_oid))
    {
        return Err(Error::new(
            INTERNAL,
            format!("column {attribute} of a catalog table is not of the type that it is looked up by"),
        )
        .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE."));
    }
    let mut entry = pg_sys::ScanKeyData::default();
    // SAFETY: `entry` is written by the call; the procedures are the equality operators of the columns' types. ScanKeyInit compares
    // text in collation "C", which is that of every text column used as a key.
    unsafe {
        pg_sys::ScanKeyInit(
            &mut entry,
            attribute,
            pg_sys::BTEqualStrategyNumber as u16,
            pg_sys::Oid::from(procedure),
            argument.unwrap_or(pg_sys::Datum::from(0)),
        );
    }
    Ok(entry)
}
