//! Values with their SQL types: as parameters of statements, as columns of results, and as columns of assay's own tables. Texts are
//! converted on the way.

use std::rc::Rc;

use pgrx::datum::{Date, DatumWithOid, Interval, TimestampWithTimeZone};
use pgrx::{FromDatum, IntoDatum, pg_sys};
use serde_json::Value as Json;

use super::json::Jsonb;
use super::text::{self, JsonB, Prose, Text};
use super::text_array::TextArray;
use super::types;

/// A value for PostgreSQL: a parameter of a statement, or a column of a result.
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

    /// A value that is a datum already, of this type; `None` for NULL.
    pub(super) fn made(datum: Option<pg_sys::Datum>, type_oid: pg_sys::Oid) -> Self {
        Parameter { datum, type_oid }
    }

    /// The datum, or `None` for NULL, and its type.
    pub(super) fn typed(&self) -> (Option<pg_sys::Datum>, pg_sys::Oid) {
        (self.datum, self.type_oid)
    }

    /// As SPI wants it.
    pub(super) fn datum(&self) -> DatumWithOid<'static> {
        // SAFETY: the datum was made together with its type, in the memory context of the call that runs the statement.
        unsafe { DatumWithOid::new(self.datum, self.type_oid) }
    }
}

/// A Rust type that a column is read as.
pub trait Column: Sized {
    /// Whether values of an SQL type are read as this one.
    fn reads(type_oid: pg_sys::Oid) -> bool;

    /// The value; `None` for NULL.
    ///
    /// # Safety
    /// The datum is of a type that this one [reads](Column::reads).
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
    Vec<f64>,
    Vec<i64>,
    Vec<i32>,
    Vec<f32>,
    TextArray,
    Vec<u8>,
    Vec<Vec<u8>>,
    Date,
    Interval,
    TimestampWithTimeZone
);

macro_rules! parameters_as {
    ($($type:ty => $as:ident),*) => {
        $(impl From<$type> for Parameter {
            fn from(value: $type) -> Self {
                Parameter::new(Some($as::from(value)))
            }
        }

        impl From<Option<$type>> for Parameter {
            fn from(value: Option<$type>) -> Self {
                Parameter::new(value.map($as::from))
            }
        })*
    };
}

parameters_as!(String => Text, Json => JsonB, Vec<Text> => TextArray);

macro_rules! borrowed_texts {
    ($($type:ty),*) => {
        $(impl From<$type> for Parameter {
            fn from(value: $type) -> Self {
                Parameter::from(Some(value))
            }
        }

        impl From<Option<$type>> for Parameter {
            fn from(value: Option<$type>) -> Self {
                let datum = value.and_then(|text| text::datum_of(&text)).map(|raw| raw.0);
                Parameter::made(datum, pg_sys::TEXTOID)
            }
        })*
    };
}

borrowed_texts!(&str, Rc<str>);

macro_rules! columns {
    ($($type:ty: $sql:path),* $(,)?) => {
        $(impl Column for $type {
            fn reads(type_oid: pg_sys::Oid) -> bool {
                type_oid == $sql
            }

            unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self> {
                // SAFETY: as the caller promises.
                unsafe { <$type>::from_datum(datum, is_null) }
            }
        })*
    };
}

columns! {
    i8: pg_sys::CHAROID,
    i32: pg_sys::INT4OID,
    i64: pg_sys::INT8OID,
    f64: pg_sys::FLOAT8OID,
    bool: pg_sys::BOOLOID,
    Text: pg_sys::TEXTOID,
    Jsonb: pg_sys::JSONBOID,
    TimestampWithTimeZone: pg_sys::TIMESTAMPTZOID,
    Interval: pg_sys::INTERVALOID,
    Vec<u8>: pg_sys::BYTEAOID,
    Vec<i16>: pg_sys::INT2ARRAYOID,
}

/// An oid, or a relation, function or role, which are one inside.
impl Column for pg_sys::Oid {
    fn reads(type_oid: pg_sys::Oid) -> bool {
        matches!(type_oid, pg_sys::OIDOID | pg_sys::REGCLASSOID | pg_sys::REGPROCEDUREOID) || types::is_role(type_oid)
    }

    unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self> {
        (!is_null).then(|| pg_sys::Oid::from(datum.value() as u32))
    }
}

impl Column for String {
    fn reads(type_oid: pg_sys::Oid) -> bool {
        Text::reads(type_oid)
    }

    unsafe fn read(datum: pg_sys::Datum, is_null: bool) -> Option<Self> {
        // SAFETY: as the caller promises.
        unsafe { Text::read(datum, is_null) }.map(String::from)
    }
}
