//! Arrays of numbers, made and read in one piece: pgrx goes element by element, which takes longer than scoring a row.

use pgrx::pg_sys;

use super::entry::Raw;
use super::error::Error;
use algo::room;

/// Bytes before an array's values or its map of NULLs: the header, one dimension and one lower bound.
const HEADER: usize = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>();
const VALUE: usize = size_of::<f64>();
/// Of an array's header and values.
const ALIGNMENT: usize = 8;

/// The elements of a `float8[]` or `float4[]` of any dimensions; NULL is NaN.
///
/// # Safety
/// `datum` is a non-null array of `T`, `f64` or `f32`.
pub unsafe fn numbers<T: Copy + Into<f64>>(datum: pg_sys::Datum) -> Vec<f64> {
    // SAFETY: as the caller promises; an array is a varlena, and unpacking gives the same memory or a copy.
    unsafe {
        let packed: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let array = pg_sys::pg_detoast_datum(packed);
        let numbers = elements::<T>(array.cast());
        if array != packed {
            pg_sys::pfree(array.cast());
        }
        numbers
    }
}

/// # Safety
/// `start` is an unpacked array of `T`.
unsafe fn elements<T: Copy + Into<f64>>(start: *const u8) -> Vec<f64> {
    // SAFETY: as the caller promises. An unpacked array and its values are aligned to 8 bytes; behind its header are its dimensions, their lower
    // bounds, and where it says so a map of NULLs; `dataoffset` says where its values begin then, which are those that are not NULL.
    unsafe {
        let header: *const pg_sys::ArrayType = start.cast();
        let dimensions = (*header).ndim.max(0) as usize;
        let count = pg_sys::ArrayGetNItems((*header).ndim, header.add(1).cast::<i32>()).max(0) as usize;
        let bounds = size_of::<pg_sys::ArrayType>() + 2 * dimensions * size_of::<i32>();
        if (*header).dataoffset == 0 {
            let values: *const T = start.add(bounds.next_multiple_of(ALIGNMENT)).cast();
            let values = std::slice::from_raw_parts(values, count);
            let mut numbers = room_for(count);
            numbers.extend(values.iter().map(|value| (*value).into()));
            return numbers;
        }
        let map = std::slice::from_raw_parts(start.add(bounds), count.div_ceil(8));
        let mut next: *const T = start.add((*header).dataoffset as usize).cast();
        let element = |place: usize| match map[place / 8] & (1 << (place % 8)) {
            0 => f64::NAN,
            _ => {
                let value = next.read();
                next = next.add(1);
                value.into()
            }
        };
        let mut numbers = room_for(count);
        numbers.extend((0..count).map(element));
        numbers
    }
}

/// Room for so many numbers, of which an array of a gigabyte has many millions. Raises 53200 where there is none.
fn room_for(count: usize) -> Vec<f64> {
    room::with_capacity(count).unwrap_or_else(|error| Error::from(error).raise())
}

/// A `float8[]` of numbers, NaN included.
pub fn datum_of(numbers: &[f64]) -> Raw {
    array(numbers, 0)
}

/// A `float8[][]` of so many rows of numbers, NaN included.
pub fn matrix_of(numbers: &[f64], rows: usize) -> Raw {
    let mut elements: Vec<pg_sys::Datum> = (numbers.iter())
        .map(|number| pg_sys::Datum::from(number.to_bits() as usize))
        .collect();
    let width = numbers.len() / rows.max(1);
    let (mut lengths, mut starts) = ([rows as i32, width as i32], [1, 1]);
    // SAFETY: there are as many elements as the lengths say, each a double, whose length, passing and alignment are these.
    unsafe {
        Raw(pg_sys::Datum::from(pg_sys::construct_md_array(
            elements.as_mut_ptr(),
            std::ptr::null_mut(),
            2,
            lengths.as_mut_ptr(),
            starts.as_mut_ptr(),
            pg_sys::FLOAT8OID,
            VALUE as i32,
            true,
            b'd' as std::ffi::c_char,
        )))
    }
}

/// A `float8[]` in which NaN is NULL.
pub fn datum_of_nullable(numbers: &[f64]) -> Raw {
    array(numbers, numbers.iter().filter(|number| number.is_nan()).count())
}

/// An array of numbers; those that are NaN are NULL when there are `nulls` of them, not 0.
fn array(numbers: &[f64], nulls: usize) -> Raw {
    let (data, map) = match nulls {
        0 => (HEADER, 0),
        _ => {
            let map = numbers.len().div_ceil(8);
            ((HEADER + map).next_multiple_of(ALIGNMENT), map)
        }
    };
    let size = data + (numbers.len() - nulls) * VALUE;
    // SAFETY: the memory, which palloc aligns to 8 bytes and refuses to give above 1 GB, has room for the header, the map and as many values as
    // are not NULL; an array without elements has no dimension.
    unsafe {
        if numbers.is_empty() {
            return Raw(pg_sys::Datum::from(pg_sys::construct_empty_array(pg_sys::FLOAT8OID)));
        }
        let start: *mut u8 = pg_sys::palloc(size).cast();
        pgrx::varlena::set_varsize_4b(start.cast(), size as i32);
        let header: *mut pg_sys::ArrayType = start.cast();
        (*header).ndim = 1;
        (*header).dataoffset = if nulls == 0 { 0 } else { data as i32 };
        (*header).elemtype = pg_sys::FLOAT8OID;
        let dimension: *mut i32 = header.add(1).cast();
        dimension.write(numbers.len() as i32);
        dimension.add(1).write(1);
        let values: *mut f64 = start.add(data).cast();
        if nulls == 0 {
            std::ptr::copy_nonoverlapping(numbers.as_ptr(), values, numbers.len());
            return Raw(pg_sys::Datum::from(start));
        }
        let bits = std::slice::from_raw_parts_mut(start.add(HEADER), data - HEADER);
        bits.fill(0);
        debug_assert!(map <= bits.len());
        let mut next = values;
        for (place, number) in numbers.iter().enumerate().filter(|(_, number)| !number.is_nan()) {
            bits[place / 8] |= 1 << (place % 8);
            next.write(*number);
            next = next.add(1);
        }
        Raw(pg_sys::Datum::from(start))
    }
}
