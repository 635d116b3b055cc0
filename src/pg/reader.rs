//! Which PostgreSQL types assay reads, and how a datum of each becomes a value.

use std::borrow::Cow;
use std::ffi::CStr;

use pgrx::pg_sys;

use super::datum_text::{packed, text};
use super::encoding::{self, decode};
use super::float_array;
use super::numeric;

/// A value of a row, as training and scoring see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Missing,
    /// A number, maybe NaN or infinite: booleans are 0 and 1, dates days since 2000-01-01, timestamps seconds since then.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A value of an enum type.
    Enum(pg_sys::Oid),
    /// A vector; NULL elements are NaN.
    Vector(Vec<f64>),
}

/// How the values of one type are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// text, varchar
    Text,
    /// char(n): trailing blanks do not count.
    Padded,
    Name,
    Enum,
    Uuid,
    Date,
    /// timestamp, with or without time zone
    Timestamp,
    Float4Array,
    Float8Array,
    /// An untyped literal.
    Literal,
}

/// What a column of a type is to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Number,
    Category,
    Vector,
}

impl Reader {
    /// The reader of a type, through domains; `None` for a type that assay cannot read.
    pub fn of(type_oid: pg_sys::Oid) -> Option<Reader> {
        Reader::of_postgres(type_oid).or_else(|| {
            // SAFETY: catalog look-ups by oid; the first returns the oid itself when the type is no domain.
            let (base, is_enum) = unsafe {
                let base = pg_sys::getBaseType(type_oid);
                (base, pg_sys::type_is_enum(base))
            };
            match is_enum {
                true => Some(Reader::Enum),
                false => Reader::of_postgres(base),
            }
        })
    }

    /// The reader of one of PostgreSQL's own types, without a look-up.
    fn of_postgres(type_oid: pg_sys::Oid) -> Option<Reader> {
        Some(match type_oid {
            pg_sys::BOOLOID => Reader::Bool,
            pg_sys::INT2OID => Reader::Int2,
            pg_sys::INT4OID => Reader::Int4,
            pg_sys::INT8OID => Reader::Int8,
            pg_sys::FLOAT4OID => Reader::Float4,
            pg_sys::FLOAT8OID => Reader::Float8,
            pg_sys::NUMERICOID => Reader::Numeric,
            pg_sys::TEXTOID | pg_sys::VARCHAROID => Reader::Text,
            pg_sys::BPCHAROID => Reader::Padded,
            pg_sys::NAMEOID => Reader::Name,
            pg_sys::UUIDOID => Reader::Uuid,
            pg_sys::DATEOID => Reader::Date,
            pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Reader::Timestamp,
            pg_sys::FLOAT4ARRAYOID => Reader::Float4Array,
            pg_sys::FLOAT8ARRAYOID => Reader::Float8Array,
            pg_sys::UNKNOWNOID => Reader::Literal,
            _ => return None,
        })
    }

    /// What a column of this type is to a model.
    pub fn role(self) -> Role {
        match self {
            Reader::Text | Reader::Padded | Reader::Name | Reader::Enum | Reader::Uuid | Reader::Literal => {
                Role::Category
            }
            Reader::Float4Array | Reader::Float8Array => Role::Vector,
            _ => Role::Number,
        }
    }

    /// Whether its values are numbers that stand in the datum itself, as [`Reader::number`] reads them.
    pub fn is_plain_number(self) -> bool {
        matches!(
            self,
            Reader::Bool
                | Reader::Int2
                | Reader::Int4
                | Reader::Int8
                | Reader::Float4
                | Reader::Float8
                | Reader::Date
                | Reader::Timestamp
        )
    }

    /// The number that stands in the datum itself; NaN for readers of other values.
    #[inline(always)]
    pub fn number(self, datum: pg_sys::Datum) -> f64 {
        /// Seconds of a timestamp, with PostgreSQL's infinities as infinities.
        fn seconds(microseconds: i64) -> f64 {
            match microseconds {
                i64::MIN => f64::NEG_INFINITY,
                i64::MAX => f64::INFINITY,
                finite => finite as f64 / 1e6,
            }
        }
        let bits = datum.value();
        match self {
            Reader::Float8 => f64::from_bits(bits as u64),
            Reader::Int4 => f64::from(bits as i32),
            Reader::Bool => f64::from(u8::from(bits & 0xff != 0)),
            Reader::Int2 => f64::from(bits as i16),
            Reader::Int8 => bits as i64 as f64,
            Reader::Float4 => f64::from(f32::from_bits(bits as u32)),
            Reader::Date => match bits as i32 {
                i32::MIN => f64::NEG_INFINITY,
                i32::MAX => f64::INFINITY,
                days => f64::from(days),
            },
            Reader::Timestamp => seconds(bits as i64),
            _ => f64::NAN,
        }
    }

    /// The number that stands in an argument itself; NaN for NULL, and for readers of other values.
    #[inline(always)]
    pub fn argument(self, argument: &pg_sys::NullableDatum) -> f64 {
        if argument.isnull {
            f64::NAN
        } else {
            self.number(argument.value)
        }
    }

    /// Reads plain numbers, each with whether it is NULL, into `out`; NULL, NaN and infinities become NaN.
    #[inline]
    pub fn numbers(self, data: impl Iterator<Item = (pg_sys::Datum, bool)>, out: &mut [f64]) {
        #[inline(always)]
        fn fill(
            data: impl Iterator<Item = (pg_sys::Datum, bool)>,
            out: &mut [f64],
            number: impl Fn(pg_sys::Datum) -> f64,
        ) {
            for (out, (datum, is_null)) in out.iter_mut().zip(data) {
                let number = number(datum);
                *out = if !is_null && number.is_finite() {
                    number
                } else {
                    f64::NAN
                };
            }
        }
        match self {
            Reader::Float8 => fill(data, out, |datum| Reader::Float8.number(datum)),
            other => fill(data, out, |datum| other.number(datum)),
        }
    }

    /// Whether its values are texts whose bytes [`Reader::bytes`] gives: in a database of another encoding than UTF-8 they have to be
    /// converted first.
    pub fn has_bytes(self) -> bool {
        encoding::is_utf8() && matches!(self, Reader::Text | Reader::Padded | Reader::Name)
    }

    /// The bytes of a text, unpacked in the current memory context where they have to be.
    ///
    /// # Safety
    /// `datum` is a non-null value of this reader's type, for which [`Reader::has_bytes`] holds, valid for `'a`.
    #[inline(always)]
    pub unsafe fn bytes<'a>(self, datum: pg_sys::Datum) -> &'a [u8] {
        match self {
            // SAFETY: the datum is of the type that the arm names, as the caller promises.
            Reader::Text => unsafe { packed(datum) },
            Reader::Padded => {
                // SAFETY: as above.
                let text = unsafe { packed(datum) };
                let end = text.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
                &text[..end]
            }
            // SAFETY: a name is a zero-terminated array of 64 bytes.
            Reader::Name => unsafe { CStr::from_ptr(datum.cast_mut_ptr()) }.to_bytes(),
            _ => &[],
        }
    }

    /// Reads a datum. What has to be unpacked is allocated in the current memory context.
    ///
    /// # Safety
    /// `datum` is a non-null value of this reader's type, valid for `'a`.
    #[inline]
    pub unsafe fn read<'a>(self, datum: pg_sys::Datum) -> Value<'a> {
        match self {
            Reader::Bool
            | Reader::Int2
            | Reader::Int4
            | Reader::Int8
            | Reader::Float4
            | Reader::Float8
            | Reader::Date
            | Reader::Timestamp => Value::Number(self.number(datum)),
            Reader::Enum => Value::Enum(pg_sys::Oid::from(datum.value() as u32)),
            // SAFETY: the datum is of the type that the arm names, as the caller promises.
            Reader::Numeric => Value::Number(unsafe { numeric(datum) }),
            // SAFETY: as above.
            Reader::Text => Value::Text(unsafe { text(datum) }),
            // SAFETY: as above.
            Reader::Padded => Value::Text(match unsafe { text(datum) } {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(' ')),
                Cow::Owned(text) => Cow::Owned(text.trim_end_matches(' ').to_string()),
            }),
            Reader::Name | Reader::Literal => {
                // SAFETY: a name is a zero-terminated array of 64 bytes, and an untyped literal a C string.
                Value::Text(unsafe { decode(CStr::from_ptr(datum.cast_mut_ptr()).to_bytes()) })
            }
            // SAFETY: a uuid is 16 bytes.
            Reader::Uuid => Value::Text(Cow::Owned(hyphenated(unsafe { *datum.cast_mut_ptr::<[u8; 16]>() }))),
            // SAFETY: the datum is an array of the element type that the arm names.
            Reader::Float8Array => Value::Vector(unsafe { float_array::numbers::<f64>(datum) }),
            // SAFETY: as above.
            Reader::Float4Array => Value::Vector(unsafe { float_array::numbers::<f32>(datum) }),
        }
    }
}

/// # Safety
/// `datum` is a non-null numeric.
unsafe fn numeric(datum: pg_sys::Datum) -> f64 {
    // SAFETY: as the caller promises; a numeric is a varlena as a text is.
    numeric::nearest(unsafe { packed(datum) }).unwrap_or(f64::NAN)
}

fn hyphenated(bytes: [u8; 16]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .enumerate()
        .fold(String::with_capacity(36), |mut text, (index, byte)| {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgrx::pg_sys::Datum;

    #[test]
    fn numbers_stand_in_the_datum() {
        for (reader, datum, number) in [
            (Reader::Bool, Datum::from(1_usize), 1.0),
            (Reader::Int2, Datum::from(-3_i16), -3.0),
            (Reader::Int4, Datum::from(-4_i32), -4.0),
            (Reader::Int8, Datum::from(-5_i64), -5.0),
            (Reader::Float4, Datum::from(1.5_f32.to_bits() as usize), 1.5),
            (Reader::Float8, Datum::from(2.5_f64.to_bits() as usize), 2.5),
            (Reader::Date, Datum::from(-1_i32), -1.0),
            (Reader::Timestamp, Datum::from(2_500_000_i64), 2.5),
        ] {
            assert!(reader.is_plain_number(), "{reader:?}");
            assert_eq!(reader.number(datum), number, "{reader:?}");
        }
    }

    #[test]
    fn the_infinities_of_dates_and_timestamps_are_infinite() {
        assert_eq!(Reader::Date.number(Datum::from(i32::MAX)), f64::INFINITY);
        assert_eq!(Reader::Date.number(Datum::from(i32::MIN)), f64::NEG_INFINITY);
        assert_eq!(Reader::Timestamp.number(Datum::from(i64::MAX)), f64::INFINITY);
        assert_eq!(Reader::Timestamp.number(Datum::from(i64::MIN)), f64::NEG_INFINITY);
    }

    #[test]
    fn what_is_null_or_not_finite_is_missing() {
        let cells = [(3.0_f64, false), (4.0, true), (f64::INFINITY, false), (5.0, false)];
        let mut numbers = [0.0; 4];
        Reader::Float8.numbers(
            cells
                .map(|(number, is_null)| (Datum::from(number.to_bits() as usize), is_null))
                .into_iter(),
            &mut numbers,
        );
        assert_eq!(numbers[0], 3.0);
        assert!(numbers[1].is_nan() && numbers[2].is_nan());
        assert_eq!(numbers[3], 5.0);
    }

    #[test]
    fn a_uuid_has_hyphens_where_postgresql_writes_them() {
        let bytes = std::array::from_fn(|place| 0x10 + place as u8);
        assert_eq!(hyphenated(bytes), "10111213-1415-1617-1819-1a1b1c1d1e1f");
    }
}
