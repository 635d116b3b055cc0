//! The rows of a function that returns a set, in PostgreSQL's hands: in memory up to work_mem, in a temporary file beyond it. So a function may
//! return as many rows as there are.

use pgrx::{PgMemoryContexts, PgTupleDesc, is_a, pg_sys};

use super::cell::Parameter;
use super::encoding;
use super::error::{Error, Result, WRONG_CALL};
use super::query_row::Row;

/// The set of rows that a call returns.
pub struct RowSet {
    store: *mut pg_sys::Tuplestorestate,
    description: pg_sys::TupleDesc,
    names: Vec<String>,
    types: Vec<pg_sys::Oid>,
    /// The values of a row, and whether they are NULL.
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
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
            let columns = PgTupleDesc::from_pg_unchecked(description);
            Ok(RowSet {
                store,
                description,
                names: columns
                    .iter()
                    .map(|column| encoding::decode_name(&column.attname))
                    .collect(),
                types: columns.iter().map(|column| column.atttypid).collect(),
                values: Vec::new(),
                nulls: Vec::new(),
            })
        }
    }

    /// Returns an error with ML013 unless the function is declared with these columns.
    pub(super) fn require_columns(&self, names: &[&str]) -> Result<()> {
        // `r#` is how Rust writes names that are its keywords.
        if !(names.iter().map(|name| name.trim_start_matches("r#"))).eq(self.names.iter().map(String::as_str)) {
            return Err(unsuitable());
        }
        Ok(())
    }

    /// Appends a row of a query. Returns an error with ML013 unless its columns have the types of the function's.
    pub fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let (values, nulls) = row.datums();
        if values.len() != self.types.len()
            || (self.types.iter().zip(0..)).any(|(own, place)| *own != row.type_of(place))
        {
            return Err(unsuitable());
        }
        // SAFETY: each value is of its column's type.
        unsafe { put(self.store, self.description, values, nulls) };
        Ok(())
    }

    /// Appends a row. Returns an error with ML013 unless its values have the types of the function's columns.
    pub(super) fn push_values(&mut self, row: &[Parameter]) -> Result<()> {
        if !row.iter().map(|value| value.typed().1).eq(self.types.iter().copied()) {
            return Err(unsuitable());
        }
        self.values.clear();
        self.nulls.clear();
        for value in row {
            let (datum, _) = value.typed();
            self.values.push(datum.unwrap_or(pg_sys::Datum::null()));
            self.nulls.push(datum.is_none());
        }
        // SAFETY: as above.
        unsafe { put(self.store, self.description, &self.values, &self.nulls) };
        Ok(())
    }
}

/// # Safety
/// There is a value and a flag for each column of the set, the value of its type.
unsafe fn put(
    store: *mut pg_sys::Tuplestorestate,
    description: pg_sys::TupleDesc,
    values: &[pg_sys::Datum],
    nulls: &[bool],
) {
    // SAFETY: as the caller promises; the set copies them.
    unsafe {
        pg_sys::tuplestore_putvalues(
            store,
            description,
            values.as_ptr().cast_mut(),
            nulls.as_ptr().cast_mut(),
        )
    }
}

/// The error of rows that are not those of the function.
fn unsuitable() -> Error {
    Error::new(
        WRONG_CALL,
        "the function is not declared with the columns that it returns",
    )
    .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE.")
}
