//! Ranks of ordered values: the sketch of Karnin, Lang and Liberty (2016), with its sampler.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::sampler::Sampler;
use super::{MAX_ROWS, other_capacity};
use crate::error::{Error, Result};

/// A quantile sketch of integers (or of numbers by [`super::ordered`]).
///
/// Level h holds values that stand for 2^h rows each. When all levels together are full, the lowest full one is sorted and every
/// other value of it, even or odd ones by a coin, moves up a level. From many rows on only a sample enters (see [`Sampler`]), which
/// makes a push cost a few nanoseconds.
///
/// A compaction of level h moves any rank by 2^h at most, up or down with equal chances; a row chosen of w moves it by a random
/// amount of variance w²/4 at most. So the variance of every rank is known as the sketch works, whatever the order of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kll {
    /// Values of the highest level, when full; lower levels have 2/3 of the next each.
    capacity: u16,
    rows: u64,
    levels: Vec<Vec<i64>>,
    /// Of a rank, in squared rows.
    variance: f64,
    sampler: Sampler,
}

/// Values in a level, at least, before it is compacted.
const LEAST: usize = 8;

/// Rows, a power of two, after which the levels are looked at.
const TOGETHER: u64 = 64;

/// Levels: weights up to [`MAX_ROWS`].
const LEVELS: usize = 54;

impl Kll {
    /// An empty sketch that holds about three times `capacity` values and looks at every row until there are twice `sample`.
    pub fn new(capacity: u16, sample: u32, seed: u64) -> Kll {
        Kll {
            capacity,
            rows: 0,
            levels: Vec::new(),
            variance: 0.0,
            sampler: Sampler::new(sample, seed),
        }
    }

    /// Rows pushed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds rows. Calls `taken` with each value that enters and the rows it stands for. O(1) a row, amortised.
    #[inline]
    pub fn push(&mut self, values: &[i64], mut taken: impl FnMut(i64, u64)) {
        if let Some(&first) = values.first() {
            self.sampler.stir(first as u64);
        }
        let (levels, mut variance) = (&mut self.levels, 0.0);
        self.sampler.choose(values.len(), self.rows, |place, height| {
            level(levels, height).push(values[place]);
            if height > 0 {
                let weight = (1_u64 << height) as f64;
                variance += weight * weight / 4.0;
            }
            taken(values[place], 1 << height);
        });
        self.variance += variance;
        let before = self.rows;
        self.rows += values.len() as u64;
        // Rows that come one by one are looked at together.
        if (before ^ self.rows) >= TOGETHER {
            self.compress();
        }
    }

    /// Adds values, each with the rows that it stands for. They are held together until all are there.
    pub fn push_weighted(&mut self, values: impl Iterator<Item = (i64, u64)>) {
        for (value, weight) in values {
            let mut rest = weight & ((1 << LEVELS) - 1);
            while rest > 0 {
                level(&mut self.levels, rest.trailing_zeros() as usize).push(value);
                rest &= rest - 1;
            }
            self.rows = self.rows.saturating_add(weight);
        }
        self.compress();
    }

    /// The most values that are held between pushes.
    fn limit(&self) -> usize {
        (0..self.levels.len()).map(|height| self.full(height)).sum()
    }

    /// Values that fill a level.
    fn full(&self, height: usize) -> usize {
        let depth = (self.levels.len() - 1 - height) as i32;
        ((f64::from(self.capacity) * (2.0_f64 / 3.0).powi(depth)) as usize).max(LEAST)
    }

    fn compress(&mut self) {
        let mut held: usize = self.levels.iter().map(Vec::len).sum();
        // Without a look at the levels in the usual case: all of them hold more than the highest.
        while held > usize::from(self.capacity) && held > self.limit() {
            let Some(height) = (0..self.levels.len()).find(|&height| self.levels[height].len() >= self.full(height))
            else {
                return;
            };
            held -= self.compact(height);
        }
    }

    /// Moves half of a level up, and returns how many values vanish.
    fn compact(&mut self, height: usize) -> usize {
        if height + 1 >= LEVELS {
            return self.levels[height].split_off(LEAST / 2).len();
        }
        let mut values = std::mem::take(&mut self.levels[height]);
        // One stays behind when they are odd; it keeps its weight.
        let odd = if values.len() % 2 == 1 { values.pop() } else { None };
        // Higher levels consist of runs that are sorted already.
        if height == 0 {
            values.sort_unstable()
        } else {
            values.sort()
        }
        let coin = (self.sampler.random() >> 40) as usize & 1;
        let vanish = values.len() / 2;
        level(&mut self.levels, height + 1).extend(values.iter().skip(coin).step_by(2));
        values.clear();
        values.extend(odd);
        // The level where rows enter needs its room again, higher ones some of it, lower ones none.
        match height.cmp(&self.sampler.height(self.rows)) {
            Ordering::Less => values.shrink_to_fit(),
            Ordering::Equal => (),
            Ordering::Greater => values.shrink_to(2 * self.full(height)),
        }
        self.levels[height] = values;
        self.variance += 4_f64.powi(height as i32);
        vanish
    }

    /// Adds the rows of another. Returns an error when that has another capacity.
    pub fn merge(&mut self, other: &Kll) -> Result<()> {
        if self.capacity != other.capacity {
            let (ours, theirs) = (self.capacity.into(), other.capacity.into());
            return Err(other_capacity("a quantile sketch", ours, theirs));
        }
        for (height, values) in other.levels.iter().enumerate() {
            level(&mut self.levels, height).extend(values);
        }
        if let Some(first) = other.levels.iter().flatten().next() {
            self.sampler.stir(*first as u64);
        }
        self.rows = self.rows.saturating_add(other.rows);
        self.variance += other.variance;
        self.compress();
        Ok(())
    }

    /// The values held, in order, with the rows that each stands for. O(n log n).
    pub fn sorted(&self) -> Vec<(i64, u64)> {
        let weighted = |(height, values): (usize, &Vec<i64>)| {
            let weigh = move |&value: &i64| (value, 1_u64 << height);
            values.iter().map(weigh).collect::<Vec<_>>()
        };
        let mut all: Vec<(i64, u64)> = self.levels.iter().enumerate().flat_map(weighted).collect();
        all.sort_unstable();
        all
    }

    /// The standard deviation of a rank, at most, as a share of all rows; 0 when every answer is exact.
    pub fn deviation(&self) -> f64 {
        if self.rows == 0 {
            0.0
        } else {
            self.variance.sqrt() / self.rows as f64
        }
    }

    /// Checks what the other methods rely on.
    pub fn validate(&self) -> Result<()> {
        let total = self
            .levels
            .iter()
            .enumerate()
            .map(|(h, values)| (values.len() as u128) << h.min(64))
            .sum::<u128>();
        let sound = self.levels.len() <= LEVELS
            && self.levels.last().is_none_or(|top| !top.is_empty())
            && total == u128::from(self.rows)
            && self.rows <= MAX_ROWS
            && self.capacity >= LEAST as u16
            && self.variance.is_finite()
            && self.variance >= 0.0;
        let error = || Error::damaged("quantile sketch", "its weights do not agree with its rows");
        sound.then_some(()).ok_or_else(error)
    }

    /// Values a full highest level has.
    pub fn capacity(&self) -> u16 {
        self.capacity
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.levels.capacity() * size_of::<Vec<i64>>()
            + self
                .levels
                .iter()
                .map(|level| level.capacity() * size_of::<i64>())
                .sum::<usize>()
    }
}

/// A level, made when it is not there yet.
#[inline]
fn level(levels: &mut Vec<Vec<i64>>, height: usize) -> &mut Vec<i64> {
    if levels.len() <= height {
        levels.resize_with(height + 1, Vec::new);
    }
    &mut levels[height]
}
