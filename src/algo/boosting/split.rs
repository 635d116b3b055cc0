//! What a leaf is worth, and the best split of a leaf by a number column.
//!
//! With G and H the sums of gradients and hessians over a leaf's rows and T the soft threshold by the L1 penalty, the leaf's
//! value is w = -T(G) / (H + lambda) and its score -(2 T(G) w + (H + lambda) w^2), which is T(G)^2 / (H + lambda) unless
//! bounds hold w back (Chen and Guestrin, "XGBoost", 2016, equations 5 and 6). The gain of a split is the children's scores
//! less the parent's.

use super::category;
use super::packing::{Cell, Packing};
use super::params::BoostingParams;
use crate::trees::bins::Bins;

/// A set of bins: one bit each.
pub(super) type BinSet = [u64; 4];

/// Whether `bin` is in `set`.
#[inline]
pub(super) fn contains(set: &BinSet, bin: usize) -> bool {
    bin < 256 && set[bin >> 6] >> (bin & 63) & 1 == 1
}

/// Which rows go left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// Numbers up to this bin; missing values as told.
    Number { bin: usize, missing_left: bool },
    /// The levels in the set; missing values have a bin like any level.
    Category { set: BinSet },
}

/// A split of a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) column: usize,
    /// By how much the training loss falls, in second-order approximation, times 2.
    pub(super) gain: f64,
    pub(super) rule: Rule,
    /// The sums over the rows that go left.
    pub(super) left: Cell,
    /// The L2 penalty that the children's values are computed with.
    pub(super) l2: f64,
}

/// The range a leaf's value may lie in, given by the monotone splits above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    pub(super) const FREE: Bounds = Bounds {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
}

/// How large a child must be. Rows are counted, and also weighed by their hessians: those of which the model is sure count less. Without
/// that, leaves of small tables fit what rows that are long since explained leave over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Least {
    rows: i64,
    hessian: i64,
}

impl Least {
    /// Whether a child with these sums is large enough.
    #[inline]
    pub(super) fn admits(self, cell: Cell) -> bool {
        cell.count >= self.rows && cell.hessian >= self.hessian
    }
}

/// How leaves are valued and splits are judged in one round.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) params: &'a BoostingParams,
    pub(super) packing: &'a Packing,
}

impl Judge<'_> {
    /// The sum of gradients after the L1 penalty.
    #[inline]
    fn soft(&self, gradient: f64) -> f64 {
        gradient.signum() * (gradient.abs() - self.params.reg_alpha).max(0.0)
    }

    /// The value of a leaf with these sums.
    #[inline]
    pub(super) fn value(&self, gradient: f64, hessian: f64, l2: f64, bounds: Bounds) -> f64 {
        let weight = hessian + l2;
        if weight > 0.0 {
            (-self.soft(gradient) / weight).clamp(bounds.low, bounds.high)
        } else {
            0.0
        }
    }

    /// The value of a leaf with the rounded sums in `cell`.
    pub(super) fn cell_value(&self, cell: Cell, l2: f64, bounds: Bounds) -> f64 {
        self.value(self.packing.gradient(cell), self.packing.hessian(cell), l2, bounds)
    }

    /// The score of a leaf with the sums in `cell`, without an L1 penalty and bounds.
    #[inline]
    fn free_score(&self, cell: Cell, l2: f64) -> f64 {
        let gradient = self.packing.gradient(cell);
        // Both children have a positive hessian; see `Least`.
        gradient * gradient / (self.packing.hessian(cell) + l2)
    }

    /// The score of a leaf with the sums in `cell`.
    #[inline]
    pub(super) fn score(&self, cell: Cell, l2: f64, bounds: Bounds) -> f64 {
        let (gradient, weight) = (self.packing.gradient(cell), self.packing.hessian(cell) + l2);
        let gradient = if self.params.reg_alpha > 0.0 {
            self.soft(gradient)
        } else {
            gradient
        };
        if bounds == Bounds::FREE {
            // Both children have a positive hessian; see `Least`.
            return gradient * gradient / weight;
        }
        let value = (-gradient / weight).clamp(bounds.low, bounds.high);
        -(2.0 * gradient * value + weight * value * value)
    }

    /// How large the children of a leaf with the sums `total` must be, which has a row and a positive hessian.
    pub(super) fn least(&self, total: Cell) -> Least {
        let rows = self.params.min_child_samples.max(1) as i64;
        // A single row is always enough.
        let share = (rows - 1) as f64 * (total.hessian as f64 / total.count as f64);
        let weight = self.params.min_child_weight / self.packing.hessian_unit;
        Least {
            rows,
            hessian: share.max(weight).ceil().max(1.0) as i64,
        }
    }

    /// What the children's scores must exceed.
    pub(super) fn threshold(&self, total: Cell, bounds: Bounds) -> f64 {
        self.score(total, self.params.reg_lambda, bounds) + self.params.min_split_gain
    }

    /// The best split of a leaf by `column`, or none when no split is admitted or gains. `cells` is the column's part of the
    /// leaf's histogram, `total` the sums over the leaf. O(bins), for categories O(bins log bins).
    pub(super) fn best(
        &self,
        column: usize,
        bins: &Bins,
        cells: &[Cell],
        total: Cell,
        bounds: Bounds,
    ) -> Option<Split> {
        if total.hessian <= 0 {
            return None;
        }
        match bins {
            Bins::Category { .. } => category::best(self, column, cells, total, bounds),
            Bins::Number { .. } => {
                let (missing, values) = cells.split_last()?;
                let monotone = self.params.monotone_constraints.get(column).copied().unwrap_or(0);
                let scan = Scan {
                    judge: self,
                    values,
                    total,
                    bounds,
                    monotone,
                    column,
                };
                if missing.count == 0 {
                    // No missing value says which way to go: the larger child it is.
                    let mut split = scan.run(Cell::default(), false, values.len() - 1)?;
                    if let Rule::Number { missing_left, .. } = &mut split.rule {
                        *missing_left = 2 * split.left.count > total.count;
                    }
                    return Some(split);
                }
                // All numbers left and missing values right is a split as well.
                let right = scan.run(Cell::default(), false, values.len());
                let left = scan.run(*missing, true, values.len() - 1);
                better(right, left)
            }
        }
    }
}

/// The one with the larger gain; the first of equals.
pub(super) fn better(first: Option<Split>, second: Option<Split>) -> Option<Split> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// A pass over the bins of a number column.
struct Scan<'a> {
    judge: &'a Judge<'a>,
    values: &'a [Cell],
    total: Cell,
    bounds: Bounds,
    monotone: i8,
    column: usize,
}

impl Scan<'_> {
    /// The best of the splits after bin 0, 1, ... `ends` - 1, where `start` goes left in any case.
    fn run(&self, start: Cell, missing_left: bool, ends: usize) -> Option<Split> {
        let judge = self.judge;
        let l2 = judge.params.reg_lambda;
        let threshold = judge.threshold(self.total, self.bounds);
        // Nearly always a score is a quotient: the loop over the bins is compiled for it alone, without tests that never turn out otherwise.
        let (score, bin, left) = if self.bounds == Bounds::FREE && judge.params.reg_alpha <= 0.0 {
            self.best_end(start, ends, threshold, |cell| judge.free_score(cell, l2))?
        } else {
            self.best_end(start, ends, threshold, |cell| judge.score(cell, l2, self.bounds))?
        };
        // Half way through the bins that no row of the leaf is in.
        let empty = self.values[bin + 1..].iter().take_while(|cell| cell.count == 0).count();
        let bin = if bin + 1 + empty < self.values.len() {
            bin + empty / 2
        } else {
            self.values.len() - 1
        };
        let rule = Rule::Number { bin, missing_left };
        Some(Split {
            column: self.column,
            gain: score - threshold + self.judge.params.min_split_gain,
            rule,
            left,
            l2,
        })
    }

    /// The end with the largest sum of the children's scores above `threshold`: that sum, the end's bin, and what goes left.
    #[inline]
    fn best_end(
        &self,
        start: Cell,
        ends: usize,
        threshold: f64,
        score: impl Fn(Cell) -> f64,
    ) -> Option<(f64, usize, Cell)> {
        let least = self.judge.least(self.total);
        let mut best = None;
        let mut highest = threshold;
        let mut left = start;
        for (bin, cell) in self.values[..ends].iter().enumerate() {
            left.add(*cell);
            if cell.count == 0 || !least.admits(left) {
                continue;
            }
            let right = self.total.minus(left);
            if !least.admits(right) {
                break;
            }
            if self.monotone != 0 && !self.keeps_direction(left, right) {
                continue;
            }
            let sum = score(left) + score(right);
            if sum > highest {
                highest = sum;
                best = Some((sum, bin, left));
            }
        }
        best
    }

    /// Whether the children's values stand in the order that the column's constraint asks for.
    fn keeps_direction(&self, left: Cell, right: Cell) -> bool {
        let value = |cell| self.judge.cell_value(cell, self.judge.params.reg_lambda, self.bounds);
        let rise = value(right) - value(left);
        rise * f64::from(self.monotone) >= 0.0
    }
}
