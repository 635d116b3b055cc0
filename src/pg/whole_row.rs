//! Whole rows given as one argument.

use std::marker::PhantomData;

use pgrx::varlena::varatt_is_4b_u;
use pgrx::{PgTupleDesc, pg_sys};

use super::arguments;
use super::encoding;
use super::fields::{Fields, Source, Types};

/// A whole row given as one argument of a call, which it lives as long as.
pub struct WholeRow<'a> {
    header: pg_sys::HeapTupleHeader,
    call: PhantomData<&'a pg_sys::FunctionCallInfo>,
}

/// What an argument is that may be a whole row.
pub enum Given<'a> {
    /// Its type at this call site is no row type.
    Other,
    Null,
    Row(WholeRow<'a>),
}

/// What identifies a row's type.
type RowType = (pg_sys::Oid, i32);

impl WholeRow<'_> {
    /// Unpacks argument `index`.
    pub fn of(call: &pg_sys::FunctionCallInfo, index: usize) -> Given<'_> {
        let fcinfo = *call;
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
        Given::Row(WholeRow {
            header: header.cast(),
            call: PhantomData,
        })
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
    /// Room for the values of a row while it is read.
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

/// The columns of a row.
pub struct RowValues<'a> {
    reader: &'a RowReader,
    row: PhantomData<&'a WholeRow<'a>>,
}

impl RowReader {
    /// A reader for rows of the type of `row`. Its copy of the descriptor lives in the current memory context.
    pub fn new(row: &WholeRow<'_>) -> RowReader {
        let (type_oid, typmod) = row.row_type();
        // SAFETY: the row's type is registered, or PostgreSQL raises an error; the descriptor is released when dropped, its copy is the
        // reader's.
        let (descriptor, own) = unsafe {
            let descriptor = PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(type_oid, typmod));
            let own = pg_sys::CreateTupleDescCopy(descriptor.as_ptr());
            (descriptor, own)
        };
        let width = descriptor.len();
        let name = |attribute: &pg_sys::FormData_pg_attribute| {
            (!attribute.attisdropped).then(|| encoding::decode_name(&attribute.attname))
        };
        RowReader {
            row_type: (type_oid, typmod),
            descriptor: own,
            names: descriptor.iter().map(name).collect(),
            types: descriptor.iter().map(|attribute| attribute.atttypid).collect(),
            values: vec![pg_sys::Datum::from(0); width],
            nulls: vec![true; width],
        }
    }

    /// The columns' names by position; `None` where one was dropped.
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// Whether it was made for rows of the type of `row`.
    #[inline]
    pub fn suits(&self, row: &WholeRow<'_>) -> bool {
        row.row_type() == self.row_type
    }

    /// Takes `row` apart; `None` for one that the reader does not suit.
    #[inline]
    pub fn read<'a>(&'a mut self, row: &'a WholeRow<'_>) -> Option<RowValues<'a>> {
        if !self.suits(row) {
            return None;
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
        Some(RowValues {
            reader: self,
            row: PhantomData,
        })
    }
}

impl Types for RowReader {
    #[inline]
    fn source(&self) -> Source {
        Source::At(self.descriptor.cast_const().cast())
    }

    fn type_of(&self, place: usize) -> Option<pg_sys::Oid> {
        self.types.get(place).copied()
    }
}

impl Types for RowValues<'_> {
    #[inline]
    fn source(&self) -> Source {
        self.reader.source()
    }

    fn type_of(&self, place: usize) -> Option<pg_sys::Oid> {
        self.reader.type_of(place)
    }
}

impl Fields for RowValues<'_> {
    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let columns = self.reader.values.iter().zip(&self.reader.nulls).skip(first);
        columns.map(|(value, is_null)| (*value, *is_null))
    }
}
