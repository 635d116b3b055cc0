//! Statements of several columns and rows through SPI, run as whoever is the current role.

use pgrx::spi::{Spi, SpiHeapTupleData, SpiTupleTable};
use pgrx::{FromDatum, IntoDatum};

use super::cell::Parameter;
use super::error::{Error, INTERNAL, Result};
use super::tables::datums;

/// A row of a statement's result. Columns are counted from 1.
pub struct Row<'a>(SpiHeapTupleData<'a>);

impl Row<'_> {
    /// A column's value; `None` for NULL. Returns an error where it is of another type.
    pub fn get<T: FromDatum + IntoDatum>(&self, column: usize) -> Result<Option<T>> {
        self.0.get(column).map_err(failed)
    }

    /// The value of a column that is never NULL.
    pub fn require<T: FromDatum + IntoDatum>(&self, column: usize) -> Result<T> {
        self.get(column)?.ok_or_else(|| {
            Error::new(
                INTERNAL,
                format!("column {column} of a statement of assay's own is NULL"),
            )
        })
    }
}

/// Runs a statement that only reads, and hands its rows to `receive`. It sees what the running statement sees.
pub fn read(statement: &str, parameters: &[Parameter], receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    Spi::connect(|client| {
        hand_over(
            client.select(statement, None, &datums(parameters)).map_err(failed)?,
            receive,
        )
    })
}

/// Runs a statement that may change or lock rows, and hands those that it returns to `receive`. It sees what this transaction has written, and with
/// READ COMMITTED what others have committed.
pub fn write(statement: &str, parameters: &[Parameter], receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    Spi::connect_mut(|client| {
        hand_over(
            client.update(statement, None, &datums(parameters)).map_err(failed)?,
            receive,
        )
    })
}

/// Runs a statement that gives no rows.
pub fn run(statement: &str, parameters: &[Parameter]) -> Result<()> {
    Spi::connect_mut(|client| client.update(statement, None, &datums(parameters)).map(drop)).map_err(failed)
}

fn hand_over(rows: SpiTupleTable<'_>, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    for row in rows {
        receive(&Row(row))?;
    }
    Ok(())
}

fn failed(error: pgrx::spi::Error) -> Error {
    Error::new(INTERNAL, format!("a statement of assay's own fails: {error}"))
}
