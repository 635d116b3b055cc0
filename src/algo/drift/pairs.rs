//! Both sides counted in the same cells.

use super::cells::Cells;
use super::distribution::{Categories, Numbers};
use super::steps::{Edge, Steps, bounds};

/// Rows of both sides between two numbers; of an exact value both are that value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// Rows of the reference.
    pub reference: f64,
    /// Rows of the current side.
    pub current: f64,
}

/// Rows of both sides in the cells of one width, in order.
fn aligned(reference: &Cells, current: &Cells) -> (u8, Vec<(i64, u64, u64)>) {
    let shift = reference.shift().max(current.shift());
    let (ours, theirs) = (reference.widened(shift).sorted(), current.widened(shift).sorted());
    let mut pairs = Vec::with_capacity(ours.len().max(theirs.len()));
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        let cell = match (ours.peek(), theirs.peek()) {
            (Some(a), Some(b)) => a.0.min(b.0),
            (Some(one), None) | (None, Some(one)) => one.0,
            (None, None) => return (shift, pairs),
        };
        let left = ours.next_if(|next| next.0 == cell).map_or(0, |next| next.1);
        let right = theirs.next_if(|next| next.0 == cell).map_or(0, |next| next.1);
        pairs.push((cell, left, right));
    }
}

/// Numbers of both sides, as exactly as the less exact side is known.
pub fn numbers(reference: &Numbers, current: &Numbers) -> Vec<Cell> {
    let (shift, pairs) = aligned(&reference.cells, &current.cells);
    let least = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).fold(f64::INFINITY, f64::min);
    let greatest = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).fold(f64::NEG_INFINITY, f64::max);
    let (ours, theirs) = (&reference.moments, &current.moments);
    let range = (least(ours.min(), theirs.min()), greatest(ours.max(), theirs.max()));
    pairs
        .into_iter()
        .map(|(cell, ours, theirs)| {
            let (low, high) = bounds(cell, shift, range);
            Cell {
                low,
                high,
                reference: ours as f64,
                current: theirs as f64,
            }
        })
        .collect()
}

/// Numbers of both sides in the pieces of the reference, of which no more is known, and in two more for what lies outside.
pub fn in_pieces_of(reference: &Steps, current: &Steps) -> Vec<Cell> {
    let (Some(first), Some(last)) = (reference.pieces().first(), reference.pieces().last()) else {
        return Vec::new();
    };
    let least = current
        .pieces()
        .first()
        .map_or(first.low, |piece| piece.low.min(first.low));
    let greatest = current
        .pieces()
        .last()
        .map_or(last.high, |piece| piece.high.max(last.high));
    let mut counted = 0.0;
    let mut cell = |low: f64, high: f64, rows: u64, end: f64| {
        let below = current.below(end, Edge::Below);
        let cell = Cell {
            low,
            high,
            reference: rows as f64,
            current: below - counted,
        };
        counted = below;
        cell
    };
    let mut cells = Vec::with_capacity(reference.pieces().len() + 2);
    if least < first.low {
        // What equals the least number of the reference is not below it.
        cells.push(cell(least, first.low, 0, before(first.low)));
    }
    cells.extend(
        reference
            .pieces()
            .iter()
            .map(|piece| cell(piece.low, piece.high, piece.rows, piece.high)),
    );
    cells.push(cell(last.high, greatest, 0, f64::INFINITY));
    cells
}

fn before(number: f64) -> f64 {
    number.next_down()
}

/// Categories of both sides, with the key of each.
pub fn categories(reference: &Categories, current: &Categories) -> Vec<(i64, u64, u64)> {
    aligned(&reference.cells, &current.cells).1
}
