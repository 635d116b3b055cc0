//! The vectors of all rows of a table, where they lie: a search without an index looks at each of them, and what is done for each is what counts.

use pgrx::pg_sys;

use super::catalog_row::CatalogRow;
use super::error::{Error, Result, UNDEFINED_COLUMN};
use super::table_scan::visit_rows;
use super::{real_array, relation, types};
use algo_text::nearest::widen;

/// What a column of vectors is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorType {
    /// `float4[]`.
    Array,
    /// pgvector's `vector`.
    Vector,
    /// pgvector's `halfvec`.
    HalfVector,
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
        if !is_pgvector {
            return None;
        }
        // The schema need not be in the search path.
        let name = types::qualified_name(type_oid);
        match name.rsplit('.').next() {
            Some("vector") => Some(VectorType::Vector),
            Some("halfvec") => Some(VectorType::HalfVector),
            Some(_) | None => None,
        }
    }
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
    let mut wide = Vec::new();
    // SAFETY: the table is open while it is read, or PostgreSQL raises an error; the snapshot is this function's, for functions run under one.
    unsafe {
        let open = pg_sys::table_open(table, pg_sys::AccessShareLock as i32);
        let row = CatalogRow::of(open, number_at.max(vector_at));
        let answer = match row.types.get(vector_at - 1).copied().and_then(VectorType::of) {
            None => Err(no_column(vector)),
            Some(kind) => visit_rows(open, pg_sys::GetActiveSnapshot(), &mut [], row, |row| {
                let (Some(number), false) = (row.get::<i64>(number_at)?, row.is_null(vector_at)) else {
                    return Ok(None::<()>);
                };
                let datum = row.values[vector_at - 1];
                // SAFETY: the datum is not NULL, and of the type that was looked up while the table was open.
                match kind {
                    VectorType::Array => real_array::with_vector(datum, |numbers| visit(number, numbers))??,
                    VectorType::Vector => with_pgvector(datum, |numbers: &[f32]| visit(number, numbers))?,
                    VectorType::HalfVector => with_pgvector(datum, |halves: &[u16]| {
                        widen(halves, &mut wide);
                        visit(number, &wide)
                    })?,
                }
                Ok(None)
            }),
        };
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
/// `datum` is a non-null value of its type whose numbers are of type `N`: `vector` of `f32`, `halfvec` of 16 bits.
unsafe fn with_pgvector<N, T>(datum: pg_sys::Datum, work: impl FnOnce(&[N]) -> T) -> T {
    /// The length word, how many numbers there are in 16 bits, and 16 that are not used (pgvector's vector.h and halfvec.h).
    const HEADER: usize = 8;
    // SAFETY: as the caller promises. An unpacked value is aligned to 4 bytes; no more is read than its length word says.
    unsafe {
        let packed: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let vector = real_array::unpacked(packed);
        let size = pgrx::varlena::varsize_4b(vector);
        let start = vector.cast::<u8>();
        let said = usize::try_from(start.add(4).cast::<i16>().read()).unwrap_or(0);
        let count = said.min(size.saturating_sub(HEADER) / size_of::<N>());
        let answer = work(std::slice::from_raw_parts(start.add(HEADER).cast::<N>(), count));
        if vector != packed {
            pg_sys::pfree(vector.cast());
        }
        answer
    }
}
