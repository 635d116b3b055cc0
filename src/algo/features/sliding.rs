//! Sums over a frame that moves on, without subtracting: what has left the frame leaves no rounding errors behind.
//!
//! Two stacks, as a queue is made of them: the back one sums what comes; when the front one is empty, it takes the back's values, each with
//! the sum of itself and all that came after it. Leaving is then one step, and each value is summed twice, however wide the frame is.

use super::queue::Queue;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::summary::PreciseMoments;

/// What is known of numbers together, and of two such groups as one. NaN is missing and adds nothing.
pub trait Sum: Copy + Default {
    /// Of numbers, which are not many.
    fn of(numbers: &[f64]) -> Self;

    /// Adds the numbers of another.
    fn merge(&mut self, other: &Self);
}

/// The least and the greatest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub least: f64,
    pub greatest: f64,
}

impl Default for Range {
    fn default() -> Range {
        Range {
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        }
    }
}

impl Sum for Range {
    fn of(numbers: &[f64]) -> Range {
        numbers.iter().fold(Range::default(), |range, &number| Range {
            least: range.least.min(number),
            greatest: range.greatest.max(number),
        })
    }

    fn merge(&mut self, other: &Range) {
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// The mean and the spread of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread(PreciseMoments);

impl Spread {
    /// `None` without numbers, and where their sum leaves the range of a float.
    pub fn mean(&self) -> Option<f64> {
        self.0.mean()
    }

    /// How much a number is above the mean. `None` as for the mean.
    pub fn above_mean(&self, number: f64) -> Option<f64> {
        self.0.above_mean(number)
    }

    /// The standard deviation of a sample; 0 of one number. `None` where it leaves the range of a float.
    pub fn deviation(&self) -> Option<f64> {
        match self.0.count() {
            1 => Some(0.0),
            _ => self.0.stddev(),
        }
    }
}

impl Sum for Spread {
    fn of(numbers: &[f64]) -> Spread {
        let mut known = numbers.iter().copied().filter(|number| !number.is_nan());
        match (known.next(), known.next()) {
            (None, _) => Spread::default(),
            (Some(only), None) => Spread(PreciseMoments::of_one(only)),
            (Some(first), Some(second)) => {
                let numbers: Vec<f64> = [first, second].into_iter().chain(known).collect();
                Spread(PreciseMoments::of(&numbers))
            }
        }
    }

    fn merge(&mut self, other: &Spread) {
        self.0.merge(&other.0);
    }
}

/// Numbers summed at once.
const CHUNK: usize = 1024;
/// Steps between two looks at the monitor.
const LOOK: usize = 1 << 16;

/// A frame's sum.
#[derive(Debug)]
pub struct Sliding<S> {
    /// The last is the sum of all values that are in front, the one before it of all but the first, and so on.
    front: Vec<S>,
    back: Queue<f64>,
    back_sum: S,
    /// Whether values ever leave one by one.
    moves: bool,
}

impl<S: Sum> Sliding<S> {
    pub fn new(moves: bool) -> Self {
        Sliding {
            front: Vec::new(),
            back: Queue::default(),
            back_sum: S::default(),
            moves,
        }
    }

    /// Rows come. Returns an error where there is no room.
    pub fn push(&mut self, numbers: &[f64]) -> Result<()> {
        for chunk in numbers.chunks(CHUNK) {
            self.back_sum.merge(&S::of(chunk));
            if self.moves {
                for &number in chunk {
                    self.back.push(number)?;
                }
            }
        }
        Ok(())
    }

    /// The first rows leave. Returns an error when stopped, and where there is no room. Amortised O(1) for each.
    pub fn pop(&mut self, mut count: usize, monitor: &dyn Monitor) -> Result<()> {
        while count > 0 {
            if self.front.is_empty() {
                if count >= self.back.len() {
                    self.clear();
                    return Ok(());
                }
                self.turn(monitor)?;
            }
            let leaving = count.min(self.front.len());
            self.front.truncate(self.front.len() - leaving);
            count -= leaving;
        }
        Ok(())
    }

    /// Takes what is behind to the front.
    fn turn(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let values = self.back.take();
        room::reserve(&mut self.front, values.len())?;
        let mut sum = S::default();
        for (step, value) in values.iter().rev().enumerate() {
            if step % LOOK == 0 {
                monitor.check()?;
            }
            sum.merge(&S::of(std::slice::from_ref(value)));
            self.front.push(sum);
        }
        self.back_sum = S::default();
        Ok(())
    }

    pub fn clear(&mut self) {
        self.front.clear();
        self.back.clear();
        self.back_sum = S::default();
    }

    /// Of all rows that are there.
    pub fn sum(&self) -> S {
        let mut sum = self.front.last().copied().unwrap_or_default();
        sum.merge(&self.back_sum);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;

    #[test]
    fn a_moving_sum_is_that_of_its_rows() {
        // A huge value passes through, and must leave nothing behind.
        let number = |row: u64| match row {
            500 => 1e18,
            _ if row.is_multiple_of(11) => f64::NAN,
            _ => (hash_u64(1, row) % 1000) as f64 / 7.0,
        };
        let numbers: Vec<f64> = (0..3000).map(number).collect();
        let (mut spread, mut range) = (Sliding::<Spread>::new(true), Sliding::<Range>::new(true));
        let (mut head, mut tail) = (0, 0);
        for row in 0..numbers.len() {
            let (to_head, to_tail) = (
                row.saturating_sub(40 + row % 3).max(head),
                (row + row % 5).min(3000).max(tail),
            );
            spread.push(&numbers[tail..to_tail]).unwrap();
            range.push(&numbers[tail..to_tail]).unwrap();
            spread.pop(to_head - head, &Unwatched).unwrap();
            range.pop(to_head - head, &Unwatched).unwrap();
            (head, tail) = (to_head, to_tail);
            let rows = &numbers[head..tail];
            assert_eq!(range.sum(), Range::of(rows), "{row}");
            let (found, expected) = (spread.sum(), Spread::of(rows));
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1e-12),
                (a, b) => a == b,
            };
            assert!(near(found.mean(), expected.mean()), "{row}");
            assert!(near(found.deviation(), expected.deviation()), "{row}");
        }
    }

    #[test]
    fn what_never_moves_keeps_no_rows() {
        let mut still = Sliding::<Range>::new(false);
        still.push(&[3.0, f64::NAN, 1.0]).unwrap();
        assert_eq!(still.back.len(), 0);
        assert_eq!((still.sum().least, still.sum().greatest), (1.0, 3.0));
        still.clear();
        assert_eq!(still.sum(), Range::default());
    }
}
