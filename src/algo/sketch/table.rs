//! How often each of a few values occurs.

use serde::{Deserialize, Serialize};

use super::key::Key;

/// A hash table from values to counts, with open addressing; values stand in the order of their arrival.
///
/// Made for one look-up a row: the value that came last is looked at first, and slots are small.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table<K> {
    keys: Vec<K>,
    counts: Vec<u64>,
    /// 0 where empty, else 16 bits of the hash and the place of the key counted from 1. Made when first needed after reading.
    #[serde(skip)]
    slots: Vec<u32>,
    /// The place that was counted last.
    #[serde(skip)]
    last: usize,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Table {
            keys: Vec::new(),
            counts: Vec::new(),
            slots: Vec::new(),
            last: 0,
        }
    }
}

impl<K: PartialEq> PartialEq for Table<K> {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys && self.counts == other.counts
    }
}

impl<K: Key> Table<K> {
    /// Values that fit into a table: places are numbers of 16 bits.
    pub const MAX: usize = (1 << 16) - 2;

    /// How many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The values with their counts, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.keys.iter().zip(self.counts.iter().copied())
    }

    /// Counts `weight` more rows of a value. Returns false, and counts nothing, when the value is new and would be one more than
    /// `limit` (or [`Table::MAX`]). O(1).
    #[inline]
    pub fn add(&mut self, key: K, weight: u64, limit: usize) -> bool {
        if let Some(last) = self.keys.get(self.last)
            && *last == key
        {
            self.counts[self.last] = self.counts[self.last].saturating_add(weight);
            return true;
        }
        self.add_by(key.hash(), weight, limit, |other| *other == key, || key.clone())
    }

    /// [`Table::add`] of a value that is made only when it is new.
    #[inline]
    pub fn add_by(
        &mut self,
        hash: u64,
        weight: u64,
        limit: usize,
        is: impl Fn(&K) -> bool,
        make: impl FnOnce() -> K,
    ) -> bool {
        if self.slots.is_empty() {
            self.index();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                break;
            }
            if entry >> 16 == (hash >> 48) as u32 {
                let place = (entry & 0xffff) as usize - 1;
                if is(&self.keys[place]) {
                    self.counts[place] = self.counts[place].saturating_add(weight);
                    self.last = place;
                    return true;
                }
            }
            slot = (slot + 1) & mask;
        }
        if self.len() >= limit.min(Self::MAX) {
            return false;
        }
        self.last = self.len();
        self.keys.push(make());
        self.counts.push(weight);
        self.slots[slot] = entry(hash, self.last);
        if self.slots.len() < 2 * self.len() {
            self.index();
        }
        true
    }

    /// Makes the slots anew, at most half of them full.
    fn index(&mut self) {
        /// Slots of a small table.
        const LEAST: usize = 16;
        let slots = (4 * self.len()).next_power_of_two().max(LEAST);
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (place, key) in self.keys.iter().enumerate().take(Self::MAX) {
            let mut slot = key.hash() as usize & (slots - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = entry(key.hash(), place);
        }
    }

    /// Takes `amount` off every count, and forgets values that have no more. O(n).
    pub fn subtract(&mut self, amount: u64) {
        let mut place = 0;
        for from in 0..self.len() {
            if self.counts[from] > amount {
                self.keys.swap(place, from);
                self.counts[place] = self.counts[from] - amount;
                place += 1;
            }
        }
        self.keys.truncate(place);
        self.counts.truncate(place);
        self.slots.clear();
    }

    /// The sum of all counts; `None` when it is more than can be.
    pub fn total(&self) -> Option<u64> {
        self.counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count))
    }

    /// The counts, in the order of arrival.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Whether it is a table: every value once, counted at least once, no more than `limit` of them. O(n log n).
    pub fn is_sound(&self, limit: usize) -> bool {
        let mut keys: Vec<&K> = self.keys.iter().collect();
        keys.sort_unstable();
        keys.len() <= limit.min(Self::MAX)
            && keys.len() == self.counts.len()
            && keys.is_sorted_by(|a, b| a < b)
            && !self.counts.contains(&0)
            && self.total().is_some()
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        let keys: usize = self.keys.iter().map(Key::heap).sum();
        keys + self.keys.capacity() * size_of::<K>()
            + self.counts.capacity() * size_of::<u64>()
            + self.slots.capacity() * size_of::<u32>()
    }
}

fn entry(hash: u64, place: usize) -> u32 {
    ((hash >> 48) as u32) << 16 | (place as u32 + 1)
}
