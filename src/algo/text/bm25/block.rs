//! A block of the documents that have a word: as bytes in a row of a table, with what is known of it without reading them.

use crate::error::{Error, Result};
use crate::room;

/// The most documents of a block.
pub const DOCUMENTS: usize = 256;
/// The most bytes of a block: a row with it stays below what PostgreSQL puts elsewhere.
pub const BYTES: usize = 1600;
/// How the bytes are to be read: the first of them.
const FORMAT: u8 = 1;
/// The most bytes of a document: its distance from the one before it, its frequency and its length.
const LARGEST: usize = 10 + 5 + 5;
const WHAT: &str = "a block of postings";

/// A document that has a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// Its number.
    pub document: i64,
    /// How often the word is in it; not 0.
    pub frequency: u32,
    /// How many words it has.
    pub length: u32,
}

/// What is known of a block without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Its first document.
    pub first: i64,
    /// Its last document.
    pub last: i64,
    /// How many there are.
    pub documents: u32,
    /// The most that the word is in one of them.
    pub max_frequency: u32,
    /// The length of the shortest.
    pub min_length: u32,
}

/// A block as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What is known of it.
    pub summary: Summary,
    /// Its documents.
    pub bytes: Vec<u8>,
}

/// Documents, ascending, each once, in blocks. Returns an error where they are not, and where there is no room.
pub fn blocks(postings: &[Posting]) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut left = postings;
    while let [first, ..] = left {
        let (block, count) = block(*first, left)?;
        room::push(&mut blocks, block)?;
        left = &left[count..];
    }
    Ok(blocks)
}

/// The block that begins with `first`, and how many documents it takes.
fn block(first: Posting, postings: &[Posting]) -> Result<(Block, usize)> {
    let mut summary = Summary {
        first: first.document,
        last: first.document,
        documents: 0,
        max_frequency: 0,
        min_length: u32::MAX,
    };
    let mut bytes = room::with_capacity(BYTES)?;
    bytes.push(FORMAT);
    for posting in postings.iter().take(DOCUMENTS) {
        if bytes.len() + LARGEST > BYTES {
            break;
        }
        if posting.frequency == 0 || (summary.documents > 0 && posting.document <= summary.last) {
            return Err(Error::Internal("documents of a word are not in their order"));
        }
        // Two's complement: the distance of any two numbers fits.
        write(posting.document.wrapping_sub(summary.last) as u64, &mut bytes);
        write(u64::from(posting.frequency), &mut bytes);
        write(u64::from(posting.length), &mut bytes);
        summary.last = posting.document;
        summary.documents += 1;
        summary.max_frequency = summary.max_frequency.max(posting.frequency);
        summary.min_length = summary.min_length.min(posting.length);
    }
    Ok((Block { summary, bytes }, summary.documents as usize))
}

/// Appends the documents of a block. Returns an error for what is no block, or not that of its summary.
pub fn read(summary: &Summary, bytes: &[u8], postings: &mut Vec<Posting>) -> Result<()> {
    let mut left = match bytes.split_first() {
        Some((&FORMAT, left)) => left,
        Some((format, _)) => return Err(Error::newer(WHAT, format!("its format is {format}"))),
        None => return Err(Error::damaged(WHAT, "it is empty")),
    };
    if summary.documents as usize > DOCUMENTS || summary.documents == 0 {
        return Err(Error::damaged(WHAT, format!("it has {} documents", summary.documents)));
    }
    room::reserve(postings, summary.documents as usize)?;
    let mut last = summary.first;
    for place in 0..summary.documents {
        let distance = take(&mut left)?;
        let document = last.wrapping_add(distance as i64);
        let frequency = u32::try_from(take(&mut left)?).unwrap_or(0);
        let length = u32::try_from(take(&mut left)?).map_err(|_| damaged())?;
        let is_sound = match place {
            0 => distance == 0,
            _ => document > last,
        };
        // A block that is worth more than its summary says would be found by one question and not by another.
        if !is_sound || frequency == 0 || frequency > summary.max_frequency || length < summary.min_length {
            return Err(damaged());
        }
        postings.push(Posting {
            document,
            frequency,
            length,
        });
        last = document;
    }
    if last != summary.last || !left.is_empty() {
        return Err(damaged());
    }
    Ok(())
}

#[cold]
fn damaged() -> Error {
    Error::damaged(WHAT, "its documents are not those of its summary")
}

/// Appends a number, seven bits a byte, the lowest first (LEB128).
pub(super) fn write(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes such a number from the beginning of bytes.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Result<u64> {
    if let [byte @ 0..=0x7f, left @ ..] = bytes {
        *bytes = left;
        return Ok(u64::from(*byte));
    }
    take_long(bytes)
}

fn take_long(bytes: &mut &[u8]) -> Result<u64> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        number |= bits << (7 * place);
        if byte & 0x80 == 0 {
            // The tenth byte has room for one bit.
            if place == 9 && bits > 1 {
                break;
            }
            *bytes = &bytes[place + 1..];
            return Ok(number);
        }
    }
    Err(Error::damaged(WHAT, "a number in it does not end"))
}
