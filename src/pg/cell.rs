//! Values of assay's own tables: as parameters of statements, and as columns of rows. Texts are converted on the way.

use pgrx::datum::{DatumWithOid, Interval, TimestampWithTimeZone};
use pgrx::{FromDatum, IntoDatum, pg_sys};

use super::json::Jsonb;
use super::text::{JsonB, Prose, Text};

/// A parameter of a statement.
pub struct Parameter {
    datum: Option<pg_sys::Datum>,
    type_oid: pg_sys::Oid,
}

impl Parameter {
    fn new<T: IntoDatum>(value: Option<T>) -> Self {
        Parameter {
            datum: value.and_then(IntoDatum::into_datum),
            type_oid: T::type_oid(),
        }
    }

    /// As SPI wants it.
    pub(super) fn datum(&self) -> DatumWithOid<'static> {
        // SAFETY: the datum was made together with its type, in the memory context of the call that runs the statement.
        unsafe { DatumWithOid::new(self.datum, self.type_oid) }
    }
}

/// A Rust type that a column is read as.
pub trait Column: Sized {
    /// The value; `None` for NULL.
    ///
    /// # Safety
    /// The datum is of the column's type, which is this type's.
    unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self>;
}

macro_rules! parameters {
    ($($type:ty),*) => {
        $(impl From<$type> for Parameter {
            fn from(value: $type) -> Self {
                Parameter::new(Some(value))
            }
        }

        impl From<Option<$type>> for Parameter {
            fn from(value: Option<$type>) -> Self {
                Parameter::new(value)
            }
        })*
    };
}

parameters!(
    i32,
    i64,
    f64,
    bool,
    pg_sys::Oid,
    Text,
    Prose,
    JsonB,
    Vec<u8>,
    Vec<Vec<u8>>,
    Interval,
    TimestampWithTimeZone
);

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Text::from(text).into()
    }
}

impl From<Option<&str>> for Parameter {
    fn from(text: Option<&str>) -> Self {
        text.map(Text::from).into()
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Self {
        Text::from(text).into()
    }
}

macro_rules! columns {
    ($($type:ty),*) => {
        $(impl Column for $type {
            unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self> {
                // SAFETY: as the caller promises.
                unsafe { <$type>::from_datum(datum, is_null) }
            }
        })*
    };
}

columns!(i32, i64, f64, pg_sys::Oid, Text, Jsonb, Vec<u8>);

impl Column for String {
    unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self> {
        // SAFETY: as the caller promises.
        unsafe { Text::read(datum, is_null) }.map(String::from)
    }
}
