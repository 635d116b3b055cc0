//! Two scales in one segment: a second hill in the histogram, at the distance of a known factor, with a valley between.

use super::compare::{Scale, shift};
use super::shifts::{Extent, ScaleShift, bins, explain};

/// The least number of rows, and the least share, that make a hill.
const ROWS: u64 = 40;
const SHARE: f64 = 0.002;
/// Rows in the highest window of a hill, at the least: a few rows of a long tail have gaps by chance.
const HEIGHT: u64 = 16;
/// Bins that are not empty, at the least: numbers that take a few values only have hills by nature.
const OCCUPIED: usize = 8;
/// How deep a valley is at most, as a share of the height of the lower hill.
const VALLEY: f64 = 0.25;
/// How much of the difference between the hills the factor must explain.
const CONFIDENCE: f64 = 0.8;
/// How exactly the distance between them must be known, as the quotient of the ends of its interval.
const PRECISION: f64 = 2.0;
/// The decades between hills, at the least: nearer ones overlap.
const APART: f64 = 1.5;

/// Whether some numbers of a segment are the others times a known factor. The lesser part is the one that is off.
///
/// The histogram is cut in its deepest valley. The two hills must have the same form, by the distance of Kolmogorov and Smirnov, after one
/// is divided by the factor, and no other gap may be half as wide as the one between them. O(bins).
pub(super) fn mixture(scale: &Scale) -> Option<ScaleShift> {
    let cut = valley(scale)?;
    let (low, high) = (scale.part(0, cut), scale.part(cut, scale.bins()));
    let (less, more) = if low.rows() < high.rows() {
        (&low, &high)
    } else {
        (&high, &low)
    };
    let between = gap(scale, cut);
    let is_hill = |part: &Scale| {
        let occupied = (0..part.bins()).filter(|&bin| part.rows_of(bin, bin + 1) > 0).count();
        occupied >= OCCUPIED && 2 * widest_gap(part) <= between
    };
    if !is_hill(&low) || !is_hill(&high) {
        return None;
    }
    let estimate = shift(less, more);
    let found = explain(less, more, estimate, Extent::Part)?;
    let is_certain = found.confidence >= CONFIDENCE && found.interval.1 <= PRECISION * found.interval.0;
    (found.name.is_some() && is_certain && estimate.decades.abs() >= APART).then_some(found)
}

/// Bins over which heights are averaged: a quarter of a decade.
const WINDOW: usize = 16;

/// The place of the deepest valley between two hills, in the middle of its floor.
fn valley(scale: &Scale) -> Option<usize> {
    let rows = scale.rows();
    let enough = |part: u64| part >= ROWS && part as f64 >= SHARE * rows as f64;
    let height = |bin: usize| scale.rows_of(bin.saturating_sub(WINDOW / 2), bin + WINDOW / 2);
    // The highest place up to each bin, and from each on.
    let mut highest_below: Vec<u64> = Vec::with_capacity(scale.bins());
    for bin in 0..scale.bins() {
        highest_below.push(highest_below.last().copied().unwrap_or(0).max(height(bin)));
    }
    let mut highest_above = 0;
    let mut depths: Vec<(usize, f64)> = Vec::new();
    for bin in (1..scale.bins()).rev() {
        highest_above = highest_above.max(height(bin));
        let below = scale.rows_of(0, bin);
        if enough(below) && enough(rows - below) {
            let lower = highest_below[bin].min(highest_above);
            if lower >= HEIGHT {
                depths.push((bin, height(bin) as f64 / lower as f64));
            }
        }
    }
    let deepest = depths.iter().map(|&(_, depth)| depth).min_by(f64::total_cmp)?;
    if deepest > VALLEY {
        return None;
    }
    // Of several floors the widest.
    let floor = |&(_, depth): &(usize, f64)| depth <= deepest;
    let floors = depths.split(|depth| !floor(depth)).filter(|floor| !floor.is_empty());
    // They go down; of two equally wide ones the lower place.
    let widest = floors.max_by_key(|floor| floor.len())?;
    Some(widest[widest.len() / 2].0)
}

/// The width of the gap around a place, in bins: as far as heights stay below those of a valley.
fn gap(scale: &Scale, cut: usize) -> usize {
    let height = |bin: usize| scale.rows_of(bin.saturating_sub(WINDOW / 2), bin + WINDOW / 2);
    let highest = |from: usize, to: usize| (from..to).map(height).max().unwrap_or(0);
    let floor = (highest(0, cut).min(highest(cut, scale.bins())) as f64 * VALLEY).max(1.0);
    let is_low = |bin: &usize| height(*bin) as f64 <= floor;
    let down = (0..cut).rev().take_while(is_low).count();
    let up = (cut..scale.bins()).take_while(is_low).count();
    (down + up).max(bins(0.25))
}

/// The most empty bins in a row among the middle nine tenths of a part.
fn widest_gap(part: &Scale) -> usize {
    let (from, to) = (part.own_bin(0.05), part.own_bin(0.95));
    let mut widest = 0;
    let mut run = 0;
    for bin in from..=to {
        run = if part.rows_of(bin, bin + 1) == 0 { run + 1 } else { 0 };
        widest = widest.max(run);
    }
    widest
}
