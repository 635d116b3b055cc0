//! The best split of a leaf by a category column: a set of levels goes left.
//!
//! With few levels, each is tried against the rest. Otherwise levels are put in order of gradient / hessian; among the splits
//! of the levels in two the best is then one of a prefix against the rest (Fisher, "On Grouping for Maximum Homogeneity",
//! 1958). Smoothing and penalties hold rare levels back, as LightGBM does it.

use super::packing::Cell;
use super::split::{BinSet, Parent, Rule, Split, better};

/// The best split of one leaf; see [`Parent::best`].
pub(super) fn best(parent: &Parent, column: usize, cells: &[Cell]) -> Option<Split> {
    let judge = parent.judge;
    let present = cells.iter().filter(|cell| cell.count > 0).count();
    if present < 2 {
        return None;
    }
    // Whether the column has few levels is asked of the column, not of the leaf; missing values are one of them, whether there are any or not.
    if cells.len() <= judge.params.max_cat_to_onehot {
        return one_against_rest(parent, column, cells);
    }
    let mut order: Vec<(f64, usize)> = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.count > 0 && cell.count as f64 >= judge.params.cat_smooth)
        .map(|(bin, cell)| {
            let weight = judge.packing.hessian(*cell) + judge.params.cat_smooth;
            (
                if weight > 0.0 {
                    judge.packing.gradient(*cell) / weight
                } else {
                    0.0
                },
                bin,
            )
        })
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let most = judge.params.max_cat_threshold.min(order.len().div_ceil(2));
    let scan = |order: &mut dyn Iterator<Item = usize>| prefixes(parent, column, cells, order);
    let lowest = scan(&mut order.iter().map(|o| o.1).take(most));
    let highest = scan(&mut order.iter().rev().map(|o| o.1).take(most));
    better(lowest, highest)
}

fn one_against_rest(parent: &Parent, column: usize, cells: &[Cell]) -> Option<Split> {
    let &Parent {
        judge,
        total,
        bounds,
        least,
        threshold,
        ..
    } = parent;
    let l2 = judge.params.reg_lambda;
    let mut best = None;
    for (bin, &left) in cells.iter().enumerate() {
        let right = total.minus(left);
        if !least.admits(left) || !least.admits(right) {
            continue;
        }
        let gain = judge.score(left, l2, bounds) + judge.score(right, l2, bounds) - threshold;
        if gain > 0.0 {
            let gain = gain + judge.params.min_split_gain;
            let rule = Rule::Category {
                set: with(BinSet::default(), bin),
            };
            best = better(
                best,
                Some(Split {
                    column,
                    gain,
                    rule,
                    left,
                    l2,
                }),
            );
        }
    }
    best
}

/// The best split that sends the first 1, 2, ... bins of `order` left.
fn prefixes(parent: &Parent, column: usize, cells: &[Cell], order: &mut dyn Iterator<Item = usize>) -> Option<Split> {
    let &Parent {
        judge,
        total,
        bounds,
        least,
        threshold,
        ..
    } = parent;
    let l2 = judge.params.reg_lambda + judge.params.cat_l2;
    let (mut left, mut set, mut group, mut best) = (Cell::default(), BinSet::default(), 0, None);
    for bin in order {
        left.add(cells[bin]);
        group += cells[bin].count;
        set = with(set, bin);
        if !least.admits(left) {
            continue;
        }
        let right = total.minus(left);
        if right.count < judge.params.min_data_per_group as i64 || !least.admits(right) {
            break;
        }
        if group < judge.params.min_data_per_group as i64 {
            continue;
        }
        group = 0;
        let gain = judge.score(left, l2, bounds) + judge.score(right, l2, bounds) - threshold;
        if gain > 0.0 {
            let gain = gain + judge.params.min_split_gain;
            best = better(
                best,
                Some(Split {
                    column,
                    gain,
                    rule: Rule::Category { set },
                    left,
                    l2,
                }),
            );
        }
    }
    best
}

/// `set` and `bin`.
fn with(mut set: BinSet, bin: usize) -> BinSet {
    set[bin >> 6] |= 1 << (bin & 63);
    set
}
