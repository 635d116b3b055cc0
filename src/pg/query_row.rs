//! Rows of a running query, as they stand in the executor's slot.

use pgrx::{FromDatum, pg_sys};

use super::datum_text;
use super::error::Result;
use super::reader::{Reader, Value};
use super::text::Text;
use super::types;
use algo::state::State;

/// A column of a query's result.
#[derive(Debug, Clone)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// The type's name, for messages.
    pub type_name: String,
    /// The type.
    pub type_oid: pg_sys::Oid,
    /// How its values are read, or `None` when assay cannot read the type.
    pub reader: Option<Reader>,
    /// Whether texts are equal only where their bytes are, as its collation has it.
    pub is_deterministic: bool,
}

impl OutputColumn {
    /// Whether its values are texts.
    pub fn is_text(&self) -> bool {
        matches!(self.reader, Some(Reader::Text | Reader::Padded | Reader::Name))
    }

    /// Whether its values are arrays of texts.
    pub fn is_texts(&self) -> bool {
        matches!(self.type_oid, pg_sys::TEXTARRAYOID | pg_sys::VARCHARARRAYOID)
    }
}

/// One row of the running query. Its values live until the next row.
pub struct Row<'a> {
    pub(super) values: &'a [pg_sys::Datum],
    pub(super) nulls: &'a [bool],
    pub(super) columns: &'a [OutputColumn],
}

impl Row<'_> {
    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Bytes that reading the value of a column takes because it is stored compressed or elsewhere; 0 for others.
    #[inline]
    pub fn unpacked_size(&self, column: usize) -> usize {
        match self.columns[column].reader {
            // SAFETY: the datum is not null, and of a type whose values are varlenas.
            Some(Reader::Text | Reader::Padded | Reader::Float4Array | Reader::Float8Array) if !self.nulls[column] => unsafe {
                datum_text::unpacked_size(self.values[column])
            },
            _ => 0,
        }
    }

    /// The value of a column. Columns of a type that assay cannot read give a missing value.
    #[inline]
    pub fn value(&self, column: usize) -> Value<'_> {
        match &self.columns[column].reader {
            // SAFETY: the datum is not null and comes from a slot whose descriptor gave the reader its type.
            Some(reader) if !self.nulls[column] => unsafe { reader.read(self.values[column]) },
            _ => Value::Missing,
        }
    }

    /// The number of a column whose reader reads numbers; `None` for NULL and for other columns.
    #[inline(always)]
    pub fn number(&self, column: usize) -> Option<f64> {
        match self.columns[column].reader {
            Some(reader) if !self.nulls[column] => {
                if reader.is_plain_number() {
                    return Some(reader.number(self.values[column]));
                }
                match self.value(column) {
                    Value::Number(number) => Some(number),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The numbers of neighbouring columns of double precision, from `first` on; NULL, NaN and infinities become NaN. Those that are there
    /// and not finite are counted, each column by itself. No branch depends on the values.
    #[inline(always)]
    pub fn floats(&self, first: usize, out: &mut [f64], non_finite: &mut [u64]) {
        let data = self.values[first..].iter().zip(&self.nulls[first..]);
        for ((out, count), (&datum, &is_null)) in out.iter_mut().zip(non_finite).zip(data) {
            let number = Reader::Float8.number(datum);
            let finite = number.is_finite();
            *out = if finite & !is_null { number } else { f64::NAN };
            *count += u64::from(!finite & !is_null);
        }
    }

    /// The value of a column as PostgreSQL writes it; `None` for NULL.
    pub fn shown(&self, column: usize) -> Option<String> {
        if self.nulls[column] {
            return None;
        }
        let (mut function, mut is_varlena) = (pg_sys::InvalidOid, false);
        // SAFETY: the datum is not null and of the type whose output function is called.
        unsafe {
            pg_sys::getTypeOutputInfo(self.type_of(column), &mut function, &mut is_varlena);
            let text = pg_sys::OidOutputFunctionCall(function, self.values[column]);
            Some(super::encoding::decode(std::ffi::CStr::from_ptr(text).to_bytes()).into_owned())
        }
    }

    /// The elements of an array of texts; `None` for NULL, and for a column of another type.
    pub fn texts(&self, column: usize) -> Option<Vec<Option<Text>>> {
        if self.nulls[column] || !self.columns[column].is_texts() {
            return None;
        }
        // SAFETY: the datum is not null, and an array of texts, as which values of type varchar are stored, too.
        unsafe { Vec::from_datum(self.values[column], false) }
    }

    /// The datums of all columns, and which are NULL.
    pub(super) fn datums(&self) -> (&[pg_sys::Datum], &[bool]) {
        (self.values, self.nulls)
    }

    /// The type of a column.
    pub(super) fn type_of(&self, column: usize) -> pg_sys::Oid {
        self.columns[column].type_oid
    }

    /// A state; `None` for NULL, and for a column of another type than `assay.state`.
    pub fn state(&self, column: usize) -> Result<Option<State>> {
        if self.nulls[column] || !types::is_state(self.columns[column].type_oid) {
            return Ok(None);
        }
        // SAFETY: the datum is not null and of that type.
        unsafe { super::state::read(self.values[column]).map(Some) }
    }
}
