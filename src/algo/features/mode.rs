//! The most frequent value of a frame; of equally frequent ones the least.

use std::cmp::Ordering;

use super::frequencies::Frequencies;
use super::sorted::Sorted;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::{room, sort};

/// Texts sorted, or looked at, between two looks at the monitor.
const RUN: usize = 1 << 13;

/// A text, and how often it occurs.
#[derive(Debug, Clone, Copy)]
struct Entry {
    count: u64,
    code: u32,
}

/// A frame's texts, the least by code points.
#[derive(Default)]
pub struct Mode {
    frequencies: Frequencies,
    /// The texts that occur, the most frequent first, from when rows come or leave after the first question.
    order: Option<Sorted<Entry>>,
    asked: bool,
}

fn compare(frequencies: &Frequencies, a: &Entry, b: &Entry) -> Ordering {
    let by_count = b.count.cmp(&a.count);
    by_count.then_with(|| frequencies.text(a.code).cmp(frequencies.text(b.code)))
}

impl Mode {
    /// `moves` says whether rows ever leave one by one.
    pub fn new(moves: bool) -> Mode {
        Mode {
            frequencies: Frequencies::new(moves),
            ..Mode::default()
        }
    }

    /// A row comes. Returns an error when stopped, and where there is no room.
    pub fn push(&mut self, text: Option<&str>, monitor: &dyn Monitor) -> Result<()> {
        self.settle(monitor)?;
        match self.frequencies.push(text)? {
            Some(code) => self.changed(code, 1),
            None => Ok(()),
        }
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
            if let Some(code) = self.frequencies.pop() {
                self.changed(code, -1)?;
            }
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.frequencies.clear();
        (self.order, self.asked) = (None, false);
    }

    /// Puts the texts in order, once somebody has asked and rows come or leave after that.
    fn settle(&mut self, monitor: &dyn Monitor) -> Result<()> {
        if !self.asked || self.order.is_some() {
            return Ok(());
        }
        let mut entries = Vec::new();
        for code in self.frequencies.frequent(1) {
            let count = self.frequencies.count(code);
            room::push(&mut entries, Entry { count, code })?;
        }
        sort::sort_by(&mut entries, RUN, |a, b| compare(&self.frequencies, a, b), monitor)?;
        self.order = Some(Sorted::of(&entries)?);
        Ok(())
    }

    /// Moves a text, whose count has changed so, to its place.
    fn changed(&mut self, code: u32, change: i64) -> Result<()> {
        let Some(order) = &mut self.order else {
            return Ok(());
        };
        let count = self.frequencies.count(code);
        let by = |a: &Entry, b: &Entry| compare(&self.frequencies, a, b);
        let before = count.wrapping_add_signed(-change);
        if before > 0 {
            order.remove(Entry { count: before, code }, by)?;
        }
        if count > 0 {
            order.insert(Entry { count, code }, by)?;
        }
        Ok(())
    }

    /// The most frequent text. Returns an error when stopped. O(different texts) the first time, O(log of them) after rows have come or left.
    pub fn most_frequent(&mut self, monitor: &dyn Monitor) -> Result<Option<&str>> {
        self.asked = true;
        if let Some(order) = &self.order {
            return Ok(order.get(0).map(|entry| self.frequencies.text(entry.code)));
        }
        let mut best: Option<Entry> = None;
        let mut pace = Pace::new(monitor);
        for code in self.frequencies.frequent(1) {
            pace.spend(1)?;
            let count = self.frequencies.count(code);
            let entry = Entry { count, code };
            if best.is_none_or(|best| compare(&self.frequencies, &entry, &best).is_lt()) {
                best = Some(entry);
            }
        }
        Ok(best.map(|best| self.frequencies.text(best.code)))
    }
}

/// A number as a text that is ordered as the number is.
pub fn text_of(number: f64) -> String {
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    format!("{ordered:016x}")
}

/// The number of such a text.
pub fn number_of(text: &str) -> Result<f64> {
    let ordered = u64::from_str_radix(text, 16).map_err(|_| Error::Internal("a text is no number"))?;
    let bits = if ordered >> 63 == 1 {
        ordered & !(1 << 63)
    } else {
        !ordered
    };
    Ok(f64::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;
    use std::collections::BTreeMap;

    #[test]
    fn the_mode_of_a_moving_frame_is_that_of_its_rows() {
        let texts: Vec<Option<String>> = (0..3000)
            .map(|row| (row % 7 != 0).then(|| format!("t{}", hash_u64(1, row) % (2 + row / 100))))
            .collect();
        for width in [1, 30, 9000] {
            let mut mode = Mode::new(width < 9000);
            let mut head = 0;
            for row in 0..texts.len() {
                mode.push(texts[row].as_deref(), &Unwatched).unwrap();
                let to = (row + 1).saturating_sub(width);
                mode.pop(to - head, &Unwatched).unwrap();
                head = to;
                let mut counts = BTreeMap::new();
                texts[head..=row]
                    .iter()
                    .flatten()
                    .for_each(|text| *counts.entry(text).or_insert(0) += 1);
                let most = counts.values().max();
                let expected = counts
                    .iter()
                    .find(|(_, count)| Some(*count) == most)
                    .map(|(text, _)| text.as_str());
                assert_eq!(mode.most_frequent(&Unwatched).unwrap(), expected, "{width} {row}");
            }
        }
    }

    #[test]
    fn numbers_are_texts_of_the_same_order() {
        let numbers = [
            f64::NEG_INFINITY,
            -1e300,
            -2.0,
            -1e-300,
            0.0,
            1e-310,
            1.0,
            3.5,
            f64::MAX,
        ];
        let texts = numbers.map(text_of);
        assert!(texts.is_sorted());
        assert_eq!(texts.each_ref().map(|text| number_of(text).unwrap()), numbers);
        assert_eq!(text_of(-0.0), text_of(0.0));
    }
}
