//! assay's own tables, read and written past the caller's privileges: the functions on top decide who may.
//!
//! Reading goes straight to the index under the active snapshot, without SPI: it works in parallel workers, on a standby and in a
//! read-only transaction, and costs microseconds. Writing goes through SPI as the owner of the tables.

use std::ffi::CStr;

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::spi::Spi;
use pgrx::{FromDatum, IntoDatum, PgSqlErrorCode, ereport, pg_sys};

use super::cell::{Column, Parameter};
use super::encoding;
use super::error::{Error, INTERNAL, Result};
use super::json::Jsonb;
use super::text::Text;
use super::types;
use algo::monitor::Monitor;
use algo::room;

/// A column to find rows by: its attribute number, and its value.
pub enum Key<'a> {
    Text(i16, &'a str),
    Int(i16, i32),
    BigInt(i16, i64),
    /// Also of what is the same inside, as roles are.
    Oid(i16, pg_sys::Oid),
}

/// A row of a catalog table. Columns are counted from 1, as PostgreSQL counts attributes.
pub struct Row {
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    types: Vec<pg_sys::Oid>,
}

impl Row {
    /// A column's datum, and whether it is NULL. Returns an error unless the table has the column, of a type that `reads` accepts.
    fn datum(&self, attribute: usize, reads: impl Fn(pg_sys::Oid) -> bool) -> Result<(pg_sys::Datum, bool)> {
        let place = attribute.wrapping_sub(1);
        match self.types.get(place) {
            Some(&type_oid) if reads(type_oid) => Ok((self.values[place], self.nulls[place])),
            found => {
                let found = found.map_or("missing".into(), |&type_oid| {
                    format!("of type {}", types::name_of(type_oid))
                });
                Err(
                    Error::new(INTERNAL, format!("column {attribute} of a catalog table is {found}"))
                        .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE."),
                )
            }
        }
    }

    /// A column's value, copied and unpacked; `None` for NULL. Returns an error unless the column is of a type that `T` reads.
    pub fn get<T: Column>(&self, attribute: usize) -> Result<Option<T>> {
        let (datum, is_null) = self.datum(attribute, T::reads)?;
        // SAFETY: the datum is of its column's type, which `T` reads.
        Ok(unsafe { T::read(datum, is_null) })
    }

    /// A `bytea` column that is declared NOT NULL, fetched piece by piece, so that a large one is held once, and fetching it can be stopped.
    pub fn bytes(&self, attribute: usize, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        /// Bytes of a piece.
        const PIECE: usize = 4 << 20;
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::BYTEAOID)?;
        if is_null {
            return Err(missing(attribute));
        }
        // SAFETY: the datum is a bytea, whose values are varlenas; a slice is a plain one of its own, or the
        // value itself where that is plain and short enough, which is not freed.
        unsafe {
            let length = pg_sys::toast_raw_datum_size(datum).saturating_sub(size_of::<u32>());
            // Of a compressed value, every slice would be unpacked from its beginning.
            let plain = pg_sys::toast_datum_size(datum) >= length;
            let piece = if plain { PIECE } else { length };
            let mut bytes = room::with_capacity(length)?;
            while bytes.len() < length {
                monitor.check()?;
                let slice = pg_sys::pg_detoast_datum_slice(datum.cast_mut_ptr(), bytes.len() as i32, piece as i32);
                let part = pgrx::varlena::varlena_to_byte_slice(slice);
                if part.is_empty() {
                    return Err(Error::new(
                        INTERNAL,
                        format!("column {attribute} of a catalog row ends too early"),
                    ));
                }
                bytes.extend_from_slice(part);
                if slice != datum.cast_mut_ptr() {
                    pg_sys::pfree(slice.cast());
                }
            }
            Ok(bytes)
        }
    }

    /// The elements of a `bytea[]` column, copied and unpacked; NULLs are left out, and NULL has none.
    pub fn byte_strings(&self, attribute: usize) -> Result<Vec<Vec<u8>>> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::BYTEAARRAYOID)?;
        // SAFETY: the datum is an array of bytea.
        let array = unsafe { pgrx::Array::<&[u8]>::from_datum(datum, is_null) };
        Ok(array.map_or(Vec::new(), |array| array.iter().flatten().map(<[u8]>::to_vec).collect()))
    }

    /// A `jsonb` column; null for NULL. `what` names it in the error of JSON that cannot be read.
    pub fn json(&self, attribute: usize, what: &str) -> Result<serde_json::Value> {
        let value = self.get::<Jsonb>(attribute)?;
        value.map_or(Ok(serde_json::Value::Null), |json| json.read(what))
    }

    /// A column that is declared NOT NULL.
    pub fn require<T: Column>(&self, attribute: usize) -> Result<T> {
        self.get(attribute)?.ok_or_else(|| missing(attribute))
    }
}

fn missing(attribute: usize) -> Error {
    Error::new(INTERNAL, format!("column {attribute} of a catalog row is missing"))
}

/// A relation, closed when the scan is over; on an error PostgreSQL closes it itself.
struct Table(pg_sys::Relation);

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

impl Table {
    /// Opens `assay.<name>`. The table must be a superuser's, as those of the extension are: whoever may make tables in a schema of
    /// this name could else have others' bytes read as types that they are not.
    fn open(name: &CStr) -> Result<Table> {
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

/// Visits the rows of `assay.<table>` whose columns equal `keys`, found by `assay.<index>`, under the active snapshot, until `visit`
/// gives an answer.
pub fn find<T>(
    table: &CStr,
    index: &CStr,
    keys: &[Key<'_>],
    visit: impl FnMut(&Row) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let table = Table::open(table)?;
    // SAFETY: the relation is open; the snapshot is this function's, for functions run under one.
    unsafe {
        let answer = scan(table.0, oid_of(index), pg_sys::GetActiveSnapshot(), keys, visit);
        pg_sys::table_close(table.0, pg_sys::AccessShareLock as i32);
        answer
    }
}

/// As [`find`], in one of PostgreSQL's own catalogs as it is now.
pub fn find_in_catalog<T>(
    catalog: pg_sys::Oid,
    index: pg_sys::Oid,
    keys: &[Key<'_>],
    visit: impl FnMut(&Row) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: the catalog exists, and is open while it is read; without a snapshot a scan takes the newest for a catalog.
    unsafe {
        let table = pg_sys::table_open(catalog, pg_sys::AccessShareLock as i32);
        let answer = scan(table, index, std::ptr::null_mut(), keys, visit);
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        answer
    }
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
    // SAFETY: the caller has the table open; a scan returns an error for what is no column of it.
    let found = unsafe {
        let index = index_led_by(table, column);
        scan(
            table,
            index,
            pg_sys::GetActiveSnapshot(),
            &[Key::Oid(column, role)],
            |_| Ok(Some(())),
        )?
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

/// Visits the rows whose columns equal `keys`, by an index, or without one all of them, until `visit` gives an answer.
///
/// # Safety
/// The table is open; the index is one of it whose columns the keys name, or InvalidOid; the snapshot is registered or active.
unsafe fn scan<T>(
    table: pg_sys::Relation,
    index: pg_sys::Oid,
    snapshot: pg_sys::Snapshot,
    keys: &[Key<'_>],
    mut visit: impl FnMut(&Row) -> Result<Option<T>>,
) -> Result<Option<T>> {
    // SAFETY: the relation is open, and its columns are counted from 1.
    let types: Vec<pg_sys::Oid> = unsafe {
        let descriptor = (*table).rd_att;
        (1..=(*descriptor).natts)
            .map(|attribute| pg_sys::SPI_gettypeid(descriptor, attribute))
            .collect()
    };
    let width = types.len();
    let scan_keys = keys.iter().map(|key| scan_key(key, &types));
    let mut scan_keys = scan_keys.collect::<Result<Vec<_>>>()?;
    // SAFETY: the relation is open during the scan; the keys live as long as it, and each compares an attribute with a value of its type;
    // PostgreSQL raises an error for one that is not of the index. The tuple is read before the next one is fetched.
    unsafe {
        let descriptor = (*table).rd_att;
        let by_index = index != pg_sys::InvalidOid;
        let scan = pg_sys::systable_beginscan(
            table,
            index,
            by_index,
            snapshot,
            scan_keys.len() as i32,
            scan_keys.as_mut_ptr(),
        );
        let mut row = Row {
            values: vec![pg_sys::Datum::from(0); width],
            nulls: vec![true; width],
            types,
        };
        let mut answer = Ok(None);
        loop {
            let tuple = pg_sys::systable_getnext(scan);
            if tuple.is_null() {
                break;
            }
            pg_sys::heap_deform_tuple(tuple, descriptor, row.values.as_mut_ptr(), row.nulls.as_mut_ptr());
            answer = visit(&row);
            if !matches!(answer, Ok(None)) {
                break;
            }
        }
        pg_sys::systable_endscan(scan);
        answer
    }
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

/// Errs with 25006 where nothing can be written: in a read-only transaction, on a standby, in a parallel worker. `function` is
/// named in the message.
pub fn prevent_read_only(function: &CStr) {
    // SAFETY: they raise an error or do nothing.
    unsafe {
        pg_sys::PreventCommandIfReadOnly(function.as_ptr());
        pg_sys::PreventCommandIfParallelMode(function.as_ptr());
        pg_sys::PreventCommandDuringRecovery(function.as_ptr());
    }
}

/// Why nothing can be written; `None` when it can.
pub fn is_read_only() -> Option<&'static str> {
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

/// Who asks.
pub fn current_role() -> pg_sys::Oid {
    // SAFETY: reads this backend's current user.
    unsafe { pg_sys::GetUserId() }
}

/// Runs `work` under a snapshot of its own, as PostgreSQL runs each statement of a volatile function: with READ COMMITTED one of this
/// moment, else that of the transaction, and what this command has written in either case. `work` is told its time.
pub fn with_own_snapshot<T>(work: impl FnOnce(TimestampWithTimeZone) -> Result<T>) -> Result<T> {
    // SAFETY: the pushed snapshot is popped again; when an error unwinds, the (sub)transaction's abort pops it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let at = match keeps_snapshot() {
            true => pg_sys::GetCurrentTransactionStartTimestamp(),
            false => pg_sys::GetCurrentTimestamp(),
        };
        let result = timestamp(at).and_then(work);
        pg_sys::PopActiveSnapshot();
        result
    }
}

/// When the running statement's snapshot was taken, or a little before: what was committed by then is in it.
pub fn snapshot_time() -> Result<TimestampWithTimeZone> {
    // SAFETY: they read this backend's memory.
    timestamp(unsafe {
        match keeps_snapshot() {
            true => pg_sys::GetCurrentTransactionStartTimestamp(),
            false => pg_sys::GetCurrentStatementStartTimestamp(),
        }
    })
}

fn timestamp(at: pg_sys::TimestampTz) -> Result<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(at)
        .map_err(|problem| Error::new(INTERNAL, format!("the clock is wrong: {problem:?}")))
}

/// Whether a transaction has one snapshot for all its statements.
fn keeps_snapshot() -> bool {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// Runs `work` under a snapshot of this moment, which sees what this command has written and what others have committed since it began.
pub fn with_latest_snapshot<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // SAFETY: the pushed snapshot is popped again; when an error unwinds, the (sub)transaction's abort pops it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        let result = work();
        pg_sys::PopActiveSnapshot();
        result
    }
}

/// Whether the caller has the rights of `role`: is it, inherits from it, or is a superuser.
pub fn acts_for(role: pg_sys::Oid) -> bool {
    has_rights_of(current_role(), role)
}

/// Whether one role has the rights of another.
pub fn has_rights_of(role: pg_sys::Oid, other: pg_sys::Oid) -> bool {
    // SAFETY: catalog look-ups by oids.
    unsafe { pg_sys::has_privs_of_role(role, other) }
}

/// Waits for whoever else changes rows of `assay.<table>` that are about `object`, and makes others wait until this transaction ends.
pub fn lock_object(table: &CStr, object: pg_sys::Oid) {
    // SAFETY: PostgreSQL's own locks, of a class and a number that need not be there; they are released with the transaction.
    unsafe { pg_sys::LockDatabaseObject(oid_of(table), object, 0, pg_sys::ExclusiveLock as i32) }
}

/// A role's name; its number when it is gone.
pub fn role_name(role: pg_sys::Oid) -> String {
    // SAFETY: with `noerr`, the name is null for an unknown role.
    unsafe {
        match pg_sys::GetUserNameFromId(role, true) {
            name if name.is_null() => role.to_u32().to_string(),
            name => encoding::decode_for_reading(CStr::from_ptr(name).to_bytes()),
        }
    }
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

/// Runs `work` as the owner of assay's tables, with nothing but `pg_catalog` on the search path. An error that leaves `work` by
/// unwinding ends the (sub)transaction, which puts both back.
pub fn as_owner<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let table = Table::open(c"model")?;
    let mut caller = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: the pairs of calls are those PostgreSQL itself uses around maintenance work; the relation is open while it is read.
    unsafe {
        let owner = (*(*table.0).rd_rel).relowner;
        pg_sys::table_close(table.0, pg_sys::NoLock as i32);
        pg_sys::GetUserIdAndSecContext(&mut caller, &mut context);
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            c"search_path".as_ptr(),
            c"pg_catalog, pg_temp".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        pg_sys::SetUserIdAndSecContext(owner, context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32);
        let result = work();
        pg_sys::SetUserIdAndSecContext(caller, context);
        pg_sys::AtEOXact_GUC(false, level);
        result
    }
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

fn datums(parameters: &[Parameter]) -> Vec<DatumWithOid<'static>> {
    parameters.iter().map(Parameter::datum).collect()
}

fn failed(error: pgrx::spi::Error) -> Error {
    Error::new(INTERNAL, format!("assay's own tables cannot be changed: {error}"))
}
