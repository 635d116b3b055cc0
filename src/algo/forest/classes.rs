//! Nodes of more than two classes: rows move one by one, in the order of their bins, from the right child to the left, and what
//! each row changes is added up. So a column costs as much for a thousand classes as for three.

use std::ops::Range;

use super::leaves::Leaves;
use super::params::Criterion;
use super::tally::{Candidate, Cut, Node, Offer, Sample, Tally, better, between};

/// The tally of the Gini impurity or the entropy of many classes.
pub(super) struct Classes {
    entropy: bool,
    /// The whole node, empty between two nodes.
    node: Side,
}

/// The weight of each class on one side, and the sum of squares (for entropy of x log2 x) of these weights.
#[derive(Debug, Clone, Default)]
struct Side {
    weights: Vec<f64>,
    weight: f64,
    sum: f64,
    rows: usize,
}

/// The two sides of a split, empty between two columns, and the rows in the order of their bins.
pub(super) struct Sides {
    left: Side,
    right: Side,
    sorted: Vec<Sample>,
    /// Where the rows of each bin end, once they are sorted.
    ends: [usize; 256],
}

impl Classes {
    pub(super) fn new(criterion: Criterion, classes: usize) -> Self {
        Classes {
            entropy: criterion != Criterion::Gini,
            node: Side {
                weights: vec![0.0; classes],
                ..Side::default()
            },
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
    fn reset(&self, sides: &mut Sides, samples: &[Sample]) {
        sides.left.empty(samples);
        sides.right.empty(samples);
        samples.iter().for_each(|s| self.change(&mut sides.right, s, s.weight));
        sides.right.rows = samples.len();
    }

    /// The best of the splits between two bins; see [`Classes::best`].
    fn pass(&self, sides: &mut Sides, candidate: &Candidate, missing_left: bool) -> Option<Cut> {
        self.reset(sides, candidate.samples);
        let Sides {
            left,
            right,
            sorted,
            ends,
        } = sides;
        let mut start = 0;
        let take = |rows: Range<usize>, left: &mut Side, right: &mut Side| {
            left.rows += rows.len();
            right.rows -= rows.len();
            for sample in &sorted[rows] {
                self.change(left, sample, sample.weight);
                self.change(right, sample, -sample.weight);
            }
        };
        let missing = candidate.missing;
        if missing_left {
            // Missing values come last.
            take(ends[missing - 1]..ends[missing], left, right);
        }
        let (mut best, mut cut_at) = (None::<Cut>, None);
        for (bin, &end) in ends.iter().enumerate().take(missing) {
            if end == start {
                continue;
            }
            if let (Some(best), Some(at)) = (&mut best, cut_at.take()) {
                best.bin = between(at, Some(bin), missing);
            }
            take(start..end, left, right);
            start = end;
            if right.rows < candidate.min_leaf.max(1) {
                break;
            }
            if left.rows < candidate.min_leaf || right.weight <= 0.0 {
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
}

impl Side {
    /// Takes out all rows, which are of the classes of `samples`.
    fn empty(&mut self, samples: &[Sample]) {
        samples.iter().for_each(|s| self.weights[s.target as usize] = 0.0);
        (self.weight, self.sum, self.rows) = (0.0, 0.0, 0);
    }
}

impl Sides {
    /// Sorts the rows of a node by bin (a counting sort); tells whether more than one bin has rows.
    fn sort(&mut self, candidate: &Candidate) -> bool {
        let bin_of = |row: &u32| usize::from(candidate.bins[*row as usize]);
        self.ends = [0; 256];
        candidate.rows.iter().for_each(|row| self.ends[bin_of(row)] += 1);
        if self.ends.contains(&candidate.rows.len()) {
            return false;
        }
        let mut start = 0;
        for end in &mut self.ends {
            start += std::mem::replace(end, start);
        }
        self.sorted.resize(candidate.rows.len(), Sample::default());
        for (row, sample) in candidate.rows.iter().zip(candidate.samples) {
            let place = &mut self.ends[bin_of(row)];
            self.sorted[*place] = *sample;
            *place += 1;
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
            sorted: Vec::new(),
            ends: [0; 256],
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
        if !sides.sort(candidate) {
            return Offer::Constant;
        }
        let missing = candidate.missing;
        let present = match missing {
            0 => 0,
            missing => sides.ends[missing - 1],
        };
        let right = self.pass(sides, candidate, false);
        let best = if present == candidate.rows.len() {
            // No missing value says which way to go: the larger child it is.
            right.map(|cut| Cut {
                missing_left: 2 * cut.lefts > candidate.rows.len(),
                ..cut
            })
        } else {
            better(right, self.pass(sides, candidate, true))
        };
        sides.left.empty(candidate.samples);
        sides.right.empty(candidate.samples);
        best.map_or(Offer::Nothing, Offer::Cut)
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
