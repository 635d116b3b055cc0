//! The values of a row as bytes, for whoever reads rows where they are: what comes of them is what would come of the row itself.
//!
//! One value after the other: a byte for the form, then eight bytes of a number, or four of a length and a text in UTF-8. Bytes of some columns and
//! those of others are, one behind the other, those of all.

use super::Cell;
use crate::error::{Error, Result};
use crate::room;

const MISSING: u8 = 0;
const NUMBER: u8 = 1;
const TEXT: u8 = 2;

/// Appends a value. Returns an error where a text finds no room, or is longer than four bytes can say.
pub fn write(cell: Cell<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    match cell {
        Cell::Missing => bytes.push(MISSING),
        Cell::Number(number) => {
            bytes.push(NUMBER);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Cell::Text(text) => {
            let length = u32::try_from(text.len()).map_err(|_| damaged("a text is too long"))?;
            room::reserve(bytes, text.len() + size_of::<u32>() + 1)?;
            bytes.push(TEXT);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    Ok(())
}

/// The values of a row of so many columns. Returns an error for bytes of another row. O(bytes).
pub fn read(mut bytes: &[u8], columns: usize) -> Result<Vec<Cell<'_>>> {
    // A value takes a byte at least, so that hostile numbers of columns find no room.
    let mut cells = room::with_capacity(columns.min(bytes.len()))?;
    for _ in 0..columns {
        let (form, rest) = bytes.split_first().ok_or_else(ends)?;
        bytes = rest;
        cells.push(match *form {
            MISSING => Cell::Missing,
            NUMBER => {
                let (number, rest) = bytes.split_first_chunk().ok_or_else(ends)?;
                bytes = rest;
                Cell::Number(f64::from_le_bytes(*number))
            }
            TEXT => {
                let (length, rest) = bytes.split_first_chunk().ok_or_else(ends)?;
                let length = u32::from_le_bytes(*length) as usize;
                let (text, rest) = rest.split_at_checked(length).ok_or_else(ends)?;
                bytes = rest;
                Cell::Text(std::str::from_utf8(text).map_err(|_| damaged("a text is not in UTF-8"))?)
            }
            _ => return Err(damaged("a value has an unknown form")),
        });
    }
    match bytes {
        [] => Ok(cells),
        _ => Err(damaged("it goes on behind its last value")),
    }
}

fn ends() -> Error {
    damaged("it ends too early")
}

fn damaged(problem: &str) -> Error {
    Error::damaged("row of values", problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cells: &[Cell<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        cells.iter().for_each(|cell| write(*cell, &mut bytes).unwrap());
        bytes
    }

    #[test]
    fn what_was_written_is_read() {
        let cells = [
            Cell::Missing,
            Cell::Number(-0.5),
            Cell::Text("stra\u{df}e"),
            Cell::Text(""),
            Cell::Number(f64::INFINITY),
        ];
        let bytes = written(&cells);
        assert_eq!(read(&bytes, 5).unwrap(), cells);
        // Some columns, and then the others.
        assert_eq!([written(&cells[..2]), written(&cells[2..])].concat(), bytes);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], 5).is_err());
        }
        assert!(read(&bytes, 4).is_err() && read(&bytes, 6).is_err() && read(&bytes, usize::MAX).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_row_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..60), columns in 0_usize..8) {
            if let Ok(cells) = read(&bytes, columns) {
                prop_assert_eq!(written(&cells).len(), bytes.len());
            }
        }
    }
}
