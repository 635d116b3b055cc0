//! Arrays of texts, made in one piece: pgrx copies each element twice, and asks PostgreSQL for memory each time.

use pgrx::{IntoDatum, pg_sys};

use super::encoding;
use super::error::{Error, LIMIT_EXCEEDED, or_raise};
use super::text::Text;

/// Units of an array: its header and its elements are aligned to them.
const UNIT: usize = size_of::<u32>();
/// Before the elements: the header, one dimension and one lower bound.
const HEADER: usize = size_of::<pg_sys::ArrayType>() / UNIT + 2;

/// Texts that are elements of many arrays, each as it lies in these.
#[derive(Default)]
pub struct Elements(Vec<u32>);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    first: u32,
    end: u32,
}

impl Elements {
    /// Adds a text. Raises 22P05 for what the database's encoding does not have, and 54000 beyond 16 GB.
    pub fn add(&mut self, text: &str) -> Element {
        let first = self.place();
        write(text, &mut self.0);
        Element {
            first,
            end: self.place(),
        }
    }

    fn place(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or_else(|_| Error::new(LIMIT_EXCEEDED, "too many texts").raise())
    }
}

/// Writes an element.
fn write(text: &str, units: &mut Vec<u32>) {
    let encoded = or_raise(encoding::encode(text));
    units.push(length_word(UNIT + encoded.len()));
    let (whole, rest) = encoded.as_chunks::<UNIT>();
    units.extend(whole.iter().map(|unit| u32::from_ne_bytes(*unit)));
    if !rest.is_empty() {
        let mut last = [0; UNIT];
        last[..rest.len()].copy_from_slice(rest);
        units.push(u32::from_ne_bytes(last));
    }
}

/// A `text[]` as PostgreSQL keeps it.
pub struct TextArray {
    units: Vec<u32>,
    count: u32,
}

impl TextArray {
    fn new(room: usize) -> TextArray {
        let mut units = Vec::with_capacity(HEADER + room);
        units.resize(HEADER, 0);
        TextArray { units, count: 0 }
    }

    /// The array of some texts, in the opposite order.
    pub fn reversed(all: &Elements, elements: &[Element]) -> TextArray {
        let room = elements
            .iter()
            .map(|element| (element.end - element.first) as usize)
            .sum();
        let mut array = TextArray::new(room);
        for element in elements.iter().rev() {
            array
                .units
                .extend_from_slice(&all.0[element.first as usize..element.end as usize]);
        }
        array.count = elements.len() as u32;
        array
    }
}

impl From<Vec<Text>> for TextArray {
    fn from(texts: Vec<Text>) -> TextArray {
        let mut array = TextArray::new(0);
        texts.iter().for_each(|text| write(text, &mut array.units));
        array.count = texts.len() as u32;
        array
    }
}

/// How a value begins that is so many bytes long, this word included. More than PostgreSQL allows is refused where memory is asked for.
fn length_word(bytes: usize) -> u32 {
    let bytes = bytes as u32;
    if cfg!(target_endian = "little") {
        bytes << 2
    } else {
        bytes
    }
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
