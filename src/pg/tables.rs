//! assay's own tables: opened for reading, and changed through SPI as their owner, past the caller's privileges. The functions on top
//! decide who may.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use pgrx::datum::DatumWithOid;
use pgrx::spi::Spi;
use pgrx::{FromDatum, IntoDatum, PgSqlErrorCode, ereport, pg_sys};

use super::cell::Parameter;
use super::error::{Error, INTERNAL, Result};
use super::fence::Fence;
use super::settings;

/// A relation, closed when the scan is over; on an error PostgreSQL closes it itself.
pub(super) struct Table(pub(super) pg_sys::Relation);

impl Table {
    /// Opens `assay.<name>`. The table must be a superuser's, as those of the extension are: whoever may make tables in a schema of
    /// this name could else have others' bytes read as types that they are not.
    pub(super) fn open(name: &CStr) -> Result<Table> {
        // SAFETY: the oid is of an existing table, or PostgreSQL raises an error; the relation is open while it is read.
        unsafe {
            let table = Table(pg_sys::table_open(oid_of(name), pg_sys::AccessShareLock as i32));
            if pg_sys::superuser_arg((*(*table.0).rd_rel).relowner) {
                return Ok(table);
            }
        }
        Err(Error::new(
            INTERNAL,
            format!("table assay.{} is not the extension's", name.to_string_lossy()),
        )
        .hint("Drop the schema assay, and create the extension again."))
    }
}

/// The number of the relation `assay.<name>`.
pub fn oid_of(name: &CStr) -> pg_sys::Oid {
    // SAFETY: catalog look-ups by C strings.
    let oid = unsafe { pg_sys::get_relname_relid(name.as_ptr(), pg_sys::get_namespace_oid(c"assay".as_ptr(), true)) };
    if oid == pg_sys::InvalidOid {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("table assay.{} does not exist", name.to_string_lossy())
        );
    }
    oid
}

/// Whether there is a table `assay.<name>`: until ALTER EXTENSION UPDATE has run, the schema is that of an older release.
pub fn exists(name: &CStr) -> bool {
    // SAFETY: catalog look-ups by C strings; 0 stands for none.
    unsafe {
        pg_sys::get_relname_relid(name.as_ptr(), pg_sys::get_namespace_oid(c"assay".as_ptr(), true))
            != pg_sys::InvalidOid
    }
}

/// Whether `assay.<table>` has a column: until ALTER EXTENSION UPDATE has run, the schema is that of an older release.
pub fn has_column(table: &CStr, column: &CStr) -> bool {
    // SAFETY: a catalog look-up by a C string; 0 stands for none.
    unsafe { pg_sys::get_attnum(oid_of(table), column.as_ptr()) > 0 }
}

/// Waits for whoever else changes rows of `assay.<table>` that are about `object`, and makes others wait until this transaction ends.
pub fn lock_object(table: &CStr, object: pg_sys::Oid) {
    // SAFETY: PostgreSQL's own locks, of a class and a number that need not be there; they are released with the transaction.
    unsafe { pg_sys::LockDatabaseObject(oid_of(table), object, 0, pg_sys::ExclusiveLock as i32) }
}

/// As [`lock_object`], but gives up after a while: whether nobody else is at it.
pub fn lock_object_within(table: &CStr, object: pg_sys::Oid, patience: Duration) -> bool {
    let (tag, began) = (lock_of(oid_of(table), object), Instant::now());
    loop {
        // SAFETY: the tag is one of this database. What others have changed before they released the lock is seen after it.
        unsafe {
            let result = pg_sys::LockAcquire(&tag, pg_sys::ExclusiveLock as i32, false, true);
            if result != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL {
                pg_sys::AcceptInvalidationMessages();
                return true;
            }
        }
        if began.elapsed() > patience {
            return false;
        }
        pgrx::check_for_interrupts!();
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The lock that stands for what a relation has about an object.
pub(super) fn lock_of(relation: pg_sys::Oid, object: pg_sys::Oid) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        // SAFETY: reads a variable of this backend.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: relation.to_u32(),
        locktag_field3: object.to_u32(),
        locktag_field4: 0,
        locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
        locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
    }
}

/// Runs `work` as the owner of assay's tables, with nothing but `pg_catalog` on the search path, and statements that are not compiled. An
/// error that leaves `work` by unwinding ends the (sub)transaction, which puts all back.
pub fn as_owner<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let _open = Fence::open();
    let table = Table::open(c"model")?;
    let mut caller = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: the pairs of calls are those PostgreSQL itself uses around maintenance work; the relation is open while it is read.
    unsafe {
        let owner = (*(*table.0).rd_rel).relowner;
        pg_sys::table_close(table.0, pg_sys::NoLock as i32);
        pg_sys::GetUserIdAndSecContext(&mut caller, &mut context);
        let level = pg_sys::NewGUCNestLevel();
        // Compiling a statement cannot be interrupted, and takes hundreds of milliseconds.
        for (name, value) in [(c"search_path", c"pg_catalog, pg_temp"), (c"jit", c"off")] {
            settings::save(name, value);
        }
        pg_sys::SetUserIdAndSecContext(owner, context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32);
        let result = work();
        pg_sys::SetUserIdAndSecContext(caller, context);
        pg_sys::AtEOXact_GUC(false, level);
        result
    }
}

/// Lets each sort and hash table of statements take a part of `assay.max_memory`, where that is more than `work_mem`, until the end of [`as_owner`]: of
/// rows by the million what does not fit goes to disk more than once.
pub fn allow_memory() {
    /// Statements have several of them at a time, and hash tables take twice as much.
    const PARTS: usize = 16;
    let kilobytes = (settings::max_memory() / PARTS / 1024).min(i32::MAX as usize) as i32;
    // SAFETY: the setting is one of PostgreSQL's own, read on the backend's thread.
    if unsafe { (&raw const pg_sys::work_mem).read() } >= kilobytes {
        return;
    }
    let value = CString::new(format!("{kilobytes}kB")).unwrap_or_default();
    settings::save(c"work_mem", &value);
}

/// Has statements read what they join as a whole, and not row by row, until the end of [`as_owner`]: for what statistics may not know of yet, where a plan
/// for a few rows would take the square of their number.
pub fn join_at_once() {
    settings::save(c"enable_nestloop", c"off");
}

/// Runs a statement that changes rows.
pub fn write(statement: &str, parameters: &[Parameter]) -> Result<()> {
    Spi::connect_mut(|client| client.update(statement, None, &datums(parameters)).map(drop)).map_err(failed)
}

/// Runs the statements that a query gives.
pub fn write_each(query: &str) -> Result<()> {
    Spi::connect_mut(|client| {
        let rows = client.select(query, None, &[])?;
        let statements = rows
            .map(|row| row.get::<&CStr>(1))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        for statement in statements.into_iter().flatten() {
            // SAFETY: a C string of this SPI connection's memory, in the database's encoding.
            unsafe { pg_sys::SPI_execute(statement.as_ptr(), false, 0) };
        }
        Ok(())
    })
    .map_err(failed)
}

/// Runs a statement that changes a row and returns one column of it; `None` when there was no such row.
pub fn write_returning<T: FromDatum + IntoDatum>(statement: &str, parameters: &[Parameter]) -> Result<Option<T>> {
    Spi::connect_mut(|client| {
        let rows = client.update(statement, None, &datums(parameters))?;
        if rows.is_empty() {
            Ok(None)
        } else {
            rows.first().get::<T>(1)
        }
    })
    .map_err(failed)
}

/// Runs a statement that only reads, and returns one column of its first row; `None` when there is none. On a standby, too: it takes no transaction id.
pub fn read<T: FromDatum + IntoDatum>(statement: &str, parameters: &[Parameter]) -> Result<Option<T>> {
    Spi::connect(|client| {
        let rows = client.select(statement, None, &datums(parameters))?;
        if rows.is_empty() {
            Ok(None)
        } else {
            rows.first().get::<T>(1)
        }
    })
    .map_err(failed)
}

pub(super) fn datums(parameters: &[Parameter]) -> Vec<DatumWithOid<'static>> {
    parameters.iter().map(Parameter::datum).collect()
}

pub(super) fn failed(error: pgrx::spi::Error) -> Error {
    Error::new(INTERNAL, format!("assay's own tables cannot be changed: {error}"))
}
