//! Values of type `jsonb` read where they lie, without being copied: a tree of entries, of which each tells its type and where it ends.

use pgrx::pg_sys;
use pgrx::varlena::varlena_to_byte_slice;

use super::arguments;
use super::error::{Error, INTERNAL, Result, WRONG_CALL};
use super::numeric;
use super::query_row::Row;

/// A value. Texts are bytes in the encoding of the database.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'a> {
    Null,
    Bool(bool),
    /// Beyond all doubles an infinity.
    Number(f64),
    Text(&'a [u8]),
    Array(Container<'a>),
    Object(Container<'a>),
}

/// An array or an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Container<'a> {
    /// Of an array its elements; of an object its keys, and then their values.
    entries: &'a [u8],
    /// What the entries stand for.
    data: &'a [u8],
    count: usize,
}

// A container's first four bytes: how many elements or pairs it has, and what it is.
const COUNT: u32 = 0x0FFF_FFFF;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;

// An entry's: its length or its end, and its type.
const LENGTH: u32 = 0x0FFF_FFFF;
const IS_END: u32 = 0x8000_0000;
const TYPE: u32 = 0x7000_0000;
const TEXT: u32 = 0;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const NULL: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;

/// Argument `index`; `None` for NULL. Returns an error with ML013 for one that is no jsonb at this call site.
pub fn argument(fcinfo: &pg_sys::FunctionCallInfo, index: usize) -> Result<Option<Item<'_>>> {
    let Some(datum) = arguments::datum(*fcinfo, index) else {
        return Ok(None);
    };
    if arguments::argument_type(*fcinfo, index) != Some(pg_sys::JSONBOID) {
        return Err(Error::new(WRONG_CALL, format!("argument {} is no jsonb", index + 1))
            .hint("Call the function by the declaration that CREATE EXTENSION gives it."));
    }
    // SAFETY: the datum is a jsonb that is not NULL; unpacked it is a plain varlena, which lives as long as the argument or the current memory
    // context.
    let bytes = unsafe { varlena_to_byte_slice(pg_sys::pg_detoast_datum(datum.cast_mut_ptr())) };
    root(bytes).map(Some).ok_or_else(damaged)
}

/// A column of a query's row; `None` for NULL, and for a column of another type.
pub fn of_row<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<Item<'r>>> {
    let (data, nulls) = row.datums();
    if nulls[column] || row.type_of(column) != pg_sys::JSONBOID {
        return Ok(None);
    }
    // SAFETY: the datum is a jsonb that is not NULL; unpacked it is a plain varlena, which lives as long as the row or the current memory context.
    let bytes = unsafe { varlena_to_byte_slice(pg_sys::pg_detoast_datum(data[column].cast_mut_ptr())) };
    root(bytes).map(Some).ok_or_else(damaged)
}

/// The error of a value that is not laid out as PostgreSQL lays them out.
pub fn damaged() -> Error {
    Error::new(INTERNAL, "a value of type jsonb is damaged").hint("Store it again.")
}

/// The value of bytes.
fn root(bytes: &[u8]) -> Option<Item<'_>> {
    match container(bytes)? {
        // A value that is neither an array nor an object lies in an array of its own.
        Item::Array(array) if word(bytes)? & SCALAR != 0 => array.elements().next()?,
        item => Some(item),
    }
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

fn container(bytes: &[u8]) -> Option<Item<'_>> {
    let header = word(bytes)?;
    let count = (header & COUNT) as usize;
    let is_object = header & OBJECT != 0;
    let entries = 4 * count * (1 + usize::from(is_object));
    let (entries, data) = bytes.get(4..)?.split_at_checked(entries)?;
    let container = Container { entries, data, count };
    match (is_object, header & ARRAY != 0) {
        (true, _) => Some(Item::Object(container)),
        (false, true) => Some(Item::Array(container)),
        (false, false) => None,
    }
}

impl<'a> Container<'a> {
    /// How many elements or pairs there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The elements of an array; `None` for one that is damaged.
    pub fn elements(self) -> impl Iterator<Item = Option<Item<'a>>> {
        Entries::from(self.entries, 0).map(move |entry| self.item(entry))
    }

    /// The keys of an object with their values, shorter keys first; `None` for a pair that is damaged.
    pub fn pairs(self) -> impl Iterator<Item = Option<(&'a [u8], Item<'a>)>> {
        let (keys, values) = self.entries.split_at(self.entries.len() / 2);
        let keys = Entries::from(keys, 0);
        let values = Entries::from(values, keys.clone().last().map_or(0, |key| key.end));
        keys.zip(values)
            .map(move |(key, value)| Some((self.data.get(key.start..key.end)?, self.item(value)?)))
    }

    fn item(&self, entry: Entry) -> Option<Item<'a>> {
        // Numbers and containers begin at whole words.
        let aligned = || self.data.get(entry.start.next_multiple_of(4)..entry.end);
        Some(match entry.kind {
            TEXT => Item::Text(self.data.get(entry.start..entry.end)?),
            NUMERIC => Item::Number(numeric::nearest(behind_length(aligned()?)?)?),
            FALSE => Item::Bool(false),
            TRUE => Item::Bool(true),
            NULL => Item::Null,
            CONTAINER => container(aligned()?)?,
            _ => return None,
        })
    }
}

/// What follows the length of a plain varlena.
fn behind_length(bytes: &[u8]) -> Option<&[u8]> {
    let first = *bytes.first()?;
    let is_short = match cfg!(target_endian = "little") {
        true => first & 1 != 0,
        false => first & 0x80 != 0,
    };
    bytes.get(if is_short { 1 } else { 4 }..)
}

/// Where an entry's value lies, and of which type it is.
struct Entry {
    kind: u32,
    start: usize,
    end: usize,
}

/// Entries one after the other.
#[derive(Clone)]
struct Entries<'a> {
    words: &'a [u8],
    start: usize,
}

impl<'a> Entries<'a> {
    /// Those of `words`, of which the first begins at `start`.
    fn from(words: &'a [u8], start: usize) -> Self {
        Entries { words, start }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        let (word, rest) = self.words.split_first_chunk()?;
        let word = u32::from_ne_bytes(*word);
        let length = (word & LENGTH) as usize;
        let (start, end) = match word & IS_END != 0 {
            true => (self.start, length),
            false => (self.start, self.start + length),
        };
        (self.words, self.start) = (rest, end);
        Some(Entry {
            kind: word & TYPE,
            start,
            end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u32], data: &[u8]) -> Vec<u8> {
        let words = words.iter().flat_map(|word| word.to_ne_bytes());
        words.chain(data.iter().copied()).collect()
    }

    #[test]
    fn pairs_are_read_by_the_lengths_and_ends_of_their_entries() {
        // {"a": true, "bc": "text"}
        let object = bytes(&[OBJECT | 2, TEXT | 1, TEXT | 2, TRUE, TEXT | IS_END | 7], b"abctext");
        let Some(Item::Object(object)) = root(&object) else {
            panic!("no object")
        };
        assert_eq!(object.count(), 2);
        let pairs: Option<Vec<_>> = object.pairs().collect();
        assert_eq!(
            pairs,
            Some(vec![(&b"a"[..], Item::Bool(true)), (b"bc", Item::Text(b"text"))])
        );
    }

    #[test]
    fn a_value_alone_lies_in_an_array_of_its_own() {
        assert_eq!(root(&bytes(&[ARRAY | SCALAR | 1, NULL], b"")), Some(Item::Null));
        assert!(matches!(root(&bytes(&[ARRAY | 1, NULL], b"")), Some(Item::Array(_))));
    }

    #[test]
    fn other_bytes_are_nothing() {
        assert_eq!(root(b""), None);
        assert_eq!(root(&bytes(&[0], b"")), None);
        assert_eq!(root(&bytes(&[OBJECT | 2, TEXT], b"")), None);
        // An entry that ends behind the data, or before it begins.
        for entry in [TEXT | 9, TEXT | IS_END | 9] {
            let array = bytes(&[ARRAY | 2, entry, TEXT | IS_END | 1], b"abc");
            let Some(Item::Array(array)) = root(&array) else {
                panic!("no array")
            };
            assert_eq!(array.elements().next(), Some(None));
            assert_eq!(array.elements().nth(1), Some(None));
        }
    }
}
