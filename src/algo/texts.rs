//! Many texts in one piece of memory: nothing to allocate or to free for each.

use super::error::Result;
use super::room;

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at a place.
    #[inline]
    pub fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.bytes[start..self.ends[place]]
    }

    /// The texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|place| self.get(place))
    }

    /// Makes room for one more text. Returns an error where there is none.
    #[inline]
    pub fn reserve(&mut self, text: &str) -> Result<()> {
        room::reserve_text(&mut self.bytes, text.len())?;
        room::reserve(&mut self.ends, 1)
    }

    /// Appends a text.
    #[inline]
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// Removes all, and keeps room for about as many, but for no more than `most` bytes of text.
    pub fn clear(&mut self, most: usize) {
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(most);
    }

    /// Bytes of text.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Texts {
        let mut all = Texts::default();
        texts.into_iter().for_each(|text| all.push(text.as_ref()));
        all
    }
}
