//! The row that was scored last, with its score. Citus makes a sum and a count of an average, and so asks a worker for the same score of the same row twice in a row.

use super::scorer::Scorer;

/// A row and its score.
#[derive(Debug, Default)]
pub struct LastRow {
    row: Vec<f64>,
    scores: Vec<f64>,
}

impl LastRow {
    /// Scores a row as [`Scorer::score`] does, unless it is the last one, bit by bit: then what came of that. The row may stay as it was read. O(features) beside the score.
    pub fn score(&mut self, scorer: &Scorer, row: &mut [f64], out: &mut [f64]) {
        let is_last = self.scores.len() == out.len()
            && self.row.len() == row.len()
            && self
                .row
                .iter()
                .zip(&*row)
                .all(|(left, right)| left.to_bits() == right.to_bits());
        if is_last {
            out.copy_from_slice(&self.scores);
            return;
        }
        self.row.clear();
        self.row.extend_from_slice(row);
        scorer.score(row, out);
        self.scores.clear();
        self.scores.extend_from_slice(out);
    }
}
