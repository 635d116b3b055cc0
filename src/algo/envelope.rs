//! Bytes that are made of sections, so that later releases can add some: a magic, a format, then sections.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the magic |
//! | 2 | the format of the envelope, little-endian, 1 |
//! | | sections, each of: |
//! | 4 | its tag, ASCII letters. The first is a capital when a reader must know the section, as in PNG |
//! | 2 | the version of its content, little-endian |
//! | 8 | the length of its content, little-endian |
//! | 8 | a checksum of tag, version and content, little-endian |
//! | | the content, in postcard |

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bytes;
use super::error::{Error, Result};
use super::hash::hash_bytes;
use super::monitor::Monitor;
use super::room;

const FORMAT: u16 = 1;
const HEADER: usize = 22;

/// A section as a program knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What marks it.
    pub tag: [u8; 4],
    /// The version that is written. Those before it are read, too.
    pub version: u16,
}

/// What errors call the bytes, and what these begin with.
#[derive(Debug, Clone, Copy)]
pub struct Envelope {
    /// What errors call it.
    pub what: &'static str,
    /// Its first bytes.
    pub magic: &'static [u8; 8],
    /// The sections that it may have.
    pub sections: &'static [Section],
}

impl Envelope {
    /// An envelope without sections.
    pub fn begin(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes
    }

    /// Appends a section. Returns an error when stopped, and where there is no room. O(bytes).
    pub fn add<T: Serialize>(
        &self,
        section: Section,
        content: &T,
        bytes: Vec<u8>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<u8>> {
        self.append(section, bytes, |bytes| {
            bytes::encode(self.what, content, bytes, monitor)
        })
    }

    /// Appends a section whose content `write` appends.
    pub fn append(
        &self,
        section: Section,
        mut bytes: Vec<u8>,
        write: impl FnOnce(Vec<u8>) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let start = bytes.len();
        room::reserve(&mut bytes, HEADER)?;
        bytes.extend([0; HEADER]);
        let mut bytes = write(bytes)?;
        let (header, content) = bytes[start..].split_at_mut(HEADER);
        header[..4].copy_from_slice(&section.tag);
        header[4..6].copy_from_slice(&section.version.to_le_bytes());
        header[6..14].copy_from_slice(&(content.len() as u64).to_le_bytes());
        header[14..].copy_from_slice(&checksum(section.tag, section.version, content).to_le_bytes());
        Ok(bytes)
    }

    /// The sections of bytes that may come from anywhere. Returns an error when they are damaged, or need what only a newer assay knows.
    /// O(bytes).
    pub fn open<'b>(&self, bytes: &'b [u8]) -> Result<Sections<'b>> {
        let damaged = |problem: String| Err(Error::damaged(self.what, problem));
        let newer = |found: String| Err(Error::newer(self.what, found));
        let Some(rest) = bytes.strip_prefix(self.magic) else {
            return damaged("it does not begin as such bytes do".into());
        };
        let Some((format, mut rest)) = rest.split_first_chunk() else {
            return damaged("it ends too early".into());
        };
        let format = u16::from_le_bytes(*format);
        if format != FORMAT {
            return newer(format!("it has format {format}, and this assay reads {FORMAT}"));
        }
        let mut contents = vec![None; self.sections.len()];
        while !rest.is_empty() {
            let Some((header, after)) = rest.split_first_chunk::<HEADER>() else {
                return damaged("it ends within a section".into());
            };
            let [t0, t1, t2, t3, v0, v1, lengths @ ..] = *header;
            let (tag, version) = ([t0, t1, t2, t3], u16::from_le_bytes([v0, v1]));
            let (length, sum) = lengths.split_at(8);
            let [length, sum] = [length, sum].map(|bytes| {
                bytes
                    .iter()
                    .rev()
                    .fold(0, |number, &byte| number << 8 | u64::from(byte))
            });
            let name = tag.escape_ascii();
            let Some((content, after)) = usize::try_from(length)
                .ok()
                .and_then(|length| after.split_at_checked(length))
            else {
                return damaged(format!("it ends within its section {name}"));
            };
            if sum != checksum(tag, version, content) {
                return damaged(format!("the checksum of its section {name} does not agree"));
            }
            match self.sections.iter().position(|known| known.tag == tag) {
                Some(_) if version == 0 => return damaged(format!("its section {name} has version 0")),
                Some(place) if version > self.sections[place].version => {
                    let known = self.sections[place].version;
                    return newer(format!(
                        "its section {name} has version {version}, and this assay reads up to {known}"
                    ));
                }
                Some(place) if contents[place].is_some() => return damaged(format!("it has two sections {name}")),
                Some(place) => contents[place] = Some((version, content)),
                None if t0.is_ascii_uppercase() => {
                    return newer(format!("it needs its section {name}, which this assay does not know"));
                }
                None => {}
            }
            rest = after;
        }
        Ok(Sections {
            envelope: *self,
            contents,
        })
    }
}

/// The contents of the sections that bytes have.
pub struct Sections<'b> {
    envelope: Envelope,
    /// By the places of the envelope's sections: their version and their bytes.
    contents: Vec<Option<(u16, &'b [u8])>>,
}

impl Sections<'_> {
    /// The version and the bytes of a section, if it is there.
    pub fn find(&self, section: Section) -> Option<(u16, &[u8])> {
        let place = self.envelope.sections.iter().position(|known| *known == section)?;
        self.contents[place]
    }

    /// The bytes of a section that has had one version only, and must be there.
    pub fn bytes(&self, section: Section) -> Result<&[u8]> {
        let missing = || {
            Error::damaged(
                self.envelope.what,
                format!("it has no section {}", section.tag.escape_ascii()),
            )
        };
        self.find(section).map(|(_, bytes)| bytes).ok_or_else(missing)
    }

    /// The content of such a section. Returns an error when it is damaged, and as `monitor` says. O(bytes).
    pub fn get<T: DeserializeOwned>(&self, section: Section, monitor: &dyn Monitor) -> Result<T> {
        bytes::decode(self.envelope.what, self.bytes(section)?, monitor)
    }
}

fn checksum(tag: [u8; 4], version: u16, content: &[u8]) -> u64 {
    let [t0, t1, t2, t3] = tag;
    let [v0, v1] = version.to_le_bytes();
    hash_bytes(u64::from_le_bytes([t0, t1, t2, t3, v0, v1, 0, 0]), content)
}

/// Writes the checksums that fit, so that changed contents reach what reads them; a length that does not fit becomes that of all that follows.
#[cfg(test)]
pub(crate) fn seal(bytes: &mut [u8]) {
    let mut start = 10;
    while let Some((header, rest)) = bytes
        .get_mut(start..)
        .and_then(|section| section.split_first_chunk_mut::<HEADER>())
    {
        let [t0, t1, t2, t3, v0, v1, l0, l1, l2, l3, l4, l5, l6, l7, ..] = *header;
        let length = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
        let is_end = |length: usize| length == rest.len() || rest.get(length).is_some_and(u8::is_ascii_alphabetic);
        let length = usize::try_from(length)
            .ok()
            .filter(|&length| is_end(length))
            .unwrap_or(rest.len());
        header[6..14].copy_from_slice(&(length as u64).to_le_bytes());
        let sum = checksum([t0, t1, t2, t3], u16::from_le_bytes([v0, v1]), &rest[..length]);
        header[14..].copy_from_slice(&sum.to_le_bytes());
        start += HEADER + length;
    }
}

/// A section with its content.
#[cfg(test)]
pub(crate) type Part = (Section, Vec<u8>);

/// The sections of sound bytes, known or not, in their order.
#[cfg(test)]
pub(crate) fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut rest = &bytes[10..];
    let mut parts = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
        let [t0, t1, t2, t3, v0, v1, l0, l1, l2, l3, l4, l5, l6, l7, ..] = *header;
        let (tag, version) = ([t0, t1, t2, t3], u16::from_le_bytes([v0, v1]));
        let length = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]) as usize;
        parts.push((Section { tag, version }, after[..length].to_vec()));
        rest = &after[length..];
    }
    parts
}

/// Bytes of those sections.
#[cfg(test)]
pub(crate) fn joined(envelope: &Envelope, parts: &[Part]) -> Vec<u8> {
    parts.iter().fold(envelope.begin(), |bytes, (section, content)| {
        let append = |bytes: Vec<u8>| Ok([&bytes[..], content].concat());
        envelope.append(*section, bytes, append).unwrap()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    const A: Section = Section {
        tag: *b"Aone",
        version: 1,
    };
    const B: Section = Section {
        tag: *b"btwo",
        version: 2,
    };
    const OLD: Envelope = Envelope {
        what: "the thing",
        magic: b"thing\0\0\0",
        sections: &[A],
    };
    const NEW: Envelope = Envelope {
        sections: &[A, B],
        ..OLD
    };

    fn both(second: Section) -> Vec<u8> {
        let bytes = NEW.add(A, &"one", NEW.begin(), &Unwatched).unwrap();
        NEW.add(second, &vec![1_u64, 300], bytes, &Unwatched).unwrap()
    }

    fn problem(envelope: &Envelope, bytes: &[u8]) -> String {
        envelope.open(bytes).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn sections_are_found_by_their_tags() {
        let bytes = both(B);
        let sections = NEW.open(&bytes).unwrap();
        assert_eq!(sections.get::<String>(A, &Unwatched).unwrap(), "one");
        assert_eq!(sections.get::<Vec<u64>>(B, &Unwatched).unwrap(), [1, 300]);
        assert_eq!(sections.find(B).map(|(version, _)| version), Some(2));
        let bytes = NEW.add(B, &7, NEW.begin(), &Unwatched).unwrap();
        let error = NEW.open(&bytes).unwrap().get::<String>(A, &Unwatched).unwrap_err();
        assert!(error.to_string().contains("no section Aone"), "{error}");
    }

    #[test]
    fn what_is_not_known_is_skipped_or_named() {
        assert_eq!(OLD.open(&both(B)).unwrap().get::<String>(A, &Unwatched).unwrap(), "one");
        for (envelope, bytes, part) in [
            (
                &OLD,
                both(Section {
                    tag: *b"Btwo",
                    version: 1,
                }),
                "section Btwo",
            ),
            (
                &NEW,
                both(Section {
                    tag: *b"btwo",
                    version: 3,
                }),
                "section btwo has version 3",
            ),
            (&NEW, [&NEW.magic[..], &[2, 0]].concat(), "format 2"),
        ] {
            let problem = problem(envelope, &bytes);
            assert!(
                problem.contains(part) && problem.contains("made by a newer assay"),
                "{problem}"
            );
        }
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = both(B);
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(NEW.open(&damaged).is_err(), "byte {place}");
            // What ends between two sections lacks one, which whoever needs it notices.
            if let Ok(sections) = NEW.open(&bytes[..place]) {
                assert_eq!(sections.find(B), None);
            }
        }
        assert!(problem(&NEW, &both(A)).contains("two sections Aone"));
    }
}
