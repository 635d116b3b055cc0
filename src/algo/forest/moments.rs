//! Nodes of numbers or of two classes: weight and weighted sum of the targets tell all there is to tell of a bin.

use super::leaves::Leaves;
use super::params::Criterion;
use super::tally::{Candidate, Cut, Extent, Node, Offer, PieceTally, Pieces, Sample, Tally, better, between};
use crate::error::Result;

/// With so many rows all bins are looked at; with fewer those that a row is in are kept track of.
const DENSE: usize = 512;

/// The sums of a bin or of several.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Cell {
    weight: f64,
    sum: f64,
    rows: u32,
}

impl Cell {
    #[inline(always)]
    fn add(&mut self, other: Cell) {
        self.weight += other.weight;
        self.sum += other.sum;
        self.rows += other.rows;
    }

    #[inline(always)]
    fn minus(self, other: Cell) -> Cell {
        Cell {
            weight: self.weight - other.weight,
            sum: self.sum - other.sum,
            rows: self.rows - other.rows,
        }
    }
}

/// The sums of all bins of one column, all zero between two columns.
pub(super) struct Cells {
    cells: Box<[Cell; 256]>,
    /// One bit a bin: whether a row is in it.
    present: [u64; 4],
}

/// The tally of variances, and of the Gini impurity or entropy of two classes.
pub(super) struct Moments {
    criterion: Criterion,
    total: Cell,
    mean: f64,
}

impl Moments {
    pub(super) fn new(criterion: Criterion) -> Self {
        Moments {
            criterion,
            total: Cell::default(),
            mean: 0.0,
        }
    }

    /// What targets are counted from. Squares of numbers far from zero would drown their differences. Classes stay 0 and 1: their sums are exact.
    fn origin(&self) -> f64 {
        match self.criterion {
            Criterion::SquaredError => self.mean,
            Criterion::Gini | Criterion::Entropy | Criterion::LogLoss => 0.0,
        }
    }

    /// Begins a node with these sums: of weighted deviations from the origin, and of their weighted squares.
    fn node(&mut self, weight: f64, (moved, squares): (f64, f64), rows: usize) -> Node {
        self.total = Cell {
            weight,
            sum: moved,
            rows: rows as u32,
        };
        let loss = self.loss(self.total);
        let impurity = match self.criterion {
            Criterion::SquaredError => squares,
            Criterion::Gini | Criterion::Entropy | Criterion::LogLoss => loss,
        };
        Node { weight, impurity, loss }
    }

    /// The best split by a column whose sums are in the scratch, which is emptied.
    fn offer(&self, scratch: &mut Cells, extent: Extent) -> Offer {
        let occupied: u32 = scratch.present.iter().map(|word| word.count_ones()).sum();
        let offer = if occupied < 2 {
            Offer::Constant
        } else {
            let scan = Scan {
                moments: self,
                scratch,
                extent,
            };
            scan.best().map_or(Offer::Nothing, Offer::Cut)
        };
        scratch.clear();
        offer
    }

    /// The impurity times the weight; of variances only what depends on the split: with targets counted from the node's mean,
    /// the rest is the same for all splits.
    #[inline(always)]
    fn loss(&self, cell: Cell) -> f64 {
        let Cell { weight, sum, .. } = cell;
        match self.criterion {
            Criterion::SquaredError => -sum * sum / weight,
            Criterion::Gini => 2.0 * sum * (weight - sum) / weight,
            Criterion::Entropy | Criterion::LogLoss => {
                let part = |x: f64| if x > 0.0 { x * (weight / x).log2() } else { 0.0 };
                part(sum) + part(weight - sum)
            }
        }
    }
}

impl Tally for Moments {
    type Scratch = Cells;

    fn scratch(&self) -> Cells {
        Cells {
            cells: Box::new([Cell::default(); 256]),
            present: [0; 4],
        }
    }

    fn enter(&mut self, samples: &mut [Sample]) -> Node {
        let weight: f64 = samples.iter().map(|s| s.weight).sum();
        let sum: f64 = samples.iter().map(|s| s.weight * s.target).sum();
        self.mean = sum / weight;
        let origin = self.origin();
        let (mut moved, mut squares) = (0.0, 0.0);
        for sample in samples.iter_mut() {
            let deviation = sample.target - origin;
            sample.target = sample.weight * deviation;
            moved += sample.target;
            squares += sample.target * deviation;
        }
        self.node(weight, (moved, squares), samples.len())
    }

    fn best(&self, scratch: &mut Cells, candidate: &Candidate) -> Offer {
        scratch.fill(candidate);
        self.offer(scratch, candidate.extent())
    }

    fn leaf(&self, _: &[Sample], leaves: &mut Leaves) {
        match leaves {
            Leaves::Shares(shares) => shares.push(self.mean.clamp(0.0, 1.0) as f32),
            Leaves::Means(means) => means.push(self.mean),
            Leaves::Classes { .. } => {}
        }
    }
}

impl PieceTally for Moments {
    type Table = Box<[Cell; 256]>;

    fn enter_pieces(&mut self, pieces: &mut Pieces) -> Result<Node> {
        let (mut weight, mut sum, mut rows) = (0.0, 0.0, 0);
        pieces(&mut |samples| {
            rows += samples.len();
            for sample in samples {
                weight += sample.weight;
                sum += sample.weight * sample.target;
            }
        })?;
        self.mean = sum / weight;
        let origin = self.origin();
        let (mut moved, mut squares) = (0.0, 0.0);
        pieces(&mut |samples| {
            for sample in samples {
                let deviation = sample.target - origin;
                moved += sample.weight * deviation;
                squares += sample.weight * deviation * deviation;
            }
        })?;
        Ok(self.node(weight, (moved, squares), rows))
    }

    fn prepare(&self, samples: &mut [Sample]) {
        let origin = self.origin();
        for sample in samples {
            sample.target = sample.weight * (sample.target - origin);
        }
    }

    fn table(&self) -> Result<Self::Table> {
        Ok(Box::new([Cell::default(); 256]))
    }

    fn table_bytes(&self) -> usize {
        size_of::<[Cell; 256]>()
    }

    fn add(&self, table: &mut Self::Table, bins: &[u8], samples: &[Sample]) {
        for (bin, sample) in bins.iter().zip(samples) {
            table[usize::from(*bin)].add(Cell {
                weight: sample.weight,
                sum: sample.target,
                rows: 1,
            });
        }
    }

    fn merge(&self, table: &mut Self::Table, other: &Self::Table) {
        table
            .iter_mut()
            .zip(other.iter())
            .for_each(|(cell, other)| cell.add(*other));
    }

    fn best_of(&self, scratch: &mut Cells, table: &Self::Table, extent: Extent) -> Offer {
        scratch.cells.copy_from_slice(&table[..]);
        scratch.note();
        self.offer(scratch, extent)
    }

    fn leaf_of_pieces(&self, leaves: &mut Leaves) {
        self.leaf(&[], leaves);
    }
}

impl Cells {
    /// Adds up the rows of a node.
    fn fill(&mut self, candidate: &Candidate) {
        let rows = candidate.rows.iter().zip(candidate.samples);
        let cells = &mut self.cells;
        let mut add = |row: &u32, sample: &Sample| {
            let bin = candidate.bins[*row as usize];
            cells[usize::from(bin)].add(Cell {
                weight: sample.weight,
                sum: sample.target,
                rows: 1,
            });
            usize::from(bin)
        };
        if candidate.rows.len() < DENSE {
            for (row, sample) in rows {
                let bin = add(row, sample);
                self.present[bin >> 6] |= 1 << (bin & 63);
            }
        } else {
            rows.for_each(|(row, sample)| {
                add(row, sample);
            });
            self.note();
        }
    }

    /// Notes which bins have rows.
    fn note(&mut self) {
        for (bin, cell) in self.cells.iter().enumerate() {
            self.present[bin >> 6] |= u64::from(cell.rows > 0) << (bin & 63);
        }
    }

    fn clear(&mut self) {
        bins(self.present).for_each(|bin| self.cells[bin] = Cell::default());
        self.present = [0; 4];
    }
}

/// The bins whose bits are set, ascending.
fn bins(mut present: [u64; 4]) -> impl Iterator<Item = usize> {
    let mut word = 0;
    std::iter::from_fn(move || {
        while present[word] == 0 {
            word += 1;
            if word == present.len() {
                word = 0;
                return None;
            }
        }
        let bit = present[word].trailing_zeros() as usize;
        present[word] &= present[word] - 1;
        Some(word << 6 | bit)
    })
}

/// Looks at the splits by one column.
struct Scan<'a> {
    moments: &'a Moments,
    scratch: &'a Cells,
    extent: Extent,
}

impl Scan<'_> {
    fn best(&self) -> Option<Cut> {
        let missing = self.scratch.cells[self.extent.missing];
        if missing.rows == 0 {
            // No missing value says which way to go: the larger child it is.
            let cut = self.pass(Cell::default(), false)?;
            let missing_left = 2 * cut.lefts > self.extent.rows;
            return Some(Cut { missing_left, ..cut });
        }
        better(self.pass(Cell::default(), false), self.pass(missing, true))
    }

    /// The best of the splits between two bins, where `start` goes left in any case. All numbers left and missing values right
    /// is a split as well.
    fn pass(&self, start: Cell, missing_left: bool) -> Option<Cut> {
        let Extent { missing, min_leaf, .. } = self.extent;
        let mut present = self.scratch.present;
        present[missing >> 6] &= !(1 << (missing & 63));
        let (mut left, mut best) = (start, None::<Cut>);
        let mut bins = bins(present).peekable();
        while let Some(bin) = bins.next() {
            left.add(self.scratch.cells[bin]);
            let right = self.moments.total.minus(left);
            if (right.rows as usize) < min_leaf.max(1) {
                break;
            }
            // Rounding may leave nothing of a small weight.
            if (left.rows as usize) < min_leaf || right.weight <= 0.0 {
                continue;
            }
            let loss = self.moments.loss(left) + self.moments.loss(right);
            if best.is_none_or(|best| loss < best.loss) {
                best = Some(Cut {
                    bin: between(bin, bins.peek().copied(), missing),
                    missing_left,
                    lefts: left.rows as usize,
                    loss,
                });
            }
        }
        best
    }
}
