//! Scores of rows by the trees that did not learn from them (Breiman, "Random Forests", 2001).

use super::leaves::Leaves;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Rows between two looks at the monitor.
const BLOCK: usize = 65_536;

/// The sums of what trees said of rows that they did not learn from, and what is wrong with it.
pub(super) struct OutOfBag {
    /// `None` for numbers.
    classes: Option<usize>,
    /// Rows x 1, or rows x classes when there are more than two.
    sums: Vec<f64>,
    /// How many trees said something of each row.
    trees: Vec<u32>,
    /// The sum over rows of the squared error, or of 1 for a wrong class.
    wrong: f64,
    rows: usize,
}

impl OutOfBag {
    pub(super) fn new(rows: usize, classes: Option<usize>) -> Result<Self> {
        let width = classes.filter(|&classes| classes > 2).unwrap_or(1);
        Ok(OutOfBag {
            classes,
            sums: room::zeros(rows.saturating_mul(width))?,
            trees: room::filled(0, rows)?,
            wrong: 0.0,
            rows: 0,
        })
    }

    /// Adds what a tree says of rows, which are given with their leaves; `target` is what there is to predict of a row.
    pub(super) fn add(
        &mut self,
        leaves: &Leaves,
        rows: &[(u32, u32)],
        target: impl Fn(usize) -> f64,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let width = leaves.width();
        for block in rows.chunks(BLOCK) {
            monitor.check()?;
            for &(row, leaf) in block {
                let row = row as usize;
                let target = target(row);
                if self.trees[row] > 0 {
                    self.wrong -= self.error((row, target), width);
                } else {
                    self.rows += 1;
                }
                leaves.add(leaf as usize, &mut self.sums[row * width..(row + 1) * width]);
                self.trees[row] += 1;
                self.wrong += self.error((row, target), width);
            }
        }
        Ok(())
    }

    /// The share of rows in a wrong class, or the mean squared error; NaN as long as every tree learned from every row.
    pub(super) fn loss(&self) -> f64 {
        (self.wrong / self.rows as f64).max(0.0) + if self.rows == 0 { f64::NAN } else { 0.0 }
    }

    fn error(&self, (row, target): (usize, f64), width: usize) -> f64 {
        let sums = &self.sums[row * width..(row + 1) * width];
        let mean = sums[0] / f64::from(self.trees[row]);
        let class = match self.classes {
            None => return (mean - target).powi(2),
            Some(2) => usize::from(mean > 0.5),
            Some(_) => (1..width).fold(0, |best, class| if sums[class] > sums[best] { class } else { best }),
        };
        f64::from(u8::from(class != target as usize))
    }
}
