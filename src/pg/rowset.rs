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
    /// Room for the values of a row, and whether they are NULL.
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
        self.put((0..values.len()).map(|place| row.type_of(place)), values, nulls)
    }

    /// Appends a row. Returns an error with ML013 unless its values have the types of the function's columns.
    pub(super) fn push_values(&mut self, row: &[Parameter]) -> Result<()> {
        let (mut values, mut nulls) = (std::mem::take(&mut self.values), std::mem::take(&mut self.nulls));
        values.clear();
        nulls.clear();
        for (datum, _) in row.iter().map(Parameter::typed) {
            values.push(datum.unwrap_or(pg_sys::Datum::null()));
            nulls.push(datum.is_none());
        }
        self.put(row.iter().map(|value| value.typed().1), &values, &nulls)?;
        (self.values, self.nulls) = (values, nulls);
        Ok(())
    }

    /// Appends values with their types.
    fn put(&self, types: impl Iterator<Item = pg_sys::Oid>, values: &[pg_sys::Datum], nulls: &[bool]) -> Result<()> {
        if !types.eq(self.types.iter().copied()) {
            return Err(unsuitable());
        }
        let (values, nulls) = (values.as_ptr().cast_mut(), nulls.as_ptr().cast_mut());
        // SAFETY: there is a value and a flag for each column, the value of its type; the set copies them.
        unsafe { pg_sys::tuplestore_putvalues(self.store, self.description, values, nulls) };
        Ok(())
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
