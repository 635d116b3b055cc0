//! Whole rows given as one argument.

use pgrx::varlena::varatt_is_4b_u;
use pgrx::{PgTupleDesc, pg_sys};

use super::arguments;
use super::encoding;
use super::fields::{Fields, Source};

/// A whole row given as one argument.
pub struct WholeRow {
    header: pg_sys::HeapTupleHeader,
}

/// What an argument is that may be a whole row.
pub enum Given {
    /// Its type at this call site is no row type.
    Other,
    Null,
    Row(WholeRow),
}

/// What identifies a row's type.
type RowType = (pg_sys::Oid, i32);

impl WholeRow {
    /// Unpacks argument `index`.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Given {
        // SAFETY: a catalog look-up by oid.
        let is_row_type = |type_oid| unsafe { pg_sys::type_is_rowtype(type_oid) };
        if !arguments::argument_type(fcinfo, index).is_some_and(is_row_type) {
            return Given::Other;
        }
        let Some(datum) = arguments::datum(fcinfo, index) else {
            return Given::Null;
        };
        // SAFETY: a non-null composite datum points to a varlena whose plain form is a heap tuple header.
        let header = unsafe {
            let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
            if varatt_is_4b_u(varlena) {
                varlena
            } else {
                pg_sys::pg_detoast_datum(varlena)
            }
        };
        Given::Row(WholeRow { header: header.cast() })
    }

    /// The type it carries.
    #[inline]
    fn row_type(&self) -> RowType {
        // SAFETY: a composite datum's header carries its type and typmod.
        unsafe {
            (
                (*self.header).t_choice.t_datum.datum_typeid,
                (*self.header).t_choice.t_datum.datum_typmod,
            )
        }
    }

    fn descriptor(&self) -> PgTupleDesc<'static> {
        let (type_oid, typmod) = self.row_type();
        // SAFETY: the header's type is registered, or PostgreSQL raises an error; the descriptor is released when dropped.
        unsafe { PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(type_oid, typmod)) }
    }
}

// Called for each row, and it raises no errors: so without pgrx's guard, which costs as much as a few columns.
unsafe extern "C-unwind" {
    fn heap_deform_tuple(
        tuple: pg_sys::HeapTuple,
        descriptor: pg_sys::TupleDesc,
        values: *mut pg_sys::Datum,
        nulls: *mut bool,
    );
}

/// Takes rows of one type apart.
pub struct RowReader {
    row_type: RowType,
    descriptor: pg_sys::TupleDesc,
    /// The columns' names by position; `None` where one was dropped.
    names: Vec<Option<String>>,
    types: Vec<pg_sys::Oid>,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl RowReader {
    /// A reader for rows of the type of `row`, which it takes apart. Its copy of the descriptor lives in the current memory context.
    pub fn new(row: &WholeRow) -> RowReader {
        let descriptor = row.descriptor();
        let width = descriptor.len();
        let name = |attribute: &pg_sys::FormData_pg_attribute| {
            (!attribute.attisdropped).then(|| encoding::decode_name(&attribute.attname))
        };
        let mut reader = RowReader {
            row_type: row.row_type(),
            // SAFETY: copies a valid descriptor.
            descriptor: unsafe { pg_sys::CreateTupleDescCopy(descriptor.as_ptr()) },
            names: descriptor.iter().map(name).collect(),
            types: descriptor.iter().map(|attribute| attribute.atttypid).collect(),
            values: vec![pg_sys::Datum::from(0); width],
            nulls: vec![true; width],
        };
        reader.read(row);
        reader
    }

    /// The columns' names by position; `None` where one was dropped.
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// Takes `row` apart, unless it is of another type than the reader was made for. Says whether it did.
    #[inline]
    pub fn read(&mut self, row: &WholeRow) -> bool {
        if row.row_type() != self.row_type {
            return false;
        }
        // SAFETY: the tuple is the row's own header with its length; the arrays are as long as the descriptor, which describes it.
        unsafe {
            let mut tuple = pg_sys::HeapTupleData {
                t_len: pgrx::varlena::varsize_4b(row.header.cast()) as u32,
                t_data: row.header,
                ..Default::default()
            };
            heap_deform_tuple(
                &mut tuple,
                self.descriptor,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
        true
    }
}

impl Fields for RowReader {
    #[inline]
    fn source(&self) -> Source {
        Source(self.descriptor.cast_const().cast())
    }

    fn type_of(&self, place: usize) -> Option<pg_sys::Oid> {
        self.types.get(place).copied()
    }

    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let columns = self.values.iter().zip(&self.nulls).skip(first);
        columns.map(|(value, is_null)| (*value, *is_null))
    }
}
