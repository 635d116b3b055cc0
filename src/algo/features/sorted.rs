//! Values in order that come and go, with their ranks.
//!
//! Blocks of sorted values, and a Fenwick tree of the blocks' lengths: coming, going, the value of a rank and the rank of a value take O(log n),
//! and moving a part of one block.

use std::cmp::Ordering;

use crate::error::Result;
use crate::room;

/// The most values of a block; a block that is full becomes two.
const FULL: usize = 1024;
/// A block of fewer values is joined with a neighbour, if that is not long either.
const SPARSE: usize = FULL / 4;

/// A multiset in the order that each call is given, which is the same for all calls.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    blocks: Vec<Vec<T>>,
    /// The greatest value of each block, so that looking for one touches no block but its own.
    lasts: Vec<T>,
    /// Fenwick tree: at i, counted from 1, how many values are in the last i & -i blocks up to this one.
    tree: Vec<usize>,
    len: usize,
}

impl<T: Copy> Sorted<T> {
    /// Of values in order. Returns an error where there is no room. O(n).
    pub fn of(values: &[T]) -> Result<Self> {
        let mut blocks = room::with_capacity(values.len() / (FULL / 2) + 1)?;
        for values in values.chunks(FULL / 2) {
            let mut block = room::with_capacity(FULL)?;
            block.extend_from_slice(values);
            blocks.push(block);
        }
        let mut sorted = Sorted {
            blocks,
            lasts: Vec::new(),
            tree: Vec::new(),
            len: values.len(),
        };
        sorted.index()?;
        Ok(sorted)
    }

    /// Makes what tells where values are, after blocks came or went. O(blocks).
    fn index(&mut self) -> Result<()> {
        self.lasts.clear();
        room::reserve(&mut self.lasts, self.blocks.len())?;
        self.lasts
            .extend(self.blocks.iter().filter_map(|block| block.last().copied()));
        self.tree.clear();
        room::reserve(&mut self.tree, self.blocks.len() + 1)?;
        self.tree.push(0);
        self.tree.extend(self.blocks.iter().map(Vec::len));
        for place in 1..self.tree.len() {
            let parent = place + (place & place.wrapping_neg());
            if parent < self.tree.len() {
                self.tree[parent] += self.tree[place];
            }
        }
        Ok(())
    }

    /// Counts one value more or less in a block.
    fn count(&mut self, block: usize, change: isize) {
        self.len = self.len.wrapping_add_signed(change);
        let mut place = block + 1;
        while place < self.tree.len() {
            self.tree[place] = self.tree[place].wrapping_add_signed(change);
            place += place & place.wrapping_neg();
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// A value comes. Returns an error where there is no room.
    pub fn insert(&mut self, value: T, order: impl Fn(&T, &T) -> Ordering) -> Result<()> {
        if self.blocks.is_empty() {
            *self = Sorted::of(&[value])?;
            return Ok(());
        }
        let at = self
            .lasts
            .partition_point(|last| order(last, &value).is_lt())
            .min(self.blocks.len() - 1);
        if self.blocks[at].len() == FULL {
            let mut upper = room::with_capacity(FULL)?;
            upper.extend(self.blocks[at].drain(FULL / 2..));
            room::reserve(&mut self.blocks, 1)?;
            self.blocks.insert(at + 1, upper);
            self.index()?;
            return self.insert(value, order);
        }
        let block = &mut self.blocks[at];
        let place = block.partition_point(|other| order(other, &value).is_lt());
        block.insert(place, value);
        if let (Some(last), Some(&greatest)) = (self.lasts.get_mut(at), block.last()) {
            *last = greatest;
        }
        self.count(at, 1);
        Ok(())
    }

    /// A value goes, if it is there. Returns an error where there is no room.
    pub fn remove(&mut self, value: T, order: impl Fn(&T, &T) -> Ordering) -> Result<()> {
        let at = self.lasts.partition_point(|last| order(last, &value).is_lt());
        let Some(block) = self.blocks.get_mut(at) else {
            return Ok(());
        };
        let place = block.partition_point(|other| order(other, &value).is_lt());
        if !block.get(place).is_some_and(|other| order(other, &value).is_eq()) {
            return Ok(());
        }
        block.remove(place);
        let left = block.len();
        if let (Some(last), Some(&greatest)) = (self.lasts.get_mut(at), block.last()) {
            *last = greatest;
        }
        self.count(at, -1);
        if left == 0 {
            self.blocks.remove(at);
            return self.index();
        }
        if left < SPARSE {
            return self.join(at);
        }
        Ok(())
    }

    /// Joins a sparse block with the next one or the one before.
    fn join(&mut self, at: usize) -> Result<()> {
        let first = if at + 1 < self.blocks.len() {
            at
        } else {
            at.saturating_sub(1)
        };
        match self.blocks.get(first..first + 2) {
            Some([a, b]) if a.len() + b.len() <= FULL / 2 => {
                let second = self.blocks.remove(first + 1);
                self.blocks[first].extend(second);
                self.index()
            }
            _ => Ok(()),
        }
    }

    /// The value of a rank, from 0.
    pub fn get(&self, mut rank: usize) -> Option<T> {
        let (mut place, mut step) = (0, self.tree.len().next_power_of_two());
        while step > 0 {
            if place + step < self.tree.len() && self.tree[place + step] <= rank {
                place += step;
                rank -= self.tree[place];
            }
            step /= 2;
        }
        self.blocks.get(place)?.get(rank).copied()
    }

    /// How many values are less.
    pub fn rank(&self, value: T, order: impl Fn(&T, &T) -> Ordering) -> usize {
        let at = self.lasts.partition_point(|last| order(last, &value).is_lt());
        let mut rank = self
            .blocks
            .get(at)
            .map_or(0, |block| block.partition_point(|other| order(other, &value).is_lt()));
        let mut place = at;
        while place > 0 {
            rank += self.tree[place];
            place &= place - 1;
        }
        rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;

    #[test]
    fn ranks_are_those_of_a_sorted_list() {
        let mut model: Vec<u64> = (0..5000).map(|row| hash_u64(1, row) % 2000).collect();
        model.sort_unstable();
        let mut sorted = Sorted::of(&model).unwrap();
        for step in 0..20_000_u64 {
            let value = hash_u64(2, step) % 2000;
            // First it grows, then it empties.
            if hash_u64(3, step) % 10 < if step < 6000 { 7 } else { 2 } {
                sorted.insert(value, u64::cmp).unwrap();
                model.insert(model.partition_point(|&other| other < value), value);
            } else {
                sorted.remove(value, u64::cmp).unwrap();
                if let Ok(place) = model.binary_search(&value) {
                    model.remove(place);
                }
            }
            assert_eq!(sorted.len(), model.len());
            let rank = (hash_u64(4, step) % 6000) as usize;
            assert_eq!(sorted.get(rank), model.get(rank).copied(), "{step}");
            assert_eq!(
                sorted.rank(value, u64::cmp),
                model.partition_point(|&other| other < value)
            );
        }
        model.iter().for_each(|&value| sorted.remove(value, u64::cmp).unwrap());
        assert_eq!((sorted.len(), sorted.get(0), sorted.rank(3, u64::cmp)), (0, None, 0));
    }
}
