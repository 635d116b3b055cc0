//! The vectors of all rows of a table, where they lie: a search without an index looks at each of them, and what is done for each is what counts.

use pgrx::pg_sys;

use super::catalog_row::CatalogRow;
use super::error::{Error, Result, UNDEFINED_COLUMN};
use super::table_scan::visit_rows;
use super::{real_array, relation, types};

/// What a column of vectors is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorType {
    /// `float4[]`.
    Array,
    /// pgvector's `vector`.
    Vector,
}

impl VectorType {
    /// Of a type; `None` where its values cannot be read as they lie.
    pub fn of(type_oid: pg_sys::Oid) -> Option<VectorType> {
        if type_oid == pg_sys::FLOAT4ARRAYOID {
            return Some(VectorType::Array);
        }
        // SAFETY: catalog look-ups by oids and a C string; nothing found is InvalidOid.
        let is_pgvector = unsafe {
            let extension = pg_sys::get_extension_oid(c"vector".as_ptr(), true);
            extension != pg_sys::InvalidOid
                && pg_sys::getExtensionOfObject(pg_sys::TypeRelationId, type_oid) == extension
        };
        (is_pgvector && types::is_named(type_oid, "vector")).then_some(VectorType::Vector)
    }
}

/// The type of a column; `None` where there is no such column, or its values are no vectors that can be read as they lie.
pub fn type_of(table: pg_sys::Oid, column: &str) -> Option<VectorType> {
    let number = relation::column_number(table, column)?;
    // SAFETY: a catalog look-up; nothing found is InvalidOid.
    VectorType::of(unsafe { pg_sys::get_atttype(table, number) })
}

/// Visits the rows of a table under the active snapshot, in no order: a number, and a vector. Rows without one are left out. Nothing is run that belongs to the
/// table, and nobody's rights are looked at. Returns an error for columns of other types, and the first one of `visit`.
pub fn visit(
    table: pg_sys::Oid,
    number: &str,
    vector: &str,
    mut visit: impl FnMut(i64, &[f32]) -> Result<()>,
) -> Result<()> {
    let place = |name: &str| {
        let place = relation::column_number(table, name).and_then(|place| usize::try_from(place).ok());
        place.ok_or_else(|| no_column(name))
    };
    let (number_at, vector_at) = (place(number)?, place(vector)?);
    let kind = type_of(table, vector).ok_or_else(|| no_column(vector))?;
    // SAFETY: the table is open while it is read, or PostgreSQL raises an error; the snapshot is this function's, for functions run under one.
    unsafe {
        let open = pg_sys::table_open(table, pg_sys::AccessShareLock as i32);
        let row = CatalogRow::of(open, number_at.max(vector_at));
        let answer = visit_rows(open, pg_sys::GetActiveSnapshot(), &mut [], row, |row| {
            let (Some(number), false) = (row.get::<i64>(number_at)?, row.is_null(vector_at)) else {
                return Ok(None::<()>);
            };
            let datum = row.values[vector_at - 1];
            // The type was looked up after the lock that keeps it was not yet there; what is read is checked against it.
            match (kind, VectorType::of(row.types[vector_at - 1])) {
                // SAFETY: the datum is a float4[] that is not NULL.
                (VectorType::Array, Some(VectorType::Array)) => {
                    real_array::with_vector(datum, |numbers| visit(number, numbers))??;
                }
                // SAFETY: the datum is a vector of pgvector that is not NULL.
                (VectorType::Vector, Some(VectorType::Vector)) => {
                    with_pgvector(datum, |numbers| visit(number, numbers))?;
                }
                (VectorType::Array | VectorType::Vector, _) => return Err(no_column(vector)),
            }
            Ok(None)
        });
        pg_sys::table_close(open, pg_sys::AccessShareLock as i32);
        answer.map(drop)
    }
}

#[cold]
fn no_column(name: &str) -> Error {
    Error::new(
        UNDEFINED_COLUMN,
        format!("the table of chunks has no column \"{name}\" of vectors"),
    )
    .hint("Drop the vectorizer, and create it again.")
}

/// Hands the numbers of a vector of pgvector to `work`.
///
/// # Safety
/// `datum` is a non-null value of that type.
unsafe fn with_pgvector<T>(datum: pg_sys::Datum, work: impl FnOnce(&[f32]) -> T) -> T {
    /// The length word, how many numbers there are in 16 bits, and 16 that are not used (pgvector's vector.h).
    const HEADER: usize = 8;
    // SAFETY: as the caller promises. An unpacked value is aligned to 4 bytes; no more is read than its length word says.
    unsafe {
        let packed: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let vector = pg_sys::pg_detoast_datum(packed);
        let size = pgrx::varlena::varsize_4b(vector);
        let start = vector.cast::<u8>();
        let said = usize::try_from(start.add(4).cast::<i16>().read()).unwrap_or(0);
        let count = said.min(size.saturating_sub(HEADER) / size_of::<f32>());
        let answer = work(std::slice::from_raw_parts(start.add(HEADER).cast::<f32>(), count));
        if vector != packed {
            pg_sys::pfree(vector.cast());
        }
        answer
    }
}
