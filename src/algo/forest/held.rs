//! Rows as they are: columns in bytes, and a list of rows that nodes have ranges of.
//!
//! Once a node's rows fit into a second-level cache, its part of the columns is copied side by side, and the rest of the branch
//! is grown from the copy.

use std::ops::Range;

use rayon::prelude::*;

use super::grow::{Grower, Nodes, Open, WORK, better};
use super::order::Ordered;
use super::tally::{Candidate, Cut, Node, Offer, Sample, Tally};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::trees::partition::partition;

/// Bytes of columns that are copied for a branch.
const COPY: usize = 256 << 10;

/// The most rows whose columns are copied for a branch.
pub(super) const COPIED_ROWS: usize = 8_192;

/// A column is read about so many times on the way down a branch, if it is drawn for every split; a copy that is read less
/// than once is not made.
const LEVELS: usize = 12;

/// The rows that a tree or a branch of it is grown from.
pub(super) struct Held<'v> {
    ordered: &'v Ordered,
    columns: &'v [Vec<u8>],
    samples: &'v [Sample],
    min_leaf: usize,
    /// Whether this is a copy.
    copied: bool,
    rows: Vec<u32>,
    spare: Vec<u32>,
}

impl<'v> Held<'v> {
    /// The rows that weigh something, of which are given the columns and samples; also gives the range of all.
    pub(super) fn new(
        ordered: &'v Ordered,
        (columns, samples): (&'v [Vec<u8>], &'v [Sample]),
        min_leaf: usize,
    ) -> (Held<'v>, Range<usize>) {
        let weighs = |row: &u32| samples[*row as usize].weight > 0.0;
        let rows: Vec<u32> = (0..samples.len() as u32).filter(weighs).collect();
        let all = 0..rows.len();
        let held = Held {
            ordered,
            columns,
            samples,
            min_leaf,
            copied: false,
            spare: vec![0; rows.len()],
            rows,
        };
        (held, all)
    }

    /// A column of the node of `rows`, whose samples were entered.
    fn candidate<'c>(&'c self, rows: &Range<usize>, samples: &'c [Sample], column: usize) -> Candidate<'c> {
        Candidate {
            bins: &self.columns[column],
            rows: &self.rows[rows.clone()],
            samples,
            missing: self.ordered.bins[column].missing(),
            min_leaf: self.min_leaf,
        }
    }
}

impl<T: Tally> Nodes<T> for Held<'_> {
    type Rows = Range<usize>;

    /// The left one is grown first.
    fn stacked([left, right]: [Open<Range<usize>>; 2]) -> [Open<Range<usize>>; 2] {
        [right, left]
    }

    fn len(&self, rows: &Range<usize>) -> usize {
        rows.len()
    }

    fn enter(&mut self, grower: &mut Grower<'_, T>, rows: &Range<usize>) -> Result<(Node, bool)> {
        grower.spend(rows.len())?;
        let samples = || self.rows[rows.clone()].iter().map(|&row| self.samples[row as usize]);
        let first = samples().next().map(|sample| sample.target);
        let pure = samples().all(|sample| Some(sample.target) == first);
        grower.samples.clear();
        grower.samples.extend(samples());
        Ok((grower.tally.enter(&mut grower.samples), pure))
    }

    fn search(&mut self, grower: &mut Grower<'_, T>, rows: &Range<usize>) -> Result<Option<(usize, Cut)>> {
        let all = grower.columns.len();
        let wanted = grower.limits.candidates;
        let (mut best, mut varies, mut seen) = (None, false, 0);
        if grower.share && rows.len() * wanted > WORK {
            (0..wanted).for_each(|place| grower.draw(place));
            let own = &*grower;
            let look = |scratch: &mut T::Scratch, column: &usize| {
                own.monitor.check()?;
                Ok(own.tally.best(scratch, &self.candidate(rows, &own.samples, *column)))
            };
            let offers: Vec<Offer> = own.columns[..wanted]
                .par_iter()
                .map_init(|| own.tally.scratch(), look)
                .collect::<Result<_>>()?;
            for (column, offer) in own.columns.iter().zip(offers) {
                varies |= offer != Offer::Constant;
                best = better(best, *column, offer);
            }
            seen = wanted;
        }
        while seen < wanted || (!varies && seen < all) {
            grower.draw(seen);
            grower.spend(rows.len())?;
            let column = grower.columns[seen];
            let candidate = self.candidate(rows, &grower.samples, column);
            let offer = grower.tally.best(&mut grower.scratch, &candidate);
            varies |= offer != Offer::Constant;
            best = better(best, column, offer);
            seen += 1;
        }
        Ok(best)
    }

    fn part(
        &mut self,
        rows: &Range<usize>,
        column: usize,
        left: &[bool; 256],
        monitor: &dyn Monitor,
    ) -> Result<[Range<usize>; 2]> {
        let lefts = partition(
            &mut self.rows[rows.clone()],
            &mut self.spare[rows.clone()],
            &self.columns[column],
            left,
            monitor,
        )?;
        let middle = rows.start + lefts;
        Ok([rows.start..middle, middle..rows.end])
    }

    fn leaf(&self, grower: &mut Grower<'_, T>) {
        grower.tally.leaf(&grower.samples, &mut grower.grown.leaves);
    }

    /// Grows a branch from a copy of its rows.
    fn branch(&mut self, grower: &mut Grower<'_, T>, at: &Open<Range<usize>>) -> Result<bool> {
        let columns = self.columns.len();
        let small = (COPY / columns.max(1)).min(COPIED_ROWS);
        if self.copied || grower.limits.candidates * LEVELS < columns || at.rows.len() > small {
            return Ok(false);
        }
        grower.monitor.check()?;
        let rows = &self.rows[at.rows.clone()];
        let copy = |column: &Vec<u8>| rows.iter().map(|&row| column[row as usize]).collect();
        let columns: Vec<Vec<u8>> = self.columns.iter().map(copy).collect();
        let samples: Vec<Sample> = rows.iter().map(|&row| self.samples[row as usize]).collect();
        let mut copied = Held {
            columns: &columns,
            samples: &samples,
            copied: true,
            rows: (0..rows.len() as u32).collect(),
            spare: vec![0; rows.len()],
            ..*self
        };
        let root = Open {
            node: at.node,
            rows: 0..rows.len(),
            depth: at.depth,
        };
        grower.depth_first(&mut copied, root)?;
        Ok(true)
    }
}
