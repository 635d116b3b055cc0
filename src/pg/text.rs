//! Texts and JSON as arguments, results and columns. pgrx's own take the database's bytes for UTF-8; these convert.

use std::fmt;
use std::ops::Deref;

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Datum as PgrxDatum, UnboxDatum};
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, IntoDatum, pg_sys};
use serde::Serialize;
use serde_json::Value as Json;

use super::datum_text;
use super::encoding;
use super::entry::Raw;
use super::error::or_raise;

/// A `text`. As a result it is exact: what the database's encoding does not have is an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Text(String);

/// A `text` for people to read, never an error: what the database's encoding does not have is replaced by what looks like it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Prose(String);

/// A `jsonb` as a result, exact like [`Text`] but for ornaments of assay's own.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonB(pub Json);

macro_rules! string {
    ($type:ident) => {
        impl Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                $type(text)
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                $type(text.into())
            }
        }
    };
}

string!(Text);
string!(Prose);

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl From<Json> for JsonB {
    fn from(json: Json) -> Self {
        JsonB(json)
    }
}

impl FromDatum for Text {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        // SAFETY: the datum is a text, as the caller promises.
        (!is_null).then(|| Text(unsafe { datum_text::text(datum) }.into_owned()))
    }
}

/// A `text` as a result that is called for each row, made without a copy.
#[inline]
pub fn datum_of(text: &str) -> Option<Raw> {
    or_raise(encoding::encode(text)).as_ref().into_datum().map(Raw)
}

impl IntoDatum for Text {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        or_raise(encoding::encode(&self)).as_ref().into_datum()
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::TEXTOID
    }
}

impl IntoDatum for Prose {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        encoding::encode_for_reading(&self.0.replace('\0', "\u{fffd}"))
            .as_ref()
            .into_datum()
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::TEXTOID
    }
}

impl IntoDatum for JsonB {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let text = or_raise(encoding::encode_plainly(&self.0.to_string()));
        // SAFETY: the function takes one C string, in the encoding of the database.
        unsafe { pgrx::direct_function_call_as_datum(pg_sys::jsonb_in, &[text.as_c_str().into_datum()]) }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::JSONBOID
    }
}

/// What pgrx wants to know of a type that crosses the border.
macro_rules! crosses {
    ($type:ty, $sql:literal) => {
        // SAFETY: names the SQL type whose datums the value is made from and becomes.
        unsafe impl SqlTranslatable for $type {
            const TYPE_IDENT: &'static str = $sql;
            const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
            const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal($sql));
            const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
                Ok(ReturnsRef::One(SqlMappingRef::literal($sql)));
        }

        // SAFETY: the datum is of the type that every function returning it declares.
        unsafe impl BoxRet for $type {
            unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> PgrxDatum<'fcx> {
                match self.into_datum() {
                    // SAFETY: as above.
                    Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
                    None => fcinfo.return_null(),
                }
            }
        }
    };
}

crosses!(Text, "text");
crosses!(Prose, "text");
crosses!(JsonB, "jsonb");

// SAFETY: the value is made from the argument's datum, which PostgreSQL has checked against the declaration.
unsafe impl<'fcx> ArgAbi<'fcx> for Text {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises, the argument is not NULL.
        let value = unsafe { arg.unbox_arg_using_from_datum() };
        value.unwrap_or(Text(String::new()))
    }
}

// SAFETY: the value is a copy, which borrows nothing of the array.
unsafe impl UnboxDatum for Text {
    type As<'src> = Text;

    unsafe fn unbox<'src>(datum: PgrxDatum<'src>) -> Text
    where
        Self: 'src,
    {
        // SAFETY: the datum is a text that is not NULL, as the caller promises.
        Text(unsafe { datum_text::text(datum.sans_lifetime()) }.into_owned())
    }
}
