//! Calls of trigger functions.

use std::collections::BTreeSet;
use std::ffi::CStr;

use pgrx::pg_sys;

use super::entry::Raw;
use super::error::{Error, INTERNAL, Result, WRONG_CALL};

/// A call of a trigger function, with the row that it is about, if it is about one.
pub struct Call<'a>(&'a pg_sys::TriggerData);

impl Call<'_> {
    /// Returns an error with ML013 when the function was not called by a trigger.
    pub fn new<'a>(fcinfo: pg_sys::FunctionCallInfo) -> Result<Call<'a>> {
        // SAFETY: PostgreSQL hands a valid call, whose context is null or a node; a TriggerData is what its tag says, and lives as long as
        // the call.
        unsafe {
            let context = (*fcinfo).context;
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

    /// Whether it is about `assay.<name>`.
    pub fn is_of(&self, name: &CStr) -> bool {
        // SAFETY: the relation is open.
        unsafe { (*self.0.tg_relation).rd_id == super::tables::oid_of(name) }
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
        // SAFETY: the relation is open, and the name a C string; the answer is negative where there is no such column.
        match unsafe { pg_sys::SPI_fnumber((*self.0.tg_relation).rd_att, name.as_ptr()) } {
            number if number > 0 => Ok(number),
            _ => Err(Error::new(
                INTERNAL,
                format!(
                    "a trigger of assay names a column {} that is not there",
                    name.to_string_lossy()
                ),
            )),
        }
    }

    /// A column of the new row, of a type that is passed by value; `None` for NULL.
    fn value(&self, column: i32) -> Option<pg_sys::Datum> {
        let mut null = false;
        // SAFETY: the trigger is for each row, and the column is one of the table.
        let value =
            unsafe { pg_sys::SPI_getbinval(self.0.tg_trigtuple, (*self.0.tg_relation).rd_att, column, &mut null) };
        (!null).then_some(value)
    }

    /// A column of the new row that is an oid or a role.
    pub fn oid(&self, column: i32) -> Option<pg_sys::Oid> {
        self.value(column).map(|value| pg_sys::Oid::from(value.value() as u32))
    }

    /// A column of the new row that is a bigint.
    pub fn bigint(&self, column: i32) -> Option<i64> {
        self.value(column).map(|value| value.value() as i64)
    }

    /// The answer of a trigger before a row: the row as it is.
    pub fn row(&self) -> Raw {
        Raw(pg_sys::Datum::from(self.0.tg_trigtuple))
    }

    /// The answer of a trigger before a row: the row with other oids in some columns.
    pub fn row_with(&self, changes: &[(i32, pg_sys::Oid)]) -> Raw {
        let mut columns: Vec<i32> = changes.iter().map(|(column, _)| *column).collect();
        let mut values: Vec<pg_sys::Datum> = changes.iter().map(|(_, value)| pg_sys::Datum::from(*value)).collect();
        let mut nulls = vec![false; changes.len()];
        // SAFETY: as many columns, values and null flags are handed over as announced; the new tuple is of the current memory context.
        Raw(pg_sys::Datum::from(unsafe {
            pg_sys::heap_modify_tuple_by_cols(
                self.0.tg_trigtuple,
                (*self.0.tg_relation).rd_att,
                changes.len() as i32,
                columns.as_mut_ptr(),
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            )
        }))
    }

    /// The roles in some columns of the rows that a statement made, and of those that it took away.
    pub fn roles(&self, columns: &[i32]) -> [BTreeSet<u32>; 2] {
        [self.0.tg_newtable, self.0.tg_oldtable].map(|rows| distinct(rows, self.0.tg_relation, columns))
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
