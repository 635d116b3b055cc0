//! The rows of a function that returns a set, in PostgreSQL's hands: in memory up to work_mem, in a temporary file beyond it. So a function may
//! return as many rows as there are.

use pgrx::{PgMemoryContexts, is_a, pg_sys};

use super::error::{Error, Result, WRONG_CALL};
use super::query::Row;

/// The set of rows that a call returns.
pub struct RowSet {
    store: *mut pg_sys::Tuplestorestate,
    description: pg_sys::TupleDesc,
}

impl RowSet {
    /// An empty set for a call. Returns an error with ML013 where the caller takes no set of rows.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> Result<RowSet> {
        let wrong = || {
            Error::new(
                WRONG_CALL,
                "this function returns a set of rows, which its caller does not take",
            )
            .hint("Call it in FROM.")
        };
        // SAFETY: PostgreSQL hands a valid call; `resultinfo` is read as what its tag says. Set and description live in the memory of
        // the query, as the protocol of such functions wants it, and the query's end frees them.
        unsafe {
            let info = (*fcinfo).resultinfo;
            if info.is_null() || !is_a(info, pg_sys::NodeTag::T_ReturnSetInfo) {
                return Err(wrong());
            }
            let info = &mut *info.cast::<pg_sys::ReturnSetInfo>();
            let modes = info.allowedModes as u32;
            if modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize == 0 || info.expectedDesc.is_null() {
                return Err(wrong());
            }
            let random = modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random != 0;
            let memory = (*info.econtext).ecxt_per_query_memory;
            let (store, description) = PgMemoryContexts::For(memory).switch_to(|_| {
                let store = pg_sys::tuplestore_begin_heap(random, false, (&raw const pg_sys::work_mem).read());
                (store, pg_sys::CreateTupleDescCopy(info.expectedDesc))
            });
            info.returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            info.setResult = store;
            info.setDesc = description;
            Ok(RowSet { store, description })
        }
    }

    /// Appends a row of a query. Returns an error with ML013 unless its columns have the types of the function's.
    pub fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let (values, nulls) = row.datums();
        // SAFETY: the description is one, and columns of it are asked for that it has; they are counted from 1.
        let suits = unsafe {
            let width = (*self.description).natts;
            usize::try_from(width) == Ok(values.len())
                && (0..width)
                    .all(|place| pg_sys::SPI_gettypeid(self.description, place + 1) == row.type_of(place as usize))
        };
        if !suits {
            return Err(
                Error::new(WRONG_CALL, "the query's columns are not those of the function")
                    .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE."),
            );
        }
        // SAFETY: there is a value and a flag for each attribute, of its type; the set copies them.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.description,
                values.as_ptr().cast_mut(),
                nulls.as_ptr().cast_mut(),
            );
        }
        Ok(())
    }
}
