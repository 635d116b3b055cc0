//! On which days a column of times has rows.

use serde::{Deserialize, Serialize};

/// Words of 64 steps, at most: 89 years of days.
const WORDS: usize = 512;

/// Days are not further from 2000-01-01: more than any that PostgreSQL knows.
const MOST: i64 = 1 << 40;

/// A bitmap of days since 2000-01-01 that have a row. When their span is too large, a bit stands for 2, 4, 8 … days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Days {
    /// A bit is for 2^this days.
    coarseness: u8,
    /// The number of the first word; step 0 of word 0 begins on day 0.
    first: i64,
    words: Vec<u64>,
}

/// How the days of a column lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Days between the first and the last one with a row, both counted.
    pub span: u64,
    /// Days in one step: 1, or a power of two where the span is too large to look at each day.
    pub step: u64,
    /// Steps with a row.
    pub filled: u64,
    /// Steps of the span without a row.
    pub missing: u64,
    /// The longest row of steps without a row, if any: its first and its last day, counted from 2000-01-01.
    pub gap: Option<(i64, i64)>,
}

impl Days {
    /// Adds a row of a day. O(1), amortised.
    #[inline]
    pub fn push(&mut self, day: i64) {
        let day = day.clamp(-MOST, MOST);
        let step = day >> self.coarseness;
        let place = (step >> 6).wrapping_sub(self.first);
        match usize::try_from(place).ok().and_then(|place| self.words.get_mut(place)) {
            Some(word) => *word |= 1 << (step & 63),
            None => self.extend(day),
        }
    }

    /// Makes room for a day out of the range, and adds it.
    fn extend(&mut self, day: i64) {
        self.cover(day >> self.coarseness >> 6, day >> self.coarseness >> 6);
        let step = day >> self.coarseness;
        let place = (step >> 6).wrapping_sub(self.first);
        if let Some(word) = usize::try_from(place).ok().and_then(|place| self.words.get_mut(place)) {
            *word |= 1 << (step & 63);
        }
    }

    /// Makes room for words of the present coarseness, and makes all coarser until they fit.
    fn cover(&mut self, mut low: i64, mut high: i64) {
        if self.words.is_empty() {
            self.first = low;
        }
        loop {
            let last = self.first + self.words.len() as i64 - 1;
            let (least, most) = (low.min(self.first), high.max(last));
            if most.checked_sub(least).is_some_and(|span| span < WORDS as i64) {
                let before = (self.first - least) as usize;
                self.words.splice(0..0, std::iter::repeat_n(0, before));
                self.words.resize((most - least + 1) as usize, 0);
                self.first = least;
                return;
            }
            self.coarsen();
            (low, high) = (low >> 1, high >> 1);
        }
    }

    /// Doubles the days of a step.
    fn coarsen(&mut self) {
        let steps: Vec<i64> = self.steps().collect();
        self.coarseness += 1;
        if self.words.is_empty() {
            self.first >>= 1;
            return;
        }
        let last = (self.first + self.words.len() as i64 - 1) >> 1;
        self.first >>= 1;
        self.words.clear();
        self.words.resize((last - self.first + 1) as usize, 0);
        for step in steps {
            self.words[((step >> 7) - self.first) as usize] |= 1 << (step >> 1 & 63);
        }
    }

    /// The steps that have a row, in order.
    fn steps(&self) -> impl Iterator<Item = i64> {
        self.words.iter().zip(self.first..).flat_map(|(&word, number)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| number * 64 + bit)
        })
    }

    /// Adds the days of another.
    pub fn merge(&mut self, other: &Days) {
        let coarser;
        let mut other = other;
        if other.words.is_empty() {
            return;
        }
        if other.coarseness < self.coarseness {
            let mut copy = other.clone();
            (other.coarseness..self.coarseness).for_each(|_| copy.coarsen());
            coarser = copy;
            other = &coarser;
        }
        while self.coarseness < other.coarseness {
            self.coarsen();
        }
        for step in other.steps() {
            self.push(step << other.coarseness);
        }
    }

    /// How the days lie. `None` without rows. O(1): there are 32,768 steps at most.
    pub fn calendar(&self) -> Option<Calendar> {
        let (mut first, mut last) = (None, 0);
        let (mut filled, mut gap) = (0, None::<(i64, i64)>);
        for step in self.steps() {
            if first.is_some() && step - last > gap.map_or(1, |(from, to)| to - from + 2) {
                gap = Some((last + 1, step - 1));
            }
            first.get_or_insert(step);
            last = step;
            filled += 1;
        }
        let steps = last - first? + 1;
        let day = |step: i64| step << self.coarseness;
        Some(Calendar {
            span: (steps as u64) << self.coarseness,
            step: 1 << self.coarseness,
            filled,
            missing: steps as u64 - filled,
            gap: gap.map(|(from, to)| (day(from), day(to + 1) - 1)),
        })
    }

    /// Whether no calculation with the days can overflow.
    pub fn is_sound(&self) -> bool {
        self.coarseness <= 40
            && self.words.len() <= WORDS
            && self.first.unsigned_abs() <= (MOST as u64 >> self.coarseness >> 5)
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}
