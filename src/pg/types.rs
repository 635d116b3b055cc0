//! Which PostgreSQL types assay reads, and how a datum of each becomes a value.

use std::borrow::Cow;
use std::ffi::CStr;

use pgrx::varlena::{varatt_is_1b_e, varatt_is_4b_c, varlena_to_byte_slice};
use pgrx::{FromDatum, IntoDatum, pg_sys};

use super::encoding::{self, decode};
use super::error::{Error, INTERNAL};
use super::text::Text;

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
        // SAFETY: a catalog look-up by oid; it returns the oid itself when the type is no domain.
        let base = unsafe { pg_sys::getBaseType(type_oid) };
        Some(match base {
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
            // SAFETY: a catalog look-up by oid.
            other if unsafe { pg_sys::type_is_enum(other) } => Reader::Enum,
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

    /// Reads plain numbers, whether they are NULL beside them, into `out`; NULL, NaN and infinities become NaN.
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
            Reader::Float8Array => Value::Vector(unsafe {
                Vec::<Option<f64>>::from_datum(datum, false)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|element| element.unwrap_or(f64::NAN))
                    .collect()
            }),
            // SAFETY: as above.
            Reader::Float4Array => Value::Vector(unsafe {
                Vec::<Option<f32>>::from_datum(datum, false)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|element| element.map_or(f64::NAN, f64::from))
                    .collect()
            }),
        }
    }
}

/// # Safety
/// `datum` is a non-null numeric.
unsafe fn numeric(datum: pg_sys::Datum) -> f64 {
    // SAFETY: the function takes one non-null numeric, and values out of range become infinities instead of errors.
    let result = unsafe { pgrx::direct_function_call_as_datum(pg_sys::numeric_float8_no_overflow, &[Some(datum)]) };
    result.map_or(f64::NAN, |datum| f64::from_bits(datum.value() as u64))
}

/// The value of a text.
///
/// # Safety
/// `datum` is a non-null text or a type of the same layout; the result lives as long as the datum or the current memory context.
pub(super) unsafe fn text<'a>(datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises.
    decode(unsafe { packed(datum) })
}

/// # Safety
/// As for [`text`].
#[inline(always)]
unsafe fn packed<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: a varlena may be stored elsewhere or compressed: pg_detoast_datum_packed then gives a plain one.
    unsafe {
        let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let stored = varatt_is_1b_e(varlena) || varatt_is_4b_c(varlena);
        let plain = if stored {
            pg_sys::pg_detoast_datum_packed(varlena)
        } else {
            varlena
        };
        varlena_to_byte_slice(plain)
    }
}

/// Bytes of a value that is stored compressed or elsewhere once it is unpacked; 0 for others.
///
/// # Safety
/// `datum` is a non-null value of a type whose values are varlenas.
#[inline]
pub unsafe fn unpacked_size(datum: pg_sys::Datum) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
        match varatt_is_1b_e(varlena) || varatt_is_4b_c(varlena) {
            true => pg_sys::toast_raw_datum_size(datum),
            false => 0,
        }
    }
}

/// What a type's output function writes for a value, in the current memory context.
///
/// # Safety
/// `function` is the output function of the type of `datum`, which is not null.
pub unsafe fn written<'a>(function: &mut pg_sys::FmgrInfo, datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises; the function gives a C string that lives as long as the current memory context.
    unsafe { decode(CStr::from_ptr(pg_sys::OutputFunctionCall(function, datum)).to_bytes()) }
}

/// The text of a value of type `jsonb`, in the current memory context.
///
/// # Safety
/// `datum` is a non-null jsonb.
pub unsafe fn json_text<'a>(datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises; the function takes one jsonb, and gives a C string that lives as long as the current memory context.
    unsafe {
        let text = pgrx::direct_function_call_as_datum(pg_sys::jsonb_out, &[Some(datum)]);
        text.map_or(Cow::Borrowed("null"), |text| {
            decode(CStr::from_ptr(text.cast_mut_ptr()).to_bytes())
        })
    }
}

/// Binary data as its output function writes it by default: `\x` and two digits a byte.
///
/// # Safety
/// `datum` is a non-null bytea.
pub unsafe fn hexadecimal(datum: pg_sys::Datum) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // SAFETY: as the caller promises; detoasting gives a plain varlena.
    let bytes = unsafe { varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr())) };
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)])));
    }
    text
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

/// A type's name, as SQL writes it.
pub fn name_of(type_oid: pg_sys::Oid) -> String {
    // SAFETY: format_type_be gives a palloc'd C string for any oid.
    unsafe { encoding::decode_c(pg_sys::format_type_be(type_oid)) }
}

/// Whether `name` is what SQL calls a type, with or without its length or precision.
pub fn is_named(type_oid: pg_sys::Oid, name: &str) -> bool {
    let type_of = |name| {
        // SAFETY: the function takes one text, and gives NULL for what is no type's name.
        unsafe { pgrx::direct_function_call_as_datum(pg_sys::to_regtype, &[Some(name)]) }
    };
    let named = Text::from(name).into_datum().and_then(type_of);
    named.is_some_and(|oid| oid.value() as u32 == type_oid.to_u32())
}

/// The name of a type, of a domain that of what it is made of, qualified and quoted as SQL needs it.
pub fn qualified_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: look-ups by an oid; the name is a C string in the current memory context.
    unsafe {
        let name = pg_sys::format_type_be_qualified(pg_sys::getBaseType(type_oid));
        encoding::decode_c(name)
    }
}

/// Whether a type is `assay.state`.
pub fn is_state(type_oid: pg_sys::Oid) -> bool {
    is_own(type_oid, c"state")
}

/// Whether a type is `assay.role`.
pub fn is_role(type_oid: pg_sys::Oid) -> bool {
    is_own(type_oid, c"role")
}

/// Whether a type is `assay.<name>`.
fn is_own(type_oid: pg_sys::Oid, name: &CStr) -> bool {
    // SAFETY: catalog look-ups by a C string, and by a C string and an oid, as the keys of that cache are; nothing found is
    // InvalidOid, which is no type.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"assay".as_ptr(), true);
        let own = pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::TYPENAMENSP as i32,
            pg_sys::Anum_pg_type_oid as i16,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(schema),
            pg_sys::Datum::from(0),
            pg_sys::Datum::from(0),
        );
        own != pg_sys::InvalidOid && own == type_oid
    }
}

/// The label of an enum value, and its place in the order of its type. Errs in PostgreSQL when there is no such value.
pub fn enum_label(value: pg_sys::Oid) -> (String, f32) {
    // SAFETY: a catalog look-up by oid; the entry is read before it is released, its label a zero-terminated array of 64 bytes.
    unsafe {
        let entry = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::ENUMOID as i32, pg_sys::Datum::from(value));
        if entry.is_null() {
            Error::new(INTERNAL, format!("there is no enum value {value}")).raise();
        }
        let form = &*pg_sys::GETSTRUCT(entry).cast::<pg_sys::FormData_pg_enum>();
        let answer = (encoding::decode_c(form.enumlabel.data.as_ptr()), form.enumsortorder);
        pg_sys::ReleaseSysCache(entry);
        answer
    }
}

/// Looks up a role by its name.
pub fn role_named(name: &str) -> Option<pg_sys::Oid> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: a catalog look-up by a C string; with `missing_ok` it gives InvalidOid instead of an error.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
}
