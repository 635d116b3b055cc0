//! The cells of one row as bytes, for engines that hand a row over as a value: a pass that reads them takes in what it would of the row itself.
//!
//! One column after the other: a byte for the form (0 for NULL), then eight bytes of an integer or a number, or four bytes of length and a text.

use super::Scan;
use crate::block::{BlockColumn, Form, TakesCells};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;

/// Bytes of a cell of a fixed length, with its form.
const FIXED: usize = 9;

/// Bytes of a text that is long: a row may have a thousand of them.
const LONG: usize = 1 << 20;

/// The bytes of a row, as its cells come one after the other.
#[derive(Debug, Default)]
pub struct Row {
    bytes: Vec<u8>,
}

impl Row {
    /// Makes ready for another row of about so many cells. Returns an error where there is no room.
    #[inline]
    pub fn begin(&mut self, cells: usize) -> Result<()> {
        self.bytes.clear();
        self.bytes.shrink_to(LONG);
        room::reserve(&mut self.bytes, cells.saturating_mul(FIXED))
    }

    /// The cells that have come.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn fixed(&mut self, form: u8, value: [u8; 8]) {
        let mut cell = [form; FIXED];
        cell[1..].copy_from_slice(&value);
        self.bytes.extend_from_slice(&cell);
    }
}

impl TakesCells for Row {
    #[inline]
    fn take_null(&mut self) {
        self.bytes.push(NULL);
    }

    #[inline]
    fn take_integer(&mut self, integer: i64) {
        self.fixed(INTEGER, integer.to_le_bytes());
    }

    #[inline]
    fn take_number(&mut self, number: f64) {
        self.fixed(NUMBER, number.to_bits().to_le_bytes());
    }

    /// Returns an error, too, where the text is longer than four bytes can say.
    #[inline]
    fn take_text(&mut self, text: &str) -> Result<()> {
        let length = u32::try_from(text.len()).map_err(|_| damaged("a text is too long"))?;
        room::reserve(&mut self.bytes, text.len() + size_of::<u32>() + 1)?;
        self.bytes.push(TEXT);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn damaged(problem: &str) -> Error {
    Error::damaged("row of cells", problem)
}

/// Takes so many bytes off the front.
fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8]> {
    let (taken, rest) = bytes
        .split_at_checked(count)
        .ok_or_else(|| damaged("it ends too early"))?;
    *bytes = rest;
    Ok(taken)
}

fn eight(bytes: &mut &[u8]) -> Result<[u8; 8]> {
    let mut value = [0; 8];
    value.copy_from_slice(take(bytes, 8)?);
    Ok(value)
}

/// Appends one row to a block. Returns an error for bytes that are no row of its columns; the block is of no further use then.
fn read(mut bytes: &[u8], block: &mut [BlockColumn], monitor: &dyn Monitor) -> Result<()> {
    for column in block {
        match (take(&mut bytes, 1)?[0], column.kind().form()) {
            (NULL, _) => column.push_null(),
            (INTEGER, Form::Integers) => column.push_integer(i64::from_le_bytes(eight(&mut bytes)?)),
            (NUMBER, Form::Numbers) => column.push_number(f64::from_bits(u64::from_le_bytes(eight(&mut bytes)?))),
            (TEXT, Form::Texts) => {
                let mut length = [0; 4];
                length.copy_from_slice(take(&mut bytes, 4)?);
                let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
                let text = take(&mut bytes, length)?;
                if text.len() > LONG {
                    monitor.check()?;
                }
                let text = std::str::from_utf8(text).map_err(|_| damaged("a text is not in UTF-8"))?;
                column.push_text(text)?;
            }
            _ => return Err(damaged("a cell is not of its column's form")),
        }
    }
    match bytes {
        [] => Ok(()),
        _ => Err(damaged("it has more cells than the plan has columns")),
    }
}

impl Scan {
    /// Takes a row from its bytes. Returns an error for bytes that are no row of the plan's columns, after which the scan is of no further use, and
    /// as [`Scan::push`] does.
    pub fn push_cells(&mut self, bytes: &[u8], monitor: &dyn Monitor) -> Result<()> {
        self.push(|block| read(bytes, block, monitor), monitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Kind;
    use crate::monitor::Unwatched;
    use crate::scan::{Plan, PlanColumn};

    const KINDS: [Kind; 4] = [Kind::Integer, Kind::Float, Kind::Text, Kind::Bool];

    fn plan() -> Plan {
        let column = |kind| PlanColumn {
            name: format!("{kind:?}"),
            type_name: "any".into(),
            kind,
        };
        Plan {
            columns: KINDS.map(column).to_vec(),
            profiled: vec![0, 1, 2, 3],
            shared_by: 4,
            ..Plan::default()
        }
    }

    fn fill(block: &mut [BlockColumn], row: i64) -> Result<()> {
        block[0].push_integer(row * 7);
        match row % 3 {
            0 => block[1].push_null(),
            1 => block[1].push_number(f64::NAN),
            _ => block[1].push_number(row as f64 / 3.0),
        }
        block[2].push_text(["", "über", "plain"][(row % 3) as usize])?;
        block[3].push_null();
        Ok(())
    }

    /// The same cells into a row of bytes.
    fn write(written: &mut Row, row: i64) {
        written.begin(KINDS.len()).unwrap();
        written.take_integer(row * 7);
        match row % 3 {
            0 => written.take_null(),
            1 => written.take_number(f64::NAN),
            _ => written.take_number(row as f64 / 3.0),
        }
        written.take_text(["", "über", "plain"][(row % 3) as usize]).unwrap();
        written.take_null();
    }

    fn bytes(row: i64) -> Vec<u8> {
        let mut written = Row::default();
        write(&mut written, row);
        written.bytes().to_vec()
    }

    #[test]
    fn a_row_from_its_bytes_is_the_row() {
        let mut written = Row::default();
        let (mut direct, mut sent) = (Scan::new(plan()).unwrap(), Scan::new(plan()).unwrap());
        for row in 0..3000 {
            direct.push(|block| fill(block, row), &Unwatched).unwrap();
            write(&mut written, row);
            sent.push_cells(written.bytes(), &Unwatched).unwrap();
        }
        assert_eq!(direct.rows(), 3000);
        assert!(direct == sent);
    }

    #[test]
    fn a_long_row_leaves_no_memory_behind() {
        let mut written = Row::default();
        written.begin(1).unwrap();
        written.take_text(&"x".repeat(4 * LONG)).unwrap();
        assert_eq!(written.bytes().len(), 4 * LONG + 5);
        written.begin(1).unwrap();
        assert!(written.bytes().is_empty());
        assert!(written.bytes.capacity() <= LONG);
    }

    #[test]
    fn hostile_bytes_are_errors() {
        let good = bytes(2);
        let refused = |bytes: &[u8]| Scan::new(plan()).unwrap().push_cells(bytes, &Unwatched).is_err();
        assert!(!refused(&good));
        (0..good.len()).for_each(|length| assert!(refused(&good[..length]), "{length}"));
        assert!(refused(&[&good[..], &[0]].concat()), "more than there are columns");
        assert!(refused(&[9, 0, 0, 0]), "no form");
        assert!(refused(&[3, 0, 0, 0, 0, 0, 0, 0]), "a text for an integer");
        let long = [&[0, 0, 3][..], &u32::MAX.to_le_bytes(), b"x"].concat();
        assert!(refused(&long), "longer than what follows");
        assert!(refused(&[0, 0, 3, 1, 0, 0, 0, 0xff, 0]), "no UTF-8");
    }
}
