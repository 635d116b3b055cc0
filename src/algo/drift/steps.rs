//! Numbers of one side in order, to ask how many lie below some number.

use super::distribution::Numbers;
use crate::sketch::{from_ordered, ordered};

/// Rows between two numbers; of a value that is known exactly, both are that value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How many rows it has.
    pub rows: u64,
}

/// Pieces in ascending order that do not overlap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Steps {
    pieces: Vec<Piece>,
    /// Rows of all pieces before each, and last of all.
    before: Vec<u64>,
}

/// Which bin has a number that lies on the edge of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The one above, as in numpy's histograms.
    Above,
    /// The one below.
    Below,
}

impl Steps {
    /// Of pieces in order.
    pub fn new(pieces: Vec<Piece>) -> Steps {
        let mut total = 0;
        let mut before: Vec<u64> = pieces
            .iter()
            .map(|piece| {
                let here = total;
                total += piece.rows;
                here
            })
            .collect();
        before.push(total);
        Steps { pieces, before }
    }

    /// Of what was counted.
    pub fn of(numbers: &Numbers) -> Steps {
        let range = (
            numbers.moments.min().unwrap_or(f64::MIN),
            numbers.moments.max().unwrap_or(f64::MAX),
        );
        let piece = |(cell, rows)| {
            let (low, high) = bounds(cell, numbers.cells.shift(), range);
            Piece { low, high, rows }
        };
        Steps::new(numbers.cells.sorted().into_iter().map(piece).collect())
    }

    /// The pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.before.last().copied().unwrap_or(0)
    }

    /// Whether each piece is one value.
    pub fn is_exact(&self) -> bool {
        self.pieces.iter().all(|piece| piece.low == piece.high)
    }

    /// The rows below a number; of a piece around it the share that lies below if its rows lie evenly. `edge` says where rows of that
    /// very number count. O(log n).
    pub fn below(&self, number: f64, edge: Edge) -> f64 {
        let is_below = |piece: &Piece| match edge {
            Edge::Above => piece.high < number || (piece.low < number && piece.high == number),
            Edge::Below => piece.high <= number,
        };
        let place = self.pieces.partition_point(is_below);
        let within = self.pieces.get(place).map_or(0.0, |piece| {
            if piece.low < number && number < piece.high {
                piece.rows as f64 * share(piece.low, number, piece.high)
            } else {
                0.0
            }
        });
        self.before[place] as f64 + within
    }

    /// The number that a share `q` of the rows do not exceed: of exact values interpolated between neighbours as numpy's `quantile` does,
    /// else the end of the piece whose rank is nearest. `None` without rows. O(log n).
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.rows().checked_sub(1)?;
        let place = q.clamp(0.0, 1.0) * last as f64;
        let rank = (place.floor() as u64).min(last);
        let at = |rank: u64| self.before.partition_point(|&before| before <= rank) - 1;
        let (here, next) = (at(rank), at((rank + 1).min(last)));
        let (low, high) = (self.pieces[here], self.pieces[next]);
        if low.low == low.high && high.low == high.high {
            let part = place - rank as f64;
            return Some(if low.low == high.low {
                low.low
            } else {
                lerp(low.low, high.low, part)
            });
        }
        let wanted = q * self.rows() as f64;
        let nearer_end = self.before[here + 1] as f64 - wanted <= wanted - self.before[here] as f64;
        Some(if nearer_end { low.high } else { low.low })
    }
}

/// As numpy interpolates: from the nearer end.
fn lerp(low: f64, high: f64, part: f64) -> f64 {
    let difference = high - low;
    if !difference.is_finite() {
        return low * (1.0 - part) + high * part;
    }
    if part >= 0.5 {
        high - difference * (1.0 - part)
    } else {
        low + difference * part
    }
}

/// Which share of the way from `low` to `high` a number between them is.
fn share(low: f64, number: f64, high: f64) -> f64 {
    // Halved, so that no difference overflows.
    (number / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
}

/// Where a cell that lacks `shift` bits begins and ends, within the range of all numbers.
pub(super) fn bounds(cell: i64, shift: u8, (least, greatest): (f64, f64)) -> (f64, f64) {
    if shift == 0 {
        let value = from_ordered(cell);
        return (value, value);
    }
    let at = |cell: i128| {
        let key = (cell << shift).clamp(ordered(f64::MIN).into(), ordered(f64::MAX).into());
        from_ordered(key as i64).clamp(least, greatest)
    };
    (at(cell.into()), at(i128::from(cell) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Limits;

    #[test]
    fn ranks_and_quantiles_are_those_of_the_values() {
        let values = [1.0, 2.0, 2.0, 4.0, 7.5];
        let steps = Steps::of(&Numbers::of(values.iter().map(|&v| (v, 1)), Limits::for_columns(1)));
        assert!(steps.is_exact());
        assert_eq!(steps.rows(), 5);
        assert_eq!(
            (steps.below(2.0, Edge::Above), steps.below(2.0, Edge::Below)),
            (1.0, 3.0)
        );
        assert_eq!(
            (steps.below(0.0, Edge::Below), steps.below(9.0, Edge::Above)),
            (0.0, 5.0)
        );
        // numpy.quantile
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.5, 2.0), (0.9, 6.1), (1.0, 7.5)] {
            let found = steps.quantile(q).unwrap_or(f64::NAN);
            assert!((found - expected).abs() < 1e-12, "{q}: {found}");
        }
        assert_eq!(Steps::default().quantile(0.5), None);
    }

    #[test]
    fn rows_lie_evenly_in_a_piece() {
        let steps = Steps::new(vec![
            Piece {
                low: 0.0,
                high: 10.0,
                rows: 100,
            },
            Piece {
                low: 10.0,
                high: 20.0,
                rows: 50,
            },
        ]);
        for (number, below) in [
            (-1.0, 0.0),
            (0.0, 0.0),
            (2.5, 25.0),
            (10.0, 100.0),
            (15.0, 125.0),
            (20.0, 150.0),
        ] {
            assert_eq!(steps.below(number, Edge::Below), below);
            assert_eq!(steps.below(number, Edge::Above), below);
        }
        assert_eq!(steps.quantile(0.1), Some(0.0));
        assert_eq!(steps.quantile(0.6), Some(10.0));
    }
}
