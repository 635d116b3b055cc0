//! Calls of trigger functions.

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char};

use pgrx::{PgTupleDesc, pg_sys};

use super::cell::Column;
use super::entry::Raw;
use super::error::{Error, INTERNAL, Result, WRONG_CALL};
use super::written_rows::{Event, Side};

/// A call of a trigger function, with the row that it is about, if it is about one.
pub struct Call<'a>(&'a pg_sys::TriggerData);

impl<'a> Call<'a> {
    /// Returns an error with ML013 when the function was not called by a trigger. The call lives no longer than the variable that holds it.
    pub fn new(fcinfo: &'a pg_sys::FunctionCallInfo) -> Result<Call<'a>> {
        // SAFETY: PostgreSQL hands a valid call, whose context is null or a node; a TriggerData is what its tag says, and lives as long as
        // the call.
        unsafe {
            let context = (**fcinfo).context;
            if context.is_null() || !pgrx::is_a(context, pg_sys::NodeTag::T_TriggerData) {
                return Err(
                    Error::new(WRONG_CALL, "this function is to be called by a trigger only")
                        .hint("It belongs to the triggers of assay's own tables."),
                );
            }
            Ok(Call(&*context.cast::<pg_sys::TriggerData>()))
        }
    }

    /// The table.
    pub fn table(&self) -> pg_sys::Relation {
        self.0.tg_relation
    }

    /// The table's number and its columns.
    fn description(&self) -> (pg_sys::Oid, PgTupleDesc<'_>) {
        // SAFETY: the relation is open as long as the call.
        unsafe {
            let table = &*self.0.tg_relation;
            (table.rd_id, PgTupleDesc::from_pg_unchecked(table.rd_att))
        }
    }

    /// The table's number.
    pub fn table_oid(&self) -> pg_sys::Oid {
        self.description().0
    }

    /// Whether a column is computed when it is read: it is not in the rows that triggers are given.
    pub fn is_virtual(&self, column: i32) -> bool {
        let (_, columns) = self.description();
        let place = usize::try_from(column - 1).ok();
        let column = place.and_then(|place| columns.get(place));
        column.is_some_and(|column| column.attgenerated as u8 == b'v')
    }

    /// What it is called for.
    pub fn event(&self) -> Event {
        match self.0.tg_event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_INSERT => Event::Insert,
            pg_sys::TRIGGER_EVENT_DELETE => Event::Delete,
            pg_sys::TRIGGER_EVENT_UPDATE => Event::Update,
            // Two bits are four events.
            _ => Event::Truncate,
        }
    }

    /// The row that it is about, before or after the statement. Returns an error where there is none.
    pub(super) fn version(&self, side: Side) -> Result<pg_sys::HeapTuple> {
        let tuple = match (self.event(), side) {
            (Event::Insert, Side::After) | (Event::Update | Event::Delete, Side::Before) => self.0.tg_trigtuple,
            (Event::Update, Side::After) => self.0.tg_newtuple,
            (Event::Insert, Side::Before) | (Event::Delete, Side::After) | (Event::Truncate, _) => std::ptr::null_mut(),
        };
        match tuple.is_null() {
            true => Err(super::written_rows::wrong_event()),
            false => Ok(tuple),
        }
    }

    /// The rows of the statement, before or after it; null where the trigger does not have them.
    pub(super) fn transition(&self, side: Side) -> *mut pg_sys::Tuplestorestate {
        match side {
            Side::Before => self.0.tg_oldtable,
            Side::After => self.0.tg_newtable,
        }
    }

    /// Whether it is about `assay.<name>`.
    pub fn is_of(&self, name: &CStr) -> bool {
        self.description().0 == super::tables::oid_of(name)
    }

    /// The arguments of CREATE TRIGGER.
    pub fn arguments(&self) -> Vec<&CStr> {
        // SAFETY: a trigger has as many arguments as it says, each a C string.
        unsafe {
            let trigger = &*self.0.tg_trigger;
            let count = usize::try_from(trigger.tgnargs).unwrap_or(0);
            (0..count)
                .map(|index| CStr::from_ptr(*trigger.tgargs.add(index)))
                .collect()
        }
    }

    /// The numbers of columns.
    pub fn columns(&self, names: &[&CStr]) -> Result<Vec<i32>> {
        names.iter().map(|name| self.column(name)).collect()
    }

    /// The number of a column.
    pub fn column(&self, name: &CStr) -> Result<i32> {
        let (_, columns) = self.description();
        let bytes = name.to_bytes_with_nul();
        let is_named = |column: &pg_sys::FormData_pg_attribute| {
            let of_column = column.attname.data.iter().take(bytes.len());
            !column.attisdropped && of_column.copied().eq(bytes.iter().map(|byte| *byte as c_char))
        };
        let number = (1..).zip(columns.iter()).find(|(_, column)| is_named(column));
        number.map(|(number, _)| number).ok_or_else(|| {
            Error::new(
                INTERNAL,
                format!(
                    "a trigger of assay names a column {} that is not there",
                    name.to_string_lossy()
                ),
            )
        })
    }

    /// Returns an error for a column that is not read as a `T`, and where there is none.
    fn require<T: Column>(&self, column: i32) -> Result<()> {
        let (_, columns) = self.description();
        let place = usize::try_from(column - 1).ok();
        let column_type = place.and_then(|place| columns.get(place)).map(|column| column.atttypid);
        match column_type {
            Some(type_oid) if T::reads(type_oid) => Ok(()),
            _ => Err(
                Error::new(WRONG_CALL, format!("this trigger function cannot read column {column}"))
                    .hint("It belongs to the triggers of assay's own tables."),
            ),
        }
    }

    /// The row that it is about. Returns an error where the trigger is not for each row.
    fn tuple(&self) -> Result<pg_sys::HeapTuple> {
        if self.0.tg_trigtuple.is_null() {
            return Err(Error::new(WRONG_CALL, "this trigger function is for each row")
                .hint("It belongs to the triggers of assay's own tables."));
        }
        Ok(self.0.tg_trigtuple)
    }

    /// A column of the row; `None` for NULL. Returns an error for one that is of another type.
    pub fn get<T: Column>(&self, column: i32) -> Result<Option<T>> {
        self.require::<T>(column)?;
        let tuple = self.tuple()?;
        let mut null = false;
        // SAFETY: the tuple is one of the table, which has the column; it was found to be of a type that `T` reads.
        unsafe {
            let value = pg_sys::SPI_getbinval(tuple, (*self.0.tg_relation).rd_att, column, &mut null);
            Ok(T::read(value, null))
        }
    }

    /// The answer of a trigger before a row: the row as it is.
    pub fn row(&self) -> Raw {
        Raw(pg_sys::Datum::from(self.0.tg_trigtuple))
    }

    /// The answer of a trigger before a row: the row with other oids in some columns, or NULL.
    /// Returns an error for a column that holds no oids.
    pub fn row_with(&self, changes: &[(i32, Option<pg_sys::Oid>)]) -> Result<Raw> {
        for (column, _) in changes {
            self.require::<pg_sys::Oid>(*column)?;
        }
        let tuple = self.tuple()?;
        let mut columns: Vec<i32> = changes.iter().map(|(column, _)| *column).collect();
        let values = changes
            .iter()
            .map(|(_, value)| pg_sys::Datum::from(value.unwrap_or(pg_sys::Oid::INVALID)));
        let mut values: Vec<pg_sys::Datum> = values.collect();
        let mut nulls: Vec<bool> = changes.iter().map(|(_, value)| value.is_none()).collect();
        // SAFETY: as many columns, values and null flags are handed over as announced, each value of its column's type; the new tuple is of
        // the current memory context.
        Ok(Raw(pg_sys::Datum::from(unsafe {
            pg_sys::heap_modify_tuple_by_cols(
                tuple,
                (*self.0.tg_relation).rd_att,
                changes.len() as i32,
                columns.as_mut_ptr(),
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            )
        })))
    }

    /// The roles in some columns of the rows that a statement made, and of those that it took away. Returns an error for a column of another
    /// type.
    pub fn roles(&self, columns: &[i32]) -> Result<[BTreeSet<u32>; 2]> {
        for column in columns {
            self.require::<pg_sys::Oid>(*column)?;
        }
        Ok([self.0.tg_newtable, self.0.tg_oldtable].map(|rows| distinct(rows, self.0.tg_relation, columns)))
    }
}

/// The answer that a row is left out, or of a trigger whose answer does not count.
pub fn nothing() -> Raw {
    Raw(pg_sys::Datum::from(0))
}

/// The different oids in columns of a transition table; none of one that the trigger does not have.
fn distinct(rows: *mut pg_sys::Tuplestorestate, table: pg_sys::Relation, columns: &[i32]) -> BTreeSet<u32> {
    let mut values = BTreeSet::new();
    if rows.is_null() {
        return values;
    }
    // SAFETY: a transition table holds rows of the trigger's table. It is read with a pointer of its own, as executor nodes do, for other
    // triggers may read it too; the slot is dropped after its last use.
    unsafe {
        let pointer = pg_sys::tuplestore_alloc_read_pointer(rows, pg_sys::EXEC_FLAG_REWIND as i32);
        pg_sys::tuplestore_select_read_pointer(rows, pointer);
        pg_sys::tuplestore_rescan(rows);
        let slot = pg_sys::MakeSingleTupleTableSlot((*table).rd_att, &pg_sys::TTSOpsMinimalTuple);
        while pg_sys::tuplestore_gettupleslot(rows, true, false, slot) {
            for &column in columns {
                let mut null = false;
                let value = pg_sys::slot_getattr(slot, column, &mut null);
                if !null {
                    values.insert(value.value() as u32);
                }
            }
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
    }
    values
}
