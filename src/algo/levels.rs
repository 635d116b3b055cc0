//! The levels of a category by their text: a look-up that costs a few nanoseconds, for it is made once a row.

/// Codes by text. The first 8 bytes are compared as one number; of longer texts the rest is compared as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// A hash table with linear probing, at most a quarter full.
    entries: Vec<Entry>,
    /// Hashes are shifted right by so much.
    shift: u32,
    /// What hashes are made with.
    seed: u64,
    /// Where the text of each code begins.
    starts: Vec<usize>,
    texts: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    /// The first bytes, up to 8.
    head: u64,
    length: u32,
    /// [`NONE`] in an empty entry.
    code: u32,
}

const NONE: u32 = u32::MAX;

/// Seeds that are tried.
const SEEDS: u64 = 16;

/// The first bytes of a text, up to 8: with its length they are all of a text that is no longer.
#[inline(always)]
fn head(text: &[u8]) -> u64 {
    if let Some(head) = text.first_chunk() {
        return u64::from_le_bytes(*head);
    }
    // Two halves that overlap.
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    match text {
        [] => 0,
        [first, .., last] => u64::from(*first) | u64::from(text[text.len() / 2]) << 8 | u64::from(*last) << 16,
        [only] => u64::from(*only),
    }
}

/// A hash of a text, by a multiplication with 2^64 divided by the golden ratio (Knuth, "The Art of Computer Programming", volume 3, 6.4).
#[inline(always)]
fn hash(seed: u64, head: u64, text: &[u8]) -> u64 {
    let tail = text.last_chunk().map_or(0, |tail| u64::from_le_bytes(*tail));
    let mixed = head ^ tail.rotate_left(29) ^ (text.len() as u64).rotate_left(56);
    (mixed ^ mixed >> 32 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Levels {
    /// The texts of the codes 0, 1, 2, ...; of equal texts the last one counts. Of a few seeds the one is taken that leaves the fewest
    /// texts off the place where they are looked for first: a second probe costs many times a first one, as it comes unexpected. O(bytes).
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Levels {
        let size = (4 * texts.len()).next_power_of_two().max(2);
        let mut levels = Levels {
            entries: Vec::new(),
            shift: u64::BITS - size.trailing_zeros(),
            seed: 0,
            starts: Vec::with_capacity(texts.len()),
            texts: Vec::new(),
        };
        for text in texts {
            levels.starts.push(levels.texts.len());
            levels.texts.extend(text.as_ref().as_bytes());
        }
        let mut fewest = (usize::MAX, 0);
        for seed in 0..SEEDS {
            let displaced = levels.fill(seed, size, texts);
            fewest = fewest.min((displaced, seed));
            if displaced == 0 {
                return levels;
            }
        }
        levels.fill(fewest.1, size, texts);
        levels
    }

    /// Fills the table anew; gives the number of texts that are not where they are looked for first.
    fn fill<T: AsRef<str>>(&mut self, seed: u64, size: usize, texts: &[T]) -> usize {
        let empty = Entry {
            head: 0,
            length: 0,
            code: NONE,
        };
        self.entries.clear();
        self.entries.resize(size, empty);
        self.seed = seed.wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mut displaced = 0;
        for (code, text) in (0..NONE).zip(texts) {
            let text = text.as_ref().as_bytes();
            let (head, place) = (head(text), self.find(text));
            displaced += usize::from(place != self.place(head, text));
            self.entries[place] = Entry {
                head,
                length: text.len() as u32,
                code,
            };
        }
        displaced
    }

    /// Where a text is looked for first.
    #[inline(always)]
    fn place(&self, head: u64, text: &[u8]) -> usize {
        (hash(self.seed, head, text) >> self.shift) as usize
    }

    /// The code of a text; `None` when it is none of them. Expected O(length).
    #[inline]
    pub fn code(&self, text: &[u8]) -> Option<u32> {
        let code = self.entries[self.find(text)].code;
        (code != NONE).then_some(code)
    }

    /// The place of a text's entry, or of the empty one where it would stand.
    #[inline(always)]
    fn find(&self, text: &[u8]) -> usize {
        let head = head(text);
        let mut place = self.place(head, text);
        loop {
            let entry = &self.entries[place];
            let same = entry.head == head && entry.length as usize == text.len();
            if entry.code == NONE || same && (text.len() <= 8 || self.rest(entry) == &text[8..]) {
                return place;
            }
            place = (place + 1) & (self.entries.len() - 1);
        }
    }

    /// What follows the first 8 bytes of an entry's text, which is longer.
    fn rest(&self, entry: &Entry) -> &[u8] {
        let start = self.starts[entry.code as usize];
        &self.texts[start + 8..start + entry.length as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_every_length_are_told_apart() {
        // Texts that differ in one byte only, wherever it stands.
        let texts: Vec<String> = (0..40)
            .flat_map(|length| {
                let changed = move |place: usize| {
                    let mut text = "x".repeat(length).into_bytes();
                    text[place] = b'y';
                    String::from_utf8(text).unwrap()
                };
                std::iter::once("x".repeat(length)).chain((0..length).map(changed))
            })
            .collect();
        let levels = Levels::new(&texts);
        for (code, text) in (0..).zip(&texts) {
            assert_eq!(levels.code(text.as_bytes()), Some(code), "{text}");
            assert_eq!(levels.code(format!("{text}z").as_bytes()), None, "{text}z");
            assert_eq!(
                levels.code(&[text.as_bytes(), b"\0"].concat()),
                None,
                "{text} and a zero byte"
            );
        }
        assert_eq!(Levels::new::<&str>(&[]).code(b""), None);
        assert_eq!(Levels::new(&[""]).code(b""), Some(0));
    }

    proptest! {
        #[test]
        fn agrees_with_a_search(texts in proptest::collection::btree_set("[ab]{0,20}|\\PC{0,12}", 0..40), other in "[ab]{0,20}") {
            let texts: Vec<String> = texts.into_iter().collect();
            let levels = Levels::new(&texts);
            for text in texts.iter().chain([&other]) {
                let place = texts.iter().position(|level| level == text).map(|place| place as u32);
                prop_assert_eq!(levels.code(text.as_bytes()), place);
            }
        }
    }
}
