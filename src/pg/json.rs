//! Values of type `jsonb` on their way in. PostgreSQL's hold numbers of any size and nest without end; what is read here holds what a double
//! does, and nests 127 deep.

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::nullable::Nullable;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, pg_sys};
use serde_json::Value as Json;

use super::datum_text;
use super::error::{Error, INVALID_PARAMETER, Result};
use super::foreground::Foreground;

/// A value of type `jsonb`, or why it cannot be read.
pub struct Jsonb(std::result::Result<Json, Unread>);

/// Why one cannot be read.
enum Unread {
    Wrong(serde_json::Error),
    TooLarge(Error),
}

/// How many times as much a value takes as its text, at worst: an element of two bytes takes 32. An object takes room for eleven keys beside, whatever it has.
const GROWTH: usize = 16;
const OBJECT: usize = 11 * 56 + 64;
/// What may be taken without a look at what is allowed.
const SMALL: usize = 1 << 20;

/// Returns an error unless a text may be read.
fn require_room(text: &str) -> Result<()> {
    let objects = text.bytes().filter(|byte| *byte == b'{').count();
    let needed = text.len().saturating_mul(GROWTH) + objects.saturating_mul(OBJECT);
    match needed > SMALL {
        true => Ok(Foreground::new()?.allow(needed)?),
        false => Ok(()),
    }
}

impl Jsonb {
    /// The value. Returns an error with 22023; `what` names it in the message.
    pub fn read(self, what: &str) -> Result<Json> {
        self.0.map_err(|problem| match problem {
            Unread::TooLarge(error) => error.at(what.to_owned()),
            Unread::Wrong(problem) => Error::new(INVALID_PARAMETER, format!("{what} holds JSON that cannot be read"))
                .detail(format!("The problem is: {problem}."))
                .hint("Its numbers must be within the range of double precision, and it may nest 127 deep."),
        })
    }

    fn parse(text: &str) -> Jsonb {
        let parsed = require_room(text).map_err(Unread::TooLarge);
        Jsonb(parsed.and_then(|()| serde_json::from_str(text).map_err(Unread::Wrong)))
    }
}

impl FromDatum for Jsonb {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Jsonb> {
        // SAFETY: the datum is a jsonb, as the caller promises.
        (!is_null).then(|| Jsonb::parse(&unsafe { datum_text::json_text(datum) }))
    }
}

// SAFETY: the value is made from the argument's datum, which PostgreSQL has checked against the declaration.
unsafe impl<'fcx> ArgAbi<'fcx> for Jsonb {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as the caller promises, the argument is not NULL.
        let value = unsafe { arg.unbox_arg_using_from_datum() };
        value.unwrap_or(Jsonb(Ok(Json::Null)))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: as the caller promises; NULL gives none.
        unsafe { arg.unbox_arg_using_from_datum().into() }
    }
}

// SAFETY: names the SQL type whose datums the value is made from.
unsafe impl SqlTranslatable for Jsonb {
    const TYPE_IDENT: &'static str = "jsonb";
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("jsonb"));
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("jsonb")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_no_double_holds_is_an_error_that_names_it() {
        let jsonb = |text: &str| Jsonb(serde_json::from_str(text).map_err(Unread::Wrong));
        assert_eq!(
            jsonb("[1, null]").read("argument \"x\"").unwrap(),
            serde_json::json!([1, null])
        );
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in ["1e999", &deep] {
            let error = jsonb(text).read("argument \"x\"").unwrap_err();
            assert!(
                error
                    .sentences()
                    .starts_with("argument \"x\" holds JSON that cannot be read.")
            );
        }
    }
}
