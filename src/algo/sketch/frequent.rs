//! Which values occur most.

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::table::Table;
use super::{CONFIDENCE_99, MAX_ROWS, other_capacity};
use crate::error::{Error, Result};

/// The most frequent values with their counts: exact up to `limit` different ones, then the counters of Misra and Gries (1982) in
/// the mergeable form of Agarwal et al. (2013). A value of more than 2/`limit` of all rows is never missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequent<K> {
    limit: u16,
    table: Table<K>,
    rows: u64,
    /// Rows that were taken off each counter, at most.
    taken_off: u64,
    /// Of the weights of sampled rows, the sum of squares.
    squares: f64,
}

impl<K: Key> Frequent<K> {
    /// Nothing yet. `limit` is from 2.
    pub fn new(limit: u16) -> Frequent<K> {
        Frequent {
            limit: limit.max(2),
            table: Table::default(),
            rows: 0,
            taken_off: 0,
            squares: 0.0,
        }
    }

    /// Adds `weight` rows of a value.
    #[inline]
    pub fn push(&mut self, key: K, weight: u64) {
        self.push_by(key.hash(), weight, |other| *other == key, || key.clone());
    }

    /// [`Frequent::push`] of a value that is made only when it is not counted yet.
    #[inline]
    pub fn push_by(&mut self, hash: u64, weight: u64, is: impl Fn(&K) -> bool, make: impl Fn() -> K) {
        while !self.table.add_by(hash, weight, self.limit.into(), &is, &make) {
            self.purge();
        }
        self.rows = self.rows.saturating_add(weight);
    }

    /// Says that a pushed row was chosen by chance out of `weight`.
    #[inline]
    pub fn was_sampled(&mut self, weight: u64) {
        if weight > 1 {
            self.squares += weight as f64 * weight as f64;
        }
    }

    /// Adds the rows of a table of values that were counted one by one.
    pub fn push_table(&mut self, table: &Table<K>) {
        self.add(table);
        self.rows = self.rows.saturating_add(table.total().unwrap_or(u64::MAX));
    }

    /// Adds counters, and keeps the greatest: what the first that does not fit has is taken off all, from `limit` others and itself, so that no more is
    /// taken off than a share 1/`limit` of the rows.
    fn add(&mut self, table: &Table<K>) {
        for (key, count) in table.iter() {
            self.table.add(key.clone(), count, usize::MAX);
        }
        if self.table.len() > self.limit.into() {
            let mut counts = self.table.counts().to_vec();
            let place = counts.len() - usize::from(self.limit) - 1;
            let (_, &mut least, _) = counts.select_nth_unstable(place);
            self.table.subtract(least);
            self.taken_off = self.taken_off.saturating_add(least);
        }
    }

    /// Makes room: takes the median count off every counter.
    fn purge(&mut self) {
        let mut counts = self.table.counts().to_vec();
        let middle = counts.len() / 2;
        let (_, &mut median, _) = counts.select_nth_unstable(middle);
        self.table.subtract(median);
        self.taken_off = self.taken_off.saturating_add(median);
    }

    /// Rows pushed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether all values and counts are exact.
    pub fn is_exact(&self) -> bool {
        self.taken_off == 0 && self.squares == 0.0
    }

    /// The rows that a count may be off, with 99 % confidence: counters may miss rows, and a sample may miss a value by chance.
    pub fn error(&self, count: u64) -> f64 {
        let share = (count as f64 / self.rows.max(1) as f64).min(1.0);
        self.taken_off as f64 + CONFIDENCE_99 * (share * (1.0 - share) * self.squares).sqrt()
    }

    /// The `most` most frequent values, each with its rows: the most frequent first, equals in their order. Once counts are not
    /// exact, only values whose count is larger than its error. O(limit log limit).
    pub fn top(&self, most: usize) -> Vec<(K, u64)> {
        let mut all: Vec<(&K, u64)> = self
            .table
            .iter()
            .map(|(key, count)| (key, count.saturating_add(self.taken_off).min(self.rows)))
            .filter(|&(_, count)| self.is_exact() || count as f64 > self.error(count) + self.taken_off as f64)
            .collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        all.into_iter()
            .take(most)
            .map(|(key, count)| (key.clone(), count))
            .collect()
    }

    /// Adds the rows of another. Returns an error when that has another limit.
    pub fn merge(&mut self, other: &Frequent<K>) -> Result<()> {
        if self.limit != other.limit {
            let (ours, theirs) = (self.limit.into(), other.limit.into());
            return Err(other_capacity("counters of frequent values", ours, theirs));
        }
        self.add(&other.table);
        self.taken_off = self.taken_off.saturating_add(other.taken_off);
        self.rows = self.rows.saturating_add(other.rows);
        self.squares += other.squares;
        Ok(())
    }

    /// Checks what the other methods rely on.
    pub fn validate(&self) -> Result<()> {
        let sound = (2..=Table::<K>::MAX / 2).contains(&self.limit.into())
            && self.table.is_sound(self.limit.into())
            && self.table.total().is_some_and(|total| total <= self.rows)
            && self.rows <= MAX_ROWS
            && self.taken_off <= self.rows
            && self.squares.is_finite()
            && self.squares >= 0.0;
        let damaged = || Error::damaged("counters of frequent values", "counts do not agree");
        sound.then_some(()).ok_or_else(damaged)
    }

    /// The counters held.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.table.iter().map(|(key, _)| key)
    }

    /// Different values counted at once.
    pub fn limit(&self) -> u16 {
        self.limit
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.table.memory()
    }
}
