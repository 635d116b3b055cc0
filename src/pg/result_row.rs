//! The rows of functions that return tables, as structs: one field per column, by its name and in its place.

use pgrx::PgMemoryContexts;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};

use super::cell::Parameter;
use super::compute::serve_interrupts;
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

/// What a function returns whose rows are `R`.
pub struct SetOf<R>(Box<dyn Iterator<Item = R>>);

/// Rows on their way to PostgreSQL, each converted as it is asked for.
pub fn set_of<R>(rows: impl IntoIterator<Item = R> + 'static) -> SetOf<R> {
    SetOf(Box::new(rows.into_iter()))
}

impl<R: ResultRow> SetOf<R> {
    /// Hands the rows over. Returns an error where the function is not declared with their columns.
    fn hand_over(self, fcinfo: pg_sys::FunctionCallInfo) -> error::Result<()> {
        let mut set = RowSet::of(fcinfo)?;
        set.require_columns(R::COLUMNS)?;
        let (mut memory, mut values) = (PgMemoryContexts::new("assay result"), Vec::new());
        for row in self.0 {
            serve_interrupts();
            // SAFETY: the values of a row live in this memory, and none is left when it is reset.
            unsafe {
                memory.switch_to(|_| {
                    row.write(&mut values);
                    set.push_values(&values)
                })?;
                values.clear();
                memory.reset();
            }
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
