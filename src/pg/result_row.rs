//! The rows of functions that return tables, as structs: one field per column, by its name and in its place.

use std::marker::PhantomData;

use pgrx::PgMemoryContexts;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};

use super::cell::Parameter;
use super::compute::{self, serve_interrupts};
use super::error::{self, or_raise};
use super::rowset::RowSet;

/// A row of a function's table.
pub trait ResultRow {
    /// The names of its columns, in order.
    const COLUMNS: &'static [&'static str];

    /// Appends the columns' values, in order.
    fn write(self, values: &mut Vec<Parameter>);
}

/// Declares a struct as the row of a function's table. Its fields are the columns.
macro_rules! result_row {
    ($(#[$about:meta])* $visible:vis struct $row:ident { $($(#[$note:meta])* $column:ident: $type:ty),* $(,)? }) => {
        $(#[$about])*
        $visible struct $row {
            $($(#[$note])* pub $column: $type,)*
        }

        impl $crate::pg::result_row::ResultRow for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn write(self, values: &mut Vec<$crate::pg::cell::Parameter>) {
                $(values.push(self.$column.into());)*
            }
        }
    };
}
pub(crate) use result_row;

/// More rows than this may have taken tens of megabytes, which a session is not to keep when they are handed over.
const MANY: usize = 10_000;

/// What a function returns whose rows are `R`.
pub struct SetOf<R>(Box<dyn Iterator<Item = R>>);

/// Rows on their way to PostgreSQL, each converted as it is asked for.
pub fn set_of<R>(rows: impl IntoIterator<Item = R> + 'static) -> SetOf<R> {
    SetOf(Box::new(rows.into_iter()))
}

/// The rows of a call's table, written one by one as they come to be.
pub struct RowWriter<R> {
    set: RowSet,
    memory: PgMemoryContexts,
    values: Vec<Parameter>,
    rows: PhantomData<R>,
}

impl<R: ResultRow> RowWriter<R> {
    /// For a call. Returns an error where the function is not declared with the rows' columns, or the caller takes no set of rows.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> error::Result<RowWriter<R>> {
        let set = RowSet::of(fcinfo)?;
        set.require_columns(R::COLUMNS)?;
        Ok(RowWriter {
            set,
            memory: PgMemoryContexts::new("assay result"),
            values: Vec::new(),
            rows: PhantomData,
        })
    }

    /// Writes the row that `make` makes, whose values may live in the memory that is current meanwhile.
    pub fn write(&mut self, make: impl FnOnce() -> R) -> error::Result<()> {
        self.try_write(|| Ok(make()))
    }

    /// The same of a row that cannot always be made.
    pub fn try_write(&mut self, make: impl FnOnce() -> error::Result<R>) -> error::Result<()> {
        let (set, values) = (&mut self.set, &mut self.values);
        // SAFETY: the values of a row live in this memory, and none is left when it is reset.
        unsafe {
            let written = self.memory.switch_to(|_| {
                make()?.write(values);
                set.push_values(values)
            });
            values.clear();
            self.memory.reset();
            written
        }
    }
}

impl<R: ResultRow> SetOf<R> {
    /// Hands the rows over. Returns an error where the function is not declared with their columns.
    fn hand_over(self, fcinfo: pg_sys::FunctionCallInfo) -> error::Result<()> {
        let mut writer = RowWriter::of(fcinfo)?;
        let mut count = 0_usize;
        for row in self.0 {
            serve_interrupts();
            writer.write(|| row)?;
            count += 1;
        }
        if count > MANY {
            compute::release_memory();
        }
        Ok(())
    }
}

// SAFETY: the rows are in the set that the call returns, in place of an answer.
unsafe impl<R: ResultRow> BoxRet for SetOf<R> {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: the call is only looked at.
        or_raise(self.hand_over(unsafe { fcinfo.as_mut_ptr() }));
        fcinfo.return_null()
    }
}

// SAFETY: pgrx writes no SQL with it.
unsafe impl<R> SqlTranslatable for SetOf<R> {
    const TYPE_IDENT: &'static str = "record";
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> = Err(ArgumentError::SetOf);
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("record")));
}
