//! The arguments of functions declared with `"any"`: their types are known per call site, their values read without a detour.

use std::borrow::Cow;

use pgrx::{PgTupleDesc, pg_sys};

use super::types::{Reader, Value};

/// The declared type of argument `index` at this call site; `None` when PostgreSQL cannot tell.
pub fn argument_type(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<pg_sys::Oid> {
    let index = i32::try_from(index).ok()?;
    // SAFETY: PostgreSQL hands a valid call; the look-up gives InvalidOid for what it does not know.
    let oid = unsafe { pg_sys::get_fn_expr_argtype((*fcinfo).flinfo, index) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether the call was written with the keyword VARIADIC.
pub fn called_variadic(fcinfo: pg_sys::FunctionCallInfo) -> bool {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { pg_sys::get_fn_expr_variadic((*fcinfo).flinfo) }
}

/// How many arguments the call has.
pub fn count(fcinfo: pg_sys::FunctionCallInfo) -> usize {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { usize::try_from((*fcinfo).nargs).unwrap_or(0) }
}

/// Argument `index`, or `None` when it is NULL or there is none.
#[inline]
pub fn datum(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<pg_sys::Datum> {
    if index >= count(fcinfo) {
        return None;
    }
    // SAFETY: a call has `nargs` arguments behind its header, and the index is below that.
    let argument = unsafe { *(*fcinfo).args.as_ptr().add(index) };
    (!argument.isnull).then_some(argument.value)
}

/// Arguments `first` and following, as PostgreSQL hands them over.
#[inline]
pub fn from<'a>(fcinfo: pg_sys::FunctionCallInfo, first: usize) -> &'a [pg_sys::NullableDatum] {
    let count = count(fcinfo);
    // SAFETY: a call has `nargs` arguments behind its header, which live as long as the call.
    let all = unsafe { std::slice::from_raw_parts((*fcinfo).args.as_ptr(), count) };
    all.get(first..).unwrap_or(&[])
}

/// Argument `index` as a value; `reader` must be that of [`argument_type`].
#[inline]
pub fn value<'a>(fcinfo: pg_sys::FunctionCallInfo, index: usize, reader: Reader) -> Value<'a> {
    match datum(fcinfo, index) {
        // SAFETY: the datum is not null, and the call site's type is the reader's.
        Some(datum) => unsafe { reader.read(datum) },
        None => Value::Missing,
    }
}

/// A datum of an argument that is declared `text`.
#[inline]
pub fn text<'a>(datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: the datum is not null, and PostgreSQL has checked the argument against the declaration.
    match unsafe { Reader::Text.read(datum) } {
        Value::Text(text) => text,
        _ => Cow::Borrowed(""),
    }
}

/// Whether a type is a row type: of a table, a composite type, or an anonymous record.
pub fn is_row_type(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up by oid.
    unsafe { pg_sys::type_is_rowtype(type_oid) }
}

/// A column of a row type.
pub struct RowColumn {
    pub name: String,
    pub type_oid: pg_sys::Oid,
}

/// The columns of a row type by position; `None` where one was dropped.
pub type RowColumns = Vec<Option<RowColumn>>;

/// A whole row given as one argument.
pub struct WholeRow {
    header: pg_sys::HeapTupleHeader,
}

/// What identifies a row's type.
pub type RowType = (pg_sys::Oid, i32);

impl WholeRow {
    /// Unpacks argument `index`; `None` when it is NULL. The call site's type must be a row type.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<WholeRow> {
        let datum = datum(fcinfo, index)?;
        // SAFETY: a non-null composite datum points to a varlena whose plain form is a heap tuple header.
        let header = unsafe { pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast() };
        Some(WholeRow { header })
    }

    /// The type it carries.
    #[inline]
    pub fn row_type(&self) -> RowType {
        // SAFETY: a composite datum's header carries its type and typmod.
        unsafe {
            (
                (*self.header).t_choice.t_datum.datum_typeid,
                (*self.header).t_choice.t_datum.datum_typmod,
            )
        }
    }

    /// The columns of its type.
    pub fn columns(&self) -> RowColumns {
        self.descriptor()
            .iter()
            .map(|attribute| {
                (!attribute.attisdropped).then(|| RowColumn {
                    name: attribute.name().to_string(),
                    type_oid: attribute.atttypid,
                })
            })
            .collect()
    }

    fn descriptor(&self) -> PgTupleDesc<'static> {
        let (type_oid, typmod) = self.row_type();
        // SAFETY: the header's type is registered, or PostgreSQL raises an error; the descriptor is released when dropped.
        unsafe { PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(type_oid, typmod)) }
    }
}

/// Takes rows of one type apart.
pub struct RowReader {
    descriptor: pg_sys::TupleDesc,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl RowReader {
    /// A reader for rows of the type of `row`. Its copy of the descriptor lives in the current memory context.
    pub fn new(row: &WholeRow) -> RowReader {
        let descriptor = row.descriptor();
        let width = descriptor.len();
        RowReader {
            // SAFETY: copies a valid descriptor.
            descriptor: unsafe { pg_sys::CreateTupleDescCopy(descriptor.as_ptr()) },
            values: vec![pg_sys::Datum::from(0); width],
            nulls: vec![true; width],
        }
    }

    /// Takes `row` apart. It must have the type that the reader was made for.
    #[inline]
    pub fn read(&mut self, row: &WholeRow) {
        // SAFETY: the tuple is the row's own header with its length; the arrays are as long as the descriptor, which describes it.
        unsafe {
            let mut tuple = pg_sys::HeapTupleData {
                t_len: pgrx::varlena::varsize_4b(row.header.cast()) as u32,
                t_data: row.header,
                ..Default::default()
            };
            pg_sys::heap_deform_tuple(
                &mut tuple,
                self.descriptor,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
    }

    /// Column `index` of the row read last as a plain number; NaN for NULL.
    #[inline]
    pub fn number(&self, index: usize, reader: Reader) -> f64 {
        if self.nulls[index] {
            f64::NAN
        } else {
            reader.number(self.values[index])
        }
    }

    /// Column `index` of the row read last; `reader` must be that of the column's type.
    #[inline]
    pub fn value(&self, index: usize, reader: Reader) -> Value<'_> {
        if self.nulls[index] {
            return Value::Missing;
        }
        // SAFETY: the datum is not null and of the type that the descriptor names.
        unsafe { reader.read(self.values[index]) }
    }
}
