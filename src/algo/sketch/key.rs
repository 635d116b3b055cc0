//! What tables and sketches tell values apart by.

use serde::{Deserialize, Serialize};

use crate::hash::{hash_bytes, hash_u64};

/// All sketches hash alike, whatever their seed, so that they merge.
const HASH_SEED: u64 = 0x6173_7361_792d_6b65;

/// A value that can be counted.
pub trait Key: Clone + Ord {
    /// A well-mixed hash; equal keys have equal ones.
    fn hash(&self) -> u64;

    /// Bytes held on the heap.
    fn heap(&self) -> usize {
        0
    }
}

impl Key for i64 {
    #[inline]
    fn hash(&self) -> u64 {
        hash_u64(HASH_SEED, *self as u64)
    }
}

/// A hash as a key: it is one already.
impl Key for u64 {
    #[inline]
    fn hash(&self) -> u64 {
        *self
    }
}

/// The hash that texts are told apart by.
#[inline]
pub fn hash_text(text: &str) -> u64 {
    hash_bytes(HASH_SEED, text.as_bytes())
}

/// A text with its hash. Of a long text it may hold the beginning only; the hash is then that of the whole text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    text: Box<str>,
    hash: u64,
}

impl Label {
    /// Bytes of a text that [`Label::short`] keeps, at most.
    pub const SHORT: usize = 256;

    /// A whole text.
    pub fn new(text: &str, hash: u64) -> Label {
        Label {
            text: text.into(),
            hash,
        }
    }

    /// The beginning of a text, up to [`Label::SHORT`] bytes.
    pub fn short(text: &str, hash: u64) -> Label {
        Label::new(&text[..text.floor_char_boundary(Label::SHORT)], hash)
    }

    /// The text, or its beginning.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the label of a text with this hash.
    #[inline]
    pub fn is_of(&self, text: &str, hash: u64) -> bool {
        self.hash == hash
            && if self.text.len() < text.len() {
                self.text.len() + 4 > Label::SHORT && text.starts_with(&*self.text)
            } else {
                *self.text == *text
            }
    }

    /// Whether the hash is that of the text, so that the text is whole.
    pub fn is_whole(&self) -> bool {
        hash_text(&self.text) == self.hash
    }
}

impl Key for Label {
    #[inline]
    fn hash(&self) -> u64 {
        self.hash
    }

    fn heap(&self) -> usize {
        self.text.len()
    }
}

/// An integer that orders like the number: -0 is 0, and numbers below 0 have integers below 0. Not for NaN.
#[inline]
pub fn ordered(number: f64) -> i64 {
    let bits = (number + 0.0).to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// The number of an integer that [`ordered`] gave.
#[inline]
pub fn from_ordered(key: i64) -> f64 {
    f64::from_bits((key ^ ((key >> 63) as u64 >> 1) as i64) as u64)
}
