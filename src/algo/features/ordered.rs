//! The numbers of a frame in order: medians and other quantiles.

use super::bucket::Buckets;
use super::parameter;
use super::queue::Queue;
use super::sliding::{Range, Sum};
use super::sorted::Sorted;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::summary::order_statistics;
use crate::{room, sort};

/// The rank, from 0, of what is at a position, from 0 to the count, among numbers in order, as SQL's `percentile_disc` takes it.
pub(super) fn rank_at(position: f64, count: usize) -> usize {
    (position.ceil() as usize).clamp(1, count.max(1)) - 1
}

/// The ranks, from 0, of the quantiles that cut so many numbers into equal parts.
fn part_ranks(count: usize, parts: usize) -> Vec<usize> {
    (1..parts)
        .map(|part| (part as u128 * count as u128).div_ceil(parts as u128).max(1) as usize - 1)
        .collect()
}

/// Into how many buckets of about as many numbers others are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts(usize);

impl Parts {
    /// Returns an error unless they are from 2 to 10,000.
    pub fn new(parts: i64) -> Result<Parts> {
        match usize::try_from(parts) {
            Ok(parts @ 2..=10_000) => Ok(Parts(parts)),
            _ => Err(parameter("num_buckets", parts, "from 2 to 10000")),
        }
    }

    /// The buckets of some numbers; `None` where there is none. Returns an error when stopped.
    pub fn buckets(self, numbers: &mut Ordered, monitor: &dyn Monitor) -> Result<Option<Buckets>> {
        if numbers.count() == 0 {
            return Ok(None);
        }
        let mut ranks = vec![0];
        ranks.extend(part_ranks(numbers.count(), self.0));
        let mut points = numbers.at(&ranks, monitor)?;
        let least = points.remove(0);
        Ok(Some(Buckets::between_quantiles(points, least)))
    }
}

/// The rank, from 0, of the median: of two in the middle the lesser.
pub fn median_rank(count: usize) -> usize {
    count.saturating_sub(1) / 2
}

/// A frame's numbers. NaN is missing.
#[derive(Debug)]
pub struct Ordered {
    numbers: Numbers,
    queue: Queue<f64>,
    moves: bool,
}

#[derive(Debug)]
enum Numbers {
    /// In no order, before anybody asked: of a frame that never changes no more is needed.
    Loose(Vec<f64>),
    /// The same, somebody has asked for some of them.
    Asked(Vec<f64>),
    Sorted(Sorted<f64>),
}

impl Ordered {
    /// `moves` says whether rows ever leave one by one.
    pub fn new(moves: bool) -> Ordered {
        Ordered {
            numbers: Numbers::Loose(Vec::new()),
            queue: Queue::default(),
            moves,
        }
    }

    /// How many numbers there are, without those that are missing.
    pub fn count(&self) -> usize {
        match &self.numbers {
            Numbers::Loose(numbers) | Numbers::Asked(numbers) => numbers.len(),
            Numbers::Sorted(numbers) => numbers.len(),
        }
    }

    /// Rows come. Returns an error when stopped, and where there is no room. O(1) for each before anybody asks, O(log n) after that.
    pub fn push(&mut self, numbers: &[f64], monitor: &dyn Monitor) -> Result<()> {
        if self.moves {
            numbers.iter().try_for_each(|&number| self.queue.push(number))?;
        }
        // Zero has one sign here.
        let known = numbers
            .iter()
            .filter(|number| !number.is_nan())
            .map(|number| number + 0.0);
        if let Numbers::Loose(loose) = &mut self.numbers {
            room::reserve(loose, numbers.len())?;
            loose.extend(known);
            return Ok(());
        }
        let sorted = self.sorted(monitor)?;
        known
            .into_iter()
            .try_for_each(|number| sorted.insert(number, f64::total_cmp))
    }

    /// The first rows leave. Returns an error when stopped, and where there is no room.
    pub fn pop(&mut self, count: usize, monitor: &dyn Monitor) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        if count >= self.queue.len() {
            self.clear();
            return Ok(());
        }
        for _ in 0..count {
            if let Some(number) = self.queue.pop().filter(|number| !number.is_nan()) {
                self.sorted(monitor)?.remove(number + 0.0, f64::total_cmp)?;
            }
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.queue.clear();
        self.numbers = Numbers::Loose(Vec::new());
    }

    /// The numbers in order, from now on.
    fn sorted(&mut self, monitor: &dyn Monitor) -> Result<&mut Sorted<f64>> {
        if let Numbers::Loose(numbers) | Numbers::Asked(numbers) = &mut self.numbers {
            sort::sort(numbers, monitor)?;
            self.numbers = Numbers::Sorted(Sorted::of(numbers)?);
        }
        match &mut self.numbers {
            Numbers::Sorted(sorted) => Ok(sorted),
            Numbers::Loose(_) | Numbers::Asked(_) => Err(crate::error::Error::Internal("numbers are not in order")),
        }
    }

    /// The numbers of ranks, ascending and below the count. Returns an error when stopped. O(n) the first time, O(log n) for each of them after
    /// rows have come or left.
    pub fn at(&mut self, ranks: &[usize], monitor: &dyn Monitor) -> Result<Vec<f64>> {
        if let Numbers::Loose(numbers) = &mut self.numbers {
            self.numbers = Numbers::Asked(std::mem::take(numbers));
        }
        match &self.numbers {
            Numbers::Loose(numbers) | Numbers::Asked(numbers) => {
                let mut range = Range::default();
                for chunk in numbers.chunks(1 << 16) {
                    monitor.check()?;
                    range.merge(&Range::of(chunk));
                }
                let found = order_statistics(numbers, (range.least, range.greatest), ranks, monitor)?;
                Ok(found.into_iter().map(|found| found.value).collect())
            }
            Numbers::Sorted(numbers) => Ok(ranks.iter().filter_map(|&rank| numbers.get(rank)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;

    #[test]
    fn quantiles_of_a_moving_frame_are_those_of_its_rows() {
        let number = |row: u64| match row % 13 {
            0 => f64::NAN,
            1 => -0.0,
            _ => (hash_u64(1, row) % 500) as f64 - 200.0,
        };
        let numbers: Vec<f64> = (0..4000).map(number).collect();
        for width in [1, 2, 50, 5000] {
            let mut ordered = Ordered::new(width < 5000);
            let mut head = 0;
            for row in 0..numbers.len() {
                ordered.push(&numbers[row..=row], &Unwatched).unwrap();
                let to = (row + 1).saturating_sub(width);
                ordered.pop(to - head, &Unwatched).unwrap();
                head = to;
                let mut rows: Vec<f64> = numbers[head..=row]
                    .iter()
                    .filter(|x| !x.is_nan())
                    .map(|x| x + 0.0)
                    .collect();
                rows.sort_unstable_by(f64::total_cmp);
                assert_eq!(ordered.count(), rows.len());
                let ranks = part_ranks(rows.len(), 4);
                if !rows.is_empty() {
                    let expected: Vec<f64> = ranks.iter().map(|&rank| rows[rank]).collect();
                    assert_eq!(ordered.at(&ranks, &Unwatched).unwrap(), expected, "{width} {row}");
                }
            }
        }
    }

    #[test]
    fn ranks_are_those_of_percentile_disc() {
        assert_eq!(part_ranks(5, 3), [1, 3]);
        assert_eq!(part_ranks(1, 4), [0, 0, 0]);
        let mut five = Ordered::new(false);
        five.push(&[1.0, 2.0, 3.0, 4.0, 5.0], &Unwatched).unwrap();
        let buckets = Parts::new(3).unwrap().buckets(&mut five, &Unwatched).unwrap().unwrap();
        assert_eq!(
            [1.0, 2.0, 3.0, 4.0, 5.0].map(|value| buckets.bucket(value)),
            [1, 2, 2, 3, 3]
        );
        assert!(Parts::new(1).is_err() && Parts::new(10_001).is_err());
        assert_eq!([1, 2, 3, 4].map(median_rank), [0, 0, 1, 1]);
        assert_eq!(
            [0.0, 0.2, 1.0, 1.5, 9.0].map(|position| rank_at(position, 2)),
            [0, 0, 0, 1, 1]
        );
    }
}
