//! Two distributions of numbers in the same bins, for people to look at.

use super::compare::BinShares;
use super::steps::{Edge, Steps};
use crate::page::ticks::{Ticks, Unit};

/// About so many bins.
const BINS: usize = 20;

/// Bins of one width and with round edges over what is between the 1st and the 99th percentile of either side; the outer ones have what lies beyond.
/// Empty where a side has no rows. O(bins log n).
pub fn side_by_side(reference: &Steps, current: &Steps) -> Vec<BinShares> {
    let quantile = |q: f64| Some([reference.quantile(q)?, current.quantile(q)?]);
    let (Some(low), Some(high)) = (quantile(0.01), quantile(0.99)) else {
        return Vec::new();
    };
    let ticks = Ticks::of(low[0].min(low[1]), high[0].max(high[1]), BINS, Unit::Number);
    let last = ticks.marks.len().saturating_sub(2);
    let share = |side: &Steps, bin: usize| {
        let rows = side.rows() as f64;
        let below = |edge: usize| side.below(ticks.marks[edge].0, Edge::Above);
        let begin = if bin == 0 { 0.0 } else { below(bin) };
        let end = if bin == last { rows } else { below(bin + 1) };
        (end - begin).max(0.0) / rows.max(1.0)
    };
    let bins = ticks.marks.windows(2).enumerate();
    bins.map(|(bin, ends)| BinShares {
        low: ends[0].0,
        high: ends[1].0,
        reference: share(reference, bin),
        current: share(current, bin),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::steps::Piece;

    fn steps(values: impl Iterator<Item = f64>) -> Steps {
        Steps::new(
            values
                .map(|value| Piece {
                    low: value,
                    high: value,
                    rows: 1,
                })
                .collect(),
        )
    }

    #[test]
    fn shares_of_both_sides_add_up() {
        let (a, b) = (steps((0..1000).map(f64::from)), steps((500..1500).map(f64::from)));
        let bins = side_by_side(&a, &b);
        let sum = |of: fn(&BinShares) -> f64| bins.iter().map(of).sum::<f64>();
        assert!((sum(|bin| bin.reference) - 1.0).abs() < 1e-12 && (sum(|bin| bin.current) - 1.0).abs() < 1e-12);
        assert_eq!(bins[0].current, 0.0);
        assert!(bins.len() >= 10 && bins.len() <= 25, "{}", bins.len());
        assert_eq!(side_by_side(&a, &steps(std::iter::empty())), []);
        assert!(!side_by_side(&steps([5.0].into_iter()), &steps([5.0].into_iter())).is_empty());
    }
}
