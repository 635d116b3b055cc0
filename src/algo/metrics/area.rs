//! The area under the ROC curve with its variance, of rows that come in the order of their scores.

use super::sum::Sum;

/// Sums over rows of ascending scores. Of each two numbers the first is of the negative rows, the second of the positive ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Area {
    totals: [u64; 2],
    below: [u64; 2],
    twice_won: u128,
    /// The squares of rows' placements: of the share of the other class that each is on the right side of.
    squares: [Sum; 2],
}

impl Area {
    /// Of so many rows, none of which has come yet.
    pub(crate) fn new(totals: [u64; 2]) -> Area {
        Area {
            totals,
            ..Area::default()
        }
    }

    /// Adds the rows of the next higher score.
    #[inline]
    pub(crate) fn add(&mut self, counts: [u64; 2]) {
        let [negatives, positives] = self.totals.map(|total| total as f64);
        if counts[1] > 0 {
            self.twice_won += u128::from(counts[1]) * (2 * u128::from(self.below[0]) + u128::from(counts[0]));
            let won = (self.below[0] as f64 + counts[0] as f64 / 2.0) / negatives;
            self.squares[1].add(counts[1] as f64 * won * won);
        }
        if counts[0] > 0 {
            let lost = (positives - self.below[1] as f64 - counts[1] as f64 / 2.0) / positives;
            self.squares[0].add(counts[0] as f64 * lost * lost);
        }
        self.below = [self.below[0] + counts[0], self.below[1] + counts[1]];
    }

    /// The area, how often a positive row is above a negative one (ties count half), and its variance by DeLong, DeLong and Clarke-Pearson (1988).
    /// `None` unless both classes occur, and no variance unless each has two rows.
    pub(crate) fn value(&self) -> Option<(f64, Option<f64>)> {
        if self.totals.contains(&0) {
            return None;
        }
        let area = self.twice_won as f64 / 2.0 / (u128::from(self.totals[0]) * u128::from(self.totals[1])) as f64;
        let part = |class: usize| {
            let rows = self.totals[class] as f64;
            ((self.squares[class].value() - rows * area * area) / (rows - 1.0)).max(0.0) / rows
        };
        let known = self.totals.iter().all(|&rows| rows > 1);
        Some((area, known.then(|| part(1) + part(0))))
    }
}
