//! Categories as numbers: those that are frequent in a frame, in alphabetical order.

use super::frequencies::Frequencies;
use super::parameter;
use super::sorted::Sorted;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::{room, sort};

/// Texts sorted between two looks at the monitor.
const RUN: usize = 1 << 13;

/// Which texts have a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    top_k: usize,
    least: u64,
}

impl Limits {
    /// The `top_k` most frequent, of equally frequent ones the first by the alphabet, that occur `frequency_threshold` times at least. Returns an
    /// error for a `top_k` that is not from 1 to 999,999, and for a threshold below 0.
    pub fn new(top_k: i64, frequency_threshold: i64) -> Result<Limits> {
        let top_k = match usize::try_from(top_k) {
            Ok(top_k @ 1..1_000_000) => top_k,
            _ => return Err(parameter("top_k", top_k, "from 1 to 999999")),
        };
        let least = u64::try_from(frequency_threshold)
            .map_err(|_| parameter("frequency_threshold", frequency_threshold, "0 or more"))?;
        Ok(Limits {
            top_k,
            least: least.max(1),
        })
    }
}

/// A frame's vocabulary.
pub struct Vocabulary {
    limits: Limits,
    frequencies: Frequencies,
    /// The texts that are frequent enough, by the alphabet, from when rows come or leave after the first question.
    candidates: Option<Sorted<u32>>,
    asked: bool,
    /// The number of each code, 0 for none; kept while no row comes or leaves.
    numbers: Option<Vec<u32>>,
}

impl Vocabulary {
    /// `moves` says whether rows ever leave one by one.
    pub fn new(limits: Limits, moves: bool) -> Vocabulary {
        Vocabulary {
            limits,
            frequencies: Frequencies::new(moves),
            candidates: None,
            asked: false,
            numbers: None,
        }
    }

    /// A row comes. Returns an error when stopped, and where there is no room.
    pub fn push(&mut self, text: Option<&str>, monitor: &dyn Monitor) -> Result<()> {
        self.settle(monitor)?;
        let Some(code) = self.frequencies.push(text)? else {
            return Ok(());
        };
        self.numbers = None;
        if self.frequencies.count(code) == self.limits.least
            && let Some(candidates) = &mut self.candidates
        {
            let by = |a: &u32, b: &u32| self.frequencies.text(*a).cmp(self.frequencies.text(*b));
            candidates.insert(code, by)?;
        }
        Ok(())
    }

    /// The first rows leave. Returns an error when stopped, and where there is no room.
    pub fn pop(&mut self, count: usize, monitor: &dyn Monitor) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        if count >= self.frequencies.rows() {
            self.clear();
            return Ok(());
        }
        self.settle(monitor)?;
        for _ in 0..count {
            let Some(code) = self.frequencies.pop() else {
                continue;
            };
            self.numbers = None;
            if self.frequencies.count(code) + 1 == self.limits.least
                && let Some(candidates) = &mut self.candidates
            {
                let by = |a: &u32, b: &u32| self.frequencies.text(*a).cmp(self.frequencies.text(*b));
                candidates.remove(code, by)?;
            }
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.frequencies.clear();
        (self.candidates, self.asked, self.numbers) = (None, false, None);
    }

    /// The codes that are frequent enough, by the alphabet.
    fn alphabetical(&self, mut codes: Vec<u32>, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        let by = |a: &u32, b: &u32| self.frequencies.text(*a).cmp(self.frequencies.text(*b));
        sort::sort_by(&mut codes, RUN, by, monitor)?;
        Ok(codes)
    }

    fn frequent(&self) -> Result<Vec<u32>> {
        let mut codes = Vec::new();
        for code in self.frequencies.frequent(self.limits.least) {
            room::push(&mut codes, code)?;
        }
        Ok(codes)
    }

    /// Puts the candidates in order, once somebody has asked and rows come or leave after that.
    fn settle(&mut self, monitor: &dyn Monitor) -> Result<()> {
        if self.asked && self.candidates.is_none() {
            self.candidates = Some(Sorted::of(&self.alphabetical(self.frequent()?, monitor)?)?);
        }
        Ok(())
    }

    /// The number of a text, from 1; 0 for what is rare, or has not occurred. Returns an error when stopped, and where there is no room.
    /// O(length) where no row has come or left since the last question, O(log of the texts) where some have; O(d log d) where more than
    /// `top_k` of d texts are frequent enough, for then each row may change which ones are chosen.
    pub fn number(&mut self, text: &str, monitor: &dyn Monitor) -> Result<u32> {
        self.asked = true;
        let Some(code) = self.frequencies.find(text)? else {
            return Ok(0);
        };
        if self.frequencies.count(code) < self.limits.least {
            return Ok(0);
        }
        if let Some(candidates) = self.candidates.as_ref().filter(|all| all.len() <= self.limits.top_k) {
            let by = |a: &u32, b: &u32| self.frequencies.text(*a).cmp(self.frequencies.text(*b));
            return Ok(candidates.rank(code, by) as u32 + 1);
        }
        let numbers = match self.numbers.take() {
            Some(numbers) => numbers,
            None => self.count_off(monitor)?,
        };
        let number = numbers.get(code as usize).copied().unwrap_or(0);
        self.numbers = Some(numbers);
        Ok(number)
    }

    /// The number of each code.
    fn count_off(&self, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        let mut chosen = self.frequent()?;
        if chosen.len() > self.limits.top_k {
            let by = |a: &u32, b: &u32| {
                let by_count = self.frequencies.count(*b).cmp(&self.frequencies.count(*a));
                by_count.then_with(|| self.frequencies.text(*a).cmp(self.frequencies.text(*b)))
            };
            sort::sort_by(&mut chosen, RUN, by, monitor)?;
            chosen.truncate(self.limits.top_k);
        }
        let chosen = self.alphabetical(chosen, monitor)?;
        let most = chosen.iter().max().map_or(0, |&code| code as usize + 1);
        let mut numbers = room::filled(0, most)?;
        for (code, number) in chosen.into_iter().zip(1..) {
            numbers[code as usize] = number;
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;
    use std::collections::BTreeMap;

    fn expected(rows: &[Option<String>], text: &str, top_k: usize, least: usize) -> u32 {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        rows.iter()
            .flatten()
            .for_each(|text| *counts.entry(text).or_insert(0) += 1);
        let mut chosen: Vec<(&str, usize)> = counts.into_iter().filter(|(_, count)| *count >= least.max(1)).collect();
        chosen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        chosen.truncate(top_k);
        chosen.sort_unstable();
        let place = chosen.iter().position(|(known, _)| *known == text);
        place.map_or(0, |place| place as u32 + 1)
    }

    #[test]
    fn numbers_of_a_moving_frame_are_those_of_its_rows() {
        let texts: Vec<Option<String>> = (0..1500)
            .map(|row| (row % 9 != 0).then(|| format!("{}", hash_u64(1, row) % 40)))
            .collect();
        for (width, top_k, least) in [(60, 32_000, 2), (60, 5, 2), (9000, 32_000, 5), (9000, 10, 0), (1, 3, 1)] {
            let limits = Limits::new(top_k, least).unwrap();
            let mut vocabulary = Vocabulary::new(limits, width < 9000);
            let mut head = 0;
            for row in 0..texts.len() {
                vocabulary.push(texts[row].as_deref(), &Unwatched).unwrap();
                let to = (row + 1).saturating_sub(width);
                vocabulary.pop(to - head, &Unwatched).unwrap();
                head = to;
                // A text of this row, or of one that has left, or of none.
                let text = format!("{}", hash_u64(2, row as u64) % 43);
                let found = vocabulary.number(&text, &Unwatched).unwrap();
                let expected = expected(&texts[head..=row], &text, top_k as usize, least as usize);
                assert_eq!(found, expected, "{width} {top_k} {least} {row} {text}");
            }
        }
    }

    #[test]
    fn numbers_are_bigquerys() {
        let mut vocabulary = Vocabulary::new(Limits::new(2, 2).unwrap(), false);
        for text in ["a", "b", "b", "c", "c", "c", "d", "d"] {
            vocabulary.push(Some(text), &Unwatched).unwrap();
        }
        let found = ["a", "b", "c", "d", "e"].map(|text| vocabulary.number(text, &Unwatched).unwrap());
        assert_eq!(found, [0, 1, 2, 0, 0]);
        for (top_k, threshold) in [(0, 5), (-1, 5), (1_000_000, 5), (5, -1)] {
            assert!(Limits::new(top_k, threshold).is_err());
        }
    }
}
