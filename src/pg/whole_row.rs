//! Whole rows given as one argument.

use pgrx::varlena::varatt_is_4b_u;
use pgrx::{PgTupleDesc, pg_sys};

use super::arguments;
use super::encoding;
use super::fields::Fields;

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
        let datum = arguments::datum(fcinfo, index)?;
        // SAFETY: a non-null composite datum points to a varlena whose plain form is a heap tuple header.
        let header = unsafe {
            let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
            if varatt_is_4b_u(varlena) {
                varlena
            } else {
                pg_sys::pg_detoast_datum(varlena)
            }
        };
        Some(WholeRow { header: header.cast() })
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
                    name: encoding::decode_name(&attribute.attname),
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
            heap_deform_tuple(
                &mut tuple,
                self.descriptor,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
    }
}

impl Fields for RowReader {
    #[inline]
    fn after(&self, first: usize) -> impl Iterator<Item = (pg_sys::Datum, bool)> {
        let columns = self.values.iter().zip(&self.nulls).skip(first);
        columns.map(|(value, is_null)| (*value, *is_null))
    }
}
