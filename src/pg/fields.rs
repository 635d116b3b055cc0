//! Values that stand side by side, a call's arguments or the columns of a row, read one by one or many at once.

use pgrx::pg_sys;

use super::arguments;
use super::types::{Reader, Value};

/// Values side by side, counted from 0. The types are known to the caller: a reader given must be that of the value's type.
pub trait Fields {
    /// The datums from `first` on, and whether they are NULL.
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)>;

    /// The datum at `place`; `None` for NULL, and where there is none.
    #[inline]
    fn datum(&self, place: usize) -> Option<pg_sys::Datum> {
        self.after(place)
            .next()
            .and_then(|(datum, is_null)| (!is_null).then_some(datum))
    }

    /// A value of any type.
    #[inline]
    fn value(&self, place: usize, reader: Reader) -> Value<'_> {
        match self.datum(place) {
            // SAFETY: the datum is not null, and of the reader's type.
            Some(datum) => unsafe { reader.read(datum) },
            None => Value::Missing,
        }
    }

    /// The bytes of a text whose reader [has them](Reader::has_bytes); `None` for NULL.
    #[inline]
    fn bytes(&self, place: usize, reader: Reader) -> Option<&[u8]> {
        // SAFETY: the datum is not null, and of the reader's type.
        self.datum(place).map(|datum| unsafe { reader.bytes(datum) })
    }
}

/// The arguments of a call.
pub struct Arguments<'a>(&'a [pg_sys::NullableDatum]);

impl Arguments<'_> {
    /// All of them.
    #[inline]
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        Arguments(arguments::from(fcinfo, 0))
    }

    /// `count` of them from `first` on, as far as there are so many.
    #[inline(always)]
    pub fn slice(&self, first: usize, count: usize) -> &[pg_sys::NullableDatum] {
        self.0.get(first..first + count).unwrap_or(&[])
    }
}

impl Fields for Arguments<'_> {
    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let arguments = self.0.get(first..).unwrap_or(&[]);
        arguments.iter().map(|argument| (argument.value, argument.isnull))
    }
}
