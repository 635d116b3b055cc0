use proptest::prelude::*;

use super::*;
use crate::embedder::Aligned;
use crate::monitor::{Progress, Unwatched};

const A: Section = Section {
    tag: *b"Aone",
    version: 1,
};
const B: Section = Section {
    tag: *b"btwo",
    version: 2,
};
const OLD: Format = Format {
    what: "the thing",
    magic: b"thing\0\0\0",
    sections: &[A],
};
const NEW: Format = Format {
    sections: &[A, B],
    ..OLD
};

fn both(second: Section) -> Vec<u8> {
    NEW.build(&[(A, &[1; 12]), (second, &[2; 100])], &Unwatched).unwrap()
}

fn problem(format: &Format, bytes: &[u8]) -> String {
    format.open(bytes).map(drop).unwrap_err().to_string()
}

#[test]
fn sections_lie_where_processors_like_them() {
    let bytes = both(B);
    let mut image = Aligned::with_length(bytes.len()).unwrap();
    image.as_mut().copy_from_slice(&bytes);
    let image = image.as_ref();
    assert_eq!(image.as_ptr().align_offset(ALIGNMENT), 0);
    let sections = NEW.open(image).unwrap();
    assert_eq!(sections.place(A), Ok(128..140));
    assert_eq!(sections.find(B), Some((2, 192..292)));
    assert_eq!(sections.bytes(image, B), Ok(&[2; 100][..]));
    assert_eq!(sections.numbers::<u32>(image, A), Ok(&[0x0101_0101; 3][..]));
    let whole = sections.numbers::<u64>(image, A).unwrap_err().to_string();
    assert!(whole.contains("section Aone"), "{whole}");
    assert!(sections.bytes(&image[1..], B).is_err());
    NEW.verify(image, &Unwatched).unwrap();
}

#[test]
fn what_is_not_known_is_skipped_or_named() {
    let image = both(B);
    assert_eq!(OLD.open(&image).unwrap().bytes(&image, A), Ok(&[1; 12][..]));
    let lacking = NEW.build(&[(B, &[])], &Unwatched).unwrap();
    let error = NEW.open(&lacking).unwrap().place(A).unwrap_err().to_string();
    assert!(error.contains("no section Aone"), "{error}");
    let mut format = image.clone();
    format[8] = 2;
    for (kind, bytes, part) in [
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
        (&NEW, format, "format 2"),
    ] {
        let problem = problem(kind, &bytes);
        assert!(
            problem.contains(part) && problem.contains("made by a newer assay"),
            "{problem}"
        );
    }
    assert!(
        problem(
            &NEW,
            &both(Section {
                tag: *b"btwo",
                version: 0
            })
        )
        .contains("version 0")
    );
}

#[test]
fn two_sections_of_one_tag_are_neither_written_nor_read() {
    assert!(NEW.begin(&[(A, 1), (A, 1)]).is_err());
    let mut bytes = both(B);
    let (first, second) = (HEADER, HEADER + ENTRY);
    bytes.copy_within(first..first + 6, second);
    seal(&mut bytes);
    assert!(problem(&NEW, &bytes).contains("two sections Aone"));
}

#[test]
fn damage_is_noticed() {
    let bytes = both(B);
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        // What lies between sections is nobody's.
        let padding = (96..128).contains(&place) || (140..192).contains(&place);
        assert_eq!(NEW.verify(&damaged, &Unwatched).is_ok(), padding, "byte {place}");
        assert!(NEW.open(&bytes[..place]).is_err(), "{place} bytes");
    }
}

#[test]
fn more_than_memory_is_an_error() {
    assert!(NEW.begin(&[(A, usize::MAX)]).is_err());
    assert!(NEW.begin(&[(A, isize::MAX as usize - 4096)]).is_err());
    assert!(NEW.begin(&[(A, usize::MAX / 2), (B, usize::MAX / 2)]).is_err());
}

/// Stops at the first look.
struct Stop;

impl Monitor for Stop {
    fn check(&self) -> Result<()> {
        Err(Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn building_and_verifying_stop() {
    let long = vec![3; 3 << 20];
    assert_eq!(NEW.build(&[(A, &long)], &Stop), Err(Error::Stopped));
    let image = NEW.build(&[(A, &long)], &Unwatched).unwrap();
    assert_eq!(NEW.verify(&image, &Stop), Err(Error::Stopped));
}

proptest! {
    /// Headers that lie, with checksums that agree: each section that is found lies inside, aligned, and beside the others.
    #[test]
    fn headers_that_lie_find_nothing_outside(changes in prop::collection::vec((0_usize..96, any::<u8>()), 1..6)) {
        let mut bytes = both(B);
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        seal(&mut bytes);
        if let Ok(sections) = NEW.open(&bytes) {
            let mut end = HEADER;
            for section in [A, B] {
                if let Some((version, place)) = sections.find(section) {
                    prop_assert!(version >= 1 && version <= section.version);
                    prop_assert!(place.start % ALIGNMENT == 0 && place.start >= end && place.end <= bytes.len());
                    end = place.start;
                    sections.bytes(&bytes, section).unwrap();
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(NEW.open(&bytes).is_err());
    }
}
