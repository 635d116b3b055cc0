//! Many texts in one piece of memory: nothing to allocate or to free for each.

use std::cmp::Reverse;

use super::error::Result;
use super::monitor::Monitor;
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

    /// The places of the `most` texts with the greatest counts, of equal ones the first; in the order of texts. Those with a count of 0 are
    /// none of them. Returns an error only when stopped. O(n) and sorting the `most`.
    pub fn most_frequent(&self, counts: &[u64], most: usize, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        /// Texts between two looks at the monitor.
        const BLOCK: usize = 1 << 16;
        let mut best: Vec<u32> = Vec::new();
        let counts_of = |place: u32| counts[place as usize];
        for (block, first) in counts.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            monitor.check()?;
            let occur = (first..).zip(block).filter(|(_, count)| **count > 0);
            best.extend(occur.map(|(place, _)| place));
            if best.len() > most {
                best.select_nth_unstable_by_key(most, |&place| (Reverse(counts_of(place)), self.get(place as usize)));
                best.truncate(most);
            }
        }
        best.sort_unstable_by_key(|&place| self.get(place as usize));
        Ok(best)
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
