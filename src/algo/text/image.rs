//! The bytes of an embedder: a header, then sections that lie as the processor reads them, so that opening a memory-mapped file parses
//! nothing and copies nothing.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the magic, which says what kind of embedder it is |
//! | 2 | the format of the header, 1 |
//! | 2 | how many sections there are |
//! | 4 | zero |
//! | 8 | the length of all bytes |
//! | 8 | a checksum of the rest of the header |
//! | | for each section: |
//! | 4 | its tag, ASCII letters. The first is a capital when a reader must know the section |
//! | 2 | the version of its content |
//! | 2 | zero |
//! | 8 | where its content begins, a multiple of 64 |
//! | 8 | the length of its content |
//! | 8 | a checksum of its content |
//! | | the contents, zeros between them |
//!
//! All numbers are little-endian.

use std::ops::Range;

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::hash::{hash_bytes, hash_watched};
use crate::monitor::Monitor;
use crate::room;

const FORMAT: u16 = 1;
const HEADER: usize = 32;
const ENTRY: usize = 32;

/// Where contents begin: at multiples of a cache line, which is also the longest vector of a processor.
pub const ALIGNMENT: usize = 64;

/// A section as a program knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What marks it.
    pub tag: [u8; 4],
    /// The version that is written. Those before it are read, too.
    pub version: u16,
}

/// A kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What errors call it.
    pub what: &'static str,
    /// Its first bytes.
    pub magic: &'static [u8; 8],
    /// The sections that it may have.
    pub sections: &'static [Section],
}

impl Format {
    /// An image whose sections have these lengths, and are zeros until they are written. Returns an error where there is no room.
    pub fn begin(&self, lengths: &[(Section, usize)]) -> Result<Builder> {
        let places = self.places(lengths)?;
        let end = places.last().map_or(HEADER, |place| place.content.end);
        Ok(Builder {
            format: *self,
            bytes: room::filled(0, end)?,
            places,
        })
    }

    /// An image with these contents. Returns an error when stopped, and where there is no room.
    pub fn build(&self, contents: &[(Section, &[u8])], monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let lengths: Vec<_> = contents
            .iter()
            .map(|(section, content)| (*section, content.len()))
            .collect();
        let mut builder = self.begin(&lengths)?;
        for (section, content) in contents {
            monitor.check()?;
            builder.section(*section)?.copy_from_slice(content);
        }
        builder.finish(monitor)
    }

    /// Where sections of these lengths are.
    fn places(&self, lengths: &[(Section, usize)]) -> Result<Vec<Place>> {
        let too_long = || Error::Internal("an image is longer than memory can be");
        let mut end = HEADER + ENTRY * lengths.len();
        let mut places: Vec<Place> = room::with_capacity(lengths.len())?;
        for &(section, length) in lengths {
            if places.iter().any(|place| place.section.tag == section.tag) {
                return Err(Error::Internal("an image has two sections of one tag"));
            }
            let start = end.checked_next_multiple_of(ALIGNMENT).ok_or_else(too_long)?;
            end = start.checked_add(length).ok_or_else(too_long)?;
            places.push(Place {
                section,
                content: start..end,
            });
        }
        Ok(places)
    }

    /// Finds the sections of bytes that may come from anywhere. Returns an error when the header is damaged, or needs what only a newer
    /// assay knows. Contents are not looked at: O(sections).
    pub fn open(&self, bytes: &[u8]) -> Result<Sections> {
        let (places, _) = self.read(bytes)?;
        Ok(Sections {
            format: *self,
            length: bytes.len(),
            places,
        })
    }

    /// Returns an error when bytes that may come from anywhere are not an image whose checksums agree. O(bytes).
    pub fn verify(&self, bytes: &[u8], monitor: &dyn Monitor) -> Result<()> {
        let (places, sums) = self.read(bytes)?;
        for (place, sum) in places.iter().zip(sums) {
            let content = bytes.get(place.content.clone()).unwrap_or_default();
            if place.checksum(content, monitor)? != sum {
                let name = place.section.tag.escape_ascii();
                return self.damaged(format!("the checksum of its section {name} does not agree"));
            }
        }
        Ok(())
    }

    /// The sections that this version knows, and the checksums of their contents.
    fn read(&self, bytes: &[u8]) -> Result<(Vec<Place>, Vec<u64>)> {
        if cfg!(target_endian = "big") {
            return Err(Error::data(
                format!("{} cannot be read on this processor", self.what),
                "Use a processor that stores the low byte of a number first, as x86 and ARM do.",
            ));
        }
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return self.damaged("it ends too early");
        };
        if !header.starts_with(self.magic) {
            return self.damaged("it does not begin as such bytes do");
        }
        let format = number(&header[8..10]);
        if format != u64::from(FORMAT) {
            return Err(self.newer(format!("it has format {format}, and this assay reads {FORMAT}")));
        }
        let length = number(&header[16..24]);
        if length != bytes.len() as u64 {
            return self.damaged(format!("it has {} bytes, and should have {length}", bytes.len()));
        }
        let Some(table) = rest.get(..number(&header[10..12]) as usize * ENTRY) else {
            return self.damaged("it ends within its header");
        };
        if number(&header[24..]) != header_checksum(header, table) {
            return self.damaged("the checksum of its header does not agree");
        }
        self.entries(table, bytes.len())
    }

    /// What the entries of a header say about an image of so many bytes.
    fn entries(&self, table: &[u8], length: usize) -> Result<(Vec<Place>, Vec<u64>)> {
        let mut places: Vec<Place> = Vec::new();
        let mut sums = Vec::new();
        let mut end = HEADER + table.len();
        for entry in table.chunks_exact(ENTRY) {
            let section = Section {
                tag: [entry[0], entry[1], entry[2], entry[3]],
                version: u16::from_le_bytes([entry[4], entry[5]]),
            };
            let name = section.tag.escape_ascii();
            let start = usize::try_from(number(&entry[8..16])).unwrap_or(usize::MAX);
            let size = usize::try_from(number(&entry[16..24])).unwrap_or(usize::MAX);
            let Some(content) = start
                .checked_add(size)
                .filter(|&last| start >= end && start % ALIGNMENT == 0 && last <= length)
                .map(|last| start..last)
            else {
                return self.damaged(format!("its section {name} is not where it can be"));
            };
            end = content.end;
            match self.sections.iter().find(|known| known.tag == section.tag) {
                Some(_) if section.version == 0 => {
                    return self.damaged(format!("its section {name} has version 0"));
                }
                Some(known) if section.version > known.version => {
                    let (found, known) = (section.version, known.version);
                    return Err(self.newer(format!(
                        "its section {name} has version {found}, and this assay reads up to {known}"
                    )));
                }
                Some(_) if places.iter().any(|place| place.section.tag == section.tag) => {
                    return self.damaged(format!("it has two sections {name}"));
                }
                Some(_) => {
                    places.push(Place { section, content });
                    sums.push(number(&entry[24..]));
                }
                None if section.tag[0].is_ascii_uppercase() => {
                    return Err(self.newer(format!("it needs its section {name}, which this assay does not know")));
                }
                None => {}
            }
        }
        Ok((places, sums))
    }

    fn damaged<T>(&self, problem: impl Into<String>) -> Result<T> {
        Err(Error::damaged(self.what, problem))
    }

    fn newer(&self, found: String) -> Error {
        Error::newer(self.what, found)
    }
}

/// A section, and where its content is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    section: Section,
    content: Range<usize>,
}

impl Place {
    fn checksum(&self, content: &[u8], monitor: &dyn Monitor) -> Result<u64> {
        let [t0, t1, t2, t3] = self.section.tag;
        let [v0, v1] = self.section.version.to_le_bytes();
        hash_watched(u64::from_le_bytes([t0, t1, t2, t3, v0, v1, 0, 0]), content, monitor)
    }
}

/// The number that up to eight bytes are.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The checksum of a header without the place where it stands itself.
fn header_checksum(header: &[u8; HEADER], table: &[u8]) -> u64 {
    hash_bytes(hash_bytes(0, &header[..24]), table)
}

/// An image whose sections are being written.
pub struct Builder {
    format: Format,
    bytes: Vec<u8>,
    places: Vec<Place>,
}

impl Builder {
    /// The content of a section, to be written.
    pub fn section(&mut self, section: Section) -> Result<&mut [u8]> {
        let place = self.places.iter().find(|place| place.section == section);
        place
            .and_then(|place| self.bytes.get_mut(place.content.clone()))
            .ok_or(Error::Internal("an image was begun without one of its sections"))
    }

    /// The image. Returns an error when stopped. O(bytes).
    pub fn finish(mut self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let mut table = Vec::with_capacity(self.places.len() * ENTRY);
        for place in &self.places {
            let Range { start, end } = place.content;
            table.extend(place.section.tag);
            table.extend(place.section.version.to_le_bytes());
            table.extend([0; 2]);
            table.extend((start as u64).to_le_bytes());
            table.extend(((end - start) as u64).to_le_bytes());
            table.extend(place.checksum(&self.bytes[start..end], monitor)?.to_le_bytes());
        }
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(self.format.magic);
        header[8..10].copy_from_slice(&FORMAT.to_le_bytes());
        header[10..12].copy_from_slice(&(self.places.len() as u16).to_le_bytes());
        header[16..24].copy_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        let sum = header_checksum(&header, &table);
        header[24..].copy_from_slice(&sum.to_le_bytes());
        self.bytes[..HEADER].copy_from_slice(&header);
        self.bytes[HEADER..HEADER + table.len()].copy_from_slice(&table);
        Ok(self.bytes)
    }
}

/// Where the sections of an image are. It does not hold the image: whoever keeps both hands the bytes in when they are read.
#[derive(Debug, Clone)]
pub struct Sections {
    format: Format,
    length: usize,
    places: Vec<Place>,
}

impl Sections {
    /// The version of a section and where its content is, if it is there.
    pub fn find(&self, section: Section) -> Option<(u16, Range<usize>)> {
        let place = self.places.iter().find(|place| place.section.tag == section.tag)?;
        Some((place.section.version, place.content.clone()))
    }

    /// Where the content of a section is that has had one version only, and must be there.
    pub fn place(&self, section: Section) -> Result<Range<usize>> {
        let missing = || {
            Error::damaged(
                self.format.what,
                format!("it has no section {}", section.tag.escape_ascii()),
            )
        };
        self.find(section).map(|(_, place)| place).ok_or_else(missing)
    }

    /// The content of such a section. `image` is what was opened.
    pub fn bytes<'b>(&self, image: &'b [u8], section: Section) -> Result<&'b [u8]> {
        let place = self.place(section)?;
        if image.len() != self.length {
            return Err(Error::Internal("an image has changed since it was opened"));
        }
        image
            .get(place)
            .ok_or(Error::Internal("an image has changed since it was opened"))
    }

    /// The content of such a section as numbers, in place. Returns an error when they are not a whole number of them, or `image` does not
    /// begin at a multiple of [`ALIGNMENT`].
    pub fn numbers<'b, T: Pod>(&self, image: &'b [u8], section: Section) -> Result<&'b [T]> {
        bytemuck::try_cast_slice(self.bytes(image, section)?).map_err(|problem| {
            Error::damaged(
                self.format.what,
                format!("its section {}: {problem}", section.tag.escape_ascii()),
            )
        })
    }
}

/// Writes the checksum that fits into a changed header, so that the change reaches what reads it.
#[cfg(test)]
pub(crate) fn seal(bytes: &mut [u8]) {
    if let Some((header, rest)) = bytes.split_first_chunk_mut::<HEADER>() {
        let length = number(&header[10..12]) as usize * ENTRY;
        let sum = header_checksum(header, rest.get(..length).unwrap_or_default());
        header[24..].copy_from_slice(&sum.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
