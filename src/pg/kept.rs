//! Rows of a query that are kept until what was computed of them is there, and values that many result rows share.

use std::ffi::CStr;

use pgrx::varlena::varatt_is_1b_e;
use pgrx::{IntoDatum, PgMemoryContexts, pg_sys};

use super::cell::Parameter;
use super::datum_text;
use super::query_row::{OutputColumn, Row};
use super::text::Text;

/// A value for many rows of a result, made once. It lives as long as the memory context in which it was made.
#[derive(Debug, Clone, Copy)]
pub struct Shared {
    datum: Option<pg_sys::Datum>,
    type_oid: pg_sys::Oid,
}

impl Shared {
    /// A text; NULL for `None`. Raises an error for one that the database's encoding does not have.
    pub fn text(text: Option<&str>) -> Shared {
        Shared {
            datum: text.and_then(|text| Text::from(text).into_datum()),
            type_oid: pg_sys::TEXTOID,
        }
    }
}

impl From<Shared> for Parameter {
    fn from(shared: Shared) -> Parameter {
        Parameter::made(shared.datum, shared.type_oid)
    }
}

/// How values of a column are copied and written.
struct Column {
    type_oid: pg_sys::Oid,
    by_value: bool,
    length: i16,
    output: pg_sys::FmgrInfo,
}

/// Keeps rows of a query: their datums, copied.
pub struct Keeper {
    columns: Vec<Column>,
    /// Where the memory of what is kept comes from: that of the row at hand is freed sooner.
    parent: pg_sys::MemoryContext,
}

/// Rows that were kept. Their values live as long as this.
pub struct Kept {
    memory: PgMemoryContexts,
    width: usize,
    values: Vec<Option<pg_sys::Datum>>,
}

impl Keeper {
    /// For rows of a query with these columns.
    pub fn new(columns: &[OutputColumn]) -> Keeper {
        let column = |column: &OutputColumn| {
            let (mut length, mut by_value) = (0, false);
            let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
            let mut output = pg_sys::FmgrInfo::default();
            // SAFETY: look-ups by the oid of a type that exists, which raise an error where there is none; what the function needs lives in the current
            // memory context.
            unsafe {
                pg_sys::get_typlenbyval(column.type_oid, &mut length, &mut by_value);
                pg_sys::getTypeOutputInfo(column.type_oid, &mut function, &mut varlena);
                pg_sys::fmgr_info(function, &mut output);
            }
            Column {
                type_oid: column.type_oid,
                by_value,
                length,
                output,
            }
        };
        Keeper {
            columns: columns.iter().map(column).collect(),
            // SAFETY: a variable of this process.
            parent: unsafe { (&raw const pg_sys::CurrentMemoryContext).read() },
        }
    }

    /// No rows yet. To be dropped before the memory context goes that was current when the keeper was made.
    pub fn empty(&self) -> Kept {
        Kept {
            // SAFETY: the context is there as long as the call that made the keeper.
            memory: unsafe {
                PgMemoryContexts::For(self.parent).switch_to(|_| PgMemoryContexts::new("assay kept rows"))
            },
            width: self.columns.len(),
            values: Vec::new(),
        }
    }

    /// Keeps a row of the query.
    pub fn keep(&self, row: &Row<'_>, kept: &mut Kept) {
        let (values, nulls) = row.datums();
        // SAFETY: each datum that is not null is of the type of its column, whose length the look-up gave; the copy lives in the memory of what is kept.
        unsafe {
            let mut before = kept.memory.set_as_current();
            for ((column, &datum), &is_null) in self.columns.iter().zip(values).zip(nulls) {
                let copy = (!is_null).then(|| match column.by_value {
                    true => datum,
                    false => copy(datum, column.length),
                });
                kept.values.push(copy);
            }
            before.set_as_current();
        }
    }

    /// A value as its type writes it; NULL is `None`. It lives in the current memory context.
    pub fn written(&mut self, kept: &Kept, row: usize, column: usize) -> Option<String> {
        let datum = kept.value(row, column)?;
        // SAFETY: the datum is of the type whose output function this is.
        Some(unsafe { datum_text::output(&mut self.columns[column].output, datum) }.into_owned())
    }

    /// A value for a result, which must not outlive what is kept.
    pub fn value(&self, kept: &Kept, row: usize, column: usize) -> Shared {
        Shared {
            datum: kept.value(row, column),
            type_oid: self.columns[column].type_oid,
        }
    }
}

impl Kept {
    fn value(&self, row: usize, column: usize) -> Option<pg_sys::Datum> {
        self.values.get(row * self.width + column).copied().flatten()
    }
}

/// A copy of a value that is passed by reference, in the current memory context.
///
/// # Safety
/// The datum is a non-null value of a type of this length: -1 is that of varlenas, -2 of C strings.
unsafe fn copy(datum: pg_sys::Datum, length: i16) -> pg_sys::Datum {
    // SAFETY: as the caller promises: so many bytes are there, and the copy has room for them. What is stored elsewhere is unpacked, which makes a copy.
    unsafe {
        let start: *mut u8 = datum.cast_mut_ptr();
        let bytes = match length {
            -1 if varatt_is_1b_e(start.cast()) => {
                return pg_sys::Datum::from(pg_sys::pg_detoast_datum_copy(start.cast()));
            }
            -1 => pgrx::varlena::varsize_any(start.cast()),
            -2 => CStr::from_ptr(start.cast()).to_bytes_with_nul().len(),
            length => usize::try_from(length).unwrap_or(0),
        };
        let copy: *mut u8 = pg_sys::palloc(bytes).cast();
        std::ptr::copy_nonoverlapping(start, copy, bytes);
        pg_sys::Datum::from(copy)
    }
}

/// What the output function of a type writes for a value, in the current memory context.
///
/// # Safety
/// The datum is a non-null value of the type.
pub(super) unsafe fn written(type_oid: pg_sys::Oid, datum: pg_sys::Datum) -> String {
    let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: look-ups by the oid of a type that exists; the datum is of that type, as the caller promises.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut varlena);
        let mut output = pg_sys::FmgrInfo::default();
        pg_sys::fmgr_info(function, &mut output);
        datum_text::output(&mut output, datum).into_owned()
    }
}
