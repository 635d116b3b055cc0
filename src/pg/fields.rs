//! Values that stand side by side, a call's arguments or the columns of a row, read one by one or many at once.

use std::ffi::c_void;

use pgrx::pg_sys;

use super::arguments;
use super::error::{Error, INTERNAL};
use super::reader::{Reader, Value};

/// Where values come from: one call site, or one reader of rows. Fields of one are not those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source(pub(super) *const c_void);

/// One of the values side by side, with the reader of its type. Only what knows the types makes one.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    source: Source,
    place: usize,
    reader: Reader,
}

impl Field {
    /// Counted from 0.
    #[inline]
    pub fn place(&self) -> usize {
        self.place
    }

    #[inline]
    pub fn reader(&self) -> Reader {
        self.reader
    }
}

/// Values side by side, counted from 0.
pub trait Fields {
    /// What they are.
    fn source(&self) -> Source;

    /// The type at `place`; `None` where there is none, and where PostgreSQL cannot tell.
    fn type_of(&self, place: usize) -> Option<pg_sys::Oid>;

    /// The datums from `first` on, and whether they are NULL.
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)>;

    /// The field at `place`; `None` when assay cannot read its type.
    fn field(&self, place: usize) -> Option<Field> {
        let reader = Reader::of(self.type_of(place)?)?;
        Some(Field {
            source: self.source(),
            place,
            reader,
        })
    }

    /// The datum of a field of these values; `None` for NULL. Raises an error for one of others.
    #[inline]
    fn datum(&self, field: &Field) -> Option<pg_sys::Datum> {
        if field.source != self.source() {
            mixed();
        }
        self.after(field.place)
            .next()
            .and_then(|(datum, is_null)| (!is_null).then_some(datum))
    }

    /// A value of any type.
    #[inline]
    fn value(&self, field: &Field) -> Value<'_> {
        match self.datum(field) {
            // SAFETY: the datum is not null, and of the type for which these values made the field.
            Some(datum) => unsafe { field.reader.read(datum) },
            None => Value::Missing,
        }
    }

    /// The bytes of a text whose reader [has them](Reader::has_bytes); `None` for NULL.
    #[inline]
    fn bytes(&self, field: &Field) -> Option<&[u8]> {
        // SAFETY: the datum is not null, and of the type for which these values made the field.
        self.datum(field).map(|datum| unsafe { field.reader.bytes(datum) })
    }
}

#[cold]
fn mixed() -> ! {
    Error::new(INTERNAL, "a field of other values is read").raise()
}

/// The arguments of a call.
pub struct Arguments<'a> {
    call: pg_sys::FunctionCallInfo,
    values: &'a [pg_sys::NullableDatum],
}

impl Arguments<'_> {
    /// All of them.
    #[inline]
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        Arguments {
            call: fcinfo,
            values: arguments::from(fcinfo, 0),
        }
    }

    /// `count` of them from `first` on, as far as there are so many.
    #[inline(always)]
    pub fn slice(&self, first: usize, count: usize) -> &[pg_sys::NullableDatum] {
        self.values.get(first..first + count).unwrap_or(&[])
    }
}

impl Fields for Arguments<'_> {
    #[inline]
    fn source(&self) -> Source {
        // SAFETY: PostgreSQL hands a valid call.
        Source(unsafe { (*self.call).flinfo }.cast_const().cast())
    }

    fn type_of(&self, place: usize) -> Option<pg_sys::Oid> {
        arguments::argument_type(self.call, place)
    }

    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let arguments = self.values.get(first..).unwrap_or(&[]);
        arguments.iter().map(|argument| (argument.value, argument.isnull))
    }
}
