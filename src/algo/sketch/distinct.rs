//! How many different values there are.

use serde::{Deserialize, Serialize};

use super::table::Table;
use super::{CONFIDENCE_99, other_capacity};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};

/// HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007) over 64-bit hashes, with the estimator of Ertl, "New cardinality
/// estimation algorithms for HyperLogLog sketches" (2017), which needs no tables and no corrections for small or large counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HyperLogLog {
    registers: Vec<u8>,
}

impl HyperLogLog {
    /// The least and the greatest precision.
    pub const PRECISIONS: std::ops::RangeInclusive<u8> = 6..=16;

    /// An empty sketch of 2^`precision` bytes.
    pub fn new(precision: u8) -> HyperLogLog {
        let (least, most) = Self::PRECISIONS.into_inner();
        HyperLogLog {
            registers: vec![0; 1 << precision.clamp(least, most)],
        }
    }

    fn precision(&self) -> u32 {
        self.registers.len().ilog2()
    }

    /// Adds the hash of a value.
    #[inline]
    pub fn push(&mut self, hash: u64) {
        self.push_all(std::iter::once(hash));
    }

    /// Adds hashes.
    #[inline]
    pub fn push_all(&mut self, hashes: impl Iterator<Item = u64>) {
        let precision = self.precision();
        for hash in hashes {
            // A bit behind the last one that counts stops the zeros.
            let rest = hash << precision | 1 << (precision - 1);
            let rank = rest.leading_zeros() as u8 + 1;
            let register = &mut self.registers[(hash >> (64 - precision)) as usize];
            *register = (*register).max(rank);
        }
    }

    /// About how many different hashes were pushed. O(registers).
    pub fn estimate(&self) -> f64 {
        let (size, steps) = (self.registers.len() as f64, 64 - self.precision() as usize);
        let mut counts = [0_u32; 66];
        self.registers
            .iter()
            .for_each(|&rank| counts[usize::from(rank).min(65)] += 1);
        let mut sum = size * tau(1.0 - f64::from(counts[steps + 1]) / size);
        for rank in (1..=steps).rev() {
            sum = 0.5 * (sum + f64::from(counts[rank]));
        }
        sum += size * sigma(f64::from(counts[0]) / size);
        size * size / (2.0 * std::f64::consts::LN_2 * sum)
    }

    /// The standard deviation of the estimate, as a share of it.
    pub fn deviation(&self) -> f64 {
        1.04 / (self.registers.len() as f64).sqrt()
    }

    /// Adds the values of another. Returns an error when that is of another precision.
    pub fn merge(&mut self, other: &HyperLogLog) -> Result<()> {
        let (ours, theirs) = (self.registers.len(), other.registers.len());
        if ours != theirs {
            return Err(other_capacity("a sketch of distinct values", ours, theirs));
        }
        for (ours, &theirs) in self.registers.iter_mut().zip(&other.registers) {
            *ours = (*ours).max(theirs);
        }
        Ok(())
    }

    /// Checks what the other methods rely on, and that it is of this precision.
    pub fn validate(&self, precision: u8) -> Result<()> {
        let most = 65 - precision.min(64);
        let sound = Self::PRECISIONS.contains(&precision)
            && self.registers.len() == 1 << precision
            && self.registers.iter().all(|&rank| rank <= most);
        sound
            .then_some(())
            .ok_or_else(|| Error::damaged("sketch of distinct values", "its registers are not possible"))
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.registers.capacity()
    }
}

/// x + x² 1 + x⁴ 2 + x⁸ 4 + …; infinite at 1.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut factor, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

/// (1 - x - (1 - √x)² / 2 - (1 - ⁴√x)² / 4 - …) / 3
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut factor, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// The number of different values, by their 64-bit hashes: exact up to `limit` (but for the odds that two of so few hashes are the
/// same), then estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distinct {
    limit: u16,
    precision: u8,
    /// Empty once there are more.
    exact: Table<u64>,
    sketch: Option<HyperLogLog>,
}

impl Distinct {
    /// Nothing yet. Exact up to `limit` values, then with 2^`precision` registers (6 to 16; 14 has a standard error of 0.8 %).
    pub fn new(limit: u16, precision: u8) -> Distinct {
        let (least, most) = HyperLogLog::PRECISIONS.into_inner();
        Distinct {
            limit,
            precision: precision.clamp(least, most),
            exact: Table::default(),
            sketch: None,
        }
    }

    /// Adds the hash of a value: [`super::Key::hash`], [`super::hash_text`], or another that is as well mixed. Equal values must
    /// have equal hashes in all states that are merged.
    #[inline]
    pub fn push(&mut self, hash: u64) {
        match &mut self.sketch {
            Some(sketch) => sketch.push(hash),
            None if self.exact.add(hash, 1, self.limit.into()) => (),
            None => self.sketched().push(hash),
        }
    }

    /// Turns to estimates.
    fn sketched(&mut self) -> &mut HyperLogLog {
        let exact = std::mem::take(&mut self.exact);
        self.sketch.get_or_insert_with(|| {
            let mut sketch = HyperLogLog::new(self.precision);
            sketch.push_all(exact.iter().map(|(&hash, _)| hash));
            sketch
        })
    }

    /// How many different values there are, or about how many.
    pub fn estimate(&self) -> f64 {
        match &self.sketch {
            None => self.exact.len() as f64,
            Some(sketch) => sketch.estimate().max(f64::from(self.limit) + 1.0),
        }
    }

    /// Whether that number is exact.
    pub fn is_exact(&self) -> bool {
        self.sketch.is_none()
    }

    /// How far it may be off, as a share of it, with 99 % confidence.
    pub fn error(&self) -> f64 {
        self.sketch
            .as_ref()
            .map_or(0.0, |sketch| CONFIDENCE_99 * sketch.deviation())
    }

    /// Between which numbers it is, with 99 % confidence.
    pub fn bounds(&self) -> (f64, f64) {
        let (estimate, error) = (self.estimate(), self.error());
        let least = if self.is_exact() {
            0.0
        } else {
            f64::from(self.limit) + 1.0
        };
        ((estimate * (1.0 - error)).max(least), estimate * (1.0 + error))
    }
}

impl Accumulator for Distinct {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if (self.limit, self.precision) != (other.limit, other.precision) {
            let (ours, theirs) = (self.limit.into(), other.limit.into());
            return Err(other_capacity("a sketch of distinct values", ours, theirs));
        }
        other.exact.iter().for_each(|(&hash, _)| self.push(hash));
        match &other.sketch {
            Some(sketch) => self.sketched().merge(sketch),
            None => Ok(()),
        }
    }

    fn validate(&self) -> Result<()> {
        let sound = HyperLogLog::PRECISIONS.contains(&self.precision)
            && self.exact.is_sound(if self.is_exact() { self.limit.into() } else { 0 });
        if !sound {
            return Err(Error::damaged(
                "sketch of distinct values",
                "its values are not possible",
            ));
        }
        self.sketch
            .as_ref()
            .map_or(Ok(()), |sketch| sketch.validate(self.precision))
    }

    fn memory(&self) -> usize {
        self.exact.memory() + self.sketch.as_ref().map_or(0, HyperLogLog::memory)
    }
}
