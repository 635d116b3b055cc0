//! What a leaf is worth, and the best split of a leaf by a number column.
//!
//! With G and H the sums of gradients and hessians over a leaf's rows and T the soft threshold by the L1 penalty, the leaf's
//! value is w = -T(G) / (H + lambda) and its score -(2 T(G) w + (H + lambda) w^2), which is T(G)^2 / (H + lambda) unless
//! bounds hold w back (Chen and Guestrin, "XGBoost", 2016, equations 5 and 6). The gain of a split is the children's scores
//! less the parent's.

use super::category;
use super::histogram::Sums;
use super::packing::{Cell, Packing};
use super::params::BoostingParams;
use super::running;
use super::running::{Filter, STEP};
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
    fn least(&self, total: Cell) -> Least {
        let rows = self.params.min_child_samples.max(1) as i64;
        // A single row is always enough.
        let share = (rows - 1) as f64 * (total.hessian as f64 / total.count as f64);
        let weight = self.params.min_child_weight / self.packing.hessian_unit;
        Least {
            rows,
            hessian: share.max(weight).ceil().max(1.0) as i64,
        }
    }

    /// A leaf with the sums `total`, to be split. None when it has no weight.
    pub(super) fn parent(&self, total: Cell, bounds: Bounds) -> Option<Parent<'_>> {
        let (params, l2) = (self.params, self.params.reg_lambda);
        (total.hessian > 0).then(|| Parent {
            judge: self,
            total,
            bounds,
            least: self.least(total),
            threshold: self.score(total, l2, bounds) + params.min_split_gain,
            filter: (bounds == Bounds::FREE && params.reg_alpha <= 0.0).then(|| Filter::new(self.packing, total, l2)),
        })
    }
}

/// A leaf whose best split is looked for.
pub(super) struct Parent<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) total: Cell,
    pub(super) bounds: Bounds,
    /// How large its children must be.
    pub(super) least: Least,
    /// What the children's scores must exceed.
    pub(super) threshold: f64,
    /// Where scores are quotients, as they nearly always are: neither bounds nor an L1 penalty hold the values of leaves back.
    filter: Option<Filter<'a>>,
}

impl Parent<'_> {
    /// The best split by `column`, or none when no split is admitted or gains. `sums` is the column's part of the leaf's
    /// histogram; a split that gains no more than `above` need not be found. O(bins), for categories O(bins log bins).
    pub(super) fn best(&self, column: usize, bins: &Bins, sums: Sums, above: f64) -> Option<Split> {
        let packing = self.judge.packing;
        match bins {
            Bins::Category { .. } => match sums {
                Sums::Cells(cells) => category::best(self, column, cells),
                Sums::Running(running) => category::best(self, column, &running::cells(running, packing)),
            },
            Bins::Number { .. } => {
                let missing = sums.len() - 1;
                let params = self.judge.params;
                // A little less than the scores of a split that gains as much.
                let floor = (above - params.min_split_gain + self.threshold) * (1.0 - 1e-12);
                let scan = Scan {
                    parent: self,
                    sums,
                    floor: floor.max(self.threshold),
                    monotone: params.monotone_constraints.get(column).copied().unwrap_or(0),
                    column,
                };
                if sums.bin(missing, packing).count == 0 {
                    // No missing value says which way to go: the larger child it is.
                    let mut split = scan.run(false, missing - 1)?;
                    if let Rule::Number { missing_left, .. } = &mut split.rule {
                        *missing_left = 2 * split.left.count > self.total.count;
                    }
                    return Some(split);
                }
                // All numbers left and missing values right is a split as well.
                let right = scan.run(false, missing);
                let left = scan.run(true, missing - 1);
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
    parent: &'a Parent<'a>,
    sums: Sums<'a>,
    /// What the children's scores must exceed.
    floor: f64,
    monotone: i8,
    column: usize,
}

/// The sum of the children's scores, the last bin that goes left, and the sums of what goes left.
type End = (f64, usize, Cell);

impl Scan<'_> {
    /// The best of the splits after bin 0, 1, ... `ends` - 1.
    fn run(&self, missing_left: bool, ends: usize) -> Option<Split> {
        let (judge, bounds) = (self.parent.judge, self.parent.bounds);
        let l2 = judge.params.reg_lambda;
        // The loops over the bins are compiled for quotients alone as well, without tests that never turn out otherwise.
        let (score, bin, left) = match (self.sums, &self.parent.filter) {
            (Sums::Cells(cells), Some(_)) => {
                self.best_of_cells(cells, missing_left, ends, |cell| judge.free_score(cell, l2))?
            }
            (Sums::Cells(cells), None) => {
                self.best_of_cells(cells, missing_left, ends, |cell| judge.score(cell, l2, bounds))?
            }
            (Sums::Running(running), Some(filter)) => {
                let admits = |start, lefts: &[u64; STEP], highest| filter.admits(start, lefts, highest);
                let score = |cell| judge.free_score(cell, l2);
                self.best_of_running(running, missing_left, ends, admits, score)?
            }
            (Sums::Running(running), None) => {
                let score = |cell| judge.score(cell, l2, bounds);
                self.best_of_running(running, missing_left, ends, |_, _, _| true, score)?
            }
        };
        // Half way through the bins that no row of the leaf is in.
        let (empty, last) = (self.sums.empty_after(bin), self.sums.len() - 2);
        let bin = if bin + empty < last { bin + empty / 2 } else { last };
        let rule = Rule::Number { bin, missing_left };
        Some(Split {
            column: self.column,
            gain: score - self.parent.threshold + judge.params.min_split_gain,
            rule,
            left,
            l2,
        })
    }

    /// The first of the best ends of `cells`.
    #[inline]
    fn best_of_cells(
        &self,
        cells: &[Cell],
        missing_left: bool,
        ends: usize,
        score: impl Fn(Cell) -> f64,
    ) -> Option<End> {
        let Parent { total, least, .. } = *self.parent;
        let mut best = None;
        let mut highest = self.floor;
        let mut left = if missing_left { *cells.last()? } else { Cell::default() };
        for (bin, cell) in cells[..ends].iter().enumerate() {
            left.add(*cell);
            if cell.count == 0 || !least.admits(left) {
                continue;
            }
            let right = total.minus(left);
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

    /// The first of the best ends of running sums. `admits` tells whether one of some sums may be better than the best so far.
    #[inline]
    fn best_of_running(
        &self,
        running: &[u64],
        missing_left: bool,
        ends: usize,
        admits: impl Fn(u64, &[u64; STEP], f64) -> bool,
        score: impl Fn(Cell) -> f64,
    ) -> Option<End> {
        let Parent { total, least, .. } = *self.parent;
        let packing = self.parent.judge.packing;
        let start = if missing_left { running::missing(running) } else { 0 };
        let count = |bin: usize| packing.count(running[bin].wrapping_add(start));
        let mut best = None;
        let mut highest = self.floor;
        for from in (0..ends).step_by(STEP) {
            let end = (from + STEP).min(ends);
            if count(end - 1) < least.rows {
                continue;
            }
            if total.count - count(from) < least.rows {
                break;
            }
            // The last ones are looked at with some before them, which does no harm.
            let window = from.min(running.len().saturating_sub(STEP));
            if let Some(lefts) = running[window..].first_chunk()
                && !admits(start, lefts, highest)
            {
                continue;
            }
            for (place, &sum) in running[from..end].iter().enumerate() {
                let left = packing.unpack(sum.wrapping_add(start));
                let right = total.minus(left);
                if sum == 0 || !least.admits(left) || !least.admits(right) {
                    continue;
                }
                if self.monotone != 0 && !self.keeps_direction(left, right) {
                    continue;
                }
                let scores = score(left) + score(right);
                if scores > highest {
                    highest = scores;
                    best = Some((scores, from + place, left));
                }
            }
        }
        best
    }

    /// Whether the children's values stand in the order that the column's constraint asks for.
    fn keeps_direction(&self, left: Cell, right: Cell) -> bool {
        let (judge, bounds) = (self.parent.judge, self.parent.bounds);
        let value = |cell| judge.cell_value(cell, judge.params.reg_lambda, bounds);
        let rise = value(right) - value(left);
        rise * f64::from(self.monotone) >= 0.0
    }
}
