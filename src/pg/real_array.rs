//! Vectors of single precision as `float4[]`, made and read in one piece.

use pgrx::pg_sys;

use super::entry::Raw;
use super::error::{Error, INVALID_PARAMETER, NULL_ELEMENT, Result};

/// Of an array's header and values.
const ALIGNMENT: usize = 8;
const VALUE: usize = size_of::<f32>();

/// A `float4[]`.
pub fn vector_of(numbers: &[f32]) -> Raw {
    build(&[numbers.len()], &[Some(numbers)])
}

/// A `float4[][]` of rows of one width; the elements of a row that is `None` are NULL.
pub fn matrix_of(rows: &[Option<&[f32]>], width: usize) -> Raw {
    build(&[rows.len(), width], rows)
}

/// An array of these lengths, whose rows follow each other.
fn build(lengths: &[usize], rows: &[Option<&[f32]>]) -> Raw {
    let count: usize = lengths.iter().product();
    if count == 0 {
        // SAFETY: it makes an array in the current memory context.
        return Raw(unsafe { pg_sys::Datum::from(pg_sys::construct_empty_array(pg_sys::FLOAT4OID)) });
    }
    let width = count / rows.len().max(1);
    let bounds = size_of::<pg_sys::ArrayType>() + 2 * lengths.len() * size_of::<i32>();
    let nulls = rows.iter().any(Option::is_none);
    let map = if nulls { count.div_ceil(8) } else { 0 };
    let data = (bounds + map).next_multiple_of(ALIGNMENT);
    let values: usize = rows.iter().flatten().map(|row| row.len()).sum();
    let size = data + values * VALUE;
    // SAFETY: the memory, which palloc aligns to 8 bytes and refuses to give above 1 GB, has room for the header, two numbers for each dimension, the
    // map of NULLs and as many values as are not NULL; each part is written within its bounds.
    unsafe {
        let start: *mut u8 = pg_sys::palloc0(size).cast();
        pgrx::varlena::set_varsize_4b(start.cast(), size as i32);
        let header: *mut pg_sys::ArrayType = start.cast();
        (*header).ndim = lengths.len() as i32;
        (*header).dataoffset = if nulls { data as i32 } else { 0 };
        (*header).elemtype = pg_sys::FLOAT4OID;
        let dimension: *mut i32 = header.add(1).cast();
        for (place, &length) in lengths.iter().enumerate() {
            dimension.add(place).write(length as i32);
            dimension.add(lengths.len() + place).write(1);
        }
        let bits = std::slice::from_raw_parts_mut(start.add(bounds), map);
        let mut next: *mut f32 = start.add(data).cast();
        for (row, numbers) in rows.iter().enumerate() {
            let Some(numbers) = numbers else { continue };
            std::ptr::copy_nonoverlapping(numbers.as_ptr(), next, numbers.len());
            next = next.add(numbers.len());
            if nulls {
                for place in row * width..row * width + numbers.len() {
                    bits[place / 8] |= 1 << (place % 8);
                }
            }
        }
        Raw(pg_sys::Datum::from(start))
    }
}

/// Hands the elements of a `float4[]` to `work`, where they lie if they are unpacked there. Returns 22004 for one with a NULL in it, and 22023 for one of
/// several dimensions.
///
/// # Safety
/// `datum` is a non-null `float4[]`.
pub unsafe fn with_vector<T>(datum: pg_sys::Datum, work: impl FnOnce(&[f32]) -> T) -> Result<T> {
    // SAFETY: as the caller promises. An unpacked array is aligned to 8 bytes; behind its header are its dimensions and their lower bounds, then, where
    // it has no map of NULLs, its values.
    unsafe {
        let packed: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let array: *mut pg_sys::ArrayType = unpacked(packed).cast();
        // Where there is no map of NULLs there are none.
        let has_nulls = (*array).dataoffset != 0 && pg_sys::array_contains_nulls(array);
        let answer = match ((*array).ndim, has_nulls) {
            (0, _) => Ok(work(&[])),
            (1, false) => {
                let count = array.add(1).cast::<i32>().read().max(0) as usize;
                let bounds = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>();
                let data = match (*array).dataoffset {
                    0 => bounds.next_multiple_of(ALIGNMENT),
                    offset => offset as usize,
                };
                let values: *const f32 = array.cast::<u8>().add(data).cast();
                Ok(work(std::slice::from_raw_parts(values, count)))
            }
            (1, true) => {
                Err(Error::new(NULL_ELEMENT, "a vector has a NULL element").hint("Vectors have numbers only."))
            }
            (dimensions, _) => Err(Error::new(
                INVALID_PARAMETER,
                format!("an array of {dimensions} dimensions is no vector"),
            )
            .hint("Give an array of one dimension, such as '{0.1, 0.2}'.")),
        };
        if array.cast() != packed {
            pg_sys::pfree(array.cast());
        }
        answer
    }
}

/// A value as it is when it is neither compressed nor kept elsewhere nor short: itself, or a copy. Of values by the hundred thousand it counts that PostgreSQL is not called for
/// what lies there plainly.
///
/// # Safety
/// `packed` is a value of variable length.
pub(super) unsafe fn unpacked(packed: *mut pg_sys::varlena) -> *mut pg_sys::varlena {
    // SAFETY: as the caller promises.
    unsafe {
        match pgrx::varlena::varatt_is_4b_u(packed) {
            true => packed,
            false => pg_sys::pg_detoast_datum(packed),
        }
    }
}
