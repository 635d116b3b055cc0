//! The rows that a statement wrote, as its triggers see them: columns as their types write them.

use std::ffi::{CStr, CString};

use pgrx::{PgMemoryContexts, pg_sys};

use super::datum_text;
use super::error::{Error, Result, WRONG_CALL};
use super::settings;
use super::trigger::Call;

/// What a trigger is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Insert,
    Update,
    Delete,
    Truncate,
}

/// Rows before the statement, or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// Settings under which values are written the same in every session, and read back as they were.
pub const PLAIN: [(&CStr, &str); 5] = [
    (c"DateStyle", "ISO, YMD"),
    (c"TimeZone", "UTC"),
    (c"IntervalStyle", "postgres"),
    (c"extra_float_digits", "1"),
    (c"bytea_output", "hex"),
];

/// Writes columns of a table's rows. What the types write does not depend on the session's settings, and is read back as the same value.
pub struct ColumnWriter {
    columns: Vec<(i32, pg_sys::FmgrInfo)>,
    /// Whether a type's output depends on settings.
    is_styled: bool,
}

impl ColumnWriter {
    /// For columns of the table that a trigger is called for, by their numbers.
    pub fn new(call: &Call<'_>, columns: &[i32]) -> ColumnWriter {
        let mut is_styled = false;
        let columns = columns.iter().map(|&column| {
            // SAFETY: the relation is open as long as the call; a number that is none gives InvalidOid, of which the look-up raises an error. The function is looked up in
            // the current memory context, which lives as long as the call.
            unsafe {
                let type_oid = pg_sys::SPI_gettypeid((*call.table()).rd_att, column);
                is_styled |= !is_plain(type_oid);
                let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
                pg_sys::getTypeOutputInfo(type_oid, &mut output, &mut is_varlena);
                let mut function = pg_sys::FmgrInfo::default();
                pg_sys::fmgr_info(output, &mut function);
                (column, function)
            }
        });
        let columns = columns.collect();
        ColumnWriter { columns, is_styled }
    }

    /// Runs `work` with the settings under which types write what they read back.
    fn plainly<T>(&mut self, work: impl FnOnce(&mut [(i32, pg_sys::FmgrInfo)]) -> T) -> T {
        if !self.is_styled {
            return work(&mut self.columns);
        }
        // SAFETY: the level of settings is ended again; when an error unwinds, by the (sub)transaction's abort.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in PLAIN {
                settings::save(name, &CString::new(value).unwrap_or_default());
            }
            let result = work(&mut self.columns);
            pg_sys::AtEOXact_GUC(false, level);
            result
        }
    }

    /// The columns of the row that a trigger for each row is called for, before or after the statement; `None` for NULL.
    pub fn row(&mut self, call: &Call<'_>, side: Side) -> Result<Vec<Option<String>>> {
        let tuple = call.version(side)?;
        let table = call.table();
        self.plainly(|columns| {
            let texts = columns.iter_mut().map(|(column, function)| {
                let mut null = false;
                // SAFETY: the tuple is one of the table, which has the column; the function is that of its type.
                unsafe {
                    let datum = pg_sys::SPI_getbinval(tuple, (*table).rd_att, *column, &mut null);
                    (!null).then(|| datum_text::output(function, datum).into_owned())
                }
            });
            Ok(texts.collect())
        })
    }

    /// Hands the columns of all the rows of a statement, before or after it, to `receive`.
    pub fn rows(
        &mut self,
        call: &Call<'_>,
        side: Side,
        receive: &mut dyn FnMut(Vec<Option<String>>) -> Result<()>,
    ) -> Result<()> {
        /// After this many rows the memory of what was written is freed, and interrupts are served.
        const BLOCK: usize = 256;
        let rows = call.transition(side);
        if rows.is_null() {
            return Ok(());
        }
        let table = call.table();
        self.plainly(|columns| {
            let mut scratch = PgMemoryContexts::new("assay rows written");
            // SAFETY: a transition table holds rows of the trigger's table. It is read with a pointer of its own, as executor nodes do, for other triggers may
            // read it too; the slot is dropped after its last use. Outputs live in a memory of their own until they are copied.
            unsafe {
                let pointer = pg_sys::tuplestore_alloc_read_pointer(rows, pg_sys::EXEC_FLAG_REWIND as i32);
                pg_sys::tuplestore_select_read_pointer(rows, pointer);
                pg_sys::tuplestore_rescan(rows);
                let slot = pg_sys::MakeSingleTupleTableSlot((*table).rd_att, &pg_sys::TTSOpsMinimalTuple);
                let mut result = Ok(());
                let mut count = 0_usize;
                while result.is_ok() {
                    // Meanwhile `receive` may have had others read.
                    pg_sys::tuplestore_select_read_pointer(rows, pointer);
                    if !pg_sys::tuplestore_gettupleslot(rows, true, false, slot) {
                        break;
                    }
                    if count.is_multiple_of(BLOCK) {
                        pgrx::check_for_interrupts!();
                        scratch.reset();
                    }
                    count += 1;
                    let mut before = scratch.set_as_current();
                    let texts = columns.iter_mut().map(|(column, function)| {
                        let mut null = false;
                        let datum = pg_sys::slot_getattr(slot, *column, &mut null);
                        (!null).then(|| datum_text::output(function, datum).into_owned())
                    });
                    let texts = texts.collect();
                    before.set_as_current();
                    result = receive(texts);
                }
                pg_sys::ExecDropSingleTupleTableSlot(slot);
                result
            }
        })
    }
}

/// Whether values of a type are written the same under all settings.
fn is_plain(type_oid: pg_sys::Oid) -> bool {
    matches!(
        type_oid,
        pg_sys::INT2OID
            | pg_sys::INT4OID
            | pg_sys::INT8OID
            | pg_sys::TEXTOID
            | pg_sys::VARCHAROID
            | pg_sys::BPCHAROID
            | pg_sys::UUIDOID
            | pg_sys::NUMERICOID
            | pg_sys::BOOLOID
    )
}

/// The error of a trigger that is called for something else than it is for.
pub fn wrong_event() -> Error {
    Error::new(
        WRONG_CALL,
        "this trigger function is not for what its trigger calls it for",
    )
    .hint("It belongs to the triggers of a vectorizer, which assay.create_vectorizer makes.")
}
