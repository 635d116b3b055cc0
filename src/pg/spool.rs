//! Rows put aside while a query runs, which may not write, and written by one statement when it is over: in memory up to work_mem, in a temporary
//! file beyond it.

use std::ffi::CStr;

use pgrx::spi::{self, Spi, SpiTupleTable};
use pgrx::{FromDatum, IntoDatum, pg_sys};

use super::cell::Parameter;
use super::error::{Error, INTERNAL, Result};
use super::query_row::Row;
use super::tables;

/// What a statement calls the rows.
const NAME: &CStr = c"new_rows";

/// Rows put aside.
pub struct Spool {
    store: *mut pg_sys::Tuplestorestate,
    description: pg_sys::TupleDesc,
    types: Vec<pg_sys::Oid>,
    rows: u64,
    bytes: u64,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Spool {
    /// No rows yet, of columns with these names and types. It lives in the current memory context.
    pub fn new(columns: &[(&CStr, pg_sys::Oid)]) -> Spool {
        // SAFETY: the description has as many entries as are filled in, counted from 1, each with a name and a type that exist.
        let (store, description) = unsafe {
            let description = pg_sys::CreateTemplateTupleDesc(columns.len() as i32);
            for (number, (name, type_oid)) in (1..).zip(columns) {
                pg_sys::TupleDescInitEntry(description, number, name.as_ptr(), *type_oid, -1, 0);
            }
            let store = pg_sys::tuplestore_begin_heap(false, false, (&raw const pg_sys::work_mem).read());
            (store, description)
        };
        Spool {
            store,
            description,
            types: columns.iter().map(|(_, type_oid)| *type_oid).collect(),
            rows: 0,
            bytes: 0,
            values: Vec::new(),
            nulls: Vec::new(),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes that values of type `jsonb` take in the rows.
    pub fn jsonb_bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends a row: columns of a query's row as they are, and behind them values. Returns an error unless they have the types of the columns.
    pub fn push(&mut self, row: &Row<'_>, places: &[usize], values: &[Parameter]) -> Result<()> {
        self.values.clear();
        self.nulls.clear();
        let (data, nulls) = row.datums();
        let of_row = places.iter().map(|&place| row.type_of(place));
        if !of_row
            .chain(values.iter().map(|value| value.typed().1))
            .eq(self.types.iter().copied())
        {
            return Err(Error::new(
                INTERNAL,
                "a row that is put aside has other columns than announced",
            ));
        }
        for &place in places {
            self.values.push(data[place]);
            self.nulls.push(nulls[place]);
        }
        for (datum, _) in values.iter().map(Parameter::typed) {
            self.values.push(datum.unwrap_or(pg_sys::Datum::null()));
            self.nulls.push(datum.is_none());
        }
        // SAFETY: there is a value and a flag for each column, the value of its type; the store copies them.
        unsafe {
            for ((&datum, &is_null), &type_oid) in self.values.iter().zip(&self.nulls).zip(&self.types) {
                if type_oid == pg_sys::JSONBOID && !is_null {
                    self.bytes += pg_sys::toast_datum_size(datum) as u64;
                }
            }
            pg_sys::tuplestore_putvalues(
                self.store,
                self.description,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
        self.rows += 1;
        Ok(())
    }

    /// Runs a statement to which these rows are a table `new_rows`, and returns one column of its first row; `None` where it gives none.
    pub fn read<T: FromDatum + IntoDatum>(&self, statement: &str, parameters: &[Parameter]) -> Result<Option<T>> {
        self.execute(statement, parameters, |rows| match rows.is_empty() {
            true => Ok(None),
            false => rows.first().get::<T>(1),
        })
    }

    /// Runs a statement that changes rows, to which these are a table `new_rows`.
    pub fn write(&self, statement: &str, parameters: &[Parameter]) -> Result<()> {
        self.execute(statement, parameters, |_| Ok(()))
    }

    fn execute<T>(
        &self,
        statement: &str,
        parameters: &[Parameter],
        result: impl FnOnce(SpiTupleTable<'_>) -> spi::Result<T>,
    ) -> Result<T> {
        let mut relation = pg_sys::EphemeralNamedRelationData {
            md: pg_sys::EphemeralNamedRelationMetadataData {
                name: NAME.as_ptr().cast_mut(),
                reliddesc: pg_sys::InvalidOid,
                tupdesc: self.description,
                enrtype: pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE,
                enrtuples: self.rows as f64,
            },
            reldata: self.store.cast(),
        };
        Spi::connect_mut(|client| {
            // SAFETY: the relation outlives the connection, which forgets it at its end; it describes the rows of the store.
            unsafe { pg_sys::SPI_register_relation(&raw mut relation) };
            result(client.update(statement, None, &tables::datums(parameters))?)
        })
        .map_err(tables::failed)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // After an error the transaction's end closes the file.
        if !std::thread::panicking() {
            // SAFETY: the store was begun by this value, and nothing reads it any more.
            unsafe { pg_sys::tuplestore_end(self.store) };
        }
    }
}
