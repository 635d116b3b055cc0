//! Values that stand side by side, a call's arguments or the columns of a row, read one by one or many at once.

use std::borrow::Cow;
use std::ffi::c_void;

use pgrx::pg_sys;

use super::arguments;
use super::datum_text;
use super::error::{Error, INTERNAL, Result, WRONG_CALL};
use super::kept;
use super::reader::{Reader, Value};
use super::types::name_of;

/// Where values come from. Fields of one source are not those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The call site, or the description of rows, that is there.
    At(*const c_void),
    /// Calls without a call site, whose types are those that this function declares.
    Declared(pg_sys::Oid),
}

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

/// One of the values side by side that is binary data.
#[derive(Debug, Clone, Copy)]
pub struct BinaryField {
    source: Source,
    place: usize,
}

/// The types of values that stand side by side, counted from 0.
pub trait Types {
    /// What they are.
    fn source(&self) -> Source;

    /// The type at `place`; `None` where there is none, and where PostgreSQL cannot tell.
    fn type_of(&self, place: usize) -> Option<pg_sys::Oid>;

    /// The field at `place`; `None` when assay cannot read its type.
    fn field(&self, place: usize) -> Option<Field> {
        let reader = Reader::of(self.type_of(place)?)?;
        Some(Field {
            source: self.source(),
            place,
            reader,
        })
    }

    /// The same; an error with ML013 in place of `None`.
    fn require(&self, place: usize) -> Result<Field> {
        self.field(place).ok_or_else(|| self.unreadable(place))
    }

    /// The field at `place`; `None` unless it is binary data.
    fn binary(&self, place: usize) -> Option<BinaryField> {
        (self.type_of(place)? == pg_sys::BYTEAOID).then(|| BinaryField {
            source: self.source(),
            place,
        })
    }

    /// The error of a value that is not of a type as declared.
    #[cold]
    fn unreadable(&self, place: usize) -> Error {
        let found = self
            .type_of(place)
            .map_or_else(|| "not known to PostgreSQL".to_string(), name_of);
        Error::new(
            WRONG_CALL,
            format!("argument {} is of no type that the function takes", place + 1),
        )
        .detail(format!("Its type is {found}."))
        .hint("Call the function in SQL, by the declaration that CREATE EXTENSION gives it.")
    }
}

/// The values themselves.
pub trait Fields: Types {
    /// The datums from `first` on, and whether they are NULL.
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)>;

    /// The value at `place` as a text; `None` for NULL. Returns an error with ML013 for one of another type.
    fn text(&self, place: usize) -> Result<Option<Cow<'_, str>>> {
        match self.value(&self.require(place)?) {
            Value::Missing => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Number(_) | Value::Enum(_) | Value::Vector(_) => Err(self.unreadable(place)),
        }
    }

    /// The value at `place` as a number; `None` for NULL. Returns an error with ML013 for one of another type.
    fn number(&self, place: usize) -> Result<Option<f64>> {
        match self.value(&self.require(place)?) {
            Value::Missing => Ok(None),
            Value::Number(number) => Ok(Some(number)),
            Value::Text(_) | Value::Enum(_) | Value::Vector(_) => Err(self.unreadable(place)),
        }
    }

    /// The value at `place` as its type writes it; `None` for NULL.
    fn written(&self, place: usize) -> Option<String> {
        let (datum, is_null) = self.after(place).next()?;
        let type_oid = self.type_of(place)?;
        // SAFETY: the datum is not null, and of the type that is at its place.
        (!is_null).then(|| unsafe { kept::written(type_oid, datum) })
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

    /// Binary data; `None` for NULL. What has to be unpacked is allocated in the current memory context. Raises an error for a field of others.
    #[inline]
    fn binary_value(&self, field: &BinaryField) -> Option<&[u8]> {
        if field.source != self.source() {
            mixed();
        }
        let (datum, is_null) = self.after(field.place).next()?;
        // SAFETY: the datum is not null, and of the type for which these values made the field, a varlena.
        (!is_null).then(|| unsafe { datum_text::packed(datum) })
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
    call: &'a pg_sys::FunctionCallInfo,
    values: &'a [pg_sys::NullableDatum],
}

impl<'a> Arguments<'a> {
    /// All of them. They live no longer than the variable that holds the call.
    #[inline]
    pub fn of(call: &'a pg_sys::FunctionCallInfo) -> Self {
        Arguments {
            call,
            values: arguments::from(*call, 0),
        }
    }

    /// `count` of them from `first` on, as far as there are so many.
    #[inline(always)]
    pub fn slice(&self, first: usize, count: usize) -> &[pg_sys::NullableDatum] {
        self.values.get(first..first + count).unwrap_or(&[])
    }
}

impl Types for Arguments<'_> {
    #[inline]
    fn source(&self) -> Source {
        match arguments::has_site(*self.call) {
            true => Source::At(arguments::site(*self.call).cast_const().cast()),
            false => Source::Declared(arguments::function(*self.call)),
        }
    }

    fn type_of(&self, place: usize) -> Option<pg_sys::Oid> {
        arguments::argument_type(*self.call, place)
    }
}

impl Fields for Arguments<'_> {
    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let arguments = self.values.get(first..).unwrap_or(&[]);
        arguments.iter().map(|argument| (argument.value, argument.isnull))
    }
}
