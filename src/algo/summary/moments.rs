//! Count, range, mean and spread of numbers.

use serde::{Deserialize, Serialize};

use super::squares::Squares;
use crate::unit::unit_for;

/// Numbers that are summed before their statistics join the rest.
const CHUNK: usize = 1024;

/// The number, least, greatest, mean and sum of squared deviations of some finite numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    least: f64,
    greatest: f64,
    mean: f64,
    deviations: Squares,
}

impl Moments {
    /// Of all numbers in `values` that are not NaN. Two passes over each chunk, and the pairwise update of Chan, Golub and LeVeque
    /// (1983) between chunks, lose no digits to a large mean. O(n).
    pub fn of(values: &[f64]) -> Moments {
        let mut all = Moments::default();
        for chunk in values.chunks(CHUNK) {
            all.merge(&Moments::of_chunk(chunk));
        }
        all
    }

    /// Of the same number in `rows` rows.
    pub fn repeated(value: f64, rows: u64) -> Moments {
        match rows {
            0 => Moments::default(),
            count => Moments {
                count,
                least: value,
                greatest: value,
                mean: value,
                deviations: Squares::default(),
            },
        }
    }

    /// Of the same numbers in another unit, `factor` of which make one of this; the factor is above 0.
    pub fn scaled(&self, factor: f64) -> Moments {
        Moments {
            count: self.count,
            least: self.least * factor,
            greatest: self.greatest * factor,
            mean: self.mean * factor,
            deviations: self.deviations.scaled(factor),
        }
    }

    /// Of few values, in a unit of their own where their sum or squares would leave the range of a float.
    fn of_chunk(values: &[f64]) -> Moments {
        let moments = Moments::in_range(values);
        let unit = unit_for(moments.least.abs().max(moments.greatest.abs()));
        if unit == 1.0 || moments.count == 0 {
            return moments;
        }
        if moments.least == moments.greatest {
            return Moments::repeated(moments.least, moments.count);
        }
        let scaled: Vec<f64> = values.iter().map(|value| value / unit).collect();
        Moments {
            least: moments.least,
            greatest: moments.greatest,
            ..Moments::in_range(&scaled).scaled(unit)
        }
    }

    fn in_range(values: &[f64]) -> Moments {
        // Most columns lack nothing, and then nothing has to be asked of each number.
        let present = Moments::in_range_of::<true>(values);
        present
            .or_else(|| Moments::in_range_of::<false>(values))
            .unwrap_or_default()
    }

    /// With `ALL`, of all numbers; `None` where their sum is NaN, as it is when one of them is.
    fn in_range_of<const ALL: bool>(values: &[f64]) -> Option<Moments> {
        let known = |value: f64| ALL || !value.is_nan();
        /// Partial sums that a processor can keep in flight at once.
        const LANES: usize = 8;
        let (blocks, rest) = values.as_chunks::<LANES>();
        let (mut counts, mut sums) = ([0.0; LANES], [0.0; LANES]);
        let (mut least, mut greatest) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let mut first = |lane: usize, value: f64| {
            let known = known(value);
            counts[lane] += if known { 1.0 } else { 0.0 };
            sums[lane] += if known { value } else { 0.0 };
            least[lane] = if value < least[lane] { value } else { least[lane] };
            greatest[lane] = if value > greatest[lane] { value } else { greatest[lane] };
        };
        for block in blocks {
            (0..LANES).for_each(|lane| first(lane, block[lane]));
        }
        rest.iter().enumerate().for_each(|(lane, &value)| first(lane, value));
        let count: f64 = counts.iter().sum();
        if count == 0.0 {
            return Some(Moments::default());
        }
        let mean = sums.iter().sum::<f64>() / count;
        if ALL && mean.is_nan() {
            return None;
        }
        let (mut off, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let mut second = |lane: usize, value: f64| {
            let difference = if known(value) { value - mean } else { 0.0 };
            off[lane] += difference;
            squares[lane] += difference * difference;
        };
        for block in blocks {
            (0..LANES).for_each(|lane| second(lane, block[lane]));
        }
        rest.iter().enumerate().for_each(|(lane, &value)| second(lane, value));
        let off = off.iter().sum::<f64>();
        let deviations = squares.iter().sum::<f64>() - off * off / count;
        Some(Moments {
            count: count as u64,
            least: least.into_iter().fold(f64::INFINITY, f64::min),
            greatest: greatest.into_iter().fold(f64::NEG_INFINITY, f64::max),
            mean: mean + off / count,
            // Not `max`, which would take an overflow's NaN for 0.
            deviations: Squares::of_sum(if deviations < 0.0 { 0.0 } else { deviations }),
        })
    }

    /// Adds the numbers of another.
    pub fn merge(&mut self, other: &Moments) {
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                *self = *other;
            }
            return;
        }
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let (total, delta) = (ours + theirs, other.mean - self.mean);
        self.count += other.count;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        self.mean += delta * (theirs / total);
        let (squares, factor) = (delta * delta, ours * theirs / total);
        let between = if squares.is_normal() && (squares * factor).is_finite() || delta == 0.0 {
            Squares::of_sum(squares * factor)
        } else {
            Squares::of_root(delta.abs() * factor.sqrt())
        };
        self.deviations = self.deviations.plus(other.deviations.plus(between));
    }

    /// The sum of squared deviations.
    pub(crate) fn deviations(&self) -> Squares {
        self.deviations
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The least number. `None` without numbers.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.least)
    }

    /// The greatest number. `None` without numbers.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.greatest)
    }

    /// The mean. `None` without numbers, and when their sum leaves the range of a float.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean).filter(|mean| mean.is_finite())
    }

    /// The standard deviation of a sample (divided by n - 1), as SQL's `stddev`. `None` with fewer than two numbers, and when it
    /// leaves the range of a float.
    pub fn stddev(&self) -> Option<f64> {
        (self.count > 1)
            .then(|| self.deviations.root_mean((self.count - 1) as f64))
            .filter(|stddev| stddev.is_finite())
    }

    /// Whether these can be anyone's moments.
    pub(crate) fn is_sound(&self) -> bool {
        if self.count == 0 {
            return *self == Moments::default();
        }
        let range = self.least.is_finite() && self.greatest.is_finite() && self.least <= self.greatest;
        range && self.deviations.is_sound()
    }
}
