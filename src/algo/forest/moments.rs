//! Nodes of numbers or of two classes: weight and weighted sum of the targets tell all there is to tell of a bin.

use super::leaves::Leaves;
use super::params::Criterion;
use super::tally::{Candidate, Cut, Node, Offer, Sample, Tally, better, between};

/// With so many rows all bins are looked at; with fewer those that a row is in are kept track of.
const DENSE: usize = 512;

/// The sums of a bin or of several.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
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
        let numbers = self.criterion == Criterion::SquaredError;
        // Squares of numbers far from zero would drown their differences. Classes stay 0 and 1: their sums are exact.
        let origin = if numbers { self.mean } else { 0.0 };
        let (mut moved, mut squares) = (0.0, 0.0);
        for sample in samples.iter_mut() {
            let deviation = sample.target - origin;
            sample.target = sample.weight * deviation;
            moved += sample.target;
            squares += sample.target * deviation;
        }
        self.total = Cell {
            weight,
            sum: moved,
            rows: samples.len() as u32,
        };
        let loss = self.loss(self.total);
        let impurity = if numbers { squares } else { loss };
        Node { weight, impurity, loss }
    }

    fn best(&self, scratch: &mut Cells, candidate: &Candidate) -> Offer {
        scratch.fill(candidate);
        let occupied: u32 = scratch.present.iter().map(|word| word.count_ones()).sum();
        let offer = if occupied < 2 {
            Offer::Constant
        } else {
            let scan = Scan {
                moments: self,
                scratch,
                candidate,
            };
            scan.best().map_or(Offer::Nothing, Offer::Cut)
        };
        scratch.clear();
        offer
    }

    fn leaf(&self, _: &[Sample], leaves: &mut Leaves) {
        match leaves {
            Leaves::Shares(shares) => shares.push(self.mean.clamp(0.0, 1.0) as f32),
            Leaves::Means(means) => means.push(self.mean),
            Leaves::Classes { .. } => {}
        }
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
            for (bin, cell) in self.cells.iter().enumerate() {
                self.present[bin >> 6] |= u64::from(cell.rows > 0) << (bin & 63);
            }
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
    candidate: &'a Candidate<'a>,
}

impl Scan<'_> {
    fn best(&self) -> Option<Cut> {
        let missing = self.scratch.cells[self.candidate.missing];
        if missing.rows == 0 {
            // No missing value says which way to go: the larger child it is.
            let cut = self.pass(Cell::default(), false)?;
            let missing_left = 2 * cut.lefts > self.candidate.rows.len();
            return Some(Cut { missing_left, ..cut });
        }
        better(self.pass(Cell::default(), false), self.pass(missing, true))
    }

    /// The best of the splits between two bins, where `start` goes left in any case. All numbers left and missing values right
    /// is a split as well.
    fn pass(&self, start: Cell, missing_left: bool) -> Option<Cut> {
        let Candidate { missing, min_leaf, .. } = *self.candidate;
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
