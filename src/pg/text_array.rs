//! Arrays of texts, made in one piece: pgrx copies each element twice, and asks PostgreSQL for memory each time.

use pgrx::{IntoDatum, pg_sys};

use super::encoding;
use super::error::or_raise;
use super::text::Text;

/// Units of an array: its header and its elements are aligned to them.
const UNIT: usize = size_of::<u32>();
/// Before the elements: the header, one dimension and one lower bound.
const HEADER: usize = size_of::<pg_sys::ArrayType>() / UNIT + 2;

/// A `text[]` as PostgreSQL keeps it.
pub struct TextArray {
    units: Vec<u32>,
    count: u32,
}

impl TextArray {
    /// An empty one, with room for so many bytes.
    pub fn with_room(bytes: usize) -> TextArray {
        let mut units = Vec::with_capacity(HEADER + bytes / UNIT);
        units.resize(HEADER, 0);
        TextArray { units, count: 0 }
    }

    /// Appends an element. Raises 22P05 for what the database's encoding does not have.
    pub fn push(&mut self, text: &str) {
        let encoded = or_raise(encoding::encode(text));
        self.units.push(length_word(UNIT + encoded.len()));
        let (whole, rest) = encoded.as_chunks::<UNIT>();
        self.units.extend(whole.iter().map(|unit| u32::from_ne_bytes(*unit)));
        if !rest.is_empty() {
            let mut last = [0; UNIT];
            last[..rest.len()].copy_from_slice(rest);
            self.units.push(u32::from_ne_bytes(last));
        }
        self.count += 1;
    }
}

impl From<Vec<Text>> for TextArray {
    fn from(texts: Vec<Text>) -> TextArray {
        let mut array = TextArray::with_room(0);
        texts.iter().for_each(|text| array.push(text));
        array
    }
}

/// How a value begins that is so many bytes long, this word included. More than PostgreSQL allows is refused where memory is asked for.
fn length_word(bytes: usize) -> u32 {
    let bytes = bytes as u32;
    if cfg!(target_endian = "little") { bytes << 2 } else { bytes }
}

impl IntoDatum for TextArray {
    fn into_datum(mut self) -> Option<pg_sys::Datum> {
        let size = self.units.len() * UNIT;
        // SAFETY: the memory, which palloc refuses to give above 1 GB, has room for what is copied; it begins with what an array begins with. One
        // without elements has no dimension.
        unsafe {
            if self.count == 0 {
                return Some(pg_sys::Datum::from(pg_sys::construct_empty_array(pg_sys::TEXTOID)));
            }
            let start: *mut u32 = pg_sys::palloc(size).cast();
            // Length, dimensions, no map of NULLs, type, elements, lower bound.
            let header = [length_word(size), 1, 0, pg_sys::TEXTOID.to_u32(), self.count, 1];
            self.units[..HEADER].copy_from_slice(&header);
            std::ptr::copy_nonoverlapping(self.units.as_ptr(), start, self.units.len());
            Some(pg_sys::Datum::from(start))
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::TEXTARRAYOID
    }
}
