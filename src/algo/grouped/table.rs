//! From the values that name a group to its place.

use hashbrown::HashTable;

use crate::hash::hash_u64;

/// The groups by their keys, each key as many values as an encoded row has at its end.
#[derive(Debug, Clone, Default)]
pub struct Table {
    width: usize,
    /// The bits of the keys, one group after the other.
    bits: Vec<u64>,
    places: HashTable<u32>,
}

/// The bits by which a value is compared: -0 is 0, and a missing one is like any other missing one.
#[inline]
fn bits_of(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        (value + 0.0).to_bits()
    }
}

#[inline]
fn hash_of(bits: impl Iterator<Item = u64>) -> u64 {
    bits.fold(0, hash_u64)
}

impl Table {
    /// No groups yet, whose keys have `width` values.
    pub fn new(width: usize) -> Table {
        Table {
            width,
            bits: Vec::new(),
            places: HashTable::new(),
        }
    }

    /// How many values a key has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The values that name the groups, in the order of the groups, where one does.
    pub(super) fn single_keys(&self) -> impl Iterator<Item = f64> {
        self.bits.iter().map(|&bits| f64::from_bits(bits))
    }

    /// The place of a group. Expected O(width).
    #[inline]
    pub fn find(&self, key: &[f64]) -> Option<usize> {
        let hash = hash_of(key.iter().map(|&value| bits_of(value)));
        let same = |place: &u32| {
            let known = &self.bits[*place as usize * self.width..][..self.width];
            known.iter().zip(key).all(|(&known, &value)| known == bits_of(value))
        };
        self.places.find(hash, same).map(|&place| place as usize)
    }

    /// The place of a group, which becomes one of the table's if it was none: the next.
    pub fn find_or_add(&mut self, key: &[f64]) -> usize {
        if let Some(place) = self.find(key) {
            return place;
        }
        let place = self.places.len() as u32;
        self.bits.extend(key.iter().map(|&value| bits_of(value)));
        let (bits, width) = (&self.bits, self.width);
        let hash = |place: &u32| hash_of(bits[*place as usize * width..][..width].iter().copied());
        self.places.insert_unique(hash(&place), place, hash);
        place as usize
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.bits.capacity() * size_of::<u64>() + self.places.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_their_values() {
        let mut table = Table::new(2);
        let keys = [[1.0, 2.0], [1.0, f64::NAN], [0.0, 2.0], [2.0, 1.0]];
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(table.find(key), None);
            assert_eq!(table.find_or_add(key), place);
        }
        for (place, key) in keys.iter().enumerate() {
            assert_eq!((table.find(key), table.find_or_add(key)), (Some(place), place));
        }
        assert_eq!(table.find(&[-0.0, 2.0]), Some(2));
        assert_eq!(table.find(&[1.0, -f64::NAN]), Some(1));
        assert_eq!(table.find(&[1.0, f64::INFINITY]), None);
    }

    #[test]
    fn without_keys_all_rows_are_one_group() {
        let mut table = Table::new(0);
        assert_eq!((table.find_or_add(&[]), table.find(&[])), (0, Some(0)));
    }
}
