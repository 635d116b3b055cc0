//! Nodes of more than two classes: rows move one by one, in the order of their bins, from the right child to the left, and what
//! each row changes is added up. So a column costs as much for a thousand classes as for three.

use std::ops::Range;

use super::leaves::Leaves;
use super::params::Criterion;
use super::tally::{Candidate, Cut, Extent, Node, Offer, PieceTally, Pieces, Sample, Tally, better, between};
use crate::error::Result;
use crate::room;

/// The tally of the Gini impurity or the entropy of many classes.
pub(super) struct Classes {
    entropy: bool,
    /// The whole node, empty between two nodes.
    node: Side,
    /// The same of the node last begun in pieces.
    of_pieces: Side,
}

/// The weight of each class on one side, and the sum of squares (for entropy of x log2 x) of these weights.
#[derive(Debug, Clone, Default)]
struct Side {
    weights: Vec<f64>,
    weight: f64,
    sum: f64,
    rows: usize,
}

/// The two sides of a split, empty between two columns, and what moves from one to the other.
pub(super) struct Sides {
    left: Side,
    right: Side,
    sorted: Sorted,
}

/// Rows in the order of their bins; or of each bin the classes, with what their rows weigh.
struct Sorted {
    samples: Vec<Sample>,
    /// Where the samples of each bin end.
    ends: [usize; 256],
    /// How many rows each bin has.
    rows: [usize; 256],
}

/// The weights of classes bin by bin, and how many rows each bin has.
pub(super) struct Table {
    weights: Vec<f64>,
    rows: [usize; 256],
}

impl Classes {
    pub(super) fn new(criterion: Criterion, classes: usize) -> Self {
        let empty = Side {
            weights: vec![0.0; classes],
            ..Side::default()
        };
        Classes {
            entropy: criterion != Criterion::Gini,
            node: empty.clone(),
            of_pieces: empty,
        }
    }

    #[inline]
    fn part(&self, x: f64) -> f64 {
        match self.entropy {
            false => x * x,
            true if x > 0.0 => x * x.log2(),
            true => 0.0,
        }
    }

    /// Impurity times weight.
    #[inline]
    fn loss(&self, side: &Side) -> f64 {
        if self.entropy {
            self.part(side.weight) - side.sum
        } else {
            side.weight - side.sum / side.weight
        }
    }

    /// Changes the weight of a row's class on one side.
    #[inline]
    fn change(&self, side: &mut Side, sample: &Sample, by: f64) {
        let weight = &mut side.weights[sample.target as usize];
        let before = *weight;
        *weight = (before + by).max(0.0);
        side.sum += self.part(*weight) - self.part(before);
        side.weight += by;
    }

    /// Puts all rows of the node on the right.
    fn reset(&self, left: &mut Side, right: &mut Side, samples: &[Sample], rows: usize) {
        left.empty(samples);
        right.empty(samples);
        samples.iter().for_each(|s| self.change(right, s, s.weight));
        right.rows = rows;
    }

    /// The best of the splits between two bins; see [`Classes::offer`].
    fn pass(&self, sides: &mut Sides, samples: Option<&[Sample]>, extent: Extent, missing_left: bool) -> Option<Cut> {
        let Sides { left, right, sorted } = sides;
        let Extent { missing, min_leaf, .. } = extent;
        self.reset(left, right, samples.unwrap_or(&sorted.samples), extent.rows);
        let mut start = 0;
        let take = |bin: usize, samples: Range<usize>, left: &mut Side, right: &mut Side| {
            left.rows += sorted.rows[bin];
            right.rows -= sorted.rows[bin];
            for sample in &sorted.samples[samples] {
                self.change(left, sample, sample.weight);
                self.change(right, sample, -sample.weight);
            }
        };
        if missing_left {
            // Missing values come last.
            take(missing, sorted.ends[missing - 1]..sorted.ends[missing], left, right);
        }
        let (mut best, mut cut_at) = (None::<Cut>, None);
        for (bin, &end) in sorted.ends.iter().enumerate().take(missing) {
            if end == start {
                continue;
            }
            if let (Some(best), Some(at)) = (&mut best, cut_at.take()) {
                best.bin = between(at, Some(bin), missing);
            }
            take(bin, start..end, left, right);
            start = end;
            if right.rows < min_leaf.max(1) {
                break;
            }
            if left.rows < min_leaf || right.weight <= 0.0 {
                continue;
            }
            let loss = self.loss(left) + self.loss(right);
            if best.is_none_or(|best| loss < best.loss) {
                cut_at = Some(bin);
                best = Some(Cut {
                    bin: between(bin, None, missing),
                    missing_left,
                    lefts: left.rows,
                    loss,
                });
            }
        }
        best
    }

    /// The best split by a column that is sorted. `samples` are the node's rows, where it does not come in pieces.
    fn offer(&self, sides: &mut Sides, samples: Option<&[Sample]>, extent: Extent) -> Offer {
        let right = self.pass(sides, samples, extent, false);
        let best = if sides.sorted.rows[extent.missing] == 0 {
            // No missing value says which way to go: the larger child it is.
            right.map(|cut| Cut {
                missing_left: 2 * cut.lefts > extent.rows,
                ..cut
            })
        } else {
            better(right, self.pass(sides, samples, extent, true))
        };
        let Sides { left, right, sorted } = sides;
        let samples = samples.unwrap_or(&sorted.samples);
        left.empty(samples);
        right.empty(samples);
        best.map_or(Offer::Nothing, Offer::Cut)
    }
}

impl Side {
    /// Takes out all rows, which are of the classes of `samples`.
    fn empty(&mut self, samples: &[Sample]) {
        samples.iter().for_each(|s| self.weights[s.target as usize] = 0.0);
        (self.weight, self.sum, self.rows) = (0.0, 0.0, 0);
    }
}

impl Sorted {
    /// Sorts the rows of a node by bin (a counting sort); tells whether more than one bin has rows.
    fn sort(&mut self, candidate: &Candidate) -> bool {
        let bin_of = |row: &u32| usize::from(candidate.bins[*row as usize]);
        self.rows = [0; 256];
        candidate.rows.iter().for_each(|row| self.rows[bin_of(row)] += 1);
        if self.rows.contains(&candidate.rows.len()) {
            return false;
        }
        self.ends = self.rows;
        let mut start = 0;
        for end in &mut self.ends {
            start += std::mem::replace(end, start);
        }
        self.samples.resize(candidate.rows.len(), Sample::default());
        for (row, sample) in candidate.rows.iter().zip(candidate.samples) {
            let place = &mut self.ends[bin_of(row)];
            self.samples[*place] = *sample;
            *place += 1;
        }
        true
    }

    /// Makes samples of the classes of each bin; tells whether more than one bin has rows.
    fn fill(&mut self, table: &Table, classes: usize, rows: usize) -> bool {
        if table.rows.contains(&rows) {
            return false;
        }
        self.rows = table.rows;
        self.samples.clear();
        for (weights, end) in table.weights.chunks_exact(classes).zip(&mut self.ends) {
            let samples = (0_u16..)
                .map(f64::from)
                .zip(weights)
                .filter(|(_, weight)| **weight > 0.0);
            self.samples
                .extend(samples.map(|(target, &weight)| Sample { weight, target }));
            *end = self.samples.len();
        }
        true
    }
}

impl Tally for Classes {
    type Scratch = Sides;

    fn scratch(&self) -> Sides {
        Sides {
            left: self.node.clone(),
            right: self.node.clone(),
            sorted: Sorted {
                samples: Vec::new(),
                ends: [0; 256],
                rows: [0; 256],
            },
        }
    }

    fn enter(&mut self, samples: &mut [Sample]) -> Node {
        let mut node = std::mem::take(&mut self.node);
        samples.iter().for_each(|s| self.change(&mut node, s, s.weight));
        let impurity = self.loss(&node);
        let entered = Node {
            weight: node.weight,
            impurity,
            loss: impurity,
        };
        node.empty(samples);
        self.node = node;
        entered
    }

    fn best(&self, sides: &mut Sides, candidate: &Candidate) -> Offer {
        match sides.sorted.sort(candidate) {
            true => self.offer(sides, Some(candidate.samples), candidate.extent()),
            false => Offer::Constant,
        }
    }

    fn leaf(&self, samples: &[Sample], leaves: &mut Leaves) {
        let Leaves::Classes { starts, entries, .. } = leaves else {
            return;
        };
        let mut sorted: Vec<(u16, f64)> = samples.iter().map(|s| (s.target as u16, s.weight)).collect();
        sorted.sort_by_key(|entry| entry.0);
        let total: f64 = sorted.iter().map(|entry| entry.1).sum();
        starts.push(entries.len() as u32);
        for class in sorted.chunk_by(|a, b| a.0 == b.0) {
            let weight: f64 = class.iter().map(|entry| entry.1).sum();
            entries.push((class[0].0, (weight / total) as f32));
        }
    }
}

impl PieceTally for Classes {
    type Table = Table;

    fn enter_pieces(&mut self, pieces: &mut Pieces) -> Result<Node> {
        let mut node = std::mem::take(&mut self.of_pieces);
        node.weights.fill(0.0);
        (node.weight, node.sum, node.rows) = (0.0, 0.0, 0);
        let entered = pieces(&mut |samples| samples.iter().for_each(|s| self.change(&mut node, s, s.weight)));
        let impurity = self.loss(&node);
        let weight = node.weight;
        self.of_pieces = node;
        entered.map(|()| Node {
            weight,
            impurity,
            loss: impurity,
        })
    }

    fn prepare(&self, _: &mut [Sample]) {}

    fn table(&self) -> Result<Table> {
        Ok(Table {
            weights: room::filled(0.0, 256 * self.node.weights.len())?,
            rows: [0; 256],
        })
    }

    fn table_bytes(&self) -> usize {
        size_of::<Table>() + 256 * self.node.weights.len() * size_of::<f64>()
    }

    fn add(&self, table: &mut Table, bins: &[u8], samples: &[Sample]) {
        let classes = self.node.weights.len();
        for (bin, sample) in bins.iter().zip(samples) {
            let bin = usize::from(*bin);
            table.weights[bin * classes + sample.target as usize] += sample.weight;
            table.rows[bin] += 1;
        }
    }

    fn merge(&self, table: &mut Table, other: &Table) {
        let weights = table.weights.iter_mut().zip(&other.weights);
        weights.for_each(|(weight, other)| *weight += other);
        table
            .rows
            .iter_mut()
            .zip(&other.rows)
            .for_each(|(rows, other)| *rows += other);
    }

    fn best_of(&self, sides: &mut Sides, table: &Table, extent: Extent) -> Offer {
        match sides.sorted.fill(table, self.node.weights.len(), extent.rows) {
            true => self.offer(sides, None, extent),
            false => Offer::Constant,
        }
    }

    fn leaf_of_pieces(&self, leaves: &mut Leaves) {
        let Leaves::Classes { starts, entries, .. } = leaves else {
            return;
        };
        let Side {
            weights, weight: total, ..
        } = &self.of_pieces;
        starts.push(entries.len() as u32);
        let classes = (0_u16..).zip(weights).filter(|(_, weight)| **weight > 0.0);
        entries.extend(classes.map(|(class, weight)| (class, (weight / total) as f32)));
    }
}
