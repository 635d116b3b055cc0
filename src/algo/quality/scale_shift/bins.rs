//! The bin of a magnitude, without taking its logarithm.

use std::sync::LazyLock;

use super::{ALL_BINS, BINS, LEAST};

/// Where bins begin; numbers on an edge are rounded up, so that 1000 is with 1001.
#[derive(Debug)]
pub(super) struct Bins {
    /// The least magnitude of each bin, and where the last one ends.
    edges: Vec<f64>,
    /// The bin of the least number of each cell: numbers that share an exponent and the first bits behind it. A cell is narrower than a bin.
    starts: Vec<u16>,
}

/// Bits of a number beside those that say its cell.
const REST: u32 = 52 - 6;
/// The cells of 2^-40, which is less than 1e-12, and of 2^50, which is more than 1e15.
const FIRST: u64 = (1023 - 40) << 6;
const END: u64 = (1023 + 50) << 6;

/// They are the same for all numbers.
pub(super) static ALL: LazyLock<Bins> = LazyLock::new(|| {
    let edge = |bin: usize| 10_f64.powf(f64::from(LEAST) + (bin as f64 - 1e-9) / BINS as f64);
    let edges: Vec<f64> = (0..=ALL_BINS).map(edge).collect();
    let start = |cell: u64| {
        let least = f64::from_bits(cell << REST);
        edges[1..ALL_BINS].partition_point(|&edge| edge <= least) as u16
    };
    Bins {
        starts: (FIRST..END).map(start).collect(),
        edges,
    }
});

impl Bins {
    /// The bin of a magnitude; `None` beyond all bins. O(1).
    #[inline]
    pub(super) fn of(&self, magnitude: f64) -> Option<usize> {
        let is_within = magnitude >= self.edges[0] && magnitude < self.edges[ALL_BINS];
        is_within.then(|| {
            let cell = (magnitude.to_bits() >> REST) - FIRST;
            let start = usize::from(self.starts[cell as usize]);
            start + usize::from(magnitude >= self.edges[start + 1])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_those_of_logarithms() {
        let by_logarithm = |magnitude: f64| {
            let place = (magnitude.log10() - f64::from(LEAST)) * BINS as f64 + 1e-9;
            (0.0..ALL_BINS as f64).contains(&place).then_some(place as usize)
        };
        let wide = (0..200_000).map(|i| 10_f64.powf(-13.0 + 29.0 * f64::from(i) / 200_000.0));
        let near_edges = (0..=ALL_BINS).flat_map(|bin| {
            let edge = 10_f64.powf(f64::from(LEAST) + bin as f64 / BINS as f64);
            [edge * (1.0 - 1e-10), edge, edge * (1.0 + 1e-10)]
        });
        let round = (-14..=17).map(|power| 10_f64.powi(power));
        let odd = [f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::INFINITY, f64::NAN];
        for magnitude in wide.chain(near_edges).chain(round).chain(odd) {
            assert_eq!(ALL.of(magnitude), by_logarithm(magnitude), "{magnitude:e}");
        }
    }
}
